"""Plain numpy mirror of online_learning-inl.h: the gradient of a mini-batch, and a step of QHAdam.

Equal bits to C: a weight's gradient is one fma chain over the pixels in coding order.
"""

from __future__ import annotations

import numpy as np

from bbans_cli.reference import arithmetic
from bbans_cli.reference.arithmetic import f32
from bbans_cli.reference.mixture import EDGES, LEAST_ACTIVITY, NO_POINT, gradient, mixture
from bbans_cli.reference.network import Forward, Layer, Net
from bbans_cli.reference.sample_range import EIGHT_BITS, SampleRange

Array = np.ndarray


def earlier(done: Forward, channel: int) -> Array:
    """What the outputs of a channel have coefficients for, (n, 4).

    Residuals of G and R, 0 where they are not known yet; the channel's conditional and phase-conditioned predictions.
    """
    residual = np.where(np.arange(2) < channel, done.residual[:, :2], np.float32(0))
    return np.column_stack([residual, done.local[:, channel], done.phased[:, channel]])


@np.errstate(all="ignore")
def backward(
    net: Net,
    done: Forward,
    value: Array,
    channels: int,
    trunk: Array | None = None,
    edges: BinEdges | None = None,
    units: SampleRange = EIGHT_BITS,
    points: Points | None = None,
) -> Array:
    """Gradient of the mean of -ln p over a mini-batch by all weights, laid out like net.flat; the bin edges learn, or
    for deep samples the point masses.

    value (n, 3) int32, in steps. trunk bool (n,): the pixels that the trunk and the phases learn from, by default all;
    their sum is divided by n, too. Heads of channels that a grey picture has not get 0.
    """
    edges, points = edges or BinEdges(), points or Points(units)
    grown = Net(np.zeros_like(net.flat), *_widths(net))
    scale = np.float32(1) / np.float32(len(value))
    some = np.ones(len(value), bool) if trunk is None else trunk
    d_hidden = np.zeros_like(done.hidden[-1][some])
    for c in range(channels):
        mix = mixture(done.output[c], done.base[:, c], done.activity[:, c], earlier(done, c), units, points.mass[c])
        d_output, density, share = gradient(
            mix, done.output[c], value[:, c], done.activity[:, c], earlier(done, c), scale, edges.edge[c], units
        )
        done.d_output.append(d_output)
        if units.low_bits == 0:
            edges.learn(c, value[:, c], density)
        else:
            points.learn(c, share[done.activity[:, c] == LEAST_ACTIVITY])
        d_unit = _leaky(done.unit[c], _through(net.out[c].weight, d_output, np.zeros_like(done.unit[c])))
        d_hidden = _through(net.head[c].weight[: d_hidden.shape[1]], d_unit[some], d_hidden)
        _fill(grown.out[c], done.unit[c], d_output)
        _fill(grown.head[c], done.head_inputs[c], d_unit)
    if some.any():
        _trunk_backward(net, done, some, d_hidden, grown)
    return grown.flat


def _trunk_backward(net: Net, done: Forward, some: Array, d_hidden: Array, grown: Net) -> None:
    """Fills in the gradient of the trunk and of the phases from `some` pixels, whose d_hidden this is."""
    d_active = d_hidden
    for i in reversed(range(len(net.trunk))):
        d_active = _leaky(done.active[i][some], d_hidden)
        if done.modulation is not None:
            d_active = d_active * done.modulation[some, i, 0]
        _fill(grown.trunk[i], (done.hidden[i - 1] if i else done.inputs)[some], d_active)
        if i:
            d_hidden = _through(net.trunk[i].weight, d_active, d_hidden)
    if done.phase is not None:
        for rows, d in zip(done.phase[some], d_active, strict=True):
            grown.phase[rows] += d


def factors(net: Net) -> Array:
    """The factor of each weight's learning rate, by the kind of its layer (docs/experiments.md, Update rule)."""
    out = Net(np.empty_like(net.flat), *_widths(net))
    out.phase[:] = 4.8
    for layers, factor in [(out.trunk[:1], 0.18), (out.trunk[1:], 1.5), (out.head, 0.72), (out.out, 0.45)]:
        for layer in layers:
            layer.weight[:] = layer.bias[:] = factor
    return out.flat


