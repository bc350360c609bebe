#!/bin/sh
# Builds the C core apart, below build/KIND, and runs tests on that build. KIND: clang (Clang, as it ships), asan (GCC, address
# and undefined-behaviour sanitizers), tsan (GCC, thread sanitizer). PYTHON is that of an environment with the extra `test`.
# Further arguments are the tests to run in place of the usual ones; `short` stands for those that CI has the time for, `build`
# for none.
set -eu
cd "$(dirname "$0")/.."
kind=$1
shift
python=${PYTHON:-.venv/bin/python}
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
"$python" -m pip install --quiet --disable-pip-version-check 'setuptools>=77' cffi

core="tests/core tests/entropy tests/coders/test_context_mixing.py tests/coders/jpeg tests/coders/files"
case $kind in
clang)
    compiler=clang optimise="" sanitizer="" tests="$core tests/golden tests/coders/neural tests/pictures" preload=""
    ;;
asan)
    compiler=gcc optimise=-O1 sanitizer="-g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
    tests="$core tests/pictures" preload="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
    export ASAN_OPTIONS=detect_leaks=0
    ;;
tsan)
    compiler=gcc optimise=-O1 sanitizer="-g1 -fsanitize=thread" preload="$(gcc -print-file-name=libtsan.so)"
    tests="tests/core/neural/test_band_scan.py tests/coders/neural/test_band_scan.py tests/core/fitted tests/coders/fitted"
    # Python itself is not instrumented; what it locks is not seen.
    export TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 exitcode=66"
    ;;
*)
    echo "usage: $0 clang|asan|tsan [TEST]..." >&2
    exit 2
    ;;
esac
# Sanitizer builds run here alone: kernels that this processor cannot run need not be compiled.
[ $kind = clang ] || grep -qsw avx512f /proc/cpuinfo || optimise="$optimise -DBBC_ISA_WITHOUT_AVX512"
command -v $compiler >/dev/null || { echo "test_build: there is no $compiler" >&2; exit 1; }

CC=$compiler CFLAGS=$sanitizer LDFLAGS=$sanitizer BBC_DEBUG_CFLAGS=$optimise \
    "$python" setup.py --quiet build --build-lib "build/$kind" --build-temp "build/$kind-objects"
[ "${1:-}" != build ] || exit 0
names=""
if [ "${1:-}" = short ]; then
    # What computes in Python alone is no faster here, and what it is compared with is computed by other tests too.
    names="not (reference and (test_rans or test_scan))"
    tests="tests/core/arith tests/core/dispatch/test_dispatch.py tests/core/fitted tests/core/neural/test_mixture.py
        tests/core/neural/test_latents.py
        tests/core/neural/test_online_learning.py tests/entropy/test_rans.py tests/coders/test_context_mixing.py
        tests/coders/jpeg/test_coder.py tests/coders/jpeg/test_coefficients.py tests/coders/jpeg/test_ycbcr.py
        tests/coders/jpeg/stream/test_stream.py tests/coders/jpeg/stream/test_made_streams.py tests/coders/files/test_file_coder.py
        tests/coders/files/test_byte_coder.py tests/pictures/test_png.py"
    shift
fi
[ $# -gt 0 ] || set -- $tests
root=$PWD
for test; do
    set -- "$@" "$root/$test"
    shift
done
# The build is what lies in this folder: first on the path of Python here, and in what the tests start elsewhere.
cd "build/$kind"
export PYTHONPATH="$PWD"
"$python" -c "import sys, bbans_cli; sys.exit('/build/$kind/' not in bbans_cli.__file__)" || {
    echo "test_build: another build would have been tested" >&2
    exit 1
}
LD_PRELOAD=$preload "$python" -m pytest -q -n "${WORKERS:-auto}" -c "$root/pyproject.toml" --rootdir "$root" -p no:cacheprovider \
    -m "not train and not alone" -k "$names" "$@"
