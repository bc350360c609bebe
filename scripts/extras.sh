#!/bin/sh
# Installs the packages of some extras of pyproject.toml into the environment of PYTHON, and nothing else: pip would compile the
# C core again. Arguments: names of extras. The package must be installed there.
set -eu
python=${PYTHON:-.venv/bin/python}
"$python" - "$@" <<'END' | xargs "$python" -m pip install --quiet --disable-pip-version-check --no-compile
import sys
from importlib.metadata import requires

for requirement in requires("bbans-cli"):
    package, _, condition = requirement.partition(";")
    if any(f'extra == "{extra}"' in condition for extra in sys.argv[1:]) and not package.startswith("bbans-cli"):
        print(package.strip())
END
# pip itself would compile on one core. Some files of some packages are for other versions of Python.
folder=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$python" -W ignore -m compileall -qq -j 0 "$folder" || :
