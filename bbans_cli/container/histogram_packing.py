"""Sparse samples made dense: where few of the possible values occur, samples are replaced by their values' numbers.

A 16-bit picture of 256 values or fewer so becomes one of 8 bits, and a stretched histogram closes its gaps.
"""

from __future__ import annotations

import numpy as np

from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError

# With more of the values in use between the least and the largest, numbering them saves nothing worth its table.
SPARSE = 0.7


def find(pixels: np.ndarray) -> np.ndarray | None:
    """The values of (h, w, c) uint8 or uint16 samples, ascending, if it pays to number them."""
    span = int(pixels.max()) - int(pixels.min()) + 1
    used = np.zeros(1 << 16, bool)
    used[pixels.reshape(-1)] = True
    values = np.flatnonzero(used)
    fewer_bits = pixels.dtype == np.uint16 and len(values) <= 256
    if 1 < len(values) and (fewer_bits or len(values) < SPARSE * span) and 16 * len(values) < pixels.size:
        return values.astype(pixels.dtype)
    return None


def number(pixels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Samples -> the numbers of their values: uint8 for up to 256 values, else uint16."""
    table = np.zeros(1 << 16, np.uint8 if len(values) <= 256 else np.uint16)
    table[values] = np.arange(len(values))
    numbers: np.ndarray = table[pixels]
    return numbers


def restore(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The inverse of `number`. Raises CorruptError for a number beyond the list."""
    if int(numbers.max()) >= len(values):
        raise CorruptError("corrupt: a sample beyond the list of values")
    samples: np.ndarray = values[numbers]
    return samples


def to_bytes(values: np.ndarray) -> bytes:
    """The first value, then for each of the others how many were left out before it, as varints."""
    gaps = np.diff(values.astype(np.int64)) - 1
    return varint(int(values[0])) + b"".join(varint(int(gap)) for gap in gaps)


def from_bytes(data: bytes, depth: int) -> np.ndarray:
    """The inverse of `to_bytes`, for samples of `depth` bits: uint8 up to 8, else uint16. Raises CorruptError."""
    reader = Reader(data, "the list of values")
    values = []
    last = -1
    while reader.left:
        last += reader.varint() + 1
        values.append(last)
        if last >= 1 << depth:
            raise CorruptError("corrupt: a value beyond the picture's depth")
    if not values:
        raise CorruptError("corrupt: an empty list of values")
    return np.array(values, np.uint16 if depth > 8 else np.uint8)
