"""Rows of a band off a message, diagonal by diagonal: docs/format.md, *The neural coder*, from *Order of coding* on.

band_scan.py codes the same order with all pixels known. Here each diagonal is computed from what is known by then.
"""

from __future__ import annotations

import numpy as np

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.neural.neighbourhood import MOSAIC_PERIOD, SKEW, WEST
from bbans_cli.coders.neural.network_layout import LEAST_SQUARES
from bbans_cli.coders.neural.scan_shape import ScanShape
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference import linear_light, local_ls, phase_ls
from bbans_cli.reference.band_scan import Scan, diagonals
from bbans_cli.reference.local_ls import clip_to_range, conditional
from bbans_cli.reference.mixture import Mixture, cumulative, low_cumulative
from bbans_cli.reference.neighbourhood import gather, normalise
from bbans_cli.reference.network import Forward, head, trunk
from bbans_cli.reference.rans import ReferenceMessage
from bbans_cli.reference.sample_range import SampleRange

Array = np.ndarray

PRECISION = 24
PHASED = LEAST_SQUARES["phase_prediction"]


class _Local:
    """The local least squares of a scan, wave by wave of blocks."""

    def __init__(self, rows: int, width: int) -> None:
        self.rows, self.width, self.columns = rows, width, -(-width // local_ls.BLOCK)
        order = local_ls.ORDER
        self.sums = np.zeros((order, order, self.columns + 6), np.float32)
        self.count = np.zeros(self.columns + 6, np.float32)
        self.vector = np.zeros((self.columns, local_ls.BLOCK, order), np.float32)
        self.q = np.zeros(0, np.int64)  # columns of the wave's blocks

    def begin(self, wave: int) -> None:
        """The wave before is known: add it to the moments, and solve this wave's blocks."""
        q = self.q
        p = self.vector[q].transpose(1, 2, 0)
        products = p[:, :, None] * p[:, None]
        total = (products[0] + products[1]) + (products[2] + products[3])
        self.sums[:, :, 3 + q] = self.sums[:, :, 3 + q] * local_ls.DECAY + total
        inside = np.minimum(local_ls.BLOCK, self.width - local_ls.BLOCK * q).astype(np.float32)
        self.count[3 + q] = self.count[3 + q] * local_ls.DECAY + inside
        self.q = np.arange(max(0, wave - self.rows + 1), min(wave, self.columns - 1) + 1)
        self.vector[:] = 0
        sums, count = local_ls.window(self.sums, self.q), local_ls.window(self.count, self.q)
        self.factor, self.half_log_sigma = local_ls.solve(sums, count)

    def predict(self, q: Array, neighbours: Array) -> Array:
        """Of pixels in the blocks of columns q: (n, COLUMNS), from their neighbours (n, INPUTS)."""
        vector = np.zeros((len(q), 1, local_ls.ORDER), np.float32)
        vector[:, 0, : local_ls.INPUTS] = neighbours
        at = q - self.q[0]
        predicted: Array = local_ls.block_predictions(self.factor[:, :, at], self.half_log_sigma[:, at], vector)[:, 0]
        return predicted


class _Phased:
    """The phase-conditioned least squares of a scan."""

    def __init__(self, shape: ScanShape, units: SampleRange) -> None:
        self.shape, self.units = shape, units
        self.green, self.chroma = phase_ls.systems(shape.period)
        self.since = self.seen = 0
        self.held: list[tuple[Array, Array, Array]] = []  # vectors for both systems, and phases

    def phase(self, x: Array, y: Array) -> Array:
        """Of pixels (x, y), in both systems: (n, 2)."""
        return phase_ls.phases(x, y, (self.shape.grid_x, self.shape.grid_y), self.shape.period)

    def half_log_sigma(self, phase: Array) -> Array:
        """Of the three channels: (n, 3)."""
        found = np.empty((len(phase), 3), np.float32)
        found[:, 0] = self.green.half_log_sigma[phase[:, 0], 0]
        colour = self.shape.channels == 3
        found[:, 1:] = self.chroma.half_log_sigma[phase[:, 1]] if colour else phase_ls.GREY_HALF_LOG_SIGMA
        return found

    def predict(self, c: int, taps: Array, value: Array, base: Array, phase: Array) -> Array:
        """Of channel c, less the base, from the values (n, 3) of the channels before: (n,)."""
        taps, value = self._lit(taps), self._lit(value)
        west = taps[..., WEST]
        own = (value - west).astype(np.float32)
        seen, seen_chroma = phase_ls.vectors(taps, own, self.shape.period)
        if c == 0:
            rise = self.green.apply(seen, phase[:, 0])[:, 0]
        else:
            rise = phase_ls.differences(self.chroma, seen_chroma, phase[:, 1], own)[:, c - 1]
        found = phase_ls.above_base(rise, west[:, c], base[:, c], self.units, self.shape.light)
        return clip_to_range(found, base[:, c], self.units)

    def take(self, x: Array, y: Array, taps: Array, value: Array, activity: Array, phase: Array) -> None:
        """A diagonal is known."""
        taps, value = self._lit(taps), self._lit(value)
        own = (value - taps[..., WEST]).astype(np.float32)
        vectors = phase_ls.vectors(taps, own, self.shape.period)
        if self.shape.period == MOSAIC_PERIOD:
            place = x, y, self.shape.width
            weight = phase_ls.weights(*place, activity, taps[:, 0, WEST], self.units, self.shape.light)
            vectors = vectors[0] * weight[:, None], vectors[1] * weight[:, None]
        self.held.append((*vectors, phase))
        self.since += len(phase)
        self.seen += len(phase)
        if phase_ls.due(self.since, self.seen):
            seen, seen_chroma, phases = (np.concatenate(part) for part in zip(*self.held, strict=True))
            self.green.learn(seen, phases[:, 0])
            if self.shape.channels == 3:
                self.chroma.learn(seen_chroma, phases[:, 1])
            self.held, self.since = [], 0

    def _lit(self, value: Array) -> Array:
        """Samples, in units, as the systems see them."""
        return linear_light.light(value, self.units, self.shape.light) if self.shape.light else value


class ScanDecoder(Scan):
    """Rows first_row to last_row - 1 of pixels (h, w, channels), which it fills in; those above are known.

    network, modulation: as for `coders.neural.band_scan.BandScan`.
    """

    def __init__(self, shape: ScanShape, network: Array, modulation: Array | None, pixels: Array) -> None:
        super().__init__(shape, network, modulation, pixels)
        rows = shape.last_row - shape.first_row
        self.pixels = pixels
        self.local, self.phased = _Local(rows, shape.width), _Phased(shape, self.units)
        # Errors of both conditional predictions, with a row above and a column on both sides
        self.errors = np.zeros((rows + 1, shape.width + 2, 6), np.float32)

    def pop(self, message: ReferenceMessage, tick: PixelProgress = no_progress) -> None:
        """Take the rows off the message."""
        shape, wave, number, held = self.shape, -1, 0, []
        for x, y in diagonals(shape.width, shape.first_row, shape.last_row):
            of_diagonal = int(x[0] + SKEW * (y[0] - shape.first_row)) // local_ls.BLOCK
            if of_diagonal != wave:
                wave = of_diagonal
                self.local.begin(wave)
            self._diagonal(message, x, y)
            tick(len(x))
            held.append((x, y))
            if shape.batch and sum(len(columns) for columns, _ in held) >= shape.batch:
                x, y = (np.concatenate(part) for part in zip(*held, strict=True))
                self.learn(x, y, number)
                held, number = [], number + 1

    def _diagonal(self, message: ReferenceMessage, x: Array, y: Array) -> None:
        shape, row = self.shape, y - self.shape.first_row
        taps = gather(self.planes, x, y, shape.first_row, self.units)
        normalised = normalise(taps, self.units)
        _, base, activity = normalised
        neighbours = local_ls.neighbours(taps, base, shape.channels)
        phase = self.phased.phase(x, y)
        west, north, northwest, northeast = (
            self.errors[row + dy, x + dx] for dy, dx in ((1, 0), (0, 1), (0, 0), (0, 2))
        )
        ls = self.least_squares[row, x] = np.concatenate(
            [
                self.local.predict(x // local_ls.BLOCK, neighbours),
                np.zeros((len(x), 3), np.float32),
                self.phased.half_log_sigma(phase),
                phase_ls.error_inputs(west, north, northwest, northeast, activity),
            ],
            axis=1,
        )
        value = np.zeros((len(x), 3), np.int64)
        done = known = None
        for c in range(shape.channels):
            ls[:, PHASED.start + c] = self.phased.predict(c, taps, self._in_units(value), base, phase)
            if done is None:
                done = trunk(self.net, normalised, ls, *self.conditions(x, y), self.units)
            done.residual = (self._in_units(value) - base).astype(np.float32)
            done.local = conditional(ls, done.residual, base, self.units)
            done.phased = ls[:, PHASED]
            head(self.net, done, c)
            if shape.corrects:
                known = known or self.known(done, value)
                known.value, known.local, known.phased = self._in_units(value), done.local, done.phased
                self.expect(done, known, c)
                self.correct(x, y, done, known, c)
            value[:, c] = self._channel(message, done, c)
        value[:, shape.channels :] = value[:, :1]
        if known:
            known.value = self._in_units(value)
            self.correction.enter(x, y, known)
        self._enter(x, y, value, ls, taps, base)
        self.local.vector[x // local_ls.BLOCK, x % local_ls.BLOCK] = np.concatenate(
            [neighbours, (self._in_units(value) - base).astype(np.float32)], axis=1
        )
        self.phased.take(x, y, taps, self._in_units(value), activity, phase)

    def _in_units(self, value: Array) -> Array:
        """Values as the planes have them."""
        found: Array = value.astype(np.int32)
        if self.units.low_bits:
            found = found * self.units.step
        return found

    def _channel(self, message: ReferenceMessage, done: Forward, c: int) -> Array:
        """The values of channel c off the message: (n,)."""
        mix = self.mixture(done, c)
        low_bits = self.units.low_bits
        high = _pop(message, mix, self.units.bin_edges if low_bits else self.edges.edge[c])
        if low_bits == 0:
            return high
        symbols = np.broadcast_to(np.arange((1 << low_bits) + 1), (len(high), (1 << low_bits) + 1))
        cum = low_cumulative(mix, high, symbols, self.units)
        low: Array = np.array([message.pop_symbol(row, PRECISION) for row in cum])
        value: Array = (high << low_bits) + low
        return value

    def _enter(self, x: Array, y: Array, value: Array, ls: Array, taps: Array, base: Array) -> None:
        """What is known of a diagonal now, for the pixels to come."""
        shape, row = self.shape, y - self.shape.first_row
        self.least_squares[row, x] = ls
        self.values[:, y, x] = value.T
        self.planes[:, y, x] = self._in_units(value).T
        residual = (self._in_units(value) - base).astype(np.float32)
        errors = np.concatenate([residual - conditional(ls, residual, base, self.units), residual - ls[:, PHASED]], 1)
        errors = np.where(np.arange(6) % 3 < shape.channels, errors, np.float32(0))
        self.errors[row + 1, x + 1] = errors
        last = x == shape.width - 1
        self.errors[row[last] + 1, x[last] + 2] = errors[last]
        order = CHANNELS if shape.channels == 3 else (0,)
        for c, channel in enumerate(order):
            self.pixels[y, x, channel] = value[:, c]


def _pop(message: ReferenceMessage, mix: Mixture, edges: Array) -> Array:
    """A symbol of 0 to 255 of each mixture: (n,)."""
    cum = cumulative(mix, np.broadcast_to(np.arange(257), (len(mix.mean), 257)), edges)
    return np.array([message.pop_symbol(row, PRECISION) for row in cum], np.int64)
