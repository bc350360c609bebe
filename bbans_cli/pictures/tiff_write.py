"""Pictures -> TIFF files: deflate with the horizontal predictor, strips of about a mebibyte.

The byte order is that of the EXIF item, else little-endian: ImageJ's tags and makers' notes have numbers in it whose
types no tag tells.
"""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
from zlib_ng import zlib_ng

from bbans_cli.errors import UnsupportedError
from bbans_cli.pictures import pages as stacks
from bbans_cli.pictures import tiff_metadata
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.formats import DEFLATE_LEVEL
from bbans_cli.pictures.picture import Items, Picture, cannot_hold, pack_rows, row_bytes
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
    of_pages = stacks.split(picture.metadata, picture.pages)
    order = tiff_metadata.byte_order(of_pages[0])
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    link, lost = 4, []
    for page, items in enumerate(of_pages):
        top = page * picture.page_height
        link, not_kept = _append(out, link, picture, top, items, order, deflate_level)
        lost += not_kept
    return bytes(out), list(dict.fromkeys(lost))


def _append(
    out: bytearray, link: int, picture: Picture, top: int, items: Items, order: str, deflate_level: int
) -> tuple[int, list[str]]:
    """Add the page whose rows begin at `top`. `link`: where its directory's offset goes; returned: that of the next.

    Raises UnsupportedError above 4 GiB.
    """
    channels, depth, height = picture.pixels.shape[2], picture.depth, picture.page_height
    rows = max(1, min(height, STRIP // row_bytes(picture.width, channels, depth)))
    metadata, lost = tiff_metadata.write_metadata(items)
    _place_note(out, metadata, lost)
    offsets, sizes = [], []
    for first in range(top, top + height, rows):
        strip = _strip(picture.pixels[first : min(first + rows, top + height)], depth, order, deflate_level)
        offsets.append(len(out))
        sizes.append(len(strip))
        out += strip + bytes(len(strip) % 2)  # word-aligned, as the specification asks
        if len(out) > 0xF0000000:
            raise UnsupportedError("TIFF cannot hold more than 4 GiB" + ("; PNG can" if picture.pages == 1 else ""))
    photometric = PHOTOMETRIC[picture.mode] if picture.colours is None else picture.colours
    entries = {
        tag.WIDTH: integers(LONG, picture.width),
        tag.HEIGHT: integers(LONG, height),
        tag.BITS: integers(SHORT, *[depth] * channels),
        tag.COMPRESSION: integers(SHORT, 8),
        tag.PHOTOMETRIC: integers(SHORT, photometric),
        tag.CHANNELS: integers(SHORT, channels),
        tag.ROWS_PER_STRIP: integers(LONG, rows),
        tag.STRIP_SIZES: integers(LONG, *sizes),
        tag.STRIP_OFFSETS: integers(LONG, *offsets),
        tag.PREDICTOR: integers(SHORT, 2 if depth in (8, 16) else 1),
    }
    if picture.pages > 1:
        entries[tag.NEW_SUBFILE_TYPE] = integers(LONG, 2)
    if picture.mode in ("grey+alpha", "rgba") and picture.alpha != "undeclared":
        entries[tag.EXTRA] = integers(SHORT, EXTRA[picture.alpha])
    if picture.palette is not None:
        entries[tag.COLOUR_MAP] = _colour_map(picture.palette, depth)
    tree = Tree(metadata.values | entries, metadata.below).in_order("<", order)
    body, start = tree.to_bytes(len(out), order)
    out[link : link + 4] = struct.pack(order + "I", start)
    out += body
    return start + 2 + 12 * (len(tree.values) + len(tree.below)), lost


def _place_note(out: bytearray, metadata: Tree, lost: list[str]) -> None:
    """Put a maker's note where it has to be; where something else is already, it loses its place."""
    note = tiff_metadata.maker_note(metadata)
    if note is None or note.place is None:
        return
    end = note.place + len(note.data)
    if len(out) <= note.place:
        out += bytes(note.place - len(out)) + note.data + bytes(end % 2)
    elif out[note.place : end] != note.data:
        metadata.below[tag.EXIF].values[tag.MAKER_NOTE] = replace(note, place=None)
        lost.append(tiff_metadata.NOTE_MOVED)


def _colour_map(palette: bytes, depth: int) -> Value:
    colours = np.zeros((3, 1 << depth), np.uint16)
    given = np.frombuffer(palette, np.uint8).reshape(-1, 3).T
    colours[:, : given.shape[1]] = given
    return integers(SHORT, *(colours * 257).ravel().tolist())


def _strip(pixels: np.ndarray, depth: int, order: str, deflate_level: int) -> bytes:
    if depth in (8, 16):
        first = np.zeros_like(pixels[:, :1])
        pixels = np.diff(pixels, axis=1, prepend=first)
    rows = pack_rows(pixels, depth)
    if depth == 16 and order == "<":
        rows = rows.reshape(rows.shape[0], -1, 2)[:, :, ::-1]
    return zlib_ng.compress(np.ascontiguousarray(rows).data, deflate_level)
