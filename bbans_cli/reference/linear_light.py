"""Plain numpy mirror of linear_light-inl.h: samples in linear light, and back, by sRGB's curve (IEC 61966-2-1)."""

from __future__ import annotations

import functools

import numpy as np

from bbans_cli.reference import arithmetic
from bbans_cli.reference.sample_range import SampleRange

Array = np.ndarray


@functools.cache
def table(units: SampleRange) -> Array:
    """The light of every sample, in units: float32."""
    share = np.arange(units.last + 1).astype(np.float32) / np.float32(units.last)
    curved = arithmetic.exp(arithmetic.log((share + np.float32(0.055)) / np.float32(1.055)) * np.float32(2.4))
    result: Array = np.where(share <= np.float32(0.04045), share / np.float32(12.92), curved) * units.top
    return result


def light(value: Array, units: SampleRange) -> Array:
    """Of samples, in units."""
    result: Array = table(units)[(value / units.step).astype(np.int64)]
    return result


def sample(light: Array, units: SampleRange) -> Array:
    """The samples that have this light, in units: float32."""
    share = arithmetic.clip(light / units.top, np.float32(-1), np.float32(2))
    curved = arithmetic.exp(arithmetic.log(share) * np.float32(0.41666666)) * np.float32(1.055) - np.float32(0.055)
    result: Array = np.where(share <= np.float32(0.0031308), share * np.float32(12.92), curved) * units.top
    return result
