"""PNG chunks stay on their side of the pixels; those that depend on how the pixels are packed go, and are named."""

import struct
import zlib

import pytest
from sample_pictures import picture, pypng, same

from bbans_cli.api import PictureCodec
from bbans_cli.cli import info
from bbans_cli.container import metadata as kinds
from bbans_cli.container import picture_from_bytes
from bbans_cli.errors import UnsupportedError
from bbans_cli.pictures.read_write import read_picture, write_picture

CODEC = PictureCodec(level=1)
EXIF = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", 274, 3, 1, 6, 0) + bytes(4)


def chunk(name, data):
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def png(before=(), behind=(), given=None):
    data = pypng(given or picture("rgb", 8))
    return (
        data[:33]
        + b"".join(chunk(*each) for each in before)
        + data[33:-12]
        + b"".join(chunk(*each) for each in behind)
        + data[-12:]
    )


def names(data):
    found, at = [], 8
    while at < len(data):
        found.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return found


BEHIND = [(b"eXIf", EXIF), (b"gAMA", b"\0\0\xb1\x8f"), (b"tEXt", b"a\0b"), (b"tIME", b"\x07\xe8\1\2\3\4\5")]


def test_what_stood_behind_the_pixels_stays_there():
    data = png([(b"tEXt", b"first\0b")], BEHIND)
    packed = CODEC.compress_file(data, 1).data
    restored = CODEC.decompress_file(packed, None, 1).data
    assert names(restored) == [b"IHDR", b"tEXt", b"IDAT", b"eXIf", b"gAMA", b"tEXt", b"tIME", b"IEND"]
    assert same(read_picture(restored), read_picture(data))
    assert "metadata" in info.details(picture_from_bytes(packed), 1)
    assert info.details(picture_from_bytes(packed), 1)["metadata"] == ["tEXt", "EXIF", "gAMA", "tIME"]


def test_other_formats_do_not_obey_what_readers_of_png_ignore():
    read = read_picture(png([], BEHIND))
    for name in ("tiff", "webp"):
        data, lost = write_picture(read, name)
        assert lost[:2] == ["EXIF", "gamma"]
        assert kinds.EXIF not in dict(read_picture(data).metadata)
    assert write_picture(read, "ppm")[1] == ["EXIF", "gamma", "text", "modification time"]


def test_no_marker_without_anything_behind():
    assert read_picture(png([], [(b"tEXt", b"a")])).metadata != []
    assert read_picture(png([], [(b"iDOT", b"abcd")])).metadata == []


@pytest.mark.parametrize("name", [b"iDOT", b"dSIG", b"caBX", b"mkBF"])
def test_what_is_unsafe_to_copy_is_dropped_and_named(name):
    for before, behind in (([(name, b"data")], []), ([], [(name, b"data")])):
        read = read_picture(png(before, behind))
        assert read.lost == [f"{name.decode()} chunk"] and not read.metadata


def test_bytes_in_idat_behind_the_packed_pixels_are_named():
    data = pypng(picture("rgb", 8))
    at = data.index(b"IDAT")
    size = int.from_bytes(data[at - 4 : at], "big")
    body = data[at + 4 : at + 4 + size] + b"payload"
    read = read_picture(data[: at - 4] + chunk(b"IDAT", body) + data[-12:])
    assert same(read, picture("rgb", 8)) and read.lost == ["7 bytes after the packed pixels"]


def test_a_late_suggested_palette_is_named():
    assert read_picture(png([], [(b"PLTE", b"abc")])).lost == ["suggested palette after the pixels"]


def test_cgbi_is_refused_by_name():
    data = pypng(picture("rgba", 8))
    with pytest.raises(UnsupportedError, match="CgBI"):
        read_picture(data[:8] + chunk(b"CgBI", b"\x50\0\x20\x02") + data[8:])


def test_a_second_xmp_in_webp_is_named():
    items = [(kinds.XMP, b"<a/>"), (kinds.XMP, b"<b/>"), (kinds.EXIF, EXIF), (kinds.EXIF, EXIF + bytes(2))]
    assert write_picture(picture("rgb", 8, metadata=items), "webp")[1] == ["XMP", "EXIF"]


def test_registered_chunks_that_depend_on_the_pixels_alone_are_kept():
    chunks = [(b"sPLT", b"a\0\x08abcdef"), (b"hIST", b"\0\1"), (b"pCAL", b"a\0..."), (b"orNT", b"\1")]
    read = read_picture(png(chunks))
    assert not read.lost and [data for _, data in read.metadata] == [name + data for name, data in chunks]
