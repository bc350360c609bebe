#!/bin/sh
# Builds a wheel, installs it into an empty environment and uses it from a folder that holds nothing else, so that
# nothing can come from the source tree by accident. Argument: the Python to use.
set -eu
unset BBC_WEIGHTS PYTHONPATH

python=${1:-python3}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# From a copy: setuptools would leave its build folder in the tree, and pack modules that only lie there from last time.
mkdir "$work/source" "$work/empty"
(cd "$root" && tar -cf - --exclude=./.git --exclude=./.venv --exclude=./build --exclude=./dist --exclude='*.so' \
    --exclude='*.egg-info' --exclude=__pycache__ --exclude=./.bench .) | tar -xf - -C "$work/source"
cp "$root/samples/roman-colosseum.png" "$work/empty/photo.png"

"$python" -m venv "$work/venv"
"$work/venv/bin/pip" --quiet wheel --no-deps --wheel-dir "$work/wheel" "$work/source"
rm -r "$work/source"
"$work/venv/bin/pip" --quiet install "$work"/wheel/*.whl
(cd "$work/wheel" && ls)

for file in mime/packages/bbc.xml thumbnailers/bbc.thumbnailer applications/bbc.desktop bbc/delegates.xml man/man1/bbc.1; do
    test -f "$work/venv/share/$file"
done

cd "$work/empty"
"$work/venv/bin/python" - <<'END'
from pathlib import Path

import bbans_cli
from bbans_cli import core
from bbans_cli.coders import weights_folder
from bbans_cli.coders.neural import coder, weights

package = Path(bbans_cli.__file__).parent
assert "site-packages" in package.parts, package
for level, setting in coder.LEVELS.items():
    model = weights.by_name(setting.weights)
    print(f"level {level}: {model.name} {model.id.hex()}")
assert weights_folder.folder() == package / "weights", "the weights are not those of the wheel"
assert list(weights_folder.packaged().glob("jpeg-plain-*.dictionary")), "the dictionary of JPEG headers is not in the wheel"
assert list(weights_folder.packaged().glob("jpeg-plain-*.start")), "the start of plain bytes is not in the wheel"
print("kernels:", ", ".join(core.available_isas()), "in use:", core.current_isa())
END
"$work/venv/bin/bbc" compress photo.png
"$work/venv/bin/bbc" decompress photo.bbc -o back.png
"$work/venv/bin/bbc" info photo.bbc
"$work/venv/bin/python" -c "
from PIL import Image
assert Image.open('photo.png').convert('RGB').tobytes() == Image.open('back.png').convert('RGB').tobytes()
print('the picture came back')
Image.open('photo.png').convert('RGB').crop((0, 0, 320, 240)).save('shot.jpg')"
"$work/venv/bin/bbc" compress shot.jpg
"$work/venv/bin/bbc" info -v shot.bbc
"$work/venv/bin/bbc" decompress -o same.jpg shot.bbc
cmp shot.jpg same.jpg
echo "the JPEG file came back"
