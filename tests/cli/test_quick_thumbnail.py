"""Thumbnails as file managers ask for them: the same bytes, messages and exit status as by the whole command."""

import io
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from exif_files import exif_block, jpeg
from PIL import Image

import bbans_cli
from bbans_cli.cli import quick_thumbnail

BBC = os.path.join(sysconfig.get_path("scripts"), "bbc")


def size_of(file: Path | io.BytesIO) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pixels = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
    (tmp_path / "a.bbc").write_bytes(bbans_cli.compress(jpeg(pixels, exif_block(8, pixels[:24, :32])), level=1))
    (tmp_path / "b.bbc").write_bytes(bbans_cli.compress(pixels, level=1))
    return tmp_path


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())


def bbc(folder: Path, *words: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run([BBC, *words], cwd=folder, capture_output=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["small.png", "small.JPG", "small.webp"])
def test_the_file_is_the_same(folder: Path, name: str) -> None:
    assert quick_thumbnail.made(["thumbnail", "--size", "20", str(folder / "a.bbc"), str(folder / name)])
    assert bbc(folder, "thumbnail", "--size=20", "a.bbc", f"other-{name}") == (0, b"", b"")  # by the whole command
    assert (folder / name).read_bytes() == (folder / f"other-{name}").read_bytes()
    assert (folder / name).stat().st_mode == (folder / f"other-{name}").stat().st_mode
    assert max(size_of(folder / name)) == 20 and len(list(folder.iterdir())) == 4


@pytest.mark.parametrize("words", [["-f"], ["--force", "--size", "20"], ["--size", "20", "-f"]])
def test_a_file_is_replaced_if_that_is_asked_for(folder: Path, words: list[str]) -> None:
    target = folder / "small.png"
    target.write_bytes(b"old")
    assert quick_thumbnail.made(["thumbnail", *words, str(folder / "a.bbc"), str(target)])
    assert max(size_of(target)) == (20 if len(words) > 1 else 32)
    assert sorted(os.listdir(folder)) == ["a.bbc", "b.bbc", "small.png"]


@pytest.mark.parametrize("name", ["picture", "link", "symbolic"])
def test_the_input_is_not_replaced(folder: Path, name: str) -> None:
    source = (folder / "a.bbc").rename(folder / "picture")
    os.link(source, folder / "link")
    os.symlink(source, folder / "symbolic")
    before = source.read_bytes()
    assert not quick_thumbnail.made(["thumbnail", "-f", str(source), str(folder / name)])
    assert source.read_bytes() == before == (folder / name).read_bytes()


def test_standard_output(folder: Path) -> None:
    code, data, said = bbc(folder, "thumbnail", "a.bbc", "-")
    assert (code, said) == (0, b"") and size_of(io.BytesIO(data)) == (24, 32)
    assert bbc(folder, "thumbnail", "b.bbc", "-")[1][:4] == b"\x89PNG"  # decoded, by the whole command


@pytest.mark.parametrize(
    "words",
    [
        ["thumbnail"],
        ["thumbnail", "a.bbc"],
        ["thumbnail", "-v", "a.bbc", "x.png"],
        ["thumbnail", "-", "x.png"],
        ["thumbnail", "-f", "-", "x.png"],
        ["thumbnail", "-f", "-v", "a.bbc", "x.png"],
        ["thumbnail", "-f", "a.bbc", "a.bbc"],
        ["thumbnail", "-f", "a.bbc", "."],
        ["thumbnail", "--size", "0", "a.bbc", "x.png"],
        ["thumbnail", "--size", "4097", "a.bbc", "x.png"],
        ["thumbnail", "--size", "\u0663", "a.bbc", "x.png"],
        ["thumbnail", "--size", "9", "a.bbc", "--help"],
        ["thumbnail", "b.bbc", "x.png"],
        ["thumbnail", "none.bbc", "x.png"],
        ["thumbnail", "b.bbc", "a.bbc"],
        ["thumbnail", "a.bbc", "."],
    ],
)
def test_all_else_is_left_to_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.chdir(folder)
    before = (folder / "a.bbc").read_bytes()
    assert not quick_thumbnail.made(words)
    assert sorted(path.name for path in folder.iterdir()) == ["a.bbc", "b.bbc"]
    assert (folder / "a.bbc").read_bytes() == before


def test_errors_are_those_of_the_command(folder: Path) -> None:
    (folder / "x.png").write_bytes(b"mine")
    assert bbc(folder, "thumbnail", "a.bbc", "x.png") == (1, b"", b"bbc: x.png: exists already; -f replaces it\n")
    assert (folder / "x.png").read_bytes() == b"mine"
    assert bbc(folder, "thumbnail", "x.png", "y.png") == (1, b"", b"bbc: x.png: not a .bbc file\n")
    (folder / "thumbs").mkdir()
    assert bbc(folder, "thumbnail", "a.bbc", "thumbs") == (0, b"", b"")
    assert os.listdir(folder / "thumbs") == ["a.png"]
