"""Pictures -> TIFF files: little-endian, deflate with the horizontal predictor, strips of about a mebibyte."""

from __future__ import annotations

import struct

import numpy as np
from zlib_ng import zlib_ng

from bbans_cli.errors import UnsupportedError
from bbans_cli.pictures import tiff_metadata
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.formats import DEFLATE_LEVEL
from bbans_cli.pictures.picture import Picture, cannot_hold, pack_rows, row_bytes
from bbans_cli.pictures.tiff_tags import LONG, SHORT, Tree, Value, integers

STRIP = 1 << 20
PHOTOMETRIC = {"grey": 1, "grey+alpha": 1, "rgb": 2, "rgba": 2, "palette": 3, "cmyk": 5}
EXTRA = {"unspecified": 0, "premultiplied": 1, None: 2}


def write_tiff(picture: Picture, deflate_level: int = DEFLATE_LEVEL) -> tuple[bytes, list[str]]:
    """The file, and in words what of the metadata it does not hold.

    Raises UnsupportedError for transparent colours and odd maximum values, and above the 4 GiB that TIFF can address.
    """
    if picture.transparency is not None or picture.maximum is not None:
        raise UnsupportedError(cannot_hold("tiff", picture))
    channels, depth = picture.pixels.shape[2], picture.depth
    per_row = row_bytes(picture.width, channels, depth)
    rows = max(1, min(picture.height, STRIP // per_row))
    strips = [_strip(picture.pixels[top : top + rows], depth, deflate_level) for top in range(0, picture.height, rows)]
    metadata, lost = tiff_metadata.write_metadata(picture.metadata)
    # Word-aligned, as the specification asks.
    offsets, at = [], 8
    for strip in strips:
        offsets.append(at)
        at += len(strip) + len(strip) % 2
    if at > 0xF0000000:
        raise UnsupportedError("TIFF cannot hold more than 4 GiB; PNG can")
    entries = {
        tag.WIDTH: integers(LONG, picture.width),
        tag.HEIGHT: integers(LONG, picture.height),
        tag.BITS: integers(SHORT, *[depth] * channels),
        tag.COMPRESSION: integers(SHORT, 8),
        tag.PHOTOMETRIC: integers(SHORT, PHOTOMETRIC[picture.mode]),
        tag.CHANNELS: integers(SHORT, channels),
        tag.ROWS_PER_STRIP: integers(LONG, rows),
        tag.STRIP_SIZES: integers(LONG, *(len(strip) for strip in strips)),
        tag.STRIP_OFFSETS: integers(LONG, *offsets),
        tag.PREDICTOR: integers(SHORT, 2 if depth in (8, 16) else 1),
    }
    if picture.mode in ("grey+alpha", "rgba"):
        entries[tag.EXTRA] = integers(SHORT, EXTRA[picture.alpha])
    if picture.palette is not None:
        entries[tag.COLOUR_MAP] = _colour_map(picture.palette, depth)
    pixels = b"".join(strip + bytes(len(strip) % 2) for strip in strips)
    body, start = Tree(metadata.values | entries, metadata.below).to_bytes(at)
    return b"II*\0" + struct.pack("<I", start) + pixels + body, lost


def _colour_map(palette: bytes, depth: int) -> Value:
    colours = np.zeros((3, 1 << depth), np.uint16)
    given = np.frombuffer(palette, np.uint8).reshape(-1, 3).T
    colours[:, : given.shape[1]] = given
    return integers(SHORT, *(colours * 257).ravel().tolist())


def _strip(pixels: np.ndarray, depth: int, deflate_level: int) -> bytes:
    if depth in (8, 16):
        first = np.zeros_like(pixels[:, :1])
        pixels = np.diff(pixels, axis=1, prepend=first)
    rows = pack_rows(pixels, depth)
    if depth == 16:
        rows = rows.reshape(rows.shape[0], -1, 2)[:, :, ::-1]
    return zlib_ng.compress(np.ascontiguousarray(rows).data, deflate_level)
