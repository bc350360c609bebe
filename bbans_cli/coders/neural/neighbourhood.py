"""The causal context of a pixel: which pixels may be read, and what stands in for those that do not exist.

Pure geometry, shared by the model (training), the reference and, through a test, the C core. A pixel at column x and
row y is coded in wavefront step ``x + SKEW * y``; every tap (dy, dx) satisfies ``dx < -SKEW * dy``, so that all that a
step reads was coded in earlier steps. docs/format.md states the same rules in prose.
"""

import numpy as np

SKEW = 4
REACH = 6
BLOCK = 64
MISSING = 128  # what the very first pixel sees everywhere

_ROWS = {-5: (-2, 2), -4: (-3, 3), -3: (-4, 4), -2: (-5, 5), -1: (-6, 3), 0: (-6, -1)}
TAPS = tuple((dy, dx) for dy, (first, last) in _ROWS.items() for dx in range(first, last + 1))
WEST, NORTH, NORTHWEST = TAPS.index((0, -1)), TAPS.index((-1, 0)), TAPS.index((-1, -1))
NEAREST = tuple(
    TAPS.index(tap)
    for tap in [
        (-2, -2),
        (-2, -1),
        (-2, 0),
        (-2, 1),
        (-2, 2),
        (-1, -2),
        (-1, -1),
        (-1, 0),
        (-1, 1),
        (-1, 2),
        (0, -2),
        (0, -1),
    ]
)
PHASES = 16
PERIOD = 8  # of the least squares by place, where there is a grid
PHASE_ROWS = 2 * PHASES + 4
CHANNELS = (1, 0, 2)  # coding order: G, R, B of an RGB picture


def phase_rows(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows of the network's table of phases that pixels at (x, y) of the grid see: by column, by row, by both modulo 2.

    x, y: int arrays of shape (n,), from the grid's origin on. Returns (n, 3); row PHASE_ROWS stands for none.
    """
    return np.stack([x % PHASES, PHASES + y % PHASES, 2 * PHASES + 2 * (y % 2) + x % 2], axis=1)


def locate(x: np.ndarray, y: np.ndarray, width: int, first_row: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the taps of the pixels (x, y) are read in a picture of the given width.

    x, y: int arrays of shape (n,). first_row: where the pass begins; the rows above it are known whole. Returns
    (columns, rows, known), each (n, len(TAPS)): the pixel that stands for each tap, inside the picture and always coded
    earlier; ``known`` is False only for the first pixel of a picture, whose taps all read MISSING (columns and rows are
    0 there).
    """
    dy = np.array([tap[0] for tap in TAPS])
    dx = np.array([tap[1] for tap in TAPS])
    x, y = x[:, None], y[:, None]
    step = x + SKEW * y
    columns, rows = x + dx, y + dy
    growing = (rows < 0) & (first_row == 0)
    columns = np.where(growing, np.minimum(columns, step - 1), columns)
    own_row_start = (dy == 0) & (columns < 0) & (x == 0)
    rows = np.where(own_row_start, y - 1, rows)
    known = np.broadcast_to(step > 0, rows.shape)
    return np.clip(columns, 0, width - 1), np.maximum(rows, 0), known
