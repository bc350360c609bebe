"""Wheels for Linux and macOS, x86-64 and ARM, below dist/: built by Zig's C compiler on any of these, then inspected.

    python -m scripts.release.make_wheels [--targets linux-x86_64,macos-arm64]

One wheel serves every CPython from 3.10 on (abi3). The Linux wheels need glibc 2.17 (manylinux2014). What can run here
is run: the golden files, and the instruction sets that the core finds are those of /proc/cpuinfo. The wheel for
aarch64 is run by scripts/release/test_arm.sh under qemu; those for macOS are inspected alone.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
SHARED = {"linux": "-shared -s", "macos": "-shared -Wl,-undefined,dynamic_lookup"}


@dataclass(frozen=True)
class Target:
    """zig: its name for the target; host: what Python calls it; tag: of the wheel; machine: as platform.machine()."""

    zig: str
    host: str
    tag: str
    machine: str


TARGETS = {
    "linux-x86_64": Target(
        "x86_64-linux-gnu.2.17", "linux-x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64", "x86_64"
    ),
    "linux-aarch64": Target(
        "aarch64-linux-gnu.2.17", "linux-aarch64", "manylinux_2_17_aarch64.manylinux2014_aarch64", "aarch64"
    ),
    "macos-arm64": Target("aarch64-macos.11.0", "macosx-11.0-arm64", "macosx_11_0_arm64", "arm64"),
    "macos-x86_64": Target("x86_64-macos.11.0", "macosx-11.0-x86_64", "macosx_11_0_x86_64", "x86_64"),
}
# Mach-O's numbers of processors.
CPU_TYPES = {"arm64": 0x0100000C, "x86_64": 0x01000007}


def build(name: str, work: Path) -> Path:
    """The wheel of a target, in dist/."""
    target, system = TARGETS[name], name.partition("-")[0]
    compiler = work / f"zig-{name}"
    compiler.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang cc -target {target.zig} "$@"\n')
    compiler.chmod(0o755)
    source = work / f"source-{name}"
    source.mkdir()
    # Of the files that git knows: setuptools would pack what lies in a tree from last time.
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-xf", "-", "-C", source], input=archive, check=True)
    settings = {
        "CC": str(compiler), "LDSHARED": f"{compiler} {SHARED[system]}", "_PYTHON_HOST_PLATFORM": target.host,
        "CFLAGS": "", "SOURCE_DATE_EPOCH": "315532800",
    }  # fmt: skip
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", work / name, "."]
    subprocess.run(command, cwd=source, env=os.environ | settings, check=True)
    (plain,) = (work / name).glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "wheel", "tags", "--remove", "--platform-tag", target.tag, plain],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    (tagged,) = (work / name).glob("*.whl")
    DIST.mkdir(exist_ok=True)
    return Path(shutil.copy2(tagged, DIST))


def inspect(name: str, wheel: Path, work: Path) -> str:
    """What a wheel's extension is, and that it asks for no more than it may. Raises AssertionError."""
    if name.startswith("linux"):
        shown = _output("-m", "auditwheel", "show", str(wheel))
        tag = TARGETS[name].tag.partition(".")[0]
        assert f'"{tag}"' in " ".join(shown.split()), shown
        audit = _output("-m", "abi3audit", "--strict", str(wheel))
        return f"{tag}; {audit.strip() or 'abi3 holds'}"
    from macholib.MachO import MachO

    with zipfile.ZipFile(wheel) as packed:
        (inside,) = (entry for entry in packed.namelist() if entry.endswith(".abi3.so"))
        path = packed.extract(inside, work)
    (header,) = MachO(path).headers
    libraries = [library for *_, library in header.walkRelocatables()]
    assert header.header.cputype == CPU_TYPES[TARGETS[name].machine], hex(header.header.cputype)
    assert libraries == ["/usr/lib/libSystem.B.dylib"], libraries
    least = next(command.minos >> 16 for _, command, _ in header.commands if hasattr(command, "minos"))
    assert least == 11, least
    return f"Mach-O {TARGETS[name].machine}, macOS {least}, {', '.join(libraries)}; not run"


def run(wheel: Path, work: Path) -> str:
    """The wheel in an empty environment: instruction sets that it finds, and golden files. Raises AssertionError."""
    # With the tree on Python's path pip would find bbc installed already.
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "BBC_WEIGHTS", "BBC_ISA")}
    venv.create(work / "venv", with_pip=True)
    python = work / "venv" / "bin" / "python"
    needed = ["pytest", "pytest-timeout", "hypothesis", "pypng"]
    subprocess.run([python, "-m", "pip", "install", "-q", wheel, *needed], env=clean, check=True)
    ask = "from bbans_cli import core; print(core.__file__, *core.available_isas())"
    where, *found = _output("-c", ask, python=python, env=clean, cwd=work).split()
    assert "site-packages" in where, where
    assert found == _expected_isas(), f"the core finds {found}, the processor has {_expected_isas()}"
    golden = ["-m", "pytest", "-q", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, ROOT / "tests" / "golden"]
    subprocess.run([python, *golden, "-p", "no:cacheprovider"], cwd=work, env=clean, check=True)
    return f"runs on {', '.join(found)}; the golden files hold"


def _expected_isas() -> list[str]:
    if platform.machine() == "aarch64":
        return ["neon", "base"]
    words = Path("/proc/cpuinfo").read_text().split()
    wide = all(f"avx512{part}" in words for part in ("f", "bw", "dq", "vl"))
    return [*(["avx512"] if wide else []), *(["avx2"] if "avx2" in words and "fma" in words else []), "base"]


def _output(*arguments: str, python: Path | str = sys.executable, **more: object) -> str:
    done = subprocess.run([python, *arguments], capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@click.command()
@click.option("--targets", default=",".join(TARGETS), show_default=True, help="Which wheels to make.")
def main(targets: str) -> None:
    """Build wheels, inspect them, and run the one for this machine."""
    for name in targets.split(","):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            wheel = build(name, work)
            said = [inspect(name, wheel, work)]
            if name == f"{platform.system().lower()}-{platform.machine()}":
                said.append(run(wheel, work))
            click.echo(f"{wheel.name}: {wheel.stat().st_size:,} bytes; {'; '.join(said)}")


if __name__ == "__main__":
    main()
