"""What an output is called, from its input's name and the options alone."""

import os
import random
from pathlib import Path

import pytest

from bbans_cli import container, output_names
from bbans_cli.cli import naming
from bbans_cli.container import BYTES, FilePart, Head, JpegSummary, StoredFile, metadata, to_bytes
from bbans_cli.errors import CorruptError, InputError
from bbans_cli.output_names import compressed, restored, suits

PICTURE = Head("picture", 3, 2, [], "rgb", 8)


def holding(suffix: str, kind: str = "jpeg") -> Head:
    """The head of a .bbc file that holds a file whose name ended so."""
    return Head(kind, 3, 2, [(metadata.SUFFIX, suffix.encode())] if suffix else [])


@pytest.mark.parametrize(
    "name, short, full",
    [
        ("photo.png", "photo.bbc", "photo.png.bbc"),
        ("photo.jpg", "photo.bbc", "photo.jpg.bbc"),
        ("PHOTO.PNG", "PHOTO.bbc", "PHOTO.PNG.bbc"),
        ("IMG.0001", "IMG.0001.bbc", "IMG.0001.bbc"),
        ("plain", "plain.bbc", "plain.bbc"),
        (".png", ".png.bbc", ".png.bbc"),
        ("photo.gif", "photo.bbc", "photo.gif.bbc"),
        ("photo.gif.png", "photo.gif.png.bbc", "photo.gif.png.bbc"),
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
        ("photo.gif.bbc", None, ("photo.gif.png", "png")),
    ],
)
def test_only_bbc_is_removed_if_what_is_left_names_the_format(name: str, asked, expected) -> None:
    assert restored(name, PICTURE, file_format=asked) == expected
    # What is left of photo.bbc has no suffix: then --full-names appends none.
    if name != "photo.bbc":
        assert restored(name, PICTURE, full=True, file_format=asked) == expected


@pytest.mark.parametrize("name", ["photo.txt", "IMG.0001", "plain"])
def test_a_suffix_of_no_picture_that_is_written_is_kept_and_full_names_appends_none(name: str) -> None:
    assert restored(f"{name}.bbc", PICTURE) == (f"{name}.png", "png")
    assert restored(f"{name}.bbc", PICTURE, full=True) == (name, "png")
    assert restored(f"{name}.bbc", PICTURE, full=True, file_format="ppm") == (name, "ppm")


@pytest.mark.parametrize("name", ["a.png", "a.b.png", "a.tif", "A.BMP", "a.jpg.png", "a.tiff.webp", "x", "IMG.0001"])
def test_full_names_come_back(name: str) -> None:
    assert restored(compressed(name, full=True), PICTURE, full=True).name == name
    if output_names.suffix_of(name) in output_names.WRITE_SUFFIXES:
        assert restored(compressed(name, full=True), PICTURE).name == name


def test_names_that_make_no_sense_are_refused() -> None:
    for name in ("a.bbc", "a.png.BBC"):
        with pytest.raises(InputError, match="already"):
            compressed(name)
    with pytest.raises(InputError, match="does not end in .bbc"):
        restored("a.png", PICTURE)


@pytest.mark.parametrize("suffix", [".jpg", ".JPG", ".jpeg", ".jfif", ".0001", ".png"])
def test_a_jpeg_file_gets_the_suffix_that_it_had(suffix: str) -> None:
    for kind in ("jpeg", "file"):
        assert restored("photo.bbc", holding(suffix, kind)) == (f"photo{suffix}", "jpg")
        assert restored("photo.bbc", holding(suffix, kind), file_format="jpg") == (f"photo{suffix}", "jpg")
        # A full name, which may have got another case on its way.
        assert restored(f"photo{suffix}.bbc", holding(suffix, kind)).name == f"photo{suffix}"
        assert restored(f"photo{suffix.upper()}.bbc", holding(suffix, kind)).name == f"photo{suffix.upper()}"


def test_a_jpeg_file_that_had_no_suffix_gets_one_unless_its_name_is_full() -> None:
    assert restored("photo.bbc", holding("")).name == "photo.jpg"
    assert restored("photo.bbc", holding(""), full=True).name == "photo"
    assert restored("photo.jpeg.bbc", holding("")).name == "photo.jpeg"


def test_a_suffix_that_does_not_fit_a_jpeg_file_is_kept() -> None:
    assert restored("photo.png.bbc", holding(".jpg")).name == "photo.png.jpg"
    assert restored("photo.png.bbc", holding(".jpg"), full=True).name == "photo.png.jpg"
    assert restored("IMG.0001.bbc", holding(".jpg")).name == "IMG.0001.jpg"


def test_a_jpeg_file_is_decoded_to_the_format_that_was_asked_for() -> None:
    assert restored("photo.bbc", holding(".jpg"), file_format="png") == ("photo.png", "png")
    assert restored("photo.jpg.bbc", holding(".jpg"), file_format="png") == ("photo.jpg.png", "png")
    assert restored("photo.tif.bbc", holding(".jpg"), file_format="tiff") == ("photo.tif", "tiff")


def test_a_picture_becomes_no_jpeg_file() -> None:
    with pytest.raises(InputError, match="holds a picture"):
        restored("photo.bbc", PICTURE, file_format="jpg")


