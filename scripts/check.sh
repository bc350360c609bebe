#!/bin/sh
# Sets up, if need be, with what the tests use, and passes the tests, but those that need torch and those that are slow: first on
# all cores, then those that measure processor time, with nothing beside them. Arguments go to pytest. SLOW=1: the slow ones.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
sh "$root/scripts/setup.sh"
cd "$root"
venv=${VENV:-.venv}
[ "$venv/.testing" -nt "$venv/.installed" ] || {
    PYTHON=$venv/bin/python sh scripts/extras.sh test
    touch "$venv/.testing"
}
pytest="$venv/bin/python -m pytest -q"
NONE=5 # pytest's exit status where the arguments leave no test

which=${SLOW:+slow}
first=0 second=0
$pytest -n auto -m "${which:-not slow} and not train and not alone" "$@" || first=$?
[ -z "$which" ] || exit $first
[ $first -eq 0 ] || [ $first -eq $NONE ] || exit $first
$pytest -m 'not train and alone' "$@" || second=$?
[ $second -eq $NONE ] && exit $first
exit $second
