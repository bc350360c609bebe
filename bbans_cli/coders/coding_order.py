"""The order in which the samples of a band are coded: along the diagonals of a wavefront."""

from __future__ import annotations

import numpy as np

CHANNELS = (1, 0, 2)  # of an RGB picture: G, R, B


def in_place(
    coded: np.ndarray,
    channels: int,
    width: int,
    rows: int,
    skew: int,
    chunk: int | None = None,
    from_left: bool = False,
) -> np.ndarray:
    """Numbers of all symbols of a band, in coding order -> (rows, width, channels), as the pixels lie: of a sample of
    several symbols their sum.

    Coding order: diagonals x + skew * y; in each its pixels by chunks; in each chunk its channels, G, R, B; in each of
    these the first symbols of its pixels, then the second ones.

    chunk      pixels of a chunk; None: a diagonal is one
    from_left  the pixels of a diagonal from the left, not from the top
    """
    symbols = len(coded) // (width * rows)  # of a pixel
    diagonal = (np.arange(width) + skew * np.arange(rows)[:, None]).ravel()
    pixels = np.arange(len(diagonal))
    if from_left:  # along a diagonal x grows as y falls
        pixels = pixels.reshape(rows, width)[::-1].ravel()
    order = pixels[np.argsort(diagonal[pixels], kind="stable")]
    counts = np.bincount(diagonal)
    before = np.cumsum(counts) - counts
    diagonal = diagonal[order]
    count, place = counts[diagonal], np.arange(len(order)) - before[diagonal]
    within = place if chunk is None else place % chunk
    begin = place - within
    size = count if chunk is None else np.minimum(chunk, count - begin)
    found = np.zeros((len(order), channels), coded.dtype)
    of_sample = symbols // channels
    for symbol in range(symbols):
        channel = CHANNELS[symbol // of_sample] if channels == 3 else 0
        found[order, channel] += coded[symbols * (before[diagonal] + begin) + symbol * size + within]
    return found.reshape(rows, width, channels)
