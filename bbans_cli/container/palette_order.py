"""Indices of a palette as places of its entries from dark to light, where that makes neighbours more alike.

Palettes of quantised screens are in no order that means anything, while their pixels are blends of a few colours: the
coder of few colours predicts a place in the order better than an index (docs/experiments.md, "Few colours").
"""

from __future__ import annotations

import numpy as np

LUMA = np.array([299, 587, 114])  # the weights of red, green and blue in an intensity
# A pixel that differs by n from the nearer one of its neighbours above and on the left costs about log2(n + 1) bits.
COST = np.rint(256 * np.log2(np.arange(1, 257))).astype(np.int64)
# The order must make the indices cheaper by this factor at least. Rows that are looked at have this many pixels in all.
GAIN, SAMPLE_PIXELS = 1.03, 1 << 18


def order(palette: bytes) -> np.ndarray:
    """The indices of the entries, uint8, from dark to light; entries of equal intensity as in the palette."""
    entries = np.frombuffer(palette, np.uint8).reshape(-1, 3)
    return np.argsort(entries @ LUMA, kind="stable").astype(np.uint8)


def find(pixels: np.ndarray, palette: bytes) -> np.ndarray | None:
    """(h, w, 1) uint8 indices as places in the order, if these are likely to take fewer bytes."""
    step = max(1, pixels.size // SAMPLE_PIXELS)
    above, here = pixels[:-1:step, :, 0], pixels[1::step, :, 0]
    entries = len(palette) // 3
    if not here[:, 1:].size or int(pixels.max()) >= entries:
        return None
    places = np.zeros(256, np.uint8)
    places[order(palette)] = np.arange(entries)
    if GAIN * _cost(places[here], places[above]) >= _cost(here, above):
        return None
    found: np.ndarray = places[pixels]
    return found


def _cost(here: np.ndarray, above: np.ndarray) -> int:
    """Of rows and those above them, in 1/256 of a bit."""
    rows = here.astype(np.int16)
    across, down = np.abs(rows[:, 1:] - rows[:, :-1]), np.abs(rows - above)[:, 1:]
    return int(COST[np.minimum(across, down)].sum())
