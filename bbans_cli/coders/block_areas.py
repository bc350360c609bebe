"""Numbers of blocks, shared out among the pixels that the blocks cover."""

from __future__ import annotations

import math

import numpy as np


def spread(blocks: np.ndarray, height: int, width: int, across: float, down: float) -> np.ndarray:
    """Numbers of blocks (rows, columns) -> float32 (height, width), each shared out evenly among the block's pixels.

    across, down  pixels of the picture that a block covers; blocks beyond the picture count to those at its border
    """
    inside = fold(blocks, min(len(blocks), math.ceil(height / down)), min(blocks.shape[1], math.ceil(width / across)))
    rows = np.minimum((np.arange(height) / down).astype(int), len(inside) - 1)
    columns = np.minimum((np.arange(width) / across).astype(int), inside.shape[1] - 1)
    areas = np.bincount(rows)[:, None] * np.bincount(columns)
    shared: np.ndarray = (inside / areas).astype(np.float32)[rows[:, None], columns]
    return shared


def fold(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Values (h, w) -> (height, width): what lies outside is added to the row or column at the border."""
    inside = values[:height].astype(np.float64)
    inside[-1] += values[height:].sum(axis=0)
    folded: np.ndarray = inside[:, :width].copy()
    folded[:, -1] += inside[:, width:].sum(axis=1)
    return folded
