"""Golden files: their bytes are what the coder writes today, and every build reads them back."""

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import tiny

from bbans_cli import container
from bbans_cli.coders import decode_picture
from bbans_cli.coders.files import byte_coder, file_coder
from bbans_cli.coders.neural import coder as neural_coder

FILES = Path(__file__).parent
GOLDEN = json.loads((FILES / "golden.json").read_text())

_spec = importlib.util.spec_from_file_location("make_files", FILES / "make_files.py")
make_files = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_files)


@pytest.fixture(params=["tiny", "shipped"])
def model(request):
    with make_files.use(request.param) as there:
        if not there:
            pytest.skip("no weights ship yet")
        yield request.param


def files(model):
    found = {name: entry for name, entry in GOLDEN.items() if name.startswith(f"good-{model}-")}
    assert len(found) == len(make_files.PICTURES), "python tests/golden/make_files.py golden"
    return found


def test_every_file_is_the_recorded_one():
    assert {path.name for path in FILES.glob("good-*.bbc")} == set(GOLDEN)
    for name, entry in GOLDEN.items():
        assert hashlib.sha256((FILES / name).read_bytes()).hexdigest() == entry["sha256"]


def test_they_are_written_as_ever(model):
    for entry in files(model).values():
        data = make_files.code(tiny.deep_picture(*entry["picture"]), entry["level"])
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]


def test_every_instruction_set_reads_them(isa, model):
    for name, entry in files(model).items():
        if (isa, model) == ("base", "shipped") and "grey" not in name:
            continue  # minutes, where the others take a second
        file = container.picture_from_bytes((FILES / name).read_bytes())
        pixels = neural_coder.decode(file.parts[0], file.width, file.height, file.channels, 2)
        assert np.array_equal(pixels, tiny.deep_picture(*entry["picture"]))


@pytest.mark.parametrize("name", make_files.context_mixing_files.FILES)
def test_those_without_a_model(name):
    path = FILES / f"good-{name}.bbc"
    pixels, data = make_files.context_mixing_files.FILES[name]()
    assert hashlib.sha256(data).hexdigest() == GOLDEN[path.name]["sha256"]
    assert np.array_equal(decode_picture.decode(container.picture_from_bytes(path.read_bytes())).pixels, pixels)


@pytest.mark.parametrize("name", make_files.jpeg_file.FILES)
def test_a_jpeg_file_on_every_instruction_set(isa, name):
    path = FILES / name
    assert file_coder.decode(container.from_bytes(path.read_bytes()), threads=2) == make_files.jpeg_file.file()
    data = make_files.jpeg_file.coded(make_files.jpeg_file.FILES[name])
    assert hashlib.sha256(data).hexdigest() == GOLDEN[name]["sha256"]


def test_the_fitted_coder_on_every_instruction_set(isa):
    data = (FILES / make_files.FITTED).read_bytes()
    picture = decode_picture.decode(container.picture_from_bytes(data), threads=2)
    assert np.array_equal(picture.pixels, tiny.picture(*make_files.FITTED_SHAPE))
    if isa != "base":  # minutes
        assert make_files.fitted_file() == data


def test_what_the_jpeg_file_pins():
    """Plain bytes by context mixing; a stream within another, one behind it, which lacks its Huffman tables; notes."""
    stored = container.from_bytes((FILES / "good-jpeg-file.bbc").read_bytes())
    assert stored.parts[0].payload[0] == byte_coder.MIXED and stored.kind == "jpeg"
    tree = file_coder.read_tree(stored)
    first, thumbnail, behind = tree.all_streams()
    assert list(first.plain.all_streams()) == [thumbnail] and tree.gaps[-1] == b"trailing bytes"
    assert not first.tables and len(behind.tables) == 2


def test_they_hold_what_there_is_to_pin():
    """Latents above a tail, a band without, learning, grey; few colours; deep samples by both coders; a JPEG's
    coefficients."""
    pictures = [name for name in GOLDEN if name not in make_files.jpeg_file.FILES]
    parts = [part for name in pictures for part in container.picture_from_bytes((FILES / name).read_bytes()).parts]
    modelled = [part for part in parts if part.coder == container.NEURAL]
    assert any(part.bands[0].split > 64 for part in modelled)
    assert any(part.channels == 1 for part in modelled)
    assert len({part.settings for part in modelled}) > 1
    assert {part.channels for part in parts if part.coder == container.JPEG} == {1, 3}
    assert {part.coder for part in parts} >= {container.FEW_COLOURS, container.DEEP}
    assert {part.channels for part in modelled if part.depth == 16} == {1, 3}
