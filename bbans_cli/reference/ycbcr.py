"""Y, Cb, Cr to R, G, B in integers: docs/format.md, *Y, Cb, Cr*."""

from __future__ import annotations

import numpy as np


def to_rgb(planes: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 Cb, Y, Cr -> R, G, B."""
    cb, y, cr = (planes[..., c].astype(np.int64) for c in range(3))
    red = y + ((91881 * (cr - 128) + 32768) >> 16)
    green = y + ((-22554 * (cb - 128) - 46802 * (cr - 128) + 32768) >> 16)
    blue = y + ((116130 * (cb - 128) + 32768) >> 16)
    colours: np.ndarray = np.clip(np.stack([red, green, blue], axis=-1), 0, 255).astype(np.uint8)
    return colours
