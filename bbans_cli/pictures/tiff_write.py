"""Pictures -> TIFF files: little-endian, deflate with the horizontal predictor, strips of about a mebibyte."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from bbans_cli.container import metadata as kinds
from bbans_cli.errors import BbcError, UnsupportedError
from bbans_cli.pictures import chunks
from bbans_cli.pictures import tiff_read as tag
from bbans_cli.pictures.picture import Picture, cannot_hold, pack_rows, row_bytes

STRIP = 1 << 20
PHOTOMETRIC = {"grey": 1, "grey+alpha": 1, "rgb": 2, "rgba": 2, "palette": 3, "cmyk": 5}
SHORT, LONG, RATIONAL, BYTE, ASCII, UNDEFINED = 3, 4, 5, 1, 2, 7
# Tag -> type and value.
Entries = dict[int, tuple[int, list[int] | bytes]]
LAYOUT = {SHORT: "H", LONG: "I", RATIONAL: "I"}


def write_tiff(picture: Picture) -> tuple[bytes, list[str]]:
    """The file, and in words what of the metadata it does not hold.

    Raises UnsupportedError for transparent colours and odd maximum values, and above the 4 GiB that TIFF can address.
    """
    if picture.transparency is not None or picture.maximum is not None:
        raise UnsupportedError(cannot_hold("tiff", picture))
    channels, depth = picture.pixels.shape[2], picture.depth
    per_row = row_bytes(picture.width, channels, depth)
    rows = max(1, min(picture.height, STRIP // per_row))
    strips = [_strip(picture.pixels[top : top + rows], depth) for top in range(0, picture.height, rows)]
    entries: Entries = {
        tag.WIDTH: (LONG, [picture.width]),
        tag.HEIGHT: (LONG, [picture.height]),
        tag.BITS: (SHORT, [depth] * channels),
        tag.COMPRESSION: (SHORT, [8]),
        tag.PHOTOMETRIC: (SHORT, [PHOTOMETRIC[picture.mode]]),
        tag.CHANNELS: (SHORT, [channels]),
        tag.ROWS_PER_STRIP: (LONG, [rows]),
        tag.STRIP_SIZES: (LONG, [len(strip) for strip in strips]),
        tag.PREDICTOR: (SHORT, [2 if depth in (8, 16) else 1]),
    }
    if picture.mode in ("grey+alpha", "rgba"):
        entries[tag.EXTRA] = (SHORT, [{"unspecified": 0, "premultiplied": 1}.get(picture.alpha or "", 2)])
    if picture.palette is not None:
        colours = np.zeros((3, 1 << depth), np.uint16)
        given = np.frombuffer(picture.palette, np.uint8).reshape(-1, 3).T
        colours[:, : given.shape[1]] = given
        entries[tag.COLOUR_MAP] = (SHORT, (colours * 257).ravel().tolist())
    lost = _metadata(picture, entries)
    # Word-aligned, as the specification asks.
    offsets, at = [], 8
    for strip in strips:
        offsets.append(at)
        at += len(strip) + len(strip) % 2
    if at > 0xF0000000:
        raise UnsupportedError("TIFF cannot hold more than 4 GiB; PNG can")
    entries[tag.STRIP_OFFSETS] = (LONG, offsets)
    pixels = b"".join(strip + bytes(len(strip) % 2) for strip in strips)
    return b"II*\0" + struct.pack("<I", at) + pixels + _directory(entries, at), lost


def _strip(pixels: np.ndarray, depth: int) -> bytes:
    if depth in (8, 16):
        first = np.zeros_like(pixels[:, :1])
        pixels = np.diff(pixels, axis=1, prepend=first)
    rows = pack_rows(pixels, depth)
    if depth == 16:
        rows = rows.reshape(rows.shape[0], -1, 2)[:, :, ::-1]
    return zlib.compress(np.ascontiguousarray(rows).data, 6)


def _directory(entries: Entries, at: int) -> bytes:
    """The directory for offset `at`, with the values that do not fit into its entries behind it."""
    table, values = b"", b""
    base = at + 2 + 12 * len(entries) + 4
    for number, (kind, value) in sorted(entries.items()):
        count = len(value)
        if isinstance(value, bytes):
            body = value
        else:
            body = struct.pack(f"<{count}{LAYOUT[kind]}", *value)
            count //= 2 if kind == RATIONAL else 1
        field = body.ljust(4, b"\0")
        if len(body) > 4:
            field = struct.pack("<I", base + len(values))
            values += body + bytes(len(body) % 2)
        table += struct.pack("<HHI", number, kind, count) + field
    return struct.pack("<H", len(entries)) + table + bytes(4) + values


def _metadata(picture: Picture, entries: Entries) -> list[str]:
    """Put what TIFF has a tag for into `entries`; returns the rest in words."""
    lost = []
    keywords = {keyword: number for number, keyword in tag.TEXTS.items()}
    for kind, data in picture.metadata:
        per_metre = chunks.read_resolution(kind, data)
        keyword, _, text = data[4:].partition(b"\0")
        if kind == kinds.ICC:
            entries[tag.ICC] = (UNDEFINED, data.partition(b"\0")[2])
        elif kind == kinds.XMP:
            entries[tag.XMP] = (BYTE, data)
        elif per_metre:
            # Per centimetre, so that whole numbers a metre are exact.
            entries[tag.UNIT] = (SHORT, [3])
            entries[tag.X_RESOLUTION] = (RATIONAL, [per_metre[0], 100])
            entries[tag.Y_RESOLUTION] = (RATIONAL, [per_metre[1], 100])
        elif kind == kinds.CHUNK and data[:4] == b"tEXt" and keyword in keywords and text.isascii():
            entries[keywords[keyword]] = (ASCII, text + b"\0")
        elif kind == kinds.EXIF and (orientation := _orientation(data)):
            entries[tag.ORIENTATION] = (SHORT, [orientation[0]])
            lost += ["EXIF other than the orientation"] if orientation[1] else []
        else:
            lost.append(chunks.describe(kind, data))
    return list(dict.fromkeys(lost))


def _orientation(exif: bytes) -> tuple[int, bool] | None:
    """(the orientation, whether there is more) of an EXIF block, or None if it has none or is damaged."""
    try:
        tags = tag.Tags(exif)
        value = tags.number(tag.ORIENTATION, 0)
    except BbcError:
        return None
    return (value, len(tags.values) > 1) if 1 <= value <= 8 else None
