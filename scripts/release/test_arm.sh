#!/bin/sh
# The whole bbc on aarch64 under qemu-user: Debian's arm64 Python and aarch64 wheels unpacked below build/arm, the C core
# cross-compiled, then tests/arm and the core's own tests. Nothing outside build/arm is written. Usage: test_arm.sh PYTHON
# [WHEEL]; with a wheel for aarch64, that is tested.
set -eu
cd "$(dirname "$0")/../.."
PYTHON=${1:-python3}
WHEEL=${2:-}
ARM=$PWD/build/arm

skip() {
    echo "test-arm SKIPPED: $1"
    exit 0
}
[ "$(uname -s)" = Linux ] || skip "it needs Linux"
[ "$(uname -m)" != aarch64 ] || skip "this machine is aarch64 itself: make test says all"
compiler=aarch64-linux-gnu-gcc
[ -z "$WHEEL" ] || compiler=
for tool in $compiler qemu-aarch64-static apt-get dpkg-deb; do
    command -v $tool >/dev/null ||
        skip "no $tool; Debian has gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static"
done
ls weights/*.safetensors >/dev/null 2>&1 || [ -n "${BBC_WEIGHTS:-}" ] || skip "no weights in weights/ nor in BBC_WEIGHTS"

if [ ! -e "$ARM/.unpacked" ]; then
    echo "unpacking an arm64 Python and aarch64 wheels below build/arm"
    rm -rf "$ARM"
    mkdir -p "$ARM/apt/lists/partial" "$ARM/apt/archives/partial" "$ARM/root" "$ARM/wheels"
    : >"$ARM/apt/status"
    apt() {
        apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Debug::NoLocking=1 \
            -o APT::Sandbox::User="$(id -un)" -o Dir::State="$ARM/apt" -o Dir::State::status="$ARM/apt/status" \
            -o Dir::Cache="$ARM/apt" "$@"
    }
    apt update
    apt install -y --download-only --no-install-recommends python3-minimal libpython3-stdlib libpython3-dev libstdc++6
    for package in "$ARM"/apt/archives/*.deb; do dpkg-deb -x "$package" "$ARM/root"; done
    version=$(basename "$(ls -d "$ARM"/root/usr/lib/python3.?*)" | sed s/python//)
    platforms=$(for glibc in 17 24 26 27 28 34; do echo "--platform manylinux_2_${glibc}_aarch64"; done)
    # shellcheck disable=SC2086
    "$PYTHON" -m pip download -qq --only-binary :all: --python-version "$version" --dest "$ARM/wheels" $platforms \
        --platform manylinux2014_aarch64 click numpy pillow tqdm cffi safetensors zlib-ng pypng pytest hypothesis
    for wheel in "$ARM"/wheels/*.whl; do "$PYTHON" -m zipfile -e "$wheel" "$ARM/site"; done
    touch "$ARM/.unpacked"
fi

rm -rf "$ARM/tree"
mkdir -p "$ARM/tree"
if [ -n "$WHEEL" ]; then
    "$PYTHON" -m zipfile -e "$WHEEL" "$ARM/tree"
    BBC_ARM=$ARM "$PYTHON" -m pytest -q tests/arm
    exit
fi
include=$(ls -d "$ARM"/root/usr/include/python3.?*)
find bbans_cli -name '*.py' -exec cp --parents {} "$ARM/tree" \;
mkdir -p "$ARM/tree/bbans_cli/weights"
find weights -maxdepth 1 -type f ! -name '*.md' ! -name '*.png' ! -name '*.jsonl' -exec cp {} "$ARM/tree/bbans_cli/weights" \;
flags=$("$PYTHON" -c '
import runpy, sys
build = runpy.run_path("bbans_cli/core/build.py")
build["ffi"].emit_c_code(sys.argv[1])
print(*build["COMPILE_ARGS"])' "$ARM/_core.c" | tail -n 1)
includes=$(find bbans_cli/core -name '*.h' -printf '-I%h\n' | sort -u)
sources=$(find bbans_cli/core -name '*.c' | sort)
# shellcheck disable=SC2086
aarch64-linux-gnu-gcc $flags -fPIC -shared $includes -I"$include" -idirafter "$ARM/root/usr/include" \
    "$ARM/_core.c" $sources -o "$ARM/tree/bbans_cli/_core.abi3.so"

BBC_ARM=$ARM "$PYTHON" -m pytest -q tests/arm
