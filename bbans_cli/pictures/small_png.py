"""A small 8-bit image as a PNG file, for thumbnails: without numpy, and without Pillow's own writer, which imports five
formats before it writes one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bbans_cli.pictures import chunks, exif

if TYPE_CHECKING:
    from PIL import Image

_COLOUR_TYPES = {"RGB": 2, "RGBA": 6}
_LEFT = 1  # the filter "sub" (PNG, 9.2): what is stored is the difference from the pixel on the left


def to_png(image: Image.Image) -> bytes:
    """The PNG file of an RGB or RGBA image, without metadata."""
    from PIL import Image, ImageChops

    shifted = Image.new(image.mode, image.size)  # of zeros, as PNG has it left of the first column
    shifted.paste(image, (1, 0))
    filtered = ImageChops.subtract_modulo(image, shifted).tobytes()
    size = len(filtered) // image.height
    lines = b"".join(b"%c" % _LEFT + filtered[at : at + size] for at in range(0, len(filtered), size))
    return _file(image.width, image.height, _COLOUR_TYPES[image.mode], lines)


def rgb_to_png(width: int, height: int, pixels: bytes) -> bytes:
    """The PNG file of pixels R, G, B, without Pillow, by the core."""
    from bbans_cli.core import ffi, lib

    lines = bytearray((1 + 3 * width) * height)
    source, target = ffi.from_buffer("uint8_t[]", pixels), ffi.from_buffer("uint8_t[]", lines)
    lib.bbc_png_filters_apply(source, ffi.NULL, ffi.NULL, target, height, 3 * width, 3)
    return _file(width, height, _COLOUR_TYPES["RGB"], bytes(lines))


def turned(width: int, height: int, pixels: bytes, orientation: int) -> tuple[int, int, bytes]:
    """Width, height and pixels, 3 bytes each, of an image as EXIF's orientation says that it is to be shown."""
    if orientation == 1:
        return width, height, pixels
    rows: list[Sequence[bytes]] = [
        [pixels[at : at + 3] for at in range(row, row + 3 * width, 3)] for row in range(0, len(pixels), 3 * width)
    ]
    if orientation in (3, 4, 6, 7):
        rows.reverse()
    if orientation in (2, 3, 7, 8):
        rows = [row[::-1] for row in rows]
    if orientation in exif.TURNED:
        rows = list(zip(*rows, strict=True))
    return len(rows[0]), len(rows), b"".join(map(b"".join, rows))


def _file(width: int, height: int, colour_type: int, lines: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return chunks.SIGNATURE + b"".join(chunks.framed(*part) for part in parts)
