"""Where the bits of a part's bands went: the code length of each sample, for `bbc info --map`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bbans_cli.coders.coding_order import in_place
from bbans_cli.coders.fitted import coder
from bbans_cli.coders.fitted.layout import CELL, LANES
from bbans_cli.coders.fitted.scan import PRECISION, BandScan
from bbans_cli.container import Part
from bbans_cli.progress import PixelProgress, no_progress


def by_sample(
    part: Part, width: int, height: int, progress: PixelProgress = no_progress
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """What coder.decode gives, and the bits of each sample as it is coded, both (height, width, channels).

    Each band is decoded, and its intervals are computed once more, as for encoding. Raises what coder.decode does.
    """
    settings = coder.read_settings(part)
    planes = np.empty((height, width, part.channels), np.uint8)
    bits = np.empty(planes.shape, np.float32)
    for number in range(len(part.bands)):
        rows = slice(number * part.band_rows, min(height, (number + 1) * part.band_rows))
        pixels = planes[rows]
        coder.pop_band(part, number, pixels, settings, progress)
        _, freqs = BandScan(pixels, settings.weights).intervals(no_progress)
        lengths = (PRECISION - np.log2(freqs)).astype(np.float32)
        bits[rows] = in_place(lengths, pixels.shape[2], width, len(pixels), CELL, chunk=LANES, from_left=True)
        coder.finish_band(part, number, pixels, settings)
    return planes, bits
