"""Made pictures for the context-mixing coders: screens of few colours, smooth deep samples, noise."""

import numpy as np


def screen(height=90, width=120, channels=3, seed=0):
    """A drawing: boxes of few colours on a ground, with repeated small shapes."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width, channels), 240, np.uint8)
    glyph = rng.random((7, 5)) < 0.5
    for _ in range(30):
        y, x = rng.integers(0, height - 8), rng.integers(0, width - 8)
        colour = rng.integers(0, 4, channels) * 80
        pixels[y : y + 7, x : x + 5][glyph] = colour
    return pixels


def hills(height=80, width=100, channels=1, seed=0):
    """Smooth 16-bit slopes with noise of 13 values."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 200
    base = 20_000 + 9_000 * np.sin(x + seed) * np.cos(y)
    noise = rng.integers(-6, 7, (height, width, channels))
    return (base[..., None] + 100 * np.arange(channels) + noise).astype(np.uint16)


def noise(depth, height=33, width=21, channels=1):
    dtype = np.uint16 if depth > 8 else np.uint8
    return np.random.default_rng(depth).integers(0, 1 << depth, (height, width, channels), dtype)
