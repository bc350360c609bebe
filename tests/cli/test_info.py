"""What is said of a .bbc file from its header."""

import pytest

from bbans_cli.cli import info
from bbans_cli.container import (
    BYTES,
    JPEG_STREAM,
    RAW,
    Band,
    Container,
    FilePart,
    JpegSummary,
    Part,
    Region,
    StoredFile,
    metadata,
)

JPEG = StoredFile(
    3_140_000,
    0,
    JpegSummary(2, 3, 4032, 3024),
    [FilePart(BYTES, b"", bytes(1000)), FilePart(JPEG_STREAM, b"\5", bytes(2000))],
    [(metadata.SUFFIX, b".JPG")],
)
STORED = StoredFile(900, 0, None, [FilePart(BYTES, b"", bytes(850))])


def test_a_jpeg_file_in_words() -> None:
    expected = "JPEG file, 4032x3024, progressive, 3.1 MB, 3,100 bytes here (0.1 %), suffix .JPG"
    assert info.words(JPEG, 3100) == expected
    assert info.table(info.details(JPEG, 3100)) == [
        "  3,000 bytes of the file, 100 bytes of all else",
        "  part 0: bytes, 1,000 bytes",
        "  part 1: jpeg-stream, 2,000 bytes, settings 05",
    ]


def test_a_stored_file_in_words() -> None:
    assert info.words(STORED, 900) == "file, 900 bytes, 900 bytes here (100.0 %)"
    assert info.words(StoredFile(0, 0, None, STORED.parts), 50) == "file, 0 bytes, 50 bytes here"


def test_a_suffix_plays_no_tricks() -> None:
    red = StoredFile(1, 0, None, STORED.parts, [(metadata.SUFFIX, b".\x1b[31m\xff")])
    assert info.words(red, 1).endswith("suffix .\\x1b[31m\N{REPLACEMENT CHARACTER}")


def test_json_of_a_file() -> None:
    details = info.details(JPEG, 3100)
    assert (details["mode"], details["depth"], details["metadata"]) == (None, None, [])
    assert (details["file_bytes"], details["suffix"]) == (3_140_000, ".JPG")
    assert (details["process"], details["components"]) == ("progressive", 3)
    assert [(part["coder"], part["bytes"]) for part in details["parts"]] == [("bytes", 1000), ("jpeg-stream", 2000)]
    assert details["payload_bytes"] + details["other_bytes"] == 3100
    stored = info.details(STORED, 900)
    assert (stored["process"], stored["components"], stored["suffix"]) == (None, None, "")


def test_exif_and_xmp_of_a_picture_are_the_first_ones() -> None:
    items = [(metadata.EXIF, b"first"), (metadata.EXIF, b"second"), (metadata.ICC, b"profile")]
    assert info.exif_and_xmp(Container(1, 1, "grey", 8, [], items)) == {"exif": b"first"}


def test_bands_of_a_region_have_its_rows() -> None:
    part = Part(RAW, 1, 8, b"", b"", 2, [Band(b"ab", 0, 0), Band(b"c", 0, 0)], Region(0, 5, 1, 3))
    (found,) = info.details(Container(1, 10, "grey", 8, [part]), 100)["parts"]
    assert [band["rows"] for band in found["bands"]] == [2, 1] and found["bytes"] == 3


@pytest.mark.parametrize(
    "size, text",
    [(0, "0 bytes"), (994, "994 bytes"), (995, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"), (995_000, "1.0 MB")],
)
def test_sizes_have_few_digits(size: int, text: str) -> None:
    assert info.in_units(size) == text
