"""Whether a picture was interpolated from the mosaic of colours of a camera's sensor (Bayer's).

There each of the four positions modulo 2 has samples of its own kind: measured, or interpolated from measured ones
beside them. So R - G and B - G are smoother at some positions than at others. Scaling down, and JPEG, remove that.
"""

from __future__ import annotations

import numpy as np

from bbans_cli.coders.neural import band_scan
from bbans_cli.coders.neural.neighbourhood import MOSAIC_PERIOD
from bbans_cli.coders.neural.network_layout import LEAST_SQUARES

# Rows that are looked at, about, in strips of so many, with whole blocks of a former JPEG file.
ROWS, STRIP = 512, 32
# Means of the second differences at two positions modulo 2 are apart by this factor at least (docs/experiments.md,
# Mosaics). FLOOR is added to both, lest a few pixels decide; larger differences count as MOST.
APART, FLOOR, MOST = 1.1, 0.25, 160
# What both kinds of least squares are tried on; docs/experiments.md, Linear light.
SAMPLE_ROWS, SAMPLE_COLUMNS = 64, 256


def found(planes: np.ndarray) -> bool:
    """Of planes (height, width, channels): 3 channels of 8 or more bits; False for any other number."""
    height, width, channels = planes.shape
    if channels != 3 or height < 8 or width < 8:
        return False
    seen = planes[np.arange(height) // STRIP % max(1, height // ROWS) == 0]
    unit = max(1, (int(planes.max()) + 1) // 256)  # of deep samples
    size = np.empty((2, 2, 2))  # row, column, R or B
    for row in range(2):
        rows = seen[row::2].astype(np.int32)
        difference = rows[:, :, ::2] - rows[:, :, 1:2]
        bend = np.abs(2 * difference[:, 1:-1] - difference[:, :-2] - difference[:, 2:])
        bend = np.minimum(bend, MOST * unit)
        for column in range(2):
            size[row, column] = bend[:, column::2].mean((0, 1)) / unit
    by_position = size.reshape(4, 2) + FLOOR
    return bool((by_position.max(0) > APART * by_position.min(0)).any())


def linear_in_light(planes: np.ndarray, low_bits: int) -> bool:
    """Whether least squares of linear light are less wrong than those of samples, in the middle of planes."""
    height, width, _ = planes.shape
    rows, columns = min(height, SAMPLE_ROWS), min(width, SAMPLE_COLUMNS)
    top, left = (height - rows) // 2, (width - columns) // 2
    sample = np.ascontiguousarray(planes[top : top + rows, left : left + columns])
    wrong = [
        band_scan.least_squares(sample, (0, 0), MOSAIC_PERIOD, light, low_bits)[..., LEAST_SQUARES["phase_error_size"]]
        for light in (False, True)
    ]
    return bool(wrong[1].mean() < wrong[0].mean())
