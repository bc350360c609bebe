"""A part of the few-colours or the deep coder to samples: docs/format-mixing.md."""

from __future__ import annotations

import numpy as np

from bbans_cli.container import DEEP, Part
from bbans_cli.errors import UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference.mixing import deep, few_colours

Array = np.ndarray

BUCKET_BITS = range(8, 21)


def decode(part: Part, width: int, height: int, known: Array, tick: PixelProgress = no_progress) -> Array:
    """The samples (height, width, channels) of a part. known (height, width, k): those of the parts before it."""
    if len(part.settings) != 1 or part.settings[0] not in BUCKET_BITS:
        raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
    coder = deep if part.coder == DEEP else few_colours
    samples = np.zeros((height, width, known.shape[2] + part.channels), np.uint16)
    samples[:, :, : known.shape[2]] = known
    for number, band in enumerate(part.bands):
        rows = samples[number * part.band_rows :][: part.band_rows]
        coder.decode(band.payload, rows, known.shape[2], part.depth, part.settings[0], tick)
    return samples[:, :, known.shape[2] :].astype(np.uint16 if part.depth > 8 else np.uint8)
