"""How many bits the lowest rows of a band may take, by its residuals: which number of initial-bits rows to try.

The size of a residual of the median edge detector (LOCO-I: Weinberger, Seroussi, Sapiro 2000) of G, R - G and B - G is
log2(1 + |residual|). A band's bits are about twice the sizes of its samples (docs/experiments.md, Initial-bits rows).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

UNITS = 16  # of a size in 1: integers are summed in any order alike
BITS = 2.2  # that a size of 1 stands for

_ROWS = 32  # that are looked at first
_SIZES = np.array([round(UNITS * math.log2(1 + residual)) for residual in range(511)], np.int64)


class RowSizes:
    """Sizes of the lowest rows of a band (height, width, 1 or 3) uint8; rows are looked at as they are asked for."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self._pixels = pixels
        self._sums = np.zeros(1, np.int64)  # of the lowest 0, 1, ... rows

    @property
    def most(self) -> int:
        """The number of rows that have one above them."""
        return len(self._pixels) - 1

    def of(self, rows: int) -> int:
        """Of so many rows, at most `most`."""
        while len(self._sums) <= rows:
            self._look_further()
        return int(self._sums[rows])

    def rows(self, size: float) -> int:
        """The least number of rows, 1 to `most`, of that size or more; `most` if there is none."""
        while self._sums[-1] < size and len(self._sums) <= self.most:
            self._look_further()
        return min(max(1, int(np.searchsorted(self._sums, size))), self.most)

    def rows_of_bits(self, bits: float) -> int:
        """The number of rows that may take so many bits."""
        return self.rows(bits * UNITS / BITS)

    def _look_further(self) -> None:
        known = len(self._sums) - 1
        more = min(max(_ROWS, known), self.most - known)
        end = len(self._pixels) - known
        sizes = _sizes(self._pixels[end - more - 1 : end])[::-1]
        self._sums = np.concatenate([self._sums, self._sums[-1] + np.cumsum(sizes)])


def _sizes(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Of each row but the first, which is above them; the first column is left out."""
    planes = np.moveaxis(pixels, 2, 0).astype(np.int16)
    if len(planes) == 3:
        planes = np.stack([planes[1], planes[0] - planes[1], planes[2] - planes[1]])
    west, north, northwest = planes[:, 1:, :-1], planes[:, :-1, 1:], planes[:, :-1, :-1]
    median = np.clip(west + north - northwest, np.minimum(west, north), np.maximum(west, north))
    sizes: NDArray[np.int64] = _SIZES[np.abs(planes[:, 1:, 1:] - median)].sum((0, 2))
    return sizes
