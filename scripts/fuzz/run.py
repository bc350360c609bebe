"""`make fuzz MINUTES=n`: every fuzz target for n minutes, or 10 million executions if these are done before; a table.

    python -m scripts.fuzz.run [--minutes N] [--only NAME]... [--missing] [--keep] [--build-only]

The C targets are built by Clang with libFuzzer and the address and undefined-behaviour sanitizers, those in Python run
under atheris, with libFuzzer too. Inputs that are found lie below build/fuzz/, those that fail in build/fuzz/failed.
--keep: the smallest set of inputs with the same coverage replaces tests/fuzz/corpus/NAME.
--missing: only targets that have not had 20 minutes or 10 million executions since their code changed.
The table shows the sums with earlier runs of the same code, which scripts/fuzz/totals.json has: commit it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bbans_cli.core import built_isas, current_isa
from scripts.fuzz import seeds, totals
from scripts.fuzz.totals import ASKED_RUNS, Row

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "fuzz"
KEPT = ROOT / "tests" / "fuzz"
C_FOLDER = Path(__file__).parent / "c"
C_TARGETS = sorted(path.stem for path in C_FOLDER.glob("*.c"))
PYTHON_TARGETS = ("container", "decode", "pictures", "jpeg", "tree", "metadata")
# Bytes of the inputs that are kept of a target, and of one of them
KEPT_BYTES, LONGEST = 96 << 10, 16 << 10
MOST_KEPT = 100
# Bytes of an input of targets that take milliseconds for a kilobyte: their pictures are no larger
LONGEST_OF = {name: 384 for name in ("few_colours", "deep", "bytes", *(f"coefficients_{level}" for level in (1, 5, 9)))}
MOST_FAILURES = 5
# Without comparisons (trace-cmp): entropy coders have no values to find, and the calls take most of the time.
COVERAGE = "-fsanitize-coverage=inline-8bit-counters,pc-table"
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"


def build(compiler: str) -> None:
    """Compile the core and the targets, as far as their sources are newer."""
    core = ROOT / "bbans_cli" / "core"
    own_headers = sorted(core.rglob("*.h"))
    headers = [*own_headers, *C_FOLDER.glob("*.h")]
    includes = [f"-I{folder}" for folder in sorted({str(header.parent) for header in headers})]
    plain = [*_core_flags(), "-O2", "-g1", "-D_GNU_SOURCE", "-include", "stddef.h", "-include", "stdint.h", *includes]
    flags = [*plain, *SANITIZE.split()]
    others = [f"isa_{name}" for name in built_isas() if name != current_isa()]
    newest = {
        folder: max(path.stat().st_mtime for path in found)
        for folder, found in ((core, own_headers), (C_FOLDER, headers))
    }
    BUILD.mkdir(parents=True, exist_ok=True)
    jobs, objects = [], []
    for source in [*sorted(core.rglob("*.c")), *C_FOLDER.glob("*.c")]:
        folder = C_FOLDER if source.parent == C_FOLDER else core
        target = BUILD / f"{source.stem}.{'target' if folder == C_FOLDER else 'core'}.o"
        if folder == core:
            objects.append(str(target))
        if not target.exists() or target.stat().st_mtime < max(newest[folder], source.stat().st_mtime):
            # The kernels are the same source for every instruction set: those that run are instrumented.
            own = plain if source.stem in others else [*flags, COVERAGE]
            jobs.append([compiler, *own, "-c", str(source), "-o", str(target)])
    _together(jobs)
    for name in C_TARGETS:
        own = str(BUILD / f"{name}.target.o")
        target = BUILD / name
        if not target.exists() or target.stat().st_mtime < max(Path(each).stat().st_mtime for each in [own, *objects]):
            link = [compiler, *SANITIZE.split(), "-fsanitize=fuzzer", own, *objects, "-lpthread", "-o", str(target)]
            subprocess.run(link, check=True)


def _core_flags() -> list[str]:
    """The flags of the core's own build but for optimisation."""
    text = (ROOT / "bbans_cli" / "core" / "build.py").read_text()
    found = re.search(r"COMPILE_ARGS = \[(.*?)\]", text, re.DOTALL)
    assert found is not None
    return [flag for flag in re.findall(r'"(-[^"]+)"', found[1]) if flag not in ("-O3", "-fvisibility=hidden")]


def _together(jobs: Sequence[list[str]]) -> None:
    """Run commands, as many at a time as there are cores."""
    left, running = list(jobs), list[subprocess.Popen[bytes]]()
    while left or running:
        while left and len(running) < (os.cpu_count() or 1):
            running.append(subprocess.Popen(left.pop(0)))
        done = running.pop(0)
        if done.wait():
            raise SystemExit(f"fuzz: a compiler failed: {' '.join(map(str, done.args))[:200]}")


