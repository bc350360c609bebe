"""Small files of odd kinds, made of a few bytes, for the table of files_of_kinds.py."""

import io
import struct
import zlib

import numpy as np
from made_bmp_gif import bmp, colours, padded
from made_tiff import PIXELS, SMALL, page, text, tiff
from PIL import Image
from sample_pictures import picture, pypng

from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.picture import pack_rows
from bbans_cli.pictures.tiff_tags import LONG, SHORT, Tree, Value, integers

RNG = np.random.default_rng(2)


def chunk(name, data):
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def png(*before, behind=b"", mode="rgb", depth=8, **more):
    """A PNG with chunks (name, data) before its pixels, and bytes behind them."""
    data = pypng(picture(mode, depth, **more))
    at = data.index(b"IDAT") - 4
    return data[:at] + b"".join(chunk(*each) for each in before) + data[at:-12] + behind + data[-12:]


def saved(file_format, image=None, **more):
    out = io.BytesIO()
    (image or Image.fromarray(PIXELS)).save(out, file_format, **more)
    return out.getvalue()


def fax(name):
    return saved("TIFF", Image.fromarray(PIXELS[:, :, 0] > 99), compression=name)


def packed(name):
    return saved("TIFF", compression=name)


def segment(marker, content):
    data = saved("JPEG")
    return data[:20] + bytes([0xFF, marker]) + (2 + len(content)).to_bytes(2, "big") + content + data[20:]


def webp(name, data, **more):
    body = (
        saved("WEBP", lossless=True, **more)[8:] + name + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2)
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def film(file_format, **more):
    frames = [Image.fromarray(each) for each in (PIXELS, 255 - PIXELS, PIXELS[:, ::-1])]
    return saved(file_format, frames[0], save_all=True, append_images=frames[1:], **more)


def fields(bits, masks, size=56):
    words = RNG.integers(0, 1 << bits, (4, 6)).astype("<u2" if bits == 16 else "<u4") & np.array(sum(masks)).astype(
        "<u4"
    )
    rows = words.astype("<u2" if bits == 16 else "<u4").view(np.uint8).reshape(4, -1)
    return bmp(padded(rows), 6, 4, bits, 3, masks, size=size)


def indexed(bits):
    return bmp(
        padded(pack_rows(RNG.integers(0, 1 << bits, (5, 7, 1), np.uint8), bits)), 7, 5, bits, palette=colours(1 << bits)
    )


ROWS = padded(RNG.integers(0, 256, (2, 12), np.uint8))
FLAT = RNG.integers(0, 4, (5, 6), np.uint8)
FOUR = bytes(range(12))
ICC = zlib.compress(b"profile")
EXIF = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", 274, 3, 1, 6, 0) + bytes(4)
TIFF_DEPTHS = [(mode, depth) for mode in ("grey", "rgb") for depth in range(1, 17)]
GREY_RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, 1)
GREY_RAMP[:, 3] = 0


def deep(mode, depth, shape=(4, 5)):
    """A TIFF of a mode and depth; 16 bits with equal bytes, so that their order does not matter."""
    channels = {"grey": 1, "rgb": 3, "cmyk": 4, "palette": 1}[mode]
    values = RNG.integers(0, 1 << min(depth, 8), (*shape, channels)) * (257 if depth == 16 else 1)
    more = {}
    if mode == "palette":
        more[tag.COLOUR_MAP] = integers(SHORT, *(RNG.integers(0, 256, 3 << depth) * 257).tolist())
    photometric = {"grey": 1, "rgb": 2, "cmyk": 5, "palette": 3}[mode]
    return tiff(page(values.astype(np.uint16 if depth > 8 else np.uint8), more, depth, photometric))


def of_alpha(extra, count=1):
    pixels = RNG.integers(0, 256, (4, 5, 3 + count), np.uint8)
    more = {} if extra is None else {tag.EXTRA: integers(SHORT, *[extra] * count)}
    return tiff(page(pixels, more, photometric=2))


RAW = tiff(
    (SMALL[0] | {tag.MAKE: text(b"NIKON")}, SMALL[1]), below={tag.SUB_FILES: page(PIXELS[..., :1], photometric=32803)}
)


def noted(zeros):
    values, strip = page()
    return tiff((values, strip + bytes(zeros)), below={tag.EXIF: Tree({tag.MAKER_NOTE: Value(7, 9, b"some note")}, {})})


UNTAGGED = tiff((page(more={tag.STRIP_SIZES: integers(LONG, PIXELS.size)})[0], PIXELS.tobytes() + b"x" * 98))
MASK = page(PIXELS[:, :, :1] >> 7, {tag.NEW_SUBFILE_TYPE: integers(LONG, 4)}, 1, 4)
