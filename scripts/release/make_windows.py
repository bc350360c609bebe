"""The C core for Windows on x86-64, built by Zig's C compiler, inspected, and run under wine where that is installed.

    python -m scripts.release.make_windows

This is the core alone, with its known-answer test, which covers every coder: there is no wheel for Windows. The command
line uses calls of POSIX and is not ported. Nothing is run on Windows itself.
"""

from __future__ import annotations

import argparse
import os
import runpy
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "windows"
CORE = ROOT / "bbans_cli" / "core"
COMPILER = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-windows-gnu"]
# What every Windows since 10 has.
SYSTEM = ("kernel32.dll", "ntdll.dll", "msvcrt.dll", "ucrtbase.dll", "api-ms-win-crt-")


def build() -> Path:
    """The test as a program that needs no other files."""
    WORK.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)
    flags = runpy.run_path("bbans_cli/core/build.py")["COMPILE_ARGS"]
    includes = [f"-I{folder}" for folder in sorted({path.parent for path in CORE.rglob("*.h")})]

    def compiled(source: Path) -> Path:
        target = WORK / f"{source.stem}.o"
        common = ["-O2", "-include", "stddef.h", "-include", "stdint.h"]
        subprocess.run([*COMPILER, *flags, *common, *includes, "-c", source, "-o", target], check=True)
        return target

    # Those that take longest first
    sources = sorted(CORE.rglob("*.c"), key=lambda path: (path.parent.name != "isa", path))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compiled, [*sources, ROOT / "scripts" / "release" / "core_test.c"]))
    program = WORK / "core_test.exe"
    subprocess.run([*COMPILER, *objects, "-o", program], check=True)
    return program


def inspect(program: Path) -> str:
    """What the program is, and that it asks for libraries of the system alone. Raises AssertionError."""
    import pefile

    found = pefile.PE(program, fast_load=False)
    assert found.FILE_HEADER.Machine == pefile.MACHINE_TYPE["IMAGE_FILE_MACHINE_AMD64"], hex(found.FILE_HEADER.Machine)
    libraries = sorted({entry.dll.decode().lower() for entry in found.DIRECTORY_ENTRY_IMPORT})
    assert all(library.startswith(SYSTEM) for library in libraries), libraries
    return f"PE32+ x86-64, {program.stat().st_size:,} bytes; imports {', '.join(libraries)}"


def run(program: Path) -> str:
    """What the test says under wine. Raises CalledProcessError if it fails."""
    wine = shutil.which("wine64") or shutil.which("wine") or shutil.which("/usr/lib/wine/wine64")
    if wine is None:
        return "not run: there is no wine"
    environment = os.environ | {"WINEPREFIX": str(WORK / "wine"), "WINEDEBUG": "-all"}
    done = subprocess.run([wine, program], env=environment, check=True, capture_output=True, text=True)
    return "under wine: " + "; ".join(done.stdout.split("\n")).strip("; \r").replace("\r", "")


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    program = build()
    print(inspect(program))
    print(run(program))


if __name__ == "__main__":
    main()
