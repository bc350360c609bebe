"""Runs one of targets.py under atheris, with libFuzzer's arguments.

python -m scripts.fuzz.atheris_target NAME [-ARG=X]... [FOLDER]...

FUZZ_PROGRAM names a program that does just this for NAME: libFuzzer runs itself again by its name when it merges.
"""

from __future__ import annotations

import os
import sys

import atheris

with atheris.instrument_imports(include=["bbans_cli"]):
    from scripts.fuzz.targets import TARGETS


def main() -> None:
    name = sys.argv.pop(1)
    sys.argv[0] = os.environ.get("FUZZ_PROGRAM", sys.argv[0])
    target = TARGETS[name]
    atheris.Setup(sys.argv, lambda data: target(bytes(data)), enable_python_coverage=True)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
