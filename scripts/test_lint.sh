#!/bin/sh
# Makes one fault for each tool of scripts/lint.sh in a copy of what git knows, and sees each tool fail. PYTHON is that of an
# environment with the extra `lint`.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$copy"
cd "$copy"

echo 'import os' >scripts/fault_of_ruff_check.py
echo 'x  =  1' >scripts/fault_of_ruff_format.py
echo 'FAULT_OF_MYPY: int = "no number"' >>bbans_cli/limits.py
echo 'from bbans_cli import container  # noqa: E402, F401' >>bbans_cli/progress.py
printf '\n\n\n/* blank lines are the fault of clang-format */\n' >>bbans_cli/core/formats/png_filters.c
cat >>bbans_cli/core/formats/png_filters.c <<'END'
char bbc_png_filters_fault(int x);
char bbc_png_filters_fault(int x) { return x; }
END
PYTHON=$python sh scripts/lint.sh >said 2>&1 && { cat said; echo "test_lint: no tool has failed" >&2; exit 1; }
unseen=$(grep '^lint: .*: clean$' said || true)
grep '^lint: ' said
[ -z "$unseen" ] || { echo "test_lint: these did not see their fault: $unseen" >&2; exit 1; }
[ "$(grep -c '^lint: .*: FAILED$' said)" -ge 6 ]
