"""Rows from all over a picture, to compare how it may be coded."""

import numpy as np

STRIPS = 4  # tuned by hand, not recorded


def strips(planes: np.ndarray, pixels: int) -> np.ndarray:
    """Strips of rows of planes (h, w, c), the first and the last rows among them, below each other: about so many
    pixels, and not more than there are."""
    height, width, _ = planes.shape
    rows = max(1, min(pixels, height * width) // STRIPS // width)
    tops = [(height - rows) * strip // (STRIPS - 1) for strip in range(STRIPS)]
    return np.concatenate([planes[top : top + rows] for top in tops])
