#!/bin/sh
# Sets up, if need be, and passes the tests, but those that need torch, on all cores. Arguments go to pytest.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
sh "$root/scripts/setup.sh"
cd "$root"
exec "${VENV:-.venv}/bin/python" -m pytest -q -m 'not train' -n auto "$@"
