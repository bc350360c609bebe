"""Plain numpy mirror of network-inl.h: the forward pass of the likelihood network.

Equal bits to C: every product is a chain of fma (reference.gemm), everything else elementwise in the C's order.
n pixels, H hidden units, U units of a head. Channels are in coding order.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from bbans_cli.coders.neural.neighbourhood import PHASE_ROWS
from bbans_cli.coders.neural.network_layout import EXTRA_COUNTS, INPUTS, LEAST_SQUARES, OUTPUTS
from bbans_cli.reference import arithmetic
from bbans_cli.reference.local_ls import clip_to_range, conditional
from bbans_cli.reference.sample_range import EIGHT_BITS, SampleRange

Array = np.ndarray


@dataclass
class Layer:
    """A dense layer: weight (inputs, outputs) and bias (outputs,), float32."""

    weight: Array
    bias: Array

    def __call__(self, inputs: Array) -> Array:
        return arithmetic.gemm(inputs, self.weight, self.bias)


class Net:
    """The layers as views of one flat array of weights, in the order of band_scan.c."""

    def __init__(self, flat: Array, hidden: int, layers: int, head: int) -> None:
        self.flat, self._at = flat, 0
        self.trunk = [self._layer(INPUTS.size, hidden)]
        self.phase = self._take(PHASE_ROWS, hidden)
        self.trunk += [self._layer(hidden, hidden) for _ in range(layers - 1)]
        self.head, self.out = [], []
        for extra in EXTRA_COUNTS:
            self.head.append(self._layer(hidden + extra, head))
            self.out.append(self._layer(head, OUTPUTS.size))
        if self._at != len(flat):
            raise ValueError(f"the network has {self._at} weights, not {len(flat)}")

    def _layer(self, inputs: int, outputs: int) -> Layer:
        return Layer(self._take(inputs, outputs), self._take(1, outputs)[0])

    def _take(self, rows: int, columns: int) -> Array:
        self._at += rows * columns
        return self.flat[self._at - rows * columns : self._at].reshape(rows, columns)


@dataclass
class Forward:
    """What a forward pass leaves for the backward one; lists go by layer or by channel."""

    inputs: Array  # (n, INPUTS.size)
    base: Array  # (n, 3)
    activity: Array  # (n, 3)
    residual: Array  # (n, 3): the values less their bases
    local: Array  # (n, 3): conditional predictions of the local least squares, less the bases
    phased: Array  # (n, 3): phase-conditioned predictions, less the bases
    phase: Array | None  # (n, 3) int: rows of Net.phase
    modulation: Array | None  # (n, layers, 2, H)
    active: list[Array]  # (n, H) after the ReLU
    hidden: list[Array]  # (n, H) after the sum with the layer before
    head_inputs: list[Array]  # (n, H + EXTRA_COUNTS[c])
    unit: list[Array]  # (n, U)
    output: list[Array]  # (n, OUTPUTS.size)
    corrections: list[Array] = dataclasses.field(default_factory=list)  # (n, CORRECTIONS.size), and
    columns: list[Array] = dataclasses.field(
        default_factory=list
    )  # (n, 2), where outputs are corrected (reference.correction)
    d_output: list[Array] = dataclasses.field(default_factory=list)  # (n, OUTPUTS.size), of the backward pass


def leaky(x: Array) -> Array:
    """Leaky ReLU."""
    return np.where(x > 0, x, x * np.float32(0.1))


def extras(residual: Array, predictions: tuple[Array, Array], activity: Array, channel: int) -> Array:
    """Further inputs of a channel's head (network_layout.EXTRAS): (n, EXTRA_COUNTS[channel]).

    predictions: those of both least squares, given the earlier channels. All arrays (n, 3).
    """
    if channel == 0:
        return np.empty((len(residual), 0), np.float32)
    columns = [residual[:, e] / activity[:, by] for e in range(channel) for by in (e, channel)]
    columns += [each[:, channel] / activity[:, channel] for each in predictions]
    return _clip6(np.stack(columns, axis=1))


def _clip6(x: Array) -> Array:
    return arithmetic.clip(x, np.float32(-6), np.float32(6))


def trunk_inputs(normalised: tuple[Array, Array, Array], least_squares: Array, units: SampleRange) -> Array:
    """(n, INPUTS.size) from what ``neighbourhood.normalise`` gives, and both least squares (n, LEAST_SQUARES.size)."""
    seen, base, activity = normalised
    local = clip_to_range(least_squares[:, LEAST_SQUARES["local_prediction"]], base, units)
    parts = {
        "local_prediction": _clip6(local / activity),
        "phase_prediction": _clip6(least_squares[:, LEAST_SQUARES["phase_prediction"]] / activity)[:, :1],
    }
    inputs = np.empty((len(seen), INPUTS.size), np.float32)
    inputs[:, : seen.shape[1]] = seen
    for field in list(INPUTS)[3:]:
        inputs[:, field.slice] = parts.get(field.name, least_squares[:, LEAST_SQUARES[field.name]])
    return inputs


@np.errstate(all="ignore")
def trunk(
    net: Net,
    normalised: tuple[Array, Array, Array],
    least_squares: Array,
    phase: Array | None,
    modulation: Array | None,
    units: SampleRange = EIGHT_BITS,
) -> Forward:
    """A forward pass up to the heads, for n pixels of which nothing is known yet.

    normalised: from neighbourhood.normalise. least_squares: (n, LEAST_SQUARES.size), of which the phase-conditioned
    predictions of channels 1 and 2 are not read. phase: (n, 3) rows of net.phase or None. modulation: (n, layers, 2, H)
    or None.
    """
    _, base, activity = normalised
    unknown = np.zeros(base.shape, np.float32)
    phased = least_squares[:, LEAST_SQUARES["phase_prediction"]]
    inputs = before = trunk_inputs(normalised, least_squares, units)
    done = Forward(inputs, base, activity, unknown, unknown, phased, phase, modulation, [], [], [], [], [])
    for i, layer in enumerate(net.trunk):
        a = layer(before)
        if i == 0 and phase is not None:
            for rows in phase.T:
                a = a + net.phase[rows]
        if modulation is not None:
            a = a * modulation[:, i, 0] + modulation[:, i, 1]
        a = leaky(a)
        before = before + a if i else a
        done.active.append(a)
        done.hidden.append(before)
    return done


@np.errstate(all="ignore")
def head(net: Net, done: Forward, c: int) -> None:
    """Adds the outputs of channel c, which depend on the residuals and predictions of earlier channels alone."""
    known = extras(done.residual, (done.local, done.phased), done.activity, c)
    done.head_inputs.append(np.concatenate([done.hidden[-1], known], axis=1))
    done.unit.append(leaky(net.head[c](done.head_inputs[c])))
    done.output.append(net.out[c](done.unit[c]))


def forward(
    net: Net,
    normalised: tuple[Array, Array, Array],
    least_squares: Array,
    value: Array,
    phase: Array | None,
    modulation: Array | None,
    units: SampleRange = EIGHT_BITS,
) -> Forward:
    """Outputs for n pixels of values (n, 3), in the network's units; the other arguments are those of `trunk`."""
    done = trunk(net, normalised, least_squares, phase, modulation, units)
    done.residual = (value - done.base).astype(np.float32)
    done.local = conditional(least_squares, done.residual, done.base, units)
    for c in range(3):
        head(net, done, c)
    return done
