"""The grid of 8x8 blocks of a JPEG file that a picture once was: where it lies in the picture.

Samples differ more across the borders of blocks than inside. The network has weights for a pixel's position in the
grid (neighbourhood.phase_rows); the encoder finds the grid's origin and the settings of a part hold it.
"""

from __future__ import annotations

import numpy as np

SIDE = 8

# All tuned by hand, not recorded.
SMALL = 1 << 14  # pixels below which a picture has no grid, unless borders of blocks are clear
CLEAR = 1.15  # jumps at the borders of blocks are larger than the median by this factor at least
MAX_JUMP = 40  # larger jumps count as this, lest a few edges of objects decide


def origin(planes: np.ndarray) -> tuple[int, int]:
    """Column and row of the first pixel of planes (height, width, channels) uint8 in the grid, 0 to 7 each.

    (-1, -1) for none. A picture of SMALL pixels or more without clear borders is taken for one that was not cropped.
    """
    height, width, _ = planes.shape
    x, y = _phase(planes), _phase(planes.transpose(1, 0, 2))
    if x is None and y is None and height * width < SMALL:
        return -1, -1
    return x or 0, y or 0


def _phase(planes: np.ndarray) -> int | None:
    """Position of the first column in its block, 0 to 7; None if no border is clear."""
    if planes.shape[1] < 4 * SIDE:
        return None
    rows = planes[:: max(1, len(planes) // 256)].astype(np.int16)
    # The jump between columns i + 1 and i + 2, three times, less that between columns i and i + 3: 0 where samples
    # rise evenly.
    jump = 3 * (rows[:, 2:-1] - rows[:, 1:-2]) - (rows[:, 3:] - rows[:, :-3])
    size = np.minimum(np.abs(jump), MAX_JUMP).sum((0, 2), dtype=np.int64)
    count = len(size) // SIDE * SIDE
    by_phase = size[:count].reshape(-1, SIDE).sum(0)
    border = int(by_phase.argmax())
    if by_phase[border] < CLEAR * max(1.0, float(np.median(by_phase))):
        return None
    return -(border + 2) % SIDE
