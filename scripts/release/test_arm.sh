#!/bin/sh
# The whole bbc on aarch64 under qemu-user: tests/arm and the core's own tests, on a build by GCC's cross compiler. Nothing
# outside build/arm is written. Usage: test_arm.sh PYTHON [WHEEL]; with a wheel for aarch64, that is tested.
set -eu
cd "$(dirname "$0")/../.."
PYTHON=${1:-python3}
WHEEL=${2:-}

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

if [ -n "$WHEEL" ]; then
    sh scripts/release/build_arm.sh "$PYTHON" --wheel "$WHEEL"
else
    sh scripts/release/build_arm.sh "$PYTHON"
fi
BBC_ARM=$PWD/build/arm "$PYTHON" -m pytest -q tests/arm
