"""Golden files: their bytes are what the coders write today, and every build reads them back."""

import hashlib
import importlib.util
import json
from pathlib import Path

import bad_files
import contents
import pytest

from bbans_cli import container
from bbans_cli.coders import decode_picture
from bbans_cli.coders.files import byte_coder, file_coder

FILES = Path(__file__).parent
GOLDEN = json.loads((FILES / "golden.json").read_text())

_spec = importlib.util.spec_from_file_location("make_files", FILES / "make_files.py")
make_files = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_files)

MADE = make_files.files()
BY_MODEL = [name for name, file in MADE.items() if file.model]
FITTED = [name for name in MADE if name.startswith("fitted")]
JPEG_FILES = list(make_files.jpeg_file.FILES)
OTHERS = [name for name in MADE if name not in {*BY_MODEL, *FITTED, *JPEG_FILES}]
REMAKE = "python tests/golden/make_files.py golden"


def read(name):
    return (FILES / f"good-{name}.bbc").read_bytes()


def decoded(data):
    """What a .bbc file holds."""
    content = container.from_bytes(data)
    if isinstance(content, container.StoredFile):
        return file_coder.decode(content, threads=2)
    return decode_picture.decode(content, threads=2)


def check(name, data=None):
    """The file holds what is recorded, and its bytes are the recorded ones."""
    entry = GOLDEN[f"good-{name}.bbc"]
    if data is not None and not MADE[name].by_libraries:
        assert hashlib.sha256(data).hexdigest() == entry["sha256"], REMAKE
    with make_files.use(MADE[name].model or "shipped"):
        assert contents.digest(decoded(read(name) if data is None else data)) == entry["holds"]


def test_every_file_is_the_recorded_one():
    assert {path.name for path in FILES.glob("good-*.bbc")} == set(GOLDEN) == {f"good-{name}.bbc" for name in MADE}
    for name, entry in GOLDEN.items():
        assert hashlib.sha256((FILES / name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["made by"] == MADE[name[len("good-") : -len(".bbc")]].made_by


@pytest.mark.parametrize("name", BY_MODEL)
def test_they_are_written_as_ever(name):
    with make_files.use(MADE[name].model):
        content, data = MADE[name].make()
    assert hashlib.sha256(data).hexdigest() == GOLDEN[f"good-{name}.bbc"]["sha256"], REMAKE
    assert contents.digest(content) == GOLDEN[f"good-{name}.bbc"]["holds"]


@pytest.mark.parametrize("name", BY_MODEL)
def test_every_instruction_set_reads_them(isa, name):
    if isa != "base" or name.startswith("tiny-") or name == "shipped-grey":  # else minutes, where others take a second
        check(name)


@pytest.mark.parametrize("name", OTHERS)
def test_those_without_a_model(name):
    content, data = MADE[name].make()
    assert contents.digest(content) == GOLDEN[f"good-{name}.bbc"]["holds"]
    check(name, data)
    check(name)


@pytest.mark.parametrize("name", JPEG_FILES)
def test_a_jpeg_file_on_every_instruction_set(isa, name):
    check(name)
    check(name, MADE[name].make()[1])


@pytest.mark.parametrize("name", FITTED)
def test_the_fitted_coder_on_every_instruction_set(isa, name):
    check(name)
    if isa != "base":  # minutes
        check(name, MADE[name].make()[1])


def test_what_the_jpeg_file_pins():
    """Plain bytes by context mixing; a stream within another, one behind it, which lacks its Huffman tables; notes."""
    stored = container.from_bytes(read("jpeg-file"))
    assert stored.parts[0].payload[0] == byte_coder.MIXED and stored.kind == "jpeg"
    tree = file_coder.read_tree(stored)
    first, thumbnail, behind = tree.all_streams()
    assert list(first.plain.all_streams()) == [thumbnail] and tree.gaps[-1] == b"trailing bytes"
    assert not first.tables and len(behind.tables) == 2


def test_what_no_decoder_may_take():
    """Each with its line; a file for each, and none without a line."""
    recorded = json.loads((FILES / "bad.json").read_text())
    assert set(recorded) == {f"bad-{name}.bbc" for name in bad_files.FILES}
    assert bad_files.lines() == recorded
    for name, make in bad_files.FILES.items():
        assert (FILES / f"bad-{name}.bbc").read_bytes() == make(), REMAKE


def test_files_of_released_versions(tmp_path):
    """Every version decodes what every released one has written; a folder of this version would be such a one."""
    folders = sorted((FILES / "released").glob("*"))
    make_files.copy(tmp_path / "next")
    for folder in [*folders, tmp_path / "next"]:
        for name, entry in json.loads((folder / "golden.json").read_text()).items():
            data = (folder / name).read_bytes()
            assert hashlib.sha256(data).hexdigest() == entry["sha256"], (folder.name, name)
            if folder in folders:
                with make_files.use("tiny" if "-tiny-" in name else "shipped", folder):
                    assert contents.digest(decoded(data)) == entry["holds"], (folder.name, name)
