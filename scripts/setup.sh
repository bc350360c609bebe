#!/bin/sh
# Compiles the C core and installs bbc into a virtual environment, unless it is there already and newer than its sources.
# PYTHON and VENV name the Python to use and the folder; python3 and .venv are the defaults.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
venv=${VENV:-.venv}
stamp=$venv/.installed
sources=$(find setup.cfg setup.py pyproject.toml bbans_cli/core -name '*.[ch]' -o -name build.py -o -name 'setup.*' \
    -o -name pyproject.toml)
# shellcheck disable=SC2086
if [ -e "$stamp" ] && [ -z "$(find $sources -newer "$stamp")" ]; then
    exit 0
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
    echo "bbc needs Python 3.10 or later; PYTHON names another than $python" >&2
    exit 1
}
[ -x "$venv/bin/pip" ] || "$python" -m venv "$venv" || {
    echo "could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv python3-dev gcc" >&2
    exit 1
}
echo "setting up $venv; compiling the C core takes a few minutes ..."
"$venv/bin/pip" install --quiet --disable-pip-version-check --editable .
# As pip does for what is not editable: otherwise the first run compiles, or every run where Python may not write.
"$venv/bin/python" -m compileall -q bbans_cli
touch "$stamp"
