#!/bin/sh
# Sets up, if need be; compresses a picture, restores it, and says what was saved. Argument: a picture, or else the sample.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
picture=${1:-$root/samples/roman-colosseum.png}
picture=$(cd "$(dirname "$picture")" && pwd)/$(basename "$picture")
sh "$root/scripts/setup.sh"
cd "$root"
PATH=$(cd "${VENV:-.venv}/bin" && pwd):$PATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
set -x
bbc compress -o photo.bbc "$picture"
bbc decompress -o restored.png photo.bbc
bbc info photo.bbc
set +x
python - "$picture" photo.bbc restored.png <<'END'
import sys
from pathlib import Path

from PIL import Image, ImageChops

original, packed, restored = map(Path, sys.argv[1:])
one, other = Image.open(original), Image.open(restored)
if one.mode != other.mode or one.size != other.size or ImageChops.difference(one, other).getbbox() is not None:
    sys.exit("the restored picture differs")
before, after = original.stat().st_size, packed.stat().st_size
print(f"{original.name}: {before:,} bytes as it was, {after:,} as .bbc: {100 * (1 - after / before):.1f} % saved,")
print("and every pixel is back.")
END
