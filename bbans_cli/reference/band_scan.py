"""Plain numpy mirror of wavefront-inl.h: the order of coding, and the intervals of a scan from its pixels.

Equal bits to C. The encoder knows all pixels, so that a mini-batch, whose pixels see one state of the network, is
computed at once. That a pixel sees nothing which is coded later is ensured by ``locate``, not by the order here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bbans_cli.coders.neural.neighbourhood import SKEW, phase_rows
from bbans_cli.coders.neural.network_layout import LEAST_SQUARES
from bbans_cli.coders.neural.scan_shape import ScanShape
from bbans_cli.reference.correction import FACTOR, Correction, Known, columns, expect
from bbans_cli.reference.mixture import Mixture, cumulative, low_cumulative, mixture
from bbans_cli.reference.neighbourhood import coding_planes, gather, normalise
from bbans_cli.reference.network import Forward, Net, forward
from bbans_cli.reference.online_learning import BinEdges, Points, QHAdam, backward, earlier, factors
from bbans_cli.reference.phase_ls import least_squares
from bbans_cli.reference.sample_range import SampleRange

Array = np.ndarray

GROUP = 32  # pixels of a mini-batch, in coding order, that are learned from or not
TRUNK_INTERVAL = 3  # one of so many groups is what the trunk learns from, after shape.trunk_after pixels


def diagonals(width: int, first_row: int, last_row: int) -> Iterator[tuple[Array, Array]]:
    """The pixels (x, y) of each diagonal x + SKEW y that has any, in coding order."""
    rows = np.arange(first_row, last_row)
    for diagonal in range(SKEW * first_row, width + SKEW * last_row):
        x = diagonal - SKEW * rows
        here = (x >= 0) & (x < width)
        if here.any():
            yield x[here], rows[here]


def batches(shape: ScanShape) -> Iterator[list[tuple[Array, Array]]]:
    """Diagonals that are coded with one state of the network. After each such mini-batch but the last, learning."""
    held: list[tuple[Array, Array]] = []
    for diagonal in diagonals(shape.width, shape.first_row, shape.last_row):
        held.append(diagonal)
        if shape.batch and sum(len(x) for x, _ in held) >= shape.batch:
            yield held
            held = []
    yield held


class Scan:
    """What encoder and decoder share. weights and gradient are those after the last mini-batch done.

    values, planes  (3, h, w) of the samples in coding order, as integers and in the network's units
    least_squares   (rows, w, LEAST_SQUARES.size) of what both least squares give of the pixels
    """

    def __init__(self, shape: ScanShape, network: Array, modulation: Array | None, pixels: Array) -> None:
        self.shape, self.units, self.values = shape, SampleRange(shape.low_bits, shape.fraction), coding_planes(pixels)
        self.planes = self.values * self.units.step if shape.low_bits else self.values
        self.weights, self.gradient = network.copy(), np.zeros_like(network)
        self.net = Net(self.weights, shape.hidden, shape.layers, shape.head)
        self.edges, self.points, self.coded = BinEdges(), Points(self.units), 0
        heads = self.net.head + self.net.out  # the last of the weights
        self.trunk_weights = len(network) - sum(layer.weight.size + layer.bias.size for layer in heads)
        self.adam = QHAdam(shape.learning_rate, factors(self.net))
        self.correction = Correction(shape)
        self.correction_adam = QHAdam(shape.learning_rate, np.full(self.correction.weights.shape, FACTOR))
        rows = shape.last_row - shape.first_row
        self.least_squares = np.zeros((rows, shape.width, LEAST_SQUARES.size), np.float32)
        self.modulation = None
        if modulation is not None:
            self.modulation = modulation.reshape(-1, shape.layers, 2, shape.hidden)

    def learned(self, count: int, number: int) -> Array:
        """Which of the pixels of mini-batch `number`, which has `count`, are learned from: bool (count,)."""
        if not self.shape.batch or count < self.shape.batch:
            return np.zeros(count, bool)
        chosen: Array = (np.arange(count) // GROUP + number) % self.shape.update_interval == 0
        return chosen

    def learn(self, x: Array, y: Array, number: int) -> None:
        """A step of the optimiser, if there are any pixels to learn from: (x, y) of mini-batch `number`, coded now."""
        count, shape = len(x), self.shape
        self.coded += count
        learned = self.learned(count, number)
        if not learned.any():
            return
        trunk = np.ones(count, bool)
        if shape.update_interval == 1 and self.coded > shape.trunk_after:
            trunk = (np.arange(count) // GROUP + number) % TRUNK_INTERVAL == 0
        x, y, trunk = x[learned], y[learned], trunk[learned]
        value = self.values[:, y, x].T
        done = self.forward(x, y)
        gradient = backward(self.net, done, value, shape.channels, trunk, self.edges, self.units, self.points)
        steps = np.ones(len(gradient), bool)
        steps[: self.trunk_weights] = trunk.any()
        self.gradient[steps] = gradient[steps]
        self.adam.step(self.weights, self.gradient, steps)
        if shape.corrects:
            gradient = self.correction.gradient(done.corrections, done.columns, done.d_output)
            self.correction_adam.step(self.correction.weights, gradient)

    def forward(self, x: Array, y: Array) -> Forward:
        """What the network, as it is now, makes of the pixels (x, y), int (n,)."""
        normalised = normalise(gather(self.planes, x, y, self.shape.first_row, self.units), self.units)
        predicted = self.least_squares[y - self.shape.first_row, x]
        value = self.planes[:, y, x].T
        done = forward(self.net, normalised, predicted, value, *self.conditions(x, y), self.units)
        if self.shape.corrects:
            known = self.known(done, value)
            for c in range(self.shape.channels):
                self.expect(done, known, c)
            self.correction.enter(x, y, known)
            for c in range(self.shape.channels):
                self.correct(x, y, done, known, c)
        return done

    def mixture(self, done: Forward, c: int) -> Mixture:
        """Of channel c, by its outputs as they are now."""
        known = earlier(done, c)
        return mixture(done.output[c], done.base[:, c], done.activity[:, c], known, self.units, self.points.mass[c])

    def known(self, done: Forward, value: Array) -> Known:
        """What the correction sees of pixels of values (n, 3), in the network's units."""
        base, mean = done.base.astype(np.float32), np.zeros(value.shape, np.float32)
        return Known(value, base, done.activity, done.local, done.phased, mean, mean.copy())

    def expect(self, done: Forward, known: Known, c: int) -> None:
        """Enters what the mixture of channel c expects before it is corrected."""
        known.mean[:, c], known.expected[:, c] = expect(self.mixture(done, c))

    def correct(self, x: Array, y: Array, done: Forward, known: Known, c: int) -> None:
        """Corrects the outputs of channel c of the pixels (x, y)."""
        done.corrections.append(self.correction.inputs(x, y, known, c))
        done.columns.append(columns(x, y, known.expected[:, c]))
        done.output[c] = self.correction.apply(done.corrections[c], done.columns[c], done.output[c], c)

    def conditions(self, x: Array, y: Array) -> tuple[Array | None, Array | None]:
        """Rows of the network's table of phases, (n, 3), and modulation, (n, layers, 2, H), of pixels (x, y)."""
        shape, phase, modulation = self.shape, None, None
        if shape.grid_x >= 0:
            phase = phase_rows(x + shape.grid_x, y + shape.grid_y)
        if self.modulation is not None:
            modulation = self.modulation[y // shape.block * -(-shape.width // shape.block) + x // shape.block]
        return phase, modulation


class ReferenceScan(Scan):
    """What BandScan does, encoding only: the whole picture is known from the start."""

    def __init__(self, shape: ScanShape, network: Array, modulation: Array | None, pixels: Array) -> None:
        super().__init__(shape, network, modulation, pixels)
        grid, rows = (shape.grid_x, shape.grid_y), (shape.first_row, shape.last_row)
        self.least_squares = least_squares(
            self.planes, *rows, shape.channels, grid, shape.period, self.units, shape.light
        )

    def intervals(self) -> tuple[Array, Array]:
        """starts and freqs, uint32, in coding order: diagonal by diagonal, channel by channel, symbol by symbol (deep
        samples have two), row by row."""
        found = []
        for number, held in enumerate(batches(self.shape)):
            if not held:
                continue
            x, y = (np.concatenate(part) for part in zip(*held, strict=True))
            cum = self._code(x, y)
            self.learn(x, y, number)
            cuts = np.cumsum([len(columns) for columns, _ in held])[:-1]
            found += [part.transpose(1, 0, 2).reshape(-1, 2) for part in np.split(cum, cuts)]
        pairs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
        return pairs[:, 0].astype(np.uint32), (pairs[:, 1] - pairs[:, 0]).astype(np.uint32)

    def _code(self, x: Array, y: Array) -> Array:
        """cum of each symbol and of the next one, (n, symbols, 2)."""
        done, value = self.forward(x, y), self.values[:, y, x].T
        found = []
        for c in range(self.shape.channels):
            found += self._symbols(c, self.mixture(done, c), value[:, c])
        return np.stack(found, axis=1)

    def _symbols(self, channel: int, mix: Mixture, value: Array) -> list[Array]:
        """cum of the one or two symbols of each value (n,) and of the next ones: (n, 2) each."""
        low, both = self.units.low_bits, np.arange(2)
        high = value >> low
        if low == 0:
            return [cumulative(mix, value[:, None] + both, self.edges.edge[channel])]
        rest = (value - (high << low))[:, None] + both
        return [
            cumulative(mix, high[:, None] + both, self.units.bin_edges),
            low_cumulative(mix, high, rest, self.units),
        ]
