"""Quantised DCT coefficients of a JPEG picture from their payload: docs/format-jpeg.md."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference.jpeg import fast_coefficients, mixed_coefficients
from bbans_cli.reference.jpeg.coefficient_shape import Shape

FAST, DEFAULT, BEST = LEVELS = 1, 5, 9
MOST_BLOCKS = 1 << 14  # rows or columns


def decode(
    payload: bytes,
    sizes: Sequence[tuple[int, int]],
    quantisers: Sequence[np.ndarray],
    factors: Sequence[tuple[int, int]],
    level: int,
    tick: PixelProgress = no_progress,
) -> list[np.ndarray]:
    """Coefficients int16 (rows, columns, 64) of each component, row by row within a block.

    sizes       of 1 to 4 components rows and columns of blocks
    quantisers  (64,) of each, row by row, none of them 0
    factors     of each its horizontal and vertical sampling factor
    tick        gets numbers of blocks as they are decoded

    Raises CorruptError, UnsupportedError, ModelMismatchError.
    """
    if level not in LEVELS:
        raise UnsupportedError(f"needs a newer bbc: coefficients at level {level}")
    if any(not 1 <= side <= MOST_BLOCKS for size in sizes for side in size):
        raise CorruptError("corrupt header: a picture that no JPEG file holds")
    reader = Reader(payload, "the coefficients")
    first = reader.byte()
    count, start = first % 16 + 1, first >> 4
    if (start == 0) != (level == FAST):
        raise CorruptError("corrupt coefficients: a start of another level")
    heads = [(reader.varint(), reader.varint()) for _ in range(count - 1)]
    of_heads = zlib.crc32(payload[: reader.at])
    checksums = [reader.uint32() for _ in range(count if count > 1 else 0)]
    payloads = [reader.take(size) for _, size in heads]
    payloads.append(reader.take(reader.left))
    if checksums and checksums != [zlib.crc32(data, of_heads) for data in payloads]:
        raise CorruptError("corrupt coefficients: the checksum of a segment does not match")
    segments = []
    for own_sizes, data in zip(_segment_sizes(sizes, factors, [rows for rows, _ in heads]), payloads, strict=True):
        shape = Shape(own_sizes, list(factors), [np.asarray(table, np.int64) for table in quantisers])
        if level == FAST:
            blocks = fast_coefficients.decode(data, shape, tick)
        else:
            blocks = mixed_coefficients.decode(data, shape, level, start, count == 1, tick)
        segments.append([plane.reshape(*size, 64) for plane, size in zip(blocks, own_sizes, strict=True)])
    return [np.concatenate(parts) for parts in zip(*segments, strict=True)]


def _segment_sizes(
    sizes: Sequence[tuple[int, int]], factors: Sequence[tuple[int, int]], mcu_rows: list[int]
) -> list[list[tuple[int, int]]]:
    """Of each segment rows and columns of blocks of each component."""
    left = [rows for rows, _ in sizes]
    found = []
    for count in mcu_rows:
        own = [min(rows, count * vertical) for rows, (_, vertical) in zip(left, factors, strict=True)]
        left = [rows - taken for rows, taken in zip(left, own, strict=True)]
        found.append(own)
    found.append(left)
    if any(rows == 0 for segment in found for rows in segment):
        raise CorruptError("corrupt coefficients: a segment without rows")
    return [[(rows, columns) for rows, (_, columns) in zip(own, sizes, strict=True)] for own in found]