def command(name: str, found: Path, *arguments: str) -> list[str]:
    """libFuzzer's command for a target: `found` and the folders that are kept."""
    folders = [str(folder) for folder in (found, KEPT / "corpus" / name, KEPT / "failed" / name) if folder.is_dir()]
    if name in C_TARGETS:
        return [str(BUILD / name), *arguments, *folders]
    return [str(_python_program(name)), *arguments, *folders]


def _python_program(name: str) -> Path:
    """A program that runs a Python target. libFuzzer runs itself again when it merges, by its name."""
    path = BUILD / f"{name}.sh"
    run_it = f'exec "{sys.executable}" -m scripts.fuzz.atheris_target {name} "$@"'
    path.write_text(f'#!/bin/sh\nexport FUZZ_PROGRAM="$0"\n{run_it}\n')
    path.chmod(0o755)
    return path


def run(name: str, seconds: float) -> Row:
    """Fuzz one target. It begins again after an input that fails, at most MOST_FAILURES times."""
    row, found = Row(name, code=totals.code_of(name)), BUILD / "corpus" / name
    failed, longest = BUILD / "failed" / name, LONGEST_OF.get(name, LONGEST)
    for folder in (found, failed):
        folder.mkdir(parents=True, exist_ok=True)
    began, used = time.monotonic(), _processor_seconds()
    while (left := seconds - (time.monotonic() - began)) > 1 and row.runs < ASKED_RUNS and row.failures < MOST_FAILURES:
        limits = [f"-max_total_time={int(left)}", f"-runs={ASKED_RUNS - row.runs}", "-rss_limit_mb=2560", "-timeout=25"]
        limits += ["-print_final_stats=1", f"-artifact_prefix={failed}/", f"-max_len={longest}"]
        limits += [f"-use_value_profile={int(name in PYTHON_TARGETS)}"]
        done = subprocess.run(command(name, found, *limits), env=_environment(), capture_output=True, text=True)
        (BUILD / f"{name}.log").write_text(done.stdout + done.stderr)
        text = done.stdout + done.stderr
        row.runs += max([int(number) for number in re.findall(r"number_of_executed_units: (\d+)", text)], default=0)
        row.coverage = max([row.coverage, *map(int, re.findall(r"cov: (\d+)", text))])
        row.features = max([row.features, *map(int, re.findall(r"ft: (\d+)", text))])
        if done.returncode == 0:
            break
        row.failures += 1
    row.seconds, row.processor = time.monotonic() - began, _processor_seconds() - used
    return row


def _processor_seconds() -> float:
    """Of all processes that were started here and have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _environment() -> dict[str, str]:
    """With small networks in place of those that ship."""
    weights = str(seeds.weights_folder(BUILD / "weights"))
    return {**os.environ, "PYTHONPATH": str(ROOT), "ASAN_OPTIONS": "detect_leaks=0", "BBC_WEIGHTS": weights}


def keep(name: str) -> None:
    """The smallest inputs that have all the coverage become tests/fuzz/corpus/NAME, up to KEPT_BYTES and MOST_KEPT."""
    found, merged = BUILD / "corpus" / name, BUILD / "merged" / name
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    first = command(name, merged, "-merge=1", f"-max_len={LONGEST_OF.get(name, LONGEST)}")
    subprocess.run([*first, str(found)], env=_environment(), check=True, capture_output=True)
    if not any(merged.iterdir()):
        raise SystemExit(f"fuzz: nothing was merged of {name}; what was kept stays")
    target, size = KEPT / "corpus" / name, 0
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    chosen = sorted(merged.iterdir(), key=lambda path: path.stat().st_size)
    for path in chosen[:: max(1, len(chosen) // MOST_KEPT)]:
        data = path.read_bytes()
        size += len(data)
        if size > KEPT_BYTES:
            break
        (target / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--only", action="append", default=[], choices=[*C_TARGETS, *PYTHON_TARGETS])
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--build-only", action="store_true")
    given = parser.parse_args()
    names = given.only or [*C_TARGETS, *PYTHON_TARGETS]
    names = totals.missing(names) if given.missing else names
    if any(name in C_TARGETS for name in names):
        build(os.environ.get("CLANG", "clang"))
    seeds.make(BUILD / "corpus", names)
    if given.build_only:
        return 0
    print(totals.HEAD, flush=True)
    failures = 0
    for name in names:
        row = run(name, 60 * given.minutes)
        failures += row.failures
        print(totals.add(row).words(), flush=True)
        if given.keep:
            keep(name)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
