#!/bin/sh
# The whole bbc for aarch64 in build/arm/tree, to be run by qemu-user: Debian's arm64 Python and aarch64 wheels are unpacked
# below build/arm, the C core is cross-compiled. Nothing outside build/arm is written.
# Usage: build_arm.sh PYTHON [COMPILER [FLAGS]], or build_arm.sh PYTHON --wheel WHEEL
set -eu
cd "$(dirname "$0")/../.."
PYTHON=${1:-python3}
compiler=${2:-aarch64-linux-gnu-gcc}
ARM=$PWD/build/arm

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
if [ "$compiler" = --wheel ]; then
    "$PYTHON" -m zipfile -e "$3" "$ARM/tree"
    exit
fi
include=$(ls -d "$ARM"/root/usr/include/python3.?*)
find bbans_cli -name '*.py' -exec cp --parents {} "$ARM/tree" \;
mkdir -p "$ARM/tree/bbans_cli/weights" "$ARM/objects"
find weights -maxdepth 1 -type f ! -name '*.md' ! -name '*.png' ! -name '*.jsonl' -exec cp {} "$ARM/tree/bbans_cli/weights" \;
flags=$(BBC_DEBUG_CFLAGS=${3:-} "$PYTHON" -c '
import runpy, sys
build = runpy.run_path("bbans_cli/core/build.py")
build["ffi"].emit_c_code(sys.argv[1])
print(*build["COMPILE_ARGS"])' "$ARM/_core.c" | tail -n 1)
includes=$(find bbans_cli/core -name '*.h' -printf '-I%h\n' | sort -u)
rm -f "$ARM"/objects/*.o
# shellcheck disable=SC2086
{ echo "$ARM/_core.c"; find bbans_cli/core -name '*.c'; } | xargs -P "$(nproc)" -I {} sh -c '
    source=$1 object=$2/$(echo "$1" | tr / _).o
    shift 2
    exec "$@" -c "$source" -o "$object"' build {} "$ARM/objects" \
    $compiler $flags -fPIC $includes -I"$include" -idirafter "$ARM/root/usr/include"
# shellcheck disable=SC2086
$compiler -shared -pthread "$ARM"/objects/*.o -o "$ARM/tree/bbans_cli/_core.abi3.so"
