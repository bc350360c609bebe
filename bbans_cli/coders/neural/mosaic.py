"""Whether a picture was interpolated from the mosaic of colours of a camera's sensor (Bayer's).

There each of the four positions modulo 2 has samples of its own kind: measured, or interpolated from measured ones
beside them. So R - G and B - G are smoother at some positions than at others. Scaling down, and JPEG, remove that.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from bbans_cli.coders.neural import band_scan
from bbans_cli.coders.neural.neighbourhood import MOSAIC_PERIOD
from bbans_cli.coders.neural.network_layout import LEAST_SQUARES

# Rows that are looked at, about, in strips of so many, with whole blocks of a former JPEG file.
ROWS, STRIP = 512, 32
# Means of the second differences at two positions modulo 2 are apart by this factor at least (docs/experiments.md,
# Mosaics). FLOOR is added to both, lest a few pixels decide; larger differences count as MOST.
APART, FLOOR, MOST = 1.1, 0.25, 160
# The correlation of these means of R and of B from which on they differ alike; docs/experiments.md, Halved colours.
ALIKE = 0.8
# What curves are tried on: two areas of this size; docs/experiments.md, Tone curves.
SAMPLE_ROWS, SAMPLE_COLUMNS = 32, 384
CURVES, CURVE_STEP = 16, 2  # those that the core has, of which every second one is tried


def found(planes: np.ndarray) -> bool:
    """Of planes (height, width, channels): 3 channels of 8 or more bits; False for any other number."""
    height, width, channels = planes.shape
    if channels != 3 or height < 8 or width < 8:
        return False
    by_position = _roughness(planes)
    return bool((by_position.max(0) > APART * by_position.min(0)).any())


def halved(planes: np.ndarray) -> bool:
    """Whether what was found is no camera's mosaic, but colours at half the resolution: R and B at equal positions."""
    apart = np.log(_roughness(planes))
    apart -= apart.mean(0)
    return bool((apart[:, 0] * apart[:, 1]).sum() > ALIKE * np.sqrt((apart * apart).sum(0).prod()))


def _roughness(planes: np.ndarray) -> np.ndarray:
    """Means of second differences of R - G and B - G along rows, by the position modulo 2: (4, 2), and FLOOR."""
    height = len(planes)
    seen = planes[np.arange(height) // STRIP % max(1, height // ROWS) == 0]
    unit = max(1, (int(planes.max()) + 1) // 256)  # of deep samples
    size = np.empty((2, 2, 2))  # row, column, R or B
    wide = np.int16 if planes.dtype == np.uint8 else np.int32
    for row in range(2):
        rows = seen[row::2].astype(wide)
        for other in range(2):
            difference = rows[:, :, 2 * other] - rows[:, :, 1]
            bend = np.abs(2 * difference[:, 1:-1] - difference[:, :-2] - difference[:, 2:])
            bend = np.minimum(bend, MOST * unit)
            for column in range(2):
                size[row, column, other] = bend[:, column::2].mean() / unit
    return size.reshape(4, 2) + FLOOR


def curve(planes: np.ndarray, low_bits: int) -> int:
    """The curve of the linear light, 1 to CURVES, in which least squares are least wrong in a part of planes.

    0 if they are less wrong in samples as they are.
    """
    sample = _sample(planes)

    @cache
    def wrong(light: int) -> float:
        """What both are wrong by: where the local least squares are less so, these do not matter."""
        found = band_scan.least_squares(sample, (0, 0), MOSAIC_PERIOD, light, low_bits)
        sizes = [found[..., LEAST_SQUARES[f"{kind}_error_size"]] for kind in ("local", "phase")]
        return float(np.minimum(*sizes).mean())

    best = 1
    while best + CURVE_STEP <= CURVES and wrong(best + CURVE_STEP) < wrong(best):
        best += CURVE_STEP
    return best if wrong(best) < wrong(0) else 0


def _sample(planes: np.ndarray) -> np.ndarray:
    """Two areas of planes, one below the other; both begin at even columns and rows."""
    room = [max(0, side - most) for side, most in zip(planes.shape, (SAMPLE_ROWS, SAMPLE_COLUMNS), strict=False)]
    corners = [(room[0] // 8 * 2, room[1] * 3 // 8 * 2), (room[0] * 3 // 8 * 2, room[1] // 8 * 2)]
    return np.concatenate([planes[y:, x:][:SAMPLE_ROWS, :SAMPLE_COLUMNS] for y, x in corners])