class BinEdges:
    """The edges of each channel's bins, (3, 257): that of a value more frequent than predicted gets wider."""

    def __init__(self) -> None:
        self.edge, self.count = np.tile(EDGES, (3, 1)), np.zeros((3, 257), np.float32)

    def learn(self, channel: int, value: Array, density: Array) -> None:
        """From a mini-batch's values (n,) and their densities (n, 2) at both edges, pixel by pixel."""
        edge, count = self.edge[channel], self.count[channel]
        reach = np.float32(0.45)  # tuned by hand, not recorded
        for first, pair in zip(value, density, strict=True):
            for e, sign in ((0, np.float32(-1)), (1, np.float32(1))):
                v = first + e
                count[v] += np.float32(1)
                step = np.float32(1.5) / (count[v] + np.float32(300)) * pair[e]
                edge[v] = arithmetic.clip(edge[v] + sign * step, EDGES[v] - reach, EDGES[v] + reach)


class Points:
    """The point mass at the base of each channel's mixtures in flat neighbourhoods, (3,); 0 for samples of 8 bits."""

    def __init__(self, units: SampleRange) -> None:
        self.mass = np.full(3, f32("0x1p-4") if units.low_bits else NO_POINT, np.float32)

    def learn(self, channel: int, share: Array) -> None:
        """From the shares (n,) that it had of the probabilities of values in flat neighbourhoods, pixel by pixel."""
        rate, least, mass = f32("0x1p-6"), f32("0x1p-10"), self.mass[channel]
        for each in share:
            mass = arithmetic.clip(mass + (each - mass) * rate, least, np.float32(1) - least)
        self.mass[channel] = mass


def inverse_root(x: Array) -> Array:
    """About 1 / sqrt(x) of positive normal x, float32: two steps of Newton's method from a guess by the exponent."""
    half, three_halves = np.float32(0.5) * x, np.float32(1.5)
    y: Array = (np.uint32(0x5F3759DF) - (x.view(np.uint32) >> np.uint32(1))).view(np.float32)
    for _ in range(2):
        y = y * (three_halves - half * y * y)
    return y


class QHAdam:
    """Quasi-hyperbolic Adam (Ma and Yarats 2019, with nu1 a half, at twice the rate, and nu2 1; but the first
    moment is not corrected) with decays 0.98 and 0.99; moments of less than 2^-60 and 2^-100 become 0.

    The learning rate is twice as high at first and halfway to its final value after 200 steps. factors: the
    factor of each weight's learning rate, from `factors`.
    """

    def __init__(self, rate: float, factors: Array) -> None:
        self.rate, self.factors, size = np.float32(rate), factors, factors.shape
        self.updates = np.float32(0)
        self.first, self.second = np.zeros(size, np.float32), np.zeros(size, np.float32)
        self.beta2 = np.float32(1)

    @np.errstate(all="ignore")
    def step(self, weights: Array, g: Array, steps: Array | None = None) -> None:
        """Change the weights in place by one step along gradient g, all or only those of `steps`, bool."""
        one, b1, b2 = np.float32(1), np.float32(0.98), np.float32(0.99)
        self.beta2 = self.beta2 * b2
        settled = np.float32(200)
        rate = self.rate * (settled / (self.updates + settled) + one)
        self.updates += one
        step, correction = rate * self.factors, one / (one - self.beta2)
        m = self.first * b1 + g * (one - b1)
        v = self.second * b2 + g * g * (one - b2)
        tiny = f32("0x1p-60")
        m = np.where((m > tiny) | (m < -tiny), m, np.float32(0))
        v = np.where(v > f32("0x1p-100"), v, np.float32(0))
        moved = weights - step * (g + m) * inverse_root(v * correction + np.float32(1e-16))
        for old, new in ((self.first, m), (self.second, v), (weights, moved)):
            np.copyto(old, new, where=True if steps is None else steps)


def _widths(net: Net) -> tuple[int, int, int]:
    return len(net.trunk[0].bias), len(net.trunk), len(net.head[0].bias)


def _through(weight: Array, d: Array, start: Array) -> Array:
    """Errors of a layer's inputs, added to `start`."""
    return arithmetic.gemm(d, np.ascontiguousarray(weight.T), start)


def _leaky(active: Array, d: Array) -> Array:
    return np.where(active > 0, d, d * np.float32(0.1))


def _fill(layer: Layer, inputs: Array, d: Array) -> None:
    """The gradient of a layer from its inputs and the errors of its outputs."""
    layer.weight[:] = arithmetic.gemm(np.ascontiguousarray(inputs.T), d, np.zeros_like(layer.bias))
    layer.bias[:] = arithmetic.gemm(np.ones((1, len(d)), np.float32), d, np.zeros_like(layer.bias))[0]
