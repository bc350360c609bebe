"""What an output is called, from its input's name and the options alone."""

from pathlib import Path

import pytest

from bbans_cli.cli import naming
from bbans_cli.cli.naming import compressed, restored
from bbans_cli.container import MAGIC
from bbans_cli.errors import InputError


@pytest.mark.parametrize(
    "name, short, full",
    [
        ("photo.png", "photo.bbc", "photo.png.bbc"),
        ("photo.jpg", "photo.bbc", "photo.jpg.bbc"),
        ("PHOTO.PNG", "PHOTO.bbc", "PHOTO.PNG.bbc"),
        ("IMG.0001", "IMG.0001.bbc", "IMG.0001.bbc"),
        ("plain", "plain.bbc", "plain.bbc"),
        (".png", ".png.bbc", ".png.bbc"),
        ("photo.png.jpg", "photo.png.jpg.bbc", "photo.png.jpg.bbc"),
        ("a.b.png", "a.b.bbc", "a.b.png.bbc"),
    ],
)
def test_a_suffix_is_replaced_if_it_is_a_pictures_and_the_only_one(name: str, short: str, full: str) -> None:
    assert compressed(name) == short
    assert compressed(name, full=True) == full


@pytest.mark.parametrize(
    "name, asked, expected",
    [
        ("photo.bbc", None, ("photo.png", "png")),
        ("photo.bbc", "ppm", ("photo.ppm", "ppm")),
        ("photo.png.bbc", None, ("photo.png", "png")),
        ("photo.tiff.bbc", None, ("photo.tiff", "tiff")),
        ("photo.TIF.BBC", None, ("photo.TIF", "tiff")),
        ("photo.tif.bbc", "tiff", ("photo.tif", "tiff")),
        ("photo.tiff.bbc", "png", ("photo.tiff.png", "png")),
        ("photo.jpg.bbc", None, ("photo.jpg.png", "png")),
    ],
)
def test_only_bbc_is_removed_if_what_is_left_names_the_format(name: str, asked, expected) -> None:
    assert restored(name, file_format=asked) == expected
    # What is left of photo.bbc has no suffix: then --full-names appends none.
    if name != "photo.bbc":
        assert restored(name, full=True, file_format=asked) == expected


@pytest.mark.parametrize("name", ["photo.gif", "IMG.0001", "plain"])
def test_a_suffix_of_no_picture_that_is_written_is_kept_and_full_names_appends_none(name: str) -> None:
    assert restored(f"{name}.bbc") == (f"{name}.png", "png")
    assert restored(f"{name}.bbc", full=True) == (name, "png")
    assert restored(f"{name}.bbc", full=True, file_format="ppm") == (name, "ppm")


@pytest.mark.parametrize("name", ["a.png", "a.b.png", "a.tif", "A.BMP", "a.jpg.png", "a.tiff.webp", "x", "IMG.0001"])
def test_full_names_come_back(name: str) -> None:
    assert restored(compressed(name, full=True), full=True).name == name
    if naming.suffix_of(name) in naming.WRITE_SUFFIXES:
        assert restored(compressed(name, full=True)).name == name


def test_names_that_make_no_sense_are_refused() -> None:
    for name in ("a.bbc", "a.png.BBC"):
        with pytest.raises(InputError, match="already"):
            compressed(name)
    with pytest.raises(InputError, match="does not end in .bbc"):
        restored("a.png")


def test_skipping_looks_for_a_bbc_file(tmp_path: Path) -> None:
    is_output = naming.of_compress(full=False, pixels=False).is_output
    (tmp_path / "a.bbc").write_bytes(MAGIC + b"...")
    (tmp_path / "b.bbc").write_bytes(b"mine")
    assert is_output("a.png", str(tmp_path / "a.bbc"))
    assert not is_output("b.png", str(tmp_path / "b.bbc"))
    assert not is_output("c.png", str(tmp_path / "c.bbc"))


@pytest.mark.parametrize(
    "target, expected", [("a.ppm", "ppm"), ("a.TIF", "tiff"), ("a", None), ("a.dat", None), ("-", None)]
)
def test_the_suffix_of_a_given_output_names_its_format(target: str, expected: str | None) -> None:
    assert naming.of_decompress(full=False, file_format=None).file_format(target) == expected
    assert naming.of_decompress(full=False, file_format="bmp").file_format(target) == "bmp"
