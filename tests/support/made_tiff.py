"""TIFF files made tag by tag."""

import struct

import numpy as np

from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.picture import pack_rows
from bbans_cli.pictures.tiff_tags import ASCII, LONG, RATIONAL, SHORT, Tree, Value, integers

PIXELS = np.random.default_rng(1).integers(0, 256, (6, 10, 3), np.uint8)


def page(pixels=PIXELS, more=None, bits=8, photometric=None):
    """(tags, strip) of an uncompressed little-endian picture (h, w, c)."""
    height, width, channels = pixels.shape
    strip = np.ascontiguousarray(pack_rows(pixels, bits)).tobytes()
    numbers = {
        **{
            tag.WIDTH: width,
            tag.HEIGHT: height,
            tag.COMPRESSION: 1,
            tag.CHANNELS: channels,
            tag.STRIP_SIZES: len(strip),
        },
        **{tag.PHOTOMETRIC: {1: 1, 3: 2}.get(channels, 2) if photometric is None else photometric},
    }
    values = {number: integers(LONG, value) for number, value in numbers.items()}
    return values | {tag.BITS: integers(SHORT, *[bits] * channels)} | (more or {}), strip


def tiff(*pages, below=None, more=b""):
    """A TIFF of (tags, strip) pages in a chain; `below`: tag -> Tree of the first one, whose SubIFDs are pages."""
    data = bytearray(b"II*\0" + bytes(4))
    link = 4
    for values, strip in pages:
        values = values | {tag.STRIP_OFFSETS: integers(LONG, len(data))}
        data += strip + bytes(len(strip) % 2)
        trees = {}
        for number, tree in (below or {}).items():
            if not isinstance(tree, Tree):
                tree = Tree(tree[0] | {tag.STRIP_OFFSETS: integers(LONG, len(data))}, {})
                data += below[number][1] + bytes(len(below[number][1]) % 2)
            trees[number] = tree
        below = None
        body, start = Tree(values, trees).to_bytes(len(data))
        data[link : link + 4] = struct.pack("<I", start)
        link = start + 2 + 12 * (len(values) + len(trees))
        data += body
    return bytes(data) + more


def text(value):
    return Value(ASCII, len(value) + 1, value + b"\0")


REDUCED = {tag.NEW_SUBFILE_TYPE: integers(LONG, 1)}
SMALL = page(PIXELS[:2, :3], REDUCED)
# Directories below the first one
INTEROPERABILITY = Tree({1: text(b"R98")}, {})
CAMERA = Tree({33434: integers(RATIONAL, 1, 250), 37500: Value(7, 6, b"Nikon\0")}, {40965: INTEROPERABILITY})
PLACE = Tree({1: text(b"N"), 2: integers(RATIONAL, 1, 1, 2, 1, 3, 1)}, {})
BELOW = {tag.EXIF: CAMERA, tag.GPS: PLACE}
