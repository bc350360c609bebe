#!/bin/sh
# Every linter, each with the version that pyproject.toml pins: ruff (lint and format), mypy --strict, import-linter,
# clang-format, and the C compilers with warnings as errors. Goes through all of them; exits with 1 if any found something.
# PYTHON is that of an environment with the extra `lint`; COMPILERS are those to try, gcc and clang where they are installed.
set -u
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
bin=$(dirname "$python")
compilers=${COMPILERS:-gcc clang}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tools=0

# All at the same time; what each says is shown in order, once all are done.
report() {
    name=$1
    shift
    tools=$((tools + 1))
    {
        if "$@"; then echo "lint: $name: clean"; else
            echo "lint: $name: FAILED"
            touch "$work/failed"
        fi
    } >"$work/said-$tools" 2>&1 &
}

warnings() {
    # Headers of cdef declarations include nothing, since cffi reads them; hence the two headers here.
    includes=$(find bbans_cli/core -name '*.h' -exec dirname {} + | sort -u | sed 's/^/-I/')
    flags=$("$python" -c 'import runpy; print(*runpy.run_path("bbans_cli/core/build.py")["COMPILE_ARGS"])')
    # shellcheck disable=SC2086
    find bbans_cli/core -name '*.c' -print0 | xargs -0 -P 2 -n 8 "$1" $flags -O1 -include stddef.h -include stdint.h $includes \
        -Wconversion -Wshadow -Werror -fsyntax-only
}

report "ruff check" "$python" -m ruff check .
report "ruff format" "$python" -m ruff format --check --quiet .
report "mypy --strict" "$python" -m mypy bbans_cli
report "import-linter" "$bin/lint-imports" --no-cache
report "clang-format" sh -c 'find bbans_cli/core -name "*.[ch]" -print0 | xargs -0 "$0/clang-format" --dry-run -Werror' "$bin"
tried=
for compiler in $compilers; do
    command -v "$compiler" >/dev/null || continue
    report "$compiler -Wconversion -Wshadow" warnings "$compiler"
    tried="$tried $compiler"
done
wait
cat "$work"/said-*
[ -n "$tried" ] || { echo "lint: no C compiler among: $compilers" >&2; exit 1; }
[ ! -e "$work/failed" ]
