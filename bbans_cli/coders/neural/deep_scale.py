"""How many steps of deep samples are one unit of the network.

The network has learned from samples of 8 bits, whose noise is seldom far below one step. A picture with less noise, in
parts of its range, is coded in fewer bytes if the unit is smaller than that of 8 bits (docs/experiments.md, "Deep
samples").
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Errors of the median edge prediction should be so many units, on average: docs/experiments.md, Deep samples.
UNITS = 4.0
# Pixels that both units are tried on, strips of rows that they come from, and columns of these at most.
SAMPLE_PIXELS, STRIPS, SAMPLE_COLUMNS = 1 << 14, 4, 1 << 9


def fraction(planes: np.ndarray, low_bits: int, size: Callable[[np.ndarray, int], float]) -> int:
    """The binary logarithm of the steps of a unit, 0 to low_bits, for planes (height, width, channels) uint16.

    size: of a sample of the planes and a fraction, the bits that the sample takes with it
    """
    steps = _mean_error(planes) / UNITS
    fine = min(low_bits, max(0, int(np.floor(np.log2(max(steps, 1.0))))))
    if fine == low_bits:
        return fine
    sample = _strips(planes)
    return min((low_bits, fine), key=lambda fraction: size(sample, fraction))


def _mean_error(planes: np.ndarray) -> float:
    """The mean absolute error of the median edge prediction (LOCO-I: Weinberger et al. 2000), in steps."""
    tops = np.arange(0, len(planes), max(1, len(planes) // 256))
    rows, above = planes[tops], planes[np.maximum(tops - 1, 0)]
    here, west = rows[:, 1:].astype(np.int64), rows[:, :-1].astype(np.int64)
    north, northwest = above[:, 1:].astype(np.int64), above[:, :-1].astype(np.int64)
    low, high = np.minimum(west, north), np.maximum(west, north)
    predicted = np.clip(west + north - northwest, low, high)
    return float(np.abs(here - predicted).mean()) if here.size else 0.0


def _strips(planes: np.ndarray) -> np.ndarray:
    """STRIPS of rows from all over the planes, below each other, together SAMPLE_PIXELS; or all of the planes."""
    height, width, _ = planes.shape
    columns = min(width, SAMPLE_COLUMNS)
    rows = max(1, SAMPLE_PIXELS // STRIPS // columns)
    if STRIPS * rows >= height:
        return planes
    tops, left = [(height - rows) * strip // (STRIPS - 1) for strip in range(STRIPS)], (width - columns) // 2
    return np.concatenate([planes[top : top + rows, left : left + columns] for top in tops])
