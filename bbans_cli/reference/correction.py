"""Plain numpy mirror of correction-inl.h: what moves a mixture by the errors of the mixtures nearby.

Equal bits to C. n pixels; channels are in coding order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbans_cli.coders.neural.network_layout import COMPONENTS, CORRECTIONS, OUTPUTS
from bbans_cli.coders.neural.scan_shape import ScanShape
from bbans_cli.reference import arithmetic
from bbans_cli.reference.arithmetic import f32
from bbans_cli.reference.mixture import Mixture

Array = np.ndarray

COLUMNS = 16  # two for each set of weights: of the means, of the log scales
PHASES = 4  # sets by column and row modulo 2; those by the expected error follow
FACTOR = np.float32(2)  # of the learning rate
PHASE_SHARE = np.float32(0.5)
LIMITS = (1, 2, 4)  # expected errors between one set and the next
# Pixels nearby whose errors are inputs, columns and rows, the nearest first
NEAR = ((-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2), (2, -1), (-2, -1), (1, -2), (-1, -2))
_LOG_4 = f32("0x1.62e43p+0")
_QUARTER = np.float32(0.25)


@dataclass
class Known:
    """What a correction needs of n pixels: all (n, 3) float32; of a channel, the earlier ones' values are known.

    value: in the network's units. local, phased: conditional predictions of both least squares, less the base. mean,
    expected: of the mixtures before they are corrected.
    """

    value: Array
    base: Array
    activity: Array
    local: Array
    phased: Array
    mean: Array
    expected: Array


@np.errstate(all="ignore")
def expect(mix: Mixture) -> tuple[Array, Array]:
    """The mean of each mixture, and the size of error that it expects: (n,) each."""
    part = mix.weight * mix.mean
    mean = (part[:, 0] + part[:, 1]) + (part[:, 2] + part[:, 3])
    expected = np.zeros_like(mean)
    for k in range(COMPONENTS):
        expected = expected + mix.weight[:, k] * (np.abs(mix.mean[:, k] - mean) + _LOG_4 / mix.inverse[:, k])
    return mean, expected


class Correction:
    """The weights (3, CORRECTIONS.size, COLUMNS), 0 at first, and the errors that are known of a scan."""

    def __init__(self, shape: ScanShape) -> None:
        self.shape = shape
        self.weights = np.zeros((3, CORRECTIONS.size, COLUMNS), np.float32)
        # Of each pixel three errors and three expected ones, with two rows above and two columns on both sides
        self.record = np.zeros((shape.last_row - shape.first_row + 2, shape.width + 4, 6), np.float32)

    def enter(self, x: Array, y: Array, known: Known) -> None:
        """Pixels are known."""
        record = np.concatenate([known.value - known.mean, known.expected], axis=1).astype(np.float32)
        record[:, np.arange(6) % 3 >= self.shape.channels] = 0
        row = y - self.shape.first_row + 2
        self.record[row, x + 2] = record
        last = x == self.shape.width - 1
        self.record[row[last], -2:] = record[last, None]

    @np.errstate(all="ignore")
    def inputs(self, x: Array, y: Array, known: Known, c: int) -> Array:
        """(n, CORRECTIONS.size) of channel c."""
        row = y - self.shape.first_row + 2
        near = np.stack([self.record[row + dy, x + 2 + dx] for dx, dy in NEAR], axis=1)
        inverse = np.float32(1) / known.activity[:, c]
        own, size, around = near[..., c], np.abs(near[..., c]), near[:, :4, 3 + c]
        found = np.zeros((len(x), CORRECTIONS.size), np.float32)
        found[:, CORRECTIONS["own_errors"]] = _clip6(own * inverse[:, None])
        others = [near[:, :4, (c + 1 + k) % 3] for k in range(2)]
        found[:, CORRECTIONS["other_errors"]] = _clip6(np.stack(others, axis=2).reshape(-1, 8) * inverse[:, None])
        for k, prediction in enumerate((known.local[:, c], known.phased[:, c])):
            distance = ((prediction + known.base[:, c]) - known.mean[:, c]) * inverse
            found[:, CORRECTIONS["distances"].start + k] = _clip6(distance)
        for e in range(c):
            error = (known.value[:, e] - known.mean[:, e]).astype(np.float32)
            expected = np.float32(1) / (known.expected[:, e] + _QUARTER)
            found[:, CORRECTIONS["earlier_errors"].start + e] = _clip6(error * inverse)
            found[:, CORRECTIONS["earlier_sizes"].start + e] = _size(np.abs(error), inverse, 0.3)
            found[:, CORRECTIONS["earlier_ratios"].start + e] = _size(np.abs(error), expected, 0.0)
        here, expected = _mean4(size), np.float32(1) / (_mean4(around) + _QUARTER)
        farther = ((size[:, 4] + size[:, 5]) + (size[:, 6] + size[:, 7])) + (size[:, 8] + size[:, 9])
        sixth = np.float32(1) / np.float32(6)
        found[:, CORRECTIONS["error_size"].start] = _size(here, inverse, 0.3)
        found[:, CORRECTIONS["farther_size"].start] = _size(farther * sixth, inverse, 0.3)
        found[:, CORRECTIONS["error_ratio"].start] = _size(here, expected, 0.0)
        return found

    @np.errstate(all="ignore")
    def apply(self, inputs: Array, columns: Array, output: Array, c: int) -> Array:
        """The outputs (n, OUTPUTS.size) of channel c, corrected."""
        sums = arithmetic.gemm(inputs, self.weights[c], np.zeros(COLUMNS, np.float32))
        result: Array = output.copy()
        pixel = np.arange(len(output))
        for k, name in enumerate(("means", "log_scales")):
            move = sums[pixel, columns[:, 1] + k] + PHASE_SHARE * sums[pixel, columns[:, 0] + k]
            result[:, OUTPUTS[name]] = output[:, OUTPUTS[name]] + move[:, None]
        return result

    @np.errstate(all="ignore")
    def gradient(self, inputs: list[Array], columns: list[Array], d_output: list[Array]) -> Array:
        """Of the weights, from what `inputs` and `columns` gave and the derivatives by the outputs, by channel."""
        found = np.zeros_like(self.weights)
        for c, (seen, column, d) in enumerate(zip(inputs, columns, d_output, strict=True)):
            d_sum, pixel = np.zeros((len(d), COLUMNS), np.float32), np.arange(len(d))
            for k, name in enumerate(("means", "log_scales")):
                part = d[:, OUTPUTS[name]]
                move = (part[:, 0] + part[:, 1]) + (part[:, 2] + part[:, 3])
                d_sum[pixel, column[:, 0] + k] = PHASE_SHARE * move
                d_sum[pixel, column[:, 1] + k] = move
            found[c] = arithmetic.gemm(np.ascontiguousarray(seen.T), d_sum, np.zeros(COLUMNS, np.float32))
        return found


def columns(x: Array, y: Array, expected: Array) -> Array:
    """The first columns of the two sets that pixels use, by phase and by expected error (n,): (n, 2)."""
    size = sum((expected >= limit).astype(np.int64) for limit in LIMITS)  # 0 of NaN, as in C
    found: Array = np.stack([2 * (y % 2 * 2 + x % 2), 2 * (PHASES + size)], axis=1)
    return found


def _mean4(size: Array) -> Array:
    mean: Array = ((size[:, 0] + size[:, 1]) + (size[:, 2] + size[:, 3])) * _QUARTER
    return mean


def _size(size: Array, over: Array, offset: float) -> Array:
    """Half the logarithm of a ratio of sizes, about 0 where it is typical."""
    return _clip3(arithmetic.log((size + _QUARTER) * over) * np.float32(0.5) + np.float32(offset))


def _clip3(x: Array) -> Array:
    return arithmetic.clip(x, np.float32(-3), np.float32(3))


def _clip6(x: Array) -> Array:
    return arithmetic.clip(x, np.float32(-6), np.float32(6))
