"""Bits of every kernel and of whole files, compared among compilers, optimisation and instruction sets.

    python -m scripts.exact.check [--builds gcc-O3,clang-O2] [--only x86_64]

Builds the C core by GCC and Clang with -O1, -O2 and -O3, for this machine and, where Debian's cross compiler and
qemu-user are installed, for aarch64. On each build scripts/exact/digests.py runs on every instruction set that the
processor has. All digests must be those of the first run. Prints a table of what was really run, and what was not.
Everything runs at the lowest priority.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "exact"
DIGESTS = ROOT / "scripts" / "exact" / "digests.py"
COMPILERS, LEVELS = ("gcc", "clang"), ("-O1", "-O2", "-O3")
MACHINES = ("x86_64", "aarch64")
# AVX-512 is not among what qemu-user emulates, and Intel's emulator is not free to redistribute.
ASK = "from bbans_cli import core; print(*core.built_isas(), '/', *core.available_isas())"


@dataclass
class Run:
    """One build on one instruction set: `found` what it computed, by name; `said` why it was not run."""

    machine: str
    compiler: str
    level: str
    isa: str
    found: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    said: str = ""


def output(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """What a command prints. Raises RuntimeError with all that it said if it fails."""
    done = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Native:
    """Builds for this machine."""

    machine = "x86_64"

    def missing(self, compiler: str) -> str:
        return "" if shutil.which(compiler) else f"no {compiler}"

    def build(self, compiler: str, level: str) -> Path:
        folder = WORK / f"{compiler}{level}"
        command = [sys.executable, "setup.py", "--quiet", "build"]
        command += ["--build-lib", str(folder), "--build-temp", f"{folder}-objects"]
        cached = f"ccache {compiler}" if shutil.which("ccache") else compiler
        output(*command, CC=cached, CFLAGS="", BBC_DEBUG_CFLAGS=level)
        return folder

    def python(self, folder: Path, *arguments: str | Path) -> str:
        return output(sys.executable, *arguments, cwd=folder, PYTHONPATH=str(folder), BBC_WEIGHTS="")


class Arm:
    """Builds for aarch64, whose Python runs under qemu-user: scripts/release/build_arm.sh."""

    machine = "aarch64"
    folder = ROOT / "build" / "arm"

    def missing(self, compiler: str) -> str:
        tools = ["aarch64-linux-gnu-gcc", "qemu-aarch64-static", compiler]
        return ", ".join(f"no {tool}" for tool in tools if not shutil.which(tool))

    def build(self, compiler: str, level: str) -> Path:
        cross = "aarch64-linux-gnu-gcc" if compiler == "gcc" else f"{compiler} --target=aarch64-linux-gnu"
        if shutil.which("ccache"):
            cross = f"ccache {cross}"
        output("sh", "scripts/release/build_arm.sh", sys.executable, cross, level)
        return self.folder / "tree"

    def python(self, folder: Path, *arguments: str | Path) -> str:
        python = next((self.folder / "root/usr/bin").glob("python3.*"))
        paths = {"QEMU_LD_PREFIX": str(self.folder / "root"), "PYTHONPATH": f"{folder}:{self.folder / 'site'}"}
        command = ("qemu-aarch64-static", python, *arguments)
        return output(*command, cwd=folder, BBC_WEIGHTS="", PYTHONDONTWRITEBYTECODE="1", **paths)


def runs_of(maker: Native | Arm, compiler: str, level: str) -> list[Run]:
    """A build, run on all of its instruction sets."""
    plain = Run(maker.machine, compiler, level, "", said=maker.missing(compiler))
    if plain.said:
        return [plain]
    folder = maker.build(compiler, level)
    built, _, here = maker.python(folder, "-c", ASK).partition(" / ")
    made = []
    for isa in built.split():
        run = Run(maker.machine, compiler, level, isa)
        made.append(run)
        if isa not in here.split():
            run.said = "not run: this processor has none"
            continue
        few = ["--few"] if maker.machine == "aarch64" or isa == "base" else []
        start = time.monotonic()
        lines = maker.python(folder, DIGESTS, isa, *few).splitlines()
        run.found = {name: found for found, _, name in (line.partition("  ") for line in lines)}
        run.seconds = time.monotonic() - start
    return made


def differences(runs: list[Run]) -> list[str]:
    """Digests that are not those of the first run that has the same name."""
    first: dict[str, tuple[Run, str]] = {}
    found = []
    for run in runs:
        for name, digest in run.found.items():
            other, wanted = first.setdefault(name, (run, digest))
            if digest != wanted:
                found.append(f"{name}: {label(run)} has {digest}, {label(other)} {wanted}")
    return found


def label(run: Run) -> str:
    return f"{run.machine} {run.compiler} {run.level} {run.isa}".strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = ",".join(f"{compiler}{level}" for compiler in COMPILERS for level in LEVELS)
    parser.add_argument("--builds", default=every, help=f"of {every}")
    parser.add_argument("--only", choices=MACHINES, help="one machine")
    given = parser.parse_args()
    os.nice(19)
    runs: list[Run] = []
    for maker in (Native(), Arm()):
        for build in given.builds.split(",") if given.only in (None, maker.machine) else ():
            compiler, _, level = build.partition("-")
            for run in runs_of(maker, compiler, f"-{level}"):
                runs.append(run)
                print(f"{label(run):32} {run.said or f'{len(run.found)} digests, {run.seconds:.0f} s'}", flush=True)
    wrong = differences(runs)
    count = sum(len(run.found) for run in runs)
    print("\n".join(wrong) if wrong else f"{count} digests: equal wherever the inputs are")
    sys.exit(bool(wrong) or not any(run.found for run in runs))


if __name__ == "__main__":
    main()
