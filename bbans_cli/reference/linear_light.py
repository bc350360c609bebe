"""Plain numpy mirror of linear_light-inl.h: samples in linear light, and back.

By sRGB's curve (IEC 61966-2-1) after a tone curve; curve: 1 to 16.
"""

from __future__ import annotations

import functools

import numpy as np

from bbans_cli.reference import arithmetic
from bbans_cli.reference.sample_range import SampleRange

Array = np.ndarray

ROOTS = 1024  # of light, in the table of samples


@functools.cache
def table(units: SampleRange, curve: int) -> Array:
    """The light of every sample, in units: float32."""
    share = np.arange(units.last + 1).astype(np.float32) / np.float32(units.last)
    contrast, one = np.float32((curve - 1) / 8), np.float32(1)
    share = share + contrast * share * (one - share) * (one - (share + share))
    curved = arithmetic.exp(arithmetic.log((share + np.float32(0.055)) / np.float32(1.055)) * np.float32(2.4))
    result: Array = np.where(share <= np.float32(0.04045), share / np.float32(12.92), curved) * units.top
    return result


@functools.cache
def samples_of_roots(units: SampleRange, curve: int) -> Array:
    """The samples whose lights have roots evenly apart, in units: float32 (ROOTS + 1,)."""
    lights = table(units, curve)
    wanted = (np.arange(ROOTS + 1) ** 2).astype(np.float32) * np.float32(1 / ROOTS**2) * units.top
    at = np.clip(np.searchsorted(lights, wanted, side="right") - 1, 0, units.last - 1)
    share = (wanted - lights[at]) / (lights[at + 1] - lights[at])
    result: Array = (at.astype(np.float32) + share) * units.step
    return result


def light(value: Array, units: SampleRange, curve: int) -> Array:
    """Of samples, in units."""
    result: Array = table(units, curve)[(value / units.step).astype(np.int64)]
    return result


def sample(light: Array, units: SampleRange, curve: int) -> Array:
    """The samples that have this light, in units: float32."""
    root = np.sqrt(arithmetic.clip(light / units.top, np.float32(0), np.float32(1))) * np.float32(ROOTS)
    at = np.minimum(root.astype(np.int64), ROOTS - 1)
    low, high = samples_of_roots(units, curve)[[at, at + 1]]
    result: Array = low + (root - at.astype(np.float32)) * (high - low)
    return result
