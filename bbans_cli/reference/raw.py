"""A part of the raw coder to samples: docs/format.md, *Raw*."""

from __future__ import annotations

import zlib

import numpy as np

from bbans_cli.container import Part
from bbans_cli.errors import CorruptError
from bbans_cli.progress import PixelProgress, no_progress

Array = np.ndarray

PACKED, DEFLATED, CONSTANT = range(3)


def decode(part: Part, width: int, height: int, tick: PixelProgress = no_progress) -> Array:
    """The samples (height, width, channels) of a part."""
    bands = []
    for number, band in enumerate(part.bands):
        rows = min(part.band_rows, height - number * part.band_rows)
        method, data = band.payload[:1], band.payload[1:]
        if method == bytes([CONSTANT]):
            pixel = _unpacked(data, 1, 1, part)
            bands.append(np.broadcast_to(pixel, (rows, width, part.channels)))
        elif method in (bytes([PACKED]), bytes([DEFLATED])):
            if method[0] == DEFLATED:
                data = _inflated(data, rows * _row_bytes(width, part))
            bands.append(_unpacked(data, rows, width, part))
        else:
            raise CorruptError("corrupt, or made by a newer bbc: unknown way of storing raw samples")
        tick(rows * width)
    return np.concatenate(bands)


def _row_bytes(width: int, part: Part) -> int:
    return (width * part.channels * part.depth + 7) // 8


def _inflated(data: bytes, size: int) -> bytes:
    """At most one byte more than the size, which tells that there are too many."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data, size + 1)
    except zlib.error as error:
        raise CorruptError("corrupt: raw samples cannot be unpacked") from error
    if not stream.eof or stream.unused_data:
        raise CorruptError("corrupt: raw samples have a wrong size")
    return plain


def _unpacked(data: bytes, rows: int, width: int, part: Part) -> Array:
    """Rows of samples as in PNG: several in a byte from the high bits on, each row padded to a whole byte."""
    count, depth = width * part.channels, part.depth
    size = _row_bytes(width, part)
    if len(data) != rows * size:
        raise CorruptError("corrupt: raw samples have a wrong size")
    if depth == 16:
        samples = np.frombuffer(data, ">u2").astype(np.uint16)
    else:
        bits = np.unpackbits(np.frombuffer(data, np.uint8).reshape(rows, size), axis=1)[:, : count * depth]
        places = 1 << np.arange(depth - 1, -1, -1)
        samples = (bits.reshape(rows, count, depth) @ places).astype(np.uint8)
    return samples.reshape(rows, width, part.channels)
