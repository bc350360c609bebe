#!/bin/sh
# Sets up, if need be, with what the tests use, and passes the tests, but those that need torch and those that are slow: first on
# all cores, then those that measure processor time, with nothing beside them. Arguments go to pytest. SLOW=1: the slow ones
# alone. SLOW=too: these as well. ALONE=no: not those that measure processor time; ALONE=only: no others.
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

case ${SLOW:-} in
"") which="not slow and" ;;
too) which="" ;;
*) which="slow and" ;;
esac
first=0 second=0
# Two workers more than cores, since many tests wait for processes that they have started. A worker keeps to the tests of few
# files, so that what these share is made once.
workers=$(($(getconf _NPROCESSORS_ONLN) + 2))
[ "${ALONE:-}" = only ] || $pytest -n $workers --dist worksteal -m "$which not train and not alone" "$@" || first=$?
[ "$which" != "slow and" ] && [ "${ALONE:-}" != no ] || exit $first
[ $first -eq 0 ] || [ $first -eq $NONE ] || exit $first
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(grep -rl --include='test_*.py' 'mark\.alone' tests) # no need to import all others
$pytest -m 'not train and alone' "$@" || second=$?
[ $second -eq $NONE ] && exit $first
exit $second
