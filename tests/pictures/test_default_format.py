"""The format that a picture comes back in where none is asked for: PNG, else what holds its metadata too."""

import pytest
from sample_pictures import picture

from bbans_cli.api import PictureCodec
from bbans_cli.container import metadata as kinds
from bbans_cli.container import read_head
from bbans_cli.container.byte_reader import varint
from bbans_cli.output_names import restored
from bbans_cli.pictures.default_format import default_format

EXIF = (kinds.EXIF, b"II*\0\x08\0\0\0\x01\0\x0f\x01\2\0\5\0\0\0\x1a\0\0\0\0\0\0\0Make\0\0")
COMMENT = (kinds.CHUNK, b"tEXtComment\0words")
MAXIMUM = (kinds.MAXIMUM, varint(1000))


@pytest.mark.parametrize(
    ("mode", "depth", "items", "file_format"),
    [
        ("grey", 16, [EXIF], "png"),
        ("grey", 12, [], "pgm"),
        ("rgb", 4, [COMMENT], "ppm"),
        ("grey", 12, [COMMENT, EXIF], "tiff"),
        ("rgb", 12, [EXIF], "tiff"),
        ("rgba", 12, [], "pam"),
        ("rgba", 12, [EXIF], "tiff"),
        ("grey", 10, [MAXIMUM, EXIF], "pgm"),
        ("rgba", 8, [(kinds.ALPHA, b"\1")], "tiff"),
        ("cmyk", 8, [], "tiff"),
    ],
)
def test_the_format_holds_pixels_and_metadata(mode, depth, items, file_format):
    assert default_format(mode, depth, items) == file_format


@pytest.mark.parametrize(("mode", "depth"), [("grey", 12), ("rgb", 4)])
def test_metadata_of_what_png_cannot_hold_is_kept(mode, depth):
    codec = PictureCodec(level=1)
    pixels = picture(mode, 8 if depth < 8 else 16).pixels
    given = picture(mode, 8)
    given = type(given)(pixels & ((1 << depth) - 1), mode, depth, metadata=[EXIF])
    packed = codec.compress(given, 1)
    outcome = codec.decompress_file(packed, None, 1, read_back=True)
    assert outcome.file_format == "tiff" and not outcome.warnings and b"Make" in outcome.data
    assert restored("photo.bbc", read_head(packed)).name == "photo.tiff"
    assert codec.decompress_file(packed, "ppm" if mode == "rgb" else "pgm", 1).warnings == ["not kept: EXIF"]
