#!/bin/sh
# Builds a wheel, installs it into an empty environment and uses it from a folder that holds nothing else, so that
# nothing can come from the source tree by accident. Argument: the Python to use.
set -eu

python=${1:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/venv"
"$work/venv/bin/pip" --quiet wheel --no-deps --wheel-dir "$work/wheel" "$root"
ls "$work/wheel"
"$work/venv/bin/pip" --quiet install "$work"/wheel/*.whl

mkdir "$work/empty"
cd "$work/empty"
"$work/venv/bin/python" - <<'END'
from pathlib import Path

import bbans_cli
from bbans_cli import core

package = Path(bbans_cli.__file__).parent
weights = sorted(path.name for path in (package / "weights").glob("*.safetensors"))
assert weights, "the wheel has no weights"
print("kernels:", ", ".join(core.available_isas()), "in use:", core.current_isa())
print("weights:", ", ".join(weights))
END
# a hard case without any file of the repository: 40 lines of 33 pixels
"$work/venv/bin/python" -c "
from PIL import Image
Image.effect_noise((33, 40), 40).convert('RGB').save('noise.png')"
"$work/venv/bin/bbc" compress noise.png
"$work/venv/bin/bbc" decompress noise.bbc -o back.png
"$work/venv/bin/python" -c "
from PIL import Image
assert Image.open('noise.png').tobytes() == Image.open('back.png').tobytes()
print('the picture came back')"
