"""The causal neighbourhood of a pixel: which pixels its network may read, and the border extension.

Pure geometry, shared by training, the reference and, through a test, the C core. A pixel at column x and row y is coded
in diagonal ``x + SKEW * y`` of the wavefront. Every tap (dy, dx) satisfies ``dx < -SKEW * dy``, so that all pixels that
a diagonal reads were coded in earlier diagonals. docs/format.md states the same rules in prose.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray

SKEW = 4
REACH = 5  # how far taps lie from the pixel, at most, in columns
BLOCK = 64  # side of the blocks that have latents of their own, in pixels
MISSING = 128  # the value of every tap of the very first pixel

# First and last column of each row: docs/experiments.md, Fewer taps.
_ROWS = {-4: (-1, 1), -3: (-2, 2), -2: (-3, 3), -1: (-4, 3), 0: (-5, -1)}
TAPS = tuple((dy, dx) for dy, (first, last) in _ROWS.items() for dx in range(first, last + 1))
WEST, NORTH, NORTHWEST = TAPS.index((0, -1)), TAPS.index((-1, 0)), TAPS.index((-1, -1))
# The 12 taps whose differences from the base are the activity.
_NEAREST = {-2: (-2, 2), -1: (-2, 2), 0: (-2, -1)}
NEAREST = tuple(TAPS.index((dy, dx)) for dy, (first, last) in _NEAREST.items() for dx in range(first, last + 1))
PHASES = 16  # positions in the grid, across and down
PERIOD, MOSAIC_PERIOD = 8, 2  # of the phase-conditioned least squares, where there is a grid, or a mosaic in it
PHASE_ROWS = 2 * PHASES + 4


def period(grid: tuple[int, int], mosaic: bool) -> int:
    """Of the phase-conditioned least squares. grid: position of the first pixel, (-1, -1) without a grid."""
    if grid[0] < 0:
        return 1
    return MOSAIC_PERIOD if mosaic else PERIOD


def phase_rows(x: Array, y: Array) -> Array:
    """Rows of the network's table of phases for pixels at (x, y) of the grid: by column, by row, by both modulo 2.

    x, y: int arrays of shape (n,), from the grid's origin on. Returns (n, 3); row PHASE_ROWS stands for none.
    """
    return np.stack([x % PHASES, PHASES + y % PHASES, 2 * PHASES + 2 * (y % 2) + x % 2], axis=1)


def locate(x: Array, y: Array, width: int, first_row: int = 0) -> tuple[Array, Array, Array]:
    """Where the taps of the pixels (x, y) are read in a picture of the given width.

    x, y: int arrays of shape (n,). first_row: where the scan begins; the rows above it are known whole. Returns
    (columns, rows, known), each (n, len(TAPS)): the pixel that is read for each tap, inside the picture and always
    coded earlier; ``known`` is False only for the first pixel of a picture, whose taps all read MISSING (columns and
    rows are 0 there).
    """
    dy = np.array([tap[0] for tap in TAPS])
    dx = np.array([tap[1] for tap in TAPS])
    x, y = x[:, None], y[:, None]
    diagonal = x + SKEW * y
    columns, rows = x + dx, y + dy
    growing = (rows < 0) & (first_row == 0)
    columns = np.where(growing, np.minimum(columns, diagonal - 1), columns)
    own_row_start = (dy == 0) & (columns < 0) & (x == 0)
    rows = np.where(own_row_start, y - 1, rows)
    known = np.broadcast_to(diagonal > 0, rows.shape)
    return np.clip(columns, 0, width - 1), np.maximum(rows, 0), known
