"""Colours of the heat map: a sequence of even lightness steps, from dark indigo over magenta and orange to pale yellow.

It is laid out in Oklab (B. Ottosson, "A perceptual color space for image processing", 2020): lightness rises evenly,
hue turns evenly, chroma is what hue and lightness allow. So equal steps of a number look like equal steps, in grey and
to eyes that tell no red from green too.
"""

from __future__ import annotations

from functools import cache

import numpy as np

STEPS = 256
# Lightness and hue (degrees) of the first and the last colour, and the most chroma between them.
_LIGHTNESS, _HUE, _CHROMA = (0.16, 0.96), (283.0, 458.0), 0.175
_TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


@cache
def table() -> np.ndarray:
    """The colours (STEPS, 3), R, G, B uint8, from few to many. Read-only."""
    at = np.linspace(0, 1, STEPS)
    lightness = _LIGHTNESS[0] + (_LIGHTNESS[1] - _LIGHTNESS[0]) * at
    hue = np.radians(_HUE[0] + (_HUE[1] - _HUE[0]) * at)
    # Little colour at both ends, where eyes see little of it.
    chroma = _CHROMA * (1 - (2 * np.abs(at - 0.47)) ** 2.6 * 0.62)
    colours = _within_gamut(lightness, chroma, hue)
    encoded = np.where(colours <= 0.0031308, 12.92 * colours, 1.055 * np.maximum(colours, 0) ** (1 / 2.4) - 0.055)
    rounded = np.round(255 * encoded).astype(np.uint8)
    rounded.flags.writeable = False
    return rounded


def _within_gamut(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """Linear R, G, B, each 0 to 1, of these colours, with as much of the chroma as sRGB has."""
    least, most = np.zeros_like(chroma), np.ones_like(chroma)
    for _ in range(24):
        middle = (least + most) / 2
        inside = _is_inside(_linear(lightness, chroma * middle, hue))
        least, most = np.where(inside, middle, least), np.where(inside, most, middle)
    least = np.where(_is_inside(_linear(lightness, chroma, hue)), 1.0, least)
    clipped: np.ndarray = np.clip(_linear(lightness, chroma * least, hue), 0, 1)
    return clipped


def _linear(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    rgb: np.ndarray = (lab @ _TO_LMS.T) ** 3 @ _TO_RGB.T
    return rgb


def _is_inside(rgb: np.ndarray) -> np.ndarray:
    inside: np.ndarray = np.all((rgb >= 0) & (rgb <= 1), axis=1)
    return inside


def paint(values: np.ndarray, most: float) -> np.ndarray:
    """Numbers (h, w) from 0 to `most` and beyond -> R, G, B (h, w, 3) uint8."""
    steps = np.clip(values * ((STEPS - 1) / most) + 0.5, 0, STEPS - 1).astype(np.uint8)
    painted: np.ndarray = table()[steps]
    return painted
