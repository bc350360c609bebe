"""Where the grid of a JPEG file lies in a picture that a part of one was cut out of, as by a window's border.

A block's coefficients are multiples of its quantisers, most of them zero, if it is cut where the file's blocks are, and
of any value if not. So of all 64 places of the grid the right one has the most coefficients near zero.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.jpeg.inversion import search

SIDE = 8  # of a block
# Pixels a side of what is looked at, in the middle of a picture: at most, and at least.
MOST, LEAST = 136, search.MIN_SIDE + 2 * SIDE
# What counts as near zero, since samples were rounded; how much larger the share of such coefficients is at the right
# place than at any other, at least. Tuned by hand, not recorded.
ZERO, CLEAR = 0.75, 0.1

Planes = npt.NDArray[np.uint8]


def find(planes: Planes) -> tuple[int, int]:
    """Column and row of the first block of planes (h, w, 1 or 3), grey or R, G, B, from which search.find may find
    coefficients: 0 to 15 each, (0, 0) too where there is no grid."""
    height, width, channels = planes.shape
    if min(height, width) < LEAST or planes.dtype != np.uint8:
        return 0, 0
    top, left = max(0, (height - MOST) // 2), max(0, (width - MOST) // 2)
    middle = np.ascontiguousarray(planes[top : top + MOST, left : left + MOST])
    converted = middle if channels == 1 else ycbcr.from_rgb(middle)
    if converted is None:
        return 0, 0
    place = _of_blocks(converted[:, :, 0 if channels == 1 else 1])
    if place is None:
        return 0, 0
    x, y = (left + place[0]) % SIDE, (top + place[1]) % SIDE
    places = [(x, y), (x + SIDE, y), (x, y + SIDE), (x + SIDE, y + SIDE)]
    for column, row in places if channels == 3 else places[:1]:  # blocks of chroma may cover 16 pixels
        inside = middle[(row - top) % (2 * SIDE) :, (column - left) % (2 * SIDE) :]
        if search.find(inside, thorough=False) is not None:
            return column, row
    return 0, 0


def _of_blocks(plane: Planes) -> tuple[int, int] | None:
    """Column and row, 0 to 7 each, of the first block of a plane (h, w); None if no place is clearly the best."""
    angles = np.outer(np.arange(SIDE), 2 * np.arange(SIDE) + 1) * np.pi / (2 * SIDE)
    cosines = (np.cos(angles) / 2).astype(np.float32)
    cosines[0] /= np.sqrt(2)
    rows, columns = (side // SIDE - 1 for side in plane.shape)
    shares = np.empty((SIDE, SIDE))
    for y in range(SIDE):
        for x in range(SIDE):
            cut = plane[y : y + rows * SIDE, x : x + columns * SIDE].astype(np.float32)
            blocks = cut.reshape(rows, SIDE, columns, SIDE).transpose(0, 2, 1, 3)
            shares[y, x] = (np.abs(cosines @ blocks @ cosines.T) < ZERO).mean()
    y, x = divmod(int(shares.argmax()), SIDE)
    best = shares[y, x]
    shares[y, x] = 0
    return (x, y) if best >= shares.max() + CLEAR else None
