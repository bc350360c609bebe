"""Where the 8x8 blocks of JPEG lie that a picture once was made of.

What went through JPEG keeps the traces of its blocks: across their borders neighbours differ more than elsewhere. The
network knows a pixel's place in a grid (context.phase_rows); the encoder tells it where the grid begins.
"""

import numpy as np

SIDE = 8
SMALL = 1 << 14  # pixels below which a place teaches nothing, unless borders are seen
CLEAR = 1.15  # how much rougher than others the borders of blocks are at least


def origin(planes: np.ndarray) -> tuple[int, int]:
    """Place (x, y) of the first pixel of planes (h, w, c) uint8 in the grid, each 0 to 7; -1, -1 for none.

    Without clear borders a picture of some size is taken as uncropped.
    """
    height, width, _ = planes.shape
    x, y = _offset(planes), _offset(planes.transpose(1, 0, 2))
    if x is None and y is None and height * width < SMALL:
        return -1, -1
    return x or 0, y or 0


def _offset(planes: np.ndarray) -> int | None:
    """Place of the first column, from jumps between columns that their neighbours do not share; None if not clear."""
    if planes.shape[1] < 4 * SIDE:
        return None
    rows = planes[:: max(1, len(planes) // 256)].astype(np.int16)
    jump = 3 * (rows[:, 2:-1] - rows[:, 1:-2]) - (rows[:, 3:] - rows[:, :-3])  # between columns i + 1 and i + 2
    rough = np.minimum(np.abs(jump), 40).sum((0, 2), dtype=np.int64)
    count = len(rough) // SIDE * SIDE
    by_place = rough[:count].reshape(-1, SIDE).sum(0)
    border = int(by_place.argmax())
    if by_place[border] < CLEAR * max(1.0, float(np.median(by_place))):
        return None
    return -(border + 2) % SIDE
