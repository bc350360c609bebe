"""A small 8-bit image as a PNG file, for thumbnails: without numpy, and without Pillow's own writer, which imports five
formats before it writes one."""

from __future__ import annotations

import struct
import zlib

from PIL import Image, ImageChops

from bbans_cli.pictures import chunks

_COLOUR_TYPES = {"RGB": 2, "RGBA": 6}
_LEFT = 1  # the filter "sub" (PNG, 9.2): what is stored is the difference from the pixel on the left


def to_png(image: Image.Image) -> bytes:
    """The PNG file of an RGB or RGBA image, without metadata."""
    shifted = Image.new(image.mode, image.size)  # of zeros, as PNG has it left of the first column
    shifted.paste(image, (1, 0))
    filtered = ImageChops.subtract_modulo(image, shifted).tobytes()
    size = len(filtered) // image.height
    lines = b"".join(b"%c" % _LEFT + filtered[at : at + size] for at in range(0, len(filtered), size))
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, _COLOUR_TYPES[image.mode], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return chunks.SIGNATURE + b"".join(chunks.framed(*part) for part in parts)
