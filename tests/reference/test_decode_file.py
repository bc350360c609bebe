"""The second decoder gives what every golden file holds, without the core."""

import json
import os
import subprocess
import sys
from pathlib import Path

import contents
import make_files
import pytest

from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.reference import decode_file

GOLDEN = Path(make_files.HERE)
HOLDS = {name: entry["holds"] for name, entry in json.loads((GOLDEN / "golden.json").read_text()).items()}
# Seconds or minutes each; together they say what smaller ones do. `make test-reference` decodes them too.
LONG = {
    "photographs",
    "fitted",
    "shipped-best",
    "shipped-deep-grey",
    "shipped-deep-rgb",
    "shipped-grey",
    "shipped-rgb",
    "shipped-rgb-learned",
    "shipped-thumbnail",
    "tiny-rgb",
    "tiny-rgb-learned",
    "tiny-deep-grey",
    "tiny-deep-rgb",
    "tiny-grey",
    "deep-alpha",
    "few-colours-rgb",
    "fitted-ycbcr-bands",
    "jpeg-422",
    "tiny-deep-2-2",
    "tiny-grid",
    "tiny-long",
    "tiny-long-deep",
    "tiny-long-ycbcr",
    "tiny-mosaic",
    "tiny-deep-light",
}
NAMES = [name for name in make_files.files() if name not in LONG or os.environ.get("BBC_ALL_GOLDEN")]
# Those whose plain bytes need the dictionary, which takes half a minute of a busy machine to learn; and a large one
LEARNED = {*make_files.stored_files.FILES, *make_files.jpeg_file.FILES} - {"deflated", "lzma", "noise"} | {"jpeg-rgb"}
NAMES = [name for name in NAMES if name not in LEARNED or os.environ.get("BBC_ALL_GOLDEN")]
# A second each or two, of what smaller files say in part
SLOW = {"deep-saturated", "fitted-still", "jpeg-444", "known-bands", "tiny-bands", "tiny-mosaic-latents", "tiny-ycbcr"}
STORED = ["no-jpeg", "jpeg-file-fast", "jpeg-odd-1", "jpeg-segments-1", "jpeg-progressive-5", "jpeg-four-9"]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in NAMES])
def test_golden_files(name):
    file = f"good-{name}.bbc"
    told = []
    with make_files.use(make_files.files()[name].model or "shipped"):
        if name == "webp":
            with pytest.raises(UnsupportedError, match="does not read payloads of the coder webp"):
                decode_file.decode((GOLDEN / file).read_bytes())
        else:
            assert contents.digest(decode_file.decode((GOLDEN / file).read_bytes(), told.append)) == HOLDS[file]


@pytest.mark.slow
def test_stored_files():
    """In one test, so that the dictionary is learned once."""
    for name in STORED:
        file = f"good-{name}.bbc"
        assert contents.digest(decode_file.decode((GOLDEN / file).read_bytes())) == HOLDS[file]


def test_nothing_of_it_needs_the_core():
    """Neither the modules nor what they import when they decode."""
    program = "import sys; sys.modules['bbans_cli.core'] = None\n"
    program += "from pathlib import Path; from bbans_cli.reference import decode_file\n"
    program += "for name in sys.argv[1:]: decode_file.decode(Path(name).read_bytes())"
    names = ["fitted-grey", "maximum", "few-colours-bands", "regions", "values-16"]
    files = [str(GOLDEN / f"good-{name}.bbc") for name in names]
    subprocess.run([sys.executable, "-c", program, *files], check=True)


@pytest.mark.parametrize("name", ["few-colours", "jpeg", "raw", "fitted", "neural", "metadata", "header"])
def test_damage_is_noticed(name, monkeypatch):
    monkeypatch.setenv("BBC_WEIGHTS", str(GOLDEN if name == "neural" else GOLDEN.parents[1] / "weights"))
    with pytest.raises(CorruptError):
        decode_file.decode((GOLDEN / f"bad-corrupt-{name}.bbc").read_bytes())


def test_progress_is_told_in_pixels():
    told = []
    data = (GOLDEN / "good-regions.bbc").read_bytes()
    content = decode_file.from_bytes(data)
    decode_file.decode_content(content, told.append)
    assert sum(told) == decode_file.pixels_of(content) == 30 * 40 + 24 * 20 + 3 * 5
