"""Plain numpy mirror of neighbourhood-inl.h: where the taps of pixels lie, and what the network sees of them.

Equal bits to C. Nothing here keeps padded copies of the picture: ``locate`` (coders/neural/neighbourhood.py) says for
each tap which pixel of the picture is read, so that two ways of stating one rule are held against each other.
"""

from __future__ import annotations

import numpy as np

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.neural.neighbourhood import MISSING, NEAREST, NORTH, NORTHWEST, TAPS, WEST, locate
from bbans_cli.reference import arithmetic
from bbans_cli.reference.arithmetic import f32
from bbans_cli.reference.sample_range import EIGHT_BITS, SampleRange

Array = np.ndarray


def coding_planes(pixels: Array) -> Array:
    """(h, w, 1 or 3) uint8 or uint16 -> (3, h, w) int32 in coding order; grey three times over."""
    order = list(CHANNELS) if pixels.shape[2] == 3 else [0, 0, 0]
    result: Array = pixels[:, :, order].transpose(2, 0, 1).astype(np.int32)
    return result


def gather(planes: Array, x: Array, y: Array, first_row: int, units: SampleRange = EIGHT_BITS) -> Array:
    """The taps of the pixels (x, y) as a scan that begins at first_row sees them: (n, 3, taps).

    planes: (3, h, w) in the network's units, int32 where these are steps, else float32; so are the taps.
    """
    columns, rows, known = locate(x, y, planes.shape[2], first_row)
    values = planes[:, rows, columns].transpose(1, 0, 2)
    taps: Array = np.where(known[:, None, :], values, values.dtype.type(MISSING * units.scale))
    return taps


def predict(taps: Array) -> Array:
    """Taps (n, 3, taps) -> bases (n, 3), same type: the median edge predictor (LOCO-I: Weinberger et al. 2000)."""
    west, north, northwest = taps[..., WEST], taps[..., NORTH], taps[..., NORTHWEST]
    high, low = np.maximum(west, north), np.minimum(west, north)
    bases: Array = np.where(northwest >= high, low, np.where(northwest <= low, high, west + north - northwest))
    return bases


def normalise(taps: Array, units: SampleRange = EIGHT_BITS) -> tuple[Array, Array, Array]:
    """Taps (n, 3, taps) -> the inputs taps, log_activity and base (network_layout.INPUTS), bases (n, 3) and activities
    (n, 3) float32."""
    base = predict(taps)
    difference = taps - base[..., None]
    total = np.abs(difference[..., list(NEAREST)]).sum(-1)
    activity = np.float32(0.7) + total.astype(np.float32) / np.float32(12)
    inverse = np.float32(1) / activity
    scaled = (difference.astype(np.float32) * inverse[..., None]).reshape(len(taps), 3 * len(TAPS))
    inputs = [
        arithmetic.clip(scaled, np.float32(-6), np.float32(6)),
        arithmetic.log(activity) * f32("0x1.715476p-1") - np.float32(1),
        base.astype(np.float32) * (np.float32(0.0078125) / units.scale) - np.float32(1),
    ]
    return np.concatenate(inputs, axis=1), base, activity
