"""Samples of the colour spaces that only TIFF has, as sRGB: for what is looked at, such as previews and heat maps.

Encodings of the samples: TIFF 6.0, sections 21 and 23 (YCbCr of full range, CIE Lab with signed a* and b*); ICC Lab as
version 2 of the ICC specification has it (Adobe's TIFF technote 4); ITU Lab: RFC 2301. L*a*b* are taken to be of
illuminant D50, as a profile connection space is.
"""

from __future__ import annotations

import numpy as np

YCBCR, CIE_LAB, ICC_LAB, ITU_LAB = 6, 8, 9, 10  # PhotometricInterpretation
_ROWS = 64  # at a time: the arithmetic is in float64
_D50 = np.array([0.96422, 1.0, 0.82521])
# Linear sRGB of XYZ under D50, adapted by Bradford's transform (IEC 61966-2-1; B. Lindbloom, "RGB/XYZ Matrices")
_FROM_XYZ = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def to_srgb(samples: np.ndarray, colours: int, depth: int) -> np.ndarray:
    """(h, w, 3) samples of `depth` bits -> R, G, B, uint8. What sRGB lacks is clipped.

    colours  PhotometricInterpretation: YCBCR, CIE_LAB, ICC_LAB or ITU_LAB
    """
    out = np.empty(samples.shape, np.uint8)
    convert = _of_ycbcr if colours == YCBCR else _of_lab
    for top in range(0, len(samples), _ROWS):
        part = samples[top : top + _ROWS].astype(np.float64)
        out[top : top + _ROWS] = np.rint(255 * np.clip(convert(part, colours, depth), 0, 1))
    return out


def _of_ycbcr(samples: np.ndarray, colours: int, depth: int) -> np.ndarray:
    luma, blue, red = np.moveaxis(samples / ((1 << depth) - 1), 2, 0)
    middle = (1 << depth - 1) / ((1 << depth) - 1)
    blue, red = blue - middle, red - middle
    return np.stack([luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue], axis=2)


def _of_lab(samples: np.ndarray, colours: int, depth: int) -> np.ndarray:
    lightness, a, b = np.moveaxis(_lab(samples, colours, depth), 2, 0)
    y = (lightness + 16) / 116
    roots = np.stack([y + a / 500, y, y - b / 200], axis=2)
    xyz = _D50 * np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * 3 * (6 / 29) ** 2)
    linear = np.clip(xyz @ _FROM_XYZ.T, 0, 1)
    encoded: np.ndarray = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return encoded


def _lab(samples: np.ndarray, colours: int, depth: int) -> np.ndarray:
    """L* 0 to 100, a*, b*."""
    top, unit = (1 << depth) - 1, 2.0 ** (depth - 8)
    lightness, a, b = np.moveaxis(samples, 2, 0)
    if colours == CIE_LAB:
        half = 1 << depth - 1
        a, b = ((part + half) % (2 * half) - half for part in (a, b))  # two's complement
        return np.stack([lightness * (100 / top), a / unit, b / unit], axis=2)
    if colours == ICC_LAB:
        return np.stack([lightness * (100 / (255 * unit)), a / unit - 128, b / unit - 128], axis=2)
    return np.stack(
        [lightness * (100 / top), (a - 128 * unit) * (170 / top), (b - 96 * unit) * (200 / top)],
        axis=2,
    )
