"""BMP files made field by field, and GIF files with blocks of any kind."""

import io
import struct

import numpy as np
from PIL import Image

RNG = np.random.default_rng(3)


def bmp(rows, width, height, bits, compression=0, masks=(), palette=b"", size=40, used=0, behind=b""):
    """A bottom-up BMP; rows: bytes of the pixels. Masks are in the header if it has room for them."""
    head = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, len(rows), 2835, 3000, used, 0)
    head += struct.pack(f"<{len(masks)}I", *masks)
    head = head.ljust(size, b"\0")
    offset = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + head + palette + rows + behind


def padded(rows):
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))[::-1].tobytes()


def colours(count):
    table = RNG.integers(0, 256, (count, 4), np.uint8)
    table[:, 3] = 0
    return table.tobytes()


def gif(pixels, palette, blocks=b"", interlace=0, **more):
    image = Image.fromarray(pixels)
    image.putpalette(palette)
    out = io.BytesIO()
    image.save(out, "GIF", interlace=interlace, optimize=False, **more)
    data = out.getvalue()
    at = 13 + (3 << (data[10] & 7) + 1)
    return data[:at] + blocks + data[at:]


def sub_blocks(data):
    return b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255)) + b"\0"
