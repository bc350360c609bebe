"""Plain numpy mirror of mixture-inl.h: network outputs to cumulative frequencies, and the gradient of -ln p.

Equal bits to C, whatever the outputs are. n pixels of one channel; outputs (n, 16) as network_layout.OUTPUTS says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbans_cli.coders.neural.network_layout import COMPONENTS, OUTPUTS
from bbans_cli.reference import arithmetic
from bbans_cli.reference.arithmetic import f32
from bbans_cli.reference.sample_range import EIGHT_BITS, SampleRange

Array = np.ndarray

FLOOR = 16
TOTAL = 1 << 24
SPREAD = np.float32(TOTAL - 256 * FLOOR)
EDGES = EIGHT_BITS.bin_edges  # of the bins, before any is learned
FLAT = f32("0x1p-22")  # mass that is spread evenly over a bin whose low bits are coded
NO_POINT, LEAST_ACTIVITY = np.float32(0), np.float32(0.7)
COEFFICIENTS = slice(OUTPUTS["residual_coefficients"].start, OUTPUTS.size)


@dataclass
class Mixture:
    """Four logistic components of n pixels, each (n, 4) float32; inverse: one over the scale.

    point (n,) float32: a point mass at the base, by which the others are less."""

    weight: Array
    mean: Array
    inverse: Array
    base: Array
    point: Array


@np.errstate(all="ignore")
def mixture(
    output: Array,
    base: Array,
    activity: Array,
    earlier: Array,
    units: SampleRange = EIGHT_BITS,
    point: np.float32 = NO_POINT,
) -> Mixture:
    """Parameters. base (n,), activity (n,); earlier (n, 4): what the coefficients multiply, residuals of G and R (0
    where not known), conditional and phase-conditioned prediction. point: the mass at the base in flat
    neighbourhoods."""
    centre = base.astype(np.float32)
    for k, coefficient in enumerate(output[:, COEFFICIENTS].T):
        centre = centre + coefficient * earlier[:, k]
    logit = arithmetic.clip(output[:, OUTPUTS["logits"]], np.float32(-30), np.float32(30))
    e = arithmetic.exp(logit - logit.max(1)[:, None])
    scale = np.float32(1) / ((e[:, 0] + e[:, 1]) + (e[:, 2] + e[:, 3]))
    mean = centre[:, None] + activity[:, None] * output[:, OUTPUTS["means"]]
    log_scale = arithmetic.clip(output[:, OUTPUTS["log_scales"]], np.float32(-6), np.float32(4))
    return Mixture(
        weight=e * scale[:, None],
        mean=arithmetic.clip(mean, np.float32(-1024) * units.scale, np.float32(1280) * units.scale),
        inverse=arithmetic.exp(-log_scale) / activity[:, None],
        base=base.astype(np.float32),
        point=np.where(activity == LEAST_ACTIVITY, point, NO_POINT),
    )


@np.errstate(all="ignore")
def cumulative(mix: Mixture, symbol: Array, edges: Array = EDGES) -> Array:
    """cum(symbol), symbols 0 to 256: symbol (n,) or (n, s) int -> int64 of the same shape. edges (257,) float32."""
    share = SPREAD * distribution(mix, edges[symbol])
    cum = FLOOR * symbol.astype(np.int64) + np.where(share < SPREAD, share, SPREAD).astype(np.int64)
    return np.where(symbol <= 0, 0, np.where(symbol >= 256, TOTAL, cum))


@np.errstate(all="ignore")
def distribution(mix: Mixture, edge: Array) -> Array:
    """F at the edges (n,) or (n, s)."""
    shape = (-1,) + (1,) * (edge.ndim - 1)
    f: Array = np.zeros_like(edge)
    for k in range(COMPONENTS):
        weight, mean, inverse = (each[:, k].reshape(shape) for each in (mix.weight, mix.mean, mix.inverse))
        f = f + weight * arithmetic.sigmoid((edge - mean) * inverse)
    base, point = mix.base.reshape(shape), mix.point.reshape(shape)
    whole: Array = f * (np.float32(1) - point) + np.where(edge <= base, np.float32(0), point)
    return whole


@np.errstate(all="ignore")
def low_cumulative(mix: Mixture, high: Array, symbol: Array, units: SampleRange) -> Array:
    """cum of the low bits within the bin of the high ones. high (n,), symbol (n, s), 0 to 2^low_bits: int64 (n, s)."""
    count, first = 1 << units.low_bits, high[:, None] << units.low_bits
    below = distribution(mix, units.edge(first))
    mass = distribution(mix, units.edge(first + count)) - below
    inverse_mass = np.float32(1) / (mass + FLAT)
    flat = symbol.astype(np.float32) * (FLAT / np.float32(count))
    share = SPREAD * (((distribution(mix, units.edge(first + symbol)) - below) + flat) * inverse_mass)
    cum = FLOOR * symbol.astype(np.int64) + np.where(share < SPREAD, share, SPREAD).astype(np.int64)
    return np.where(symbol <= 0, 0, np.where(symbol >= count, TOTAL, cum))


@np.errstate(all="ignore")
def gradient(
    mix: Mixture,
    output: Array,
    value: Array,
    activity: Array,
    earlier: Array,
    scale: np.float32,
    edges: Array = EDGES,
    units: SampleRange = EIGHT_BITS,
) -> tuple[Array, Array, Array]:
    """Gradient of -ln p(value) by the outputs, each clipped to +-64, times `scale`, and 0 where that leaves no more
    than 2^-60: (n, 16) float32; and by the bin's two edges, which are the mixture's densities there over the bin's
    mass: (n, 2); and the share of p that is the point mass's, (n,). value (n,) int, in steps."""
    one = np.float32(1)
    above, below = (value != 0).astype(np.float32)[:, None], (value != units.last).astype(np.float32)[:, None]
    ends = [units.edge(v) if units.low_bits else edges[v] for v in (value, value + 1)]
    low, high = ((end[:, None] - mix.mean) * mix.inverse for end in ends)
    a, b = arithmetic.sigmoid(low), arithmetic.sigmoid(high)
    da, db = a * (one - a) * above, b * (one - b) * below
    a = a * above
    b = b * below + (one - below)
    mass = b - a
    total = np.float32(0)
    density = np.zeros((len(value), 2), np.float32)
    for k in range(COMPONENTS):
        total = total + mix.weight[:, k] * mass[:, k]
        for e, slope in enumerate((da, db)):
            density[:, e] = density[:, e] + mix.weight[:, k] * slope[:, k] * mix.inverse[:, k]
    rest, point = one - mix.point, np.where(value * units.step == mix.base, mix.point, NO_POINT)
    whole = one / ((rest * total + point) + f32("0x1p-20"))
    inverse = (rest * whole)[:, None]
    d_mean = mix.weight * (db - da) * mix.inverse * inverse
    d_centre = np.float32(0)
    for k in range(COMPONENTS):
        d_centre = d_centre + d_mean[:, k]
    d = np.zeros_like(output)
    d[:, OUTPUTS["logits"]] = mix.weight * (total[:, None] - mass) * inverse
    d[:, OUTPUTS["means"]] = d_mean * activity[:, None]
    log_scale = output[:, OUTPUTS["log_scales"]]
    inside = ((log_scale > -6) & (log_scale < 4)).astype(np.float32)
    d[:, OUTPUTS["log_scales"]] = mix.weight * (db * high - da * low) * inverse * inside
    d[:, COEFFICIENTS] = d_centre[:, None] * earlier
    density = arithmetic.clip(density * inverse, np.float32(0), np.float32(4))
    d = arithmetic.clip(d, np.float32(-64), np.float32(64)) * scale
    return np.where(np.abs(d) > f32("0x1p-60"), d, np.float32(0)), density, point * whole
