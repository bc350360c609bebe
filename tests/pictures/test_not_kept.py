"""What files of other formats say and bbc does not keep is named."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from bbans_cli.pictures.read_write import read_picture

PIXELS = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)


def saved(file_format, **more):
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, file_format, **more)
    return out.getvalue()


def bmp(bits, header, space=b"\0\0\0\0", profile=b""):
    """An 8x4 BMP without compression; header: size of its information header."""
    rows = np.random.default_rng(2).integers(1, 255, 4 * 8 * bits // 8, np.uint8).tobytes()
    info = struct.pack("<IiiHHIIiiII", header, 8, 4, 1, bits, 0, len(rows), 2835, 2835, 0, 0)
    info += bytes(16) + space + bytes(48) + struct.pack("<4I", 4, header + len(rows), len(profile), 0)
    body = info[:header] + rows + profile
    return b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, 14 + header) + body


@pytest.mark.parametrize(
    ("data", "lost"),
    [
        (saved("JPEG", comment=b"hello"), ["comment"]),
        (saved("MPO", save_all=True, append_images=[Image.fromarray(PIXELS)] * 2), ["2 further pictures"]),
        (saved("JPEG"), []),
        (saved("BMP"), []),
        (bmp(24, 40), []),
        (bmp(24, 124, b"BGRs"), []),
        (bmp(24, 124, b"KNIL", b"profile"), ["name of a colour profile"]),
        (bmp(32, 40), ["the fourth byte of each pixel"]),
    ],
)
def test_it_is_named(data, lost):
    assert read_picture(data, pixels=True).lost == lost


def segment(marker, content):
    return bytes([0xFF, marker]) + (2 + len(content)).to_bytes(2, "big") + content


XMP = b"http://ns.adobe.com/xap/1.0/\0<x/>"
EXIF = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"


@pytest.mark.parametrize(
    ("segments", "lost"),
    [
        ([(0xE1, XMP), (0xE1, EXIF)], []),
        ([(0xE1, XMP), (0xE1, XMP)], ["a second XMP"]),
        ([(0xE1, EXIF), (0xE1, EXIF)], ["a second EXIF"]),
        ([(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40))], ["extended XMP"]),
        ([(0xE1, b"FLIR\0\1\0\0")], ["FLIR thermal data"]),
        ([(0xE1, b"Other")], ["APP1 segment"]),
        ([(0xE6, b"GoPro\0...")], ["GoPro metadata"]),
        ([(0xEB, b"JP\0\1...")], ["C2PA or other JUMBF metadata"]),
        ([(0xE9, b"secret"), (0xFE, b"hello")], ["APP9 segment", "comment"]),
        ([(0xE0, b"JFXX\0\x10")], ["JFIF thumbnail"]),
        ([(0xED, b"Photoshop 3.0\0" + bytes(20))], ["Photoshop block"]),
    ],
)
def test_segments_of_jpeg_are_named(segments, lost):
    data = saved("JPEG")
    data = data[:20] + b"".join(segment(*each) for each in segments) + data[20:]
    assert read_picture(data, pixels=True).lost == lost
    assert read_picture(data + b"behind", pixels=True).lost == [*lost, "6 bytes after the end"]


def webp_chunk(name, data):
    return name + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2)


def test_chunks_of_webp_are_named():
    data = saved("WEBP", lossless=True, exif=b"Exif\0\0II*\0", xmp=b"<x/>")
    for added, lost in (
        (webp_chunk(b"XMP ", b"<b/>"), ["a second XMP"]),
        (webp_chunk(b"EXIF", b"II*\0"), ["a second EXIF"]),
        (webp_chunk(b"ODD ", b"abc"), ["ODD chunk"]),
        (b"", []),
    ):
        body = data[8:] + added
        file = b"RIFF" + len(body).to_bytes(4, "little") + body
        assert read_picture(file).lost == lost
        assert read_picture(file + b"behind").lost == [*lost, "6 bytes after the end"]


def test_pictures_behind_the_end_that_nothing_lists_are_bytes():
    assert read_picture(saved("JPEG") * 2, pixels=True).lost == [f"{len(saved('JPEG')):,} bytes after the end"]


def test_pixels_of_a_jpeg_of_cmyk():
    out = io.BytesIO()
    Image.fromarray(np.dstack([PIXELS, PIXELS[:, :, 0]]), "CMYK").save(out, "JPEG")
    read = read_picture(out.getvalue(), pixels=True)
    assert read.mode == "cmyk" and read.file_format == "tiff"
    assert np.array_equal(read.pixels, np.array(Image.open(io.BytesIO(out.getvalue()))))
