"""Plain numpy mirror of network-inl.h: the likelihood network forward.

Equal bits to C: every product is a chain of fma (reference.gemm), everything else elementwise in the C's order.
n pixels, H hidden units, U units of a head. Channels are in coding order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bbans_cli.coders.neural.neighbourhood import PHASE_ROWS, TAPS
from bbans_cli.reference import arithmetic
from bbans_cli.reference.local_ls import rules, valid

Array = np.ndarray[Any, Any]

INPUTS = 3 * len(TAPS) + 31
OUTPUTS = 16
EXTRAS = (0, 4, 6)  # what each head sees of earlier channels


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
        self.trunk = [self._layer(INPUTS, hidden)]
        self.phase = self._take(PHASE_ROWS, hidden)
        self.trunk += [self._layer(hidden, hidden) for _ in range(layers - 1)]
        self.head, self.out = [], []
        for extra in EXTRAS:
            self.head.append(self._layer(hidden + extra, head))
            self.out.append(self._layer(head, OUTPUTS))
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

    inputs: Array  # (n, INPUTS)
    base: Array  # (n, 3) int32
    activity: Array  # (n, 3)
    residual: Array  # (n, 3): the values less their bases
    rule: Array  # (n, 3): what the regression expects, less the bases
    periodic: Array  # (n, 3): what is predicted by place, less the bases
    phase: Array | None  # (n, 3) int: rows of Net.phase
    modulation: Array | None  # (n, layers, 2, H)
    active: list[Array]  # (n, H) after the ReLU
    hidden: list[Array]  # (n, H) after the sum with the layer before
    head_inputs: list[Array]  # (n, H + extra)
    unit: list[Array]  # (n, U)
    output: list[Array]  # (n, OUTPUTS)


def leaky(x: Array) -> Array:
    """Leaky ReLU."""
    return np.where(x > 0, x, x * np.float32(0.1))


def extras(residual: Array, expected: tuple[Array, Array], activity: Array, channel: int) -> Array:
    """Residuals of earlier channels, each by its own activity and by this channel's, then what is expected of this
    channel, by the rule and by place: (n, EXTRAS). All others (n, 3)."""
    columns = [residual[:, e] / activity[:, by] for e in range(channel) for by in (e, channel)]
    columns += [each[:, channel] / activity[:, channel] for each in expected] if channel else []
    return _clip6(np.stack(columns, axis=1) if columns else np.empty((len(residual), 0), np.float32))


def _clip6(x: Array) -> Array:
    return arithmetic.clip(x, np.float32(-6), np.float32(6))


def forward(
    net: Net,
    context: tuple[Array, Array, Array],
    maps: Array,
    value: Array,
    phase: Array | None,
    modulation: Array | None,
) -> Forward:
    """Outputs for pixels with the given normalised context and values (n, 3) int32.

    A channel's outputs depend on the values of earlier channels alone. maps (n, 27): of reference_periodic.
    phase: (n, 3) rows of net.phase, or None. modulation: (n, layers, 2, H) or None.
    """
    seen, base, activity = context
    residual = (value - base).astype(np.float32)
    expected, periodic = _clip6(valid(maps[:, :3], base) / activity), maps[:, 9:12]
    green = _clip6(periodic[:, :1] / activity[:, :1])
    before = np.concatenate([seen, expected, maps[:, 3:9], green, maps[:, 12:]], axis=1)
    rule = rules(maps[:, :9], residual, base)
    run = Forward(before, base, activity, residual, rule, periodic, phase, modulation, [], [], [], [], [])
    with np.errstate(all="ignore"):
        for i, layer in enumerate(net.trunk):
            a = layer(before)
            if i == 0 and phase is not None:
                for rows in phase.T:
                    a = a + net.phase[rows]
            if modulation is not None:
                a = a * modulation[:, i, 0] + modulation[:, i, 1]
            a = leaky(a)
            before = before + a if i else a
            run.active.append(a)
            run.hidden.append(before)
        for c in range(3):
            known = extras(residual, (rule, periodic), activity, c)
            run.head_inputs.append(np.concatenate([before, known], axis=1))
            run.unit.append(leaky(net.head[c](run.head_inputs[c])))
            run.output.append(net.out[c](run.unit[c]))
    return run