@pytest.mark.parametrize("suffix", ["jpg", "./../x", ".", "..", ".a/b", ".a\\b", ".a\0b", ".a.b", "." + 33 * "x"])
def test_a_suffix_from_a_strangers_file_leads_nowhere_else(suffix: str) -> None:
    assert restored("photo.bbc", holding(suffix)).name == "photo.jpg"


@pytest.mark.parametrize("name", ["a.jpg", "a.JPG", "a.png.jpg", "a.jpg.jpg", "IMG.0001", "a.png", "a.tiff.jpeg"])
def test_every_name_of_a_jpeg_file_comes_back(name: str) -> None:
    head = holding(Path(name).suffix)
    assert restored(compressed(name), head).name == name
    assert restored(compressed(name, full=True), head, full=True).name == name


def test_which_suffixes_of_outputs_make_sense() -> None:
    for head in (None, PICTURE, holding(".0001")):
        assert suits("", head) and suits(".png", head) and suits(".tif", head) and not suits(".doc", head)
    assert suits(".jpg", None) and suits(".jfif", holding(".0001")) and not suits(".jpeg", PICTURE)
    assert suits(".0001", holding(".0001")) and not suits(".0001", PICTURE)


def put(path: Path, suffix: str | None = None, jpeg: JpegSummary | None = None) -> str:
    """A .bbc file of a file with that suffix, or of a picture."""
    part = FilePart(BYTES, b"", b"")
    items = [] if suffix is None else [(metadata.SUFFIX, suffix.encode())]
    path.write_bytes(to_bytes(StoredFile(0, 0, jpeg, [part], items)))
    return str(path)


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    """Inputs of all kinds, and .bbc files that came from some."""
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0...")
    (tmp_path / "a.jpeg").write_bytes(b"\xff\xd8\xff\xe0...")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "png.jpg").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "late.jpg").write_bytes(b"...\xff\xd8\xff\xe0...")
    (tmp_path / "text.jpg").write_bytes(b"text")
    (tmp_path / "mine.bbc").write_bytes(b"mine")
    band = container.Band(b"", 0, 0)
    picture = container.Container(1, 1, "grey", 8, [container.Part(container.RAW, 1, 8, b"", b"", 1, [band])])
    (tmp_path / "picture.bbc").write_bytes(to_bytes(picture))
    put(tmp_path / "jpeg.bbc", ".jpg", JpegSummary(0, 3, 1, 1))
    put(tmp_path / "file.bbc", ".jpg")
    return {path.name: str(path) for path in tmp_path.iterdir()} | {"none.bbc": str(tmp_path / "none.bbc")}


@pytest.mark.parametrize(
    "source, pixels, outputs",
    [
        ("a.png", False, {"picture.bbc"}),
        ("a.jpg", False, {"jpeg.bbc", "file.bbc"}),
        ("a.jpg", True, {"picture.bbc"}),
        ("a.jpeg", False, set()),
        ("png.jpg", False, {"picture.bbc"}),
        ("late.jpg", False, {"jpeg.bbc", "file.bbc"}),
        ("text.jpg", False, {"jpeg.bbc", "file.bbc"}),
    ],
)
def test_skipping_passes_by_only_what_came_from_the_same_kind_of_file(made, source, pixels, outputs) -> None:
    is_output = naming.of_compress(full=False, pixels=pixels).is_output
    assert {name for name in made if name.endswith(".bbc") and is_output(made[source], made[name])} == outputs


def test_names_of_outputs_come_from_the_heads_of_inputs(made: dict[str, str]) -> None:
    output = naming.of_decompress(full=False, file_format=None).output
    assert output(made["picture.bbc"]) == ("picture.png", "png")
    assert output(made["jpeg.bbc"]) == ("jpeg.jpg", "jpg")
    with pytest.raises(CorruptError, match="not a .bbc file"):
        output(made["mine.bbc"])
    with pytest.raises(FileNotFoundError):
        output(made["none.bbc"])
    with pytest.raises(InputError, match="does not end in .bbc"):
        output(made["a.png"])


def test_a_pipe_is_not_read_for_its_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.bbc")
    with pytest.raises(InputError, match="no regular file"):
        naming.of_decompress(full=False, file_format=None).output(str(tmp_path / "pipe.bbc"))


def test_metadata_beyond_the_first_bytes_is_read(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(1 << 17)
    items = [(metadata.EXIF, noise), (metadata.SUFFIX, b".jpeg")]
    (tmp_path / "a.bbc").write_bytes(to_bytes(StoredFile(0, 0, None, [FilePart(BYTES, b"", b"")], items)))
    assert naming.of_decompress(full=False, file_format=None).output(str(tmp_path / "a.bbc")).name == "a.jpeg"


@pytest.mark.parametrize(
    "target, expected",
    [("a.ppm", "ppm"), ("a.TIF", "tiff"), ("a", None), ("a.dat", None), ("a.JPEG", "jpg"), ("-", None)],
)
def test_the_suffix_of_a_given_output_names_its_format(target: str, expected: str | None) -> None:
    assert naming.of_decompress(full=False, file_format=None).file_format(target) == expected
    assert naming.of_decompress(full=False, file_format="bmp").file_format(target) == "bmp"
