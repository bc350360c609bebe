"""A part of the few-colours or the deep coder to samples: docs/format-mixing.md."""

from __future__ import annotations

import numpy as np

from bbans_cli.container import DEEP, FEW_COLOURS, Part
from bbans_cli.errors import UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference.mixing import deep, few_colours, few_colours_start

Array = np.ndarray

BUCKET_BITS = range(8, 21)
UNKNOWN_SETTINGS = "needs a newer bbc: unknown settings of a coder"


def decode(part: Part, width: int, height: int, known: Array, tick: PixelProgress = no_progress) -> Array:
    """The samples (height, width, channels) of a part. known (height, width, k): those of the parts before it."""
    which, bucket_bits = divmod(part.settings[0], 32) if part.settings else (0, 0)
    if bucket_bits not in BUCKET_BITS or part.coder == DEEP and which:
        raise UnsupportedError(UNKNOWN_SETTINGS)
    order = channel_order(part)
    start = few_colours_start.load(which)
    samples = np.zeros((height, width, known.shape[2] + part.channels), np.uint16)
    samples[:, :, : known.shape[2]] = known
    for number, band in enumerate(part.bands):
        rows = samples[number * part.band_rows :][: part.band_rows]
        given = band.payload, rows, known.shape[2], part.depth, bucket_bits, tick
        if part.coder == DEEP:
            deep.decode(*given)
        else:
            few_colours.decode(*given, start)
    planes = np.zeros((height, width, part.channels), np.uint16 if part.depth > 8 else np.uint8)
    for place, channel in enumerate(order):
        planes[:, :, channel] = samples[:, :, known.shape[2] + place]
    return planes


def channel_order(part: Part) -> list[int]:
    """The channels of a part as they are coded: with settings of one byte in their own order."""
    own = [*range(part.channels)]
    if len(part.settings) == 1:
        return own
    packed = part.settings[1]
    order = [packed >> 2 * place & 3 for place in own]
    known = part.coder == FEW_COLOURS and len(part.settings) == 2 and not packed >> 2 * part.channels
    if not known or sorted(order) != own or order == own:
        raise UnsupportedError(UNKNOWN_SETTINGS)
    return order
