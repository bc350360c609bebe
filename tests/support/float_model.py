"""The model in plain float64 numpy, written from the formulas alone: code lengths as real numbers, to count bits by."""

import math
from functools import lru_cache

import float_least_squares
import numpy as np
from float_least_squares import planes_of

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.neural.neighbourhood import PERIOD, phase_rows
from bbans_cli.coders.neural.network_layout import INPUTS, LEAST_SQUARES, OUTPUTS
from bbans_cli.coders.neural.weights import Weights

BINS = 1024
_phi = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), otypes=[float])


@lru_cache(16)  # several models, with latents and without, see the same pixels
def _least_squares(pixels: bytes, shape: tuple[int, int, int], first: int, last: int, grid_at) -> np.ndarray:
    planes = planes_of(np.frombuffer(pixels, np.uint8).reshape(shape))
    period = 1 if grid_at is None else PERIOD
    found = float_least_squares.least_squares(planes, first, last, shape[2], grid_at, period)
    found.flags.writeable = False
    return found


def leaky(x):
    return np.where(x > 0, x, 0.1 * x)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))


def pixel_bits(
    model: Weights,
    pixels: np.ndarray,
    first: int,
    last: int,
    modulation: np.ndarray | None,
    grid_at: tuple[int, int] | None = None,
) -> np.ndarray:
    """-log2 p of each sub-pixel of rows first..last: (rows, width, channels), channels in coding order.

    modulation: (finest blocks, layers, 2, hidden), scales as factors, or None. grid_at: the grid's x and y, or None.
    """
    _, width, channels = pixels.shape
    planes = planes_of(pixels)
    taps, base = float_least_squares.neighbourhood(planes, first, last)
    y, x = (a.ravel() for a in np.mgrid[first:last, :width])
    difference = taps - base[..., None]
    activity = float_least_squares.activities(taps, base)
    scaled = np.clip(difference / activity[..., None], -6, 6).reshape(len(x), -1)
    residual = planes[:, y, x].T - base
    predicted = _least_squares(pixels.tobytes(), pixels.shape, first, last, grid_at)
    named = {field.name: predicted[:, field.slice] for field in LEAST_SQUARES}
    local, phased = named["local_prediction"], named["phase_prediction"]
    conditional = float_least_squares.conditional(local, named["local_gain"], residual, base)
    named["taps"], named["log_activity"], named["base"] = scaled, np.log2(activity) / 2 - 1, base / 128 - 1
    named["local_prediction"] = np.clip((np.clip(local + base, 0, 255) - base) / activity, -6, 6)
    named["phase_prediction"] = np.clip(phased[:, :1] / activity[:, :1], -6, 6)
    h = np.concatenate([named[field.name] for field in INPUTS], axis=1)
    if modulation is not None:
        side = model.blocks[-1]
        modulation = modulation[y // side * -(-width // side) + x // side]
    for i in range(model.layers):
        weight, bias = model.layer(f"likelihood.trunk.{i}")
        a = h @ weight.astype(float) + bias
        if i == 0 and grid_at is not None:
            phase = model.tensors["likelihood.phase"].astype(float)
            a = a + phase[phase_rows(x + grid_at[0], y + grid_at[1])].sum(1)
        if modulation is not None:
            a = a * modulation[:, i, 0] + modulation[:, i, 1]
        h = leaky(a) if i == 0 else h + leaky(a)
    bits = []
    for c in range(channels):
        extra = [residual[:, e] / activity[:, by] for e in range(c) for by in (e, c)]
        extra += [each[:, c] / activity[:, c] for each in (conditional, phased)] if c else []
        inputs = np.column_stack([h] + [np.clip(e, -6, 6) for e in extra])
        unit, out = model.layer(f"likelihood.head.{c}"), model.layer(f"likelihood.out.{c}")
        outputs = leaky(inputs @ unit[0].astype(float) + unit[1]) @ out[0].astype(float) + out[1]
        shift = (outputs[:, OUTPUTS["residual_coefficients"]][:, :c] * residual[:, :c]).sum(1)
        shift += outputs[:, OUTPUTS["local_coefficient"]][:, 0] * conditional[:, c]
        shift += outputs[:, OUTPUTS["phase_coefficient"]][:, 0] * phased[:, c]
        bits.append(_mixture_bits(outputs, base[:, c] + residual[:, c], base[:, c] + shift, activity[:, c]))
    return np.stack(bits, axis=1).reshape(last - first, width, channels)


def _mixture_bits(outputs, value, centre, activity):
    weight = np.exp(outputs[:, :4])
    weight /= weight.sum(1, keepdims=True)
    mean = centre[:, None] + activity[:, None] * outputs[:, 4:8]
    scale = activity[:, None] * np.exp(np.clip(outputs[:, 8:12], -6, 4))
    high = np.where(value[:, None] == 255, 1, sigmoid((value[:, None] + 0.5 - mean) / scale))
    low = np.where(value[:, None] == 0, 0, sigmoid((value[:, None] - 0.5 - mean) / scale))
    return -np.log2((weight * (high - low)).sum(1) + 2.0**-20)


def latent_bits(model: Weights, pixels: np.ndarray, rows: int, z: list[np.ndarray]) -> tuple[float, float, np.ndarray]:
    """-log2 p(z) and -log2 q(z | rows of pixels) as densities at the bins' medians, and the modulation of z."""
    channels = list(CHANNELS) if pixels.shape[2] == 3 else [0, 0, 0]
    planes = pixels[:rows, :, channels].transpose(2, 0, 1).astype(float)
    above = None
    prior_bits = posterior_bits = 0.0
    for level, (n, side) in enumerate(zip(model.latents, model.blocks, strict=True)):
        across = -(-planes.shape[2] // side)
        tops, lefts = (a.ravel() for a in np.mgrid[: -(-rows // side), :across])
        seen = np.array(
            [_statistics(model, planes, r * side, c * side, side) for r, c in zip(tops, lefts, strict=True)]
        )
        mean, deviation = np.zeros((len(seen), n)), np.ones((len(seen), n))
        if above is not None:
            ratio = model.blocks[level - 1] // side
            above = above[tops // ratio * -(-planes.shape[2] // model.blocks[level - 1]) + lefts // ratio]
            mean, deviation = _gaussian(_layer(model, f"levels.{level}.prior", above))
            seen = np.concatenate([seen, above], axis=1)
        hidden = leaky(_layer(model, f"levels.{level}.hidden", seen))
        q_mean, q_deviation = _gaussian(_layer(model, f"levels.{level}.posterior", hidden))
        values = mean + deviation * quantile((z[level] + 0.5) / BINS)
        prior_bits += _density_bits(values, mean, deviation)
        posterior_bits += _density_bits(values, q_mean, q_deviation)
        inputs = values if above is None else np.concatenate([values, above], axis=1)
        above = leaky(_layer(model, f"levels.{level}.features", inputs))
    modulation = _layer(model, "modulation", above)
    return prior_bits, posterior_bits, modulation.reshape(-1, model.layers, 2, model.hidden)


def band_bits(
    model: Weights, pixels: np.ndarray, split: int, z: list[np.ndarray], grid_at: tuple[int, int] | None = None
) -> tuple[float, float, float, float]:
    """-log2 of p(tail), p(head | z), p(z) and q(z | head), the last two as densities."""
    prior, posterior, modulation = latent_bits(model, pixels, split, z)
    head = pixel_bits(model, pixels, 0, split, modulation, grid_at).sum()
    tail = pixel_bits(model, pixels, split, len(pixels), None, grid_at).sum()
    return tail, head, prior, posterior


def _statistics(model, planes, top, left, side):
    block = planes[:, top : top + side, left : left + side]
    features = []
    for y in range(0, block.shape[1] - 3, 4):
        for x in range(0, block.shape[2] - 3, 4):
            patch = block[:, y : y + 4, x : x + 4].reshape(3, 16)
            mean = patch.mean(1)
            inputs = np.concatenate([np.clip((patch - mean[:, None]) / 8, -8, 8).ravel(), mean / 64 - 2])
            features.append(leaky(_layer(model, "mix", leaky(_layer(model, "embed", inputs)))))
    if not features:
        return np.concatenate([np.zeros(32), np.full(32, 1e-3)])
    return np.concatenate([np.mean(features, 0), np.sqrt(np.var(features, 0) + 1e-6)])


def _layer(model, name, inputs):
    weight, bias = model.layer("latents." + name)
    return inputs @ weight.astype(float) + bias


def _gaussian(outputs):
    mean, log = np.split(outputs, 2, axis=1)
    return mean, np.exp(np.clip(log, -7, 2))


def _density_bits(z, mean, deviation):
    """-log2 of a Gaussian density, summed."""
    nats = 0.5 * ((z - mean) / deviation) ** 2 + np.log(deviation) + 0.5 * math.log(2 * math.pi)
    return float(nats.sum() / math.log(2))


def quantile(p: np.ndarray) -> np.ndarray:
    """The standard normal quantile, by halving."""
    low, high = np.full(p.shape, -9.0), np.full(p.shape, 9.0)
    for _ in range(60):
        middle = (low + high) / 2
        below = _phi(middle) < p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low
