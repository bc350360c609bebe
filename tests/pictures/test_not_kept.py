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
        (bmp(24, 124, b"DEBM", b"profile"), ["colour profile"]),
        (bmp(32, 40), ["the fourth byte of each pixel"]),
    ],
)
def test_it_is_named(data, lost):
    assert read_picture(data, pixels=True).lost == lost
