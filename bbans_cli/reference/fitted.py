"""Plain numpy mirror of core/fitted/: a band of the fitted coder, encoded and decoded, diagonal by diagonal.

Equal bits to C. docs/format.md, *The fitted coder*, says the same in prose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference import arithmetic
from bbans_cli.reference.arithmetic import clip, exp, fma, log
from bbans_cli.reference.rans import ReferenceMessage

Array = np.ndarray

INPUTS, UNITS, LINEAR, OUTPUTS = 64, 32, 4, 12  # the last LINEAR units have no activation
EXTRAS = (0, 4, 7)  # further inputs of each channel's head
LANES = 16
CELL = 8
TAPS = ((-1, 0), (0, -1), (-1, -1), (1, -1), (0, -2), (-2, 0), (2, -1), (-2, -1), (1, -2), (-1, -2), (2, -2), (-2, -2))
NEIGHBOURS = 8
LS_INPUTS, LS_ORDER = 3 * NEIGHBOURS, 3 * NEIGHBOURS + 3
ERROR_TAPS = ((-1, 0), (0, -1), (-1, -1), (1, -1))
DECAY, RIDGE, SCALE = np.float32(0.94), np.float32(0.001), np.float32(2)
NEAR, FAR, EDGE = np.float32(0.7), np.float32(0.5), np.float32(0.3)  # one, two, three columns away
ONE, HALF, ZERO = np.float32(1), np.float32(0.5), np.float32(0)
SPREAD = np.float32((1 << 24) - 256 * 16)
PRECISION = 24


class LocalLeastSquares:
    """Mirror of fitted_ls-inl.h: moments of the cell columns of a band, and what follows from them."""

    def __init__(self, width: int) -> None:
        self.width, self.cells = width, -(-width // CELL)
        self.moments = np.zeros((LS_ORDER, LS_ORDER, self.cells + 6), np.float32)
        self.count = np.zeros(self.cells + 6, np.float32)
        self.vector = np.zeros((CELL, LS_ORDER, self.cells), np.float32)  # of the pixels of a wave, weighted
        self.weights = np.zeros((3, LS_INPUTS, self.cells), np.float32)
        self.gain = np.zeros((3, self.cells), np.float32)
        self.half_log_sigma = np.zeros((3, self.cells), np.float32)

    def solve(self, q: Array) -> None:
        """Weights, gains and half_log_sigma of the cells in columns q."""
        low = _factor(_window(self.moments, q))
        w = np.zeros((LS_INPUTS, 3, len(q)), np.float32)
        for i in reversed(range(LS_INPUTS)):
            a = low[LS_INPUTS:, i]
            for k in reversed(range(i + 1, LS_INPUTS)):
                a = fma(-low[k, i], w[k], a)
            w[i] = a * low[i, i]
        self.weights[:, :, q] = w.transpose(1, 0, 2)
        for t in range(3):
            own = low[LS_INPUTS + t, LS_INPUTS + t]
            sigma = ONE / (own * own * (_window(self.count, q) + ONE))
            self.half_log_sigma[t, q] = log(sigma) * np.float32(0.25)
        for b, (row, column) in enumerate(((1, 0), (2, 0), (2, 1))):
            i, j = LS_INPUTS + row, LS_INPUTS + column
            self.gain[b, q] = clip(low[i, j] * low[j, j], np.float32(-4), np.float32(4))

    def update(self, q: Array) -> None:
        """Adds the vectors of a wave, whose cells are in columns q, to the moments."""
        total = np.zeros((LS_ORDER, LS_ORDER, len(q)), np.float32)
        for place in range(CELL):
            p = self.vector[place][:, q]
            total = fma(p[:, None], p[None], total)
        self.moments[:, :, 3 + q] = fma(self.moments[:, :, 3 + q], DECAY, total)
        inside = np.minimum(CELL, self.width - CELL * q).astype(np.float32)
        self.count[3 + q] = self.count[3 + q] * DECAY + inside

    def record(self, place: int, q: Array, vector: Array, residual: Array, activity: Array) -> None:
        """The pixels at an offset of their cells, in columns q, now that their values are known."""
        root = np.sqrt(np.float32(3) / ((activity[0] + activity[1]) + activity[2])) * SCALE
        self.vector[place][:, q] = np.concatenate([vector, residual]) * root


def _window(sums: Array, q: Array) -> Array:
    """Sums over the seven cell columns around q."""
    near, far, edge = (sums[..., 3 + q - i] + sums[..., 3 + q + i] for i in (1, 2, 3))
    return fma(edge, EDGE, fma(far, FAR, fma(near, NEAR, sums[..., 3 + q])))


def _factor(sums: Array) -> Array:
    """Cholesky factors (order, order, n), diagonals inverted."""
    low: Array = sums.copy()
    for j in range(LS_ORDER):
        a = low[j, j]
        if j < LS_INPUTS:
            a = fma(a, ONE + RIDGE, np.float32(4))
        low[j, j] = ONE / np.sqrt(np.where(a > ONE, a, ONE))
        low[j + 1 :, j] = low[j + 1 :, j] * low[j, j]
        for i in range(j + 1, LS_ORDER):
            low[i, j + 1 : i + 1] = fma(-low[i, j], low[j + 1 : i + 1, j], low[i, j + 1 : i + 1])
    return low


class Band:
    """The state of a band of `height` rows and `width` columns while it is coded.

    tensors  by name, (inputs, outputs) float32: "trunk", and "head.0" to "head.2"
    """

    def __init__(self, height: int, width: int, channels: int, tensors: Mapping[str, Array]) -> None:
        self.height, self.width, self.channels = height, width, channels
        self.tensors = tensors
        self.planes = np.zeros((3, height, width), np.float32)  # in coding order
        self.error = np.zeros((3, height, width), np.float32)
        self.ls = LocalLeastSquares(width)

    def chunks(self) -> Iterator[Chunk]:
        """The chunks in the order of coding; each must get its values before the next is taken."""
        for d in range(self.width - 1 + CELL * (self.height - 1) + 1):
            wave, place = divmod(d, CELL)
            q = np.arange(max(0, wave - self.height + 1), min(wave, self.ls.cells - 1) + 1)
            if place == 0:
                self.ls.solve(q)
            inside = q[CELL * q + place < self.width]
            for at in range(0, len(inside), LANES):
                chunk = Chunk(self, inside[at : at + LANES], d)
                yield chunk
                chunk.enter()
            if place == CELL - 1:
                self.ls.update(q)

    def read(self, plane: Array, x: Array, y: Array, dx: int, dy: int) -> Array:
        """Values at (dx, dy) from the pixels (x, y), or what stands for them beyond the border."""
        known = x + CELL * y - 1
        column, row = x + dx, y + dy
        column = np.where(row < 0, np.minimum(column, known), column)
        row = np.where((dy == 0) & (column < 0) & (x == 0), y - 1, row)
        value = plane[np.maximum(row, 0), np.clip(column, 0, self.width - 1)]
        found: Array = np.where(known < 0, np.float32(128), value)
        return found

    def read_error(self, plane: Array, x: Array, y: Array, dx: int, dy: int) -> Array:
        """Errors at (dx, dy) from the pixels: 0 above the band and on its left, on its right those of the last one."""
        column, row = x + dx, y + dy
        value = plane[np.maximum(row, 0), np.clip(column, 0, self.width - 1)]
        found: Array = np.where((row < 0) | (column < 0), ZERO, value)
        return found


class Chunk:
    """Up to LANES pixels of a diagonal, in cell columns q: inputs, then channel by channel mixtures and values."""

    def __init__(self, band: Band, q: Array, diagonal: int) -> None:
        self.band, self.q = band, q
        self.place = diagonal % CELL
        self.x, self.y = CELL * q + self.place, diagonal // CELL - q
        n = len(q)
        self.value, self.residual = np.zeros((3, n), np.float32), np.zeros((3, n), np.float32)
        self.conditional = np.zeros((3, n), np.float32)
        self.inputs = self._inputs()
        a = arithmetic.gemm(self.inputs, band.tensors["trunk"], np.zeros(UNITS, np.float32))
        bent = UNITS - LINEAR
        self.units = np.concatenate(
            [np.where(a[:, :bent] > 0, a[:, :bent], a[:, :bent] * np.float32(0.1)), a[:, bent:]], 1
        )

    def _inputs(self) -> Array:
        band, ls, q = self.band, self.band.ls, self.q
        tap = np.array([[band.read(plane, self.x, self.y, *at) for at in TAPS] for plane in band.planes])
        west, north, corner = tap[:, 0], tap[:, 1], tap[:, 2]
        low, high = np.minimum(west, north), np.maximum(west, north)
        self.base = np.where(high <= corner, low, np.where(corner <= low, high, west + north - corner))
        tap = tap - self.base[:, None]
        total = np.abs(tap).sum(axis=1, dtype=np.float32)  # of integers: exact in any order
        self.activity = fma(total, np.float32(1 / 12), np.float32(0.7))
        self.inverse = ONE / self.activity
        self.vector = tap[:, :NEIGHBOURS].reshape(LS_INPUTS, -1)
        self.prediction = np.zeros((3, len(q)), np.float32)
        for k in range(LS_INPUTS):
            self.prediction = fma(ls.weights[:, k, q], self.vector[k], self.prediction)
        self.gain = ls.gain[:, q]
        error = np.array([[band.read_error(plane, self.x, self.y, *at) for at in ERROR_TAPS] for plane in band.error])
        size = (np.abs(error[:, 0]) + np.abs(error[:, 1])) + (np.abs(error[:, 2]) + np.abs(error[:, 3]))
        quarter = np.float32(0.25)
        odd = [np.where(place & 1, ONE, -ONE) for place in (self.x, self.y)]
        rows = [
            np.ones((1, len(q)), np.float32),
            _six(tap * self.inverse[:, None]).reshape(3 * len(TAPS), -1),
            log(self.activity) * arithmetic.f32("0x1.715476p-1") - ONE,
            fma(self.base, np.float32(1 / 128), -ONE),
            _six(self.valid(self.prediction) * self.inverse),
            self.gain,
            ls.half_log_sigma[:, q],
            log((size * quarter + quarter) * self.inverse) * HALF,
            _six(error[:, 0] * self.inverse),
            _six(error[:, 1] * self.inverse),
            np.array([odd[0], odd[1], odd[0] * odd[1]]),
        ]
        inputs: Array = np.concatenate(rows).T.astype(np.float32)
        assert inputs.shape[1] == INPUTS
        return inputs

    def valid(self, prediction: Array, channel: slice | int = slice(None)) -> Array:
        """Predictions less the base, so that the value is one that a pixel can have."""
        base = self.base[channel]
        found: Array = clip(prediction + base, ZERO, np.float32(255)) - base
        return found

    def predict(self, c: int) -> None:
        """The conditional prediction of channel c, those before being known."""
        total = self.prediction[c]
        if c > 0:
            green = self.residual[0] - self.prediction[0]
            red = (self.residual[1] - self.prediction[1]) - self.gain[0] * green
            total = total + (self.gain[0] * green if c == 1 else self.gain[1] * green + self.gain[2] * red)
        self.conditional[c] = self.valid(total, c)

    def mixture(self, c: int) -> tuple[Array, Array, Array]:
        """Weights, means and inverse scales of channel c, each (3, n)."""
        self.predict(c)
        extras = []
        for e in range(c):
            wrong = _six((self.residual[e] - self.conditional[e]) * self.inverse[e])
            extras += [_six(self.residual[e] * self.inverse[e]), wrong, np.abs(wrong)]
        if c:
            extras.append(_six(self.conditional[c] * self.inverse[c]))
        assert len(extras) == EXTRAS[c]
        seen = np.concatenate([np.ones((len(self.q), 1), np.float32), self.units, *(e[:, None] for e in extras)], 1)
        o = arithmetic.gemm(seen, self.band.tensors[f"head.{c}"], np.zeros(OUTPUTS, np.float32)).T
        terms = [self.residual[e] if e < c else np.zeros(len(self.q), np.float32) for e in range(2)]
        centre = self.base[c]
        for k, term in enumerate([*terms, self.conditional[c]]):
            centre = fma(o[9 + k], term, centre)
        logits = clip(o[0:3], np.float32(-30), np.float32(30))
        share = exp(logits - logits.max(axis=0))
        weight = share * (ONE / ((share[0] + share[1]) + share[2]))
        mean = clip(fma(self.activity[c], o[3:6], centre), np.float32(-1024), np.float32(1280))
        inverse = exp(-clip(o[6:9], np.float32(-6), np.float32(4))) * self.inverse[c]
        return weight, mean, inverse

    def take(self, c: int, value: Array) -> None:
        """The values of channel c."""
        self.value[c] = value
        self.residual[c] = self.value[c] - self.base[c]

    def enter(self) -> None:
        """What is known now, for the pixels to come."""
        band = self.band
        for c in range(band.channels, 3):
            self.take(c, self.value[0])
            self.predict(c)
        band.planes[:, self.y, self.x] = self.value
        band.error[:, self.y, self.x] = self.residual - self.conditional
        band.ls.record(self.place, self.q, self.vector, self.residual, self.activity)


def _six(x: Array) -> Array:
    return clip(x, np.float32(-6), np.float32(6))


def cumulative(mixture: tuple[Array, Array, Array]) -> Array:
    """cum of the values 0 to 256 under each mixture: (n, 257) int64."""
    weight, mean, inverse = (a[..., None] for a in mixture)
    edge = np.arange(257, dtype=np.float32) - HALF
    below = (mean - edge) * inverse
    sigmoid = ONE / (ONE + exp(below))
    f = np.zeros(sigmoid.shape[1:], np.float32)
    for k in range(3):
        f = fma(np.broadcast_to(weight[k], f.shape), sigmoid[k], f)
    cum: Array = 16 * np.arange(257) + np.minimum(f * SPREAD, SPREAD).astype(np.int64)
    cum[:, 0], cum[:, 256] = 0, 1 << PRECISION
    return cum


def intervals(pixels: Array, tensors: Mapping[str, Array]) -> tuple[Array, Array]:
    """starts and freqs of a band's pixels (h, w, 1 or 3) uint8, in coding order."""
    height, width, channels = pixels.shape
    starts, freqs = [], []
    order = CHANNELS if channels == 3 else (0,)
    for chunk in (band := Band(height, width, channels, tensors)).chunks():
        for c in range(band.channels):
            value = pixels[chunk.y, chunk.x, order[c]].astype(np.int64)
            cum = cumulative(chunk.mixture(c))
            low, high = (np.take_along_axis(cum, (value + i)[:, None], 1)[:, 0] for i in range(2))
            starts.append(low)
            freqs.append(high - low)
            chunk.take(c, value.astype(np.float32))
    return np.concatenate(starts), np.concatenate(freqs)


def decode(
    message: ReferenceMessage,
    height: int,
    width: int,
    channels: int,
    tensors: Mapping[str, Array],
    tick: PixelProgress = no_progress,
) -> Array:
    """The pixels (h, w, channels) uint8 of a band's message of LANES lanes."""
    pixels = np.zeros((height, width, channels), np.uint8)
    order: tuple[int, ...] = CHANNELS if channels == 3 else (0,)
    lane = 0
    for chunk in (band := Band(height, width, channels, tensors)).chunks():
        for c in range(band.channels):
            value = np.zeros(len(chunk.q), np.int64)
            for i, cum in enumerate(cumulative(chunk.mixture(c))):
                value[i] = message.pop_symbol(cum, PRECISION, lane)
                lane = (lane + 1) % LANES
            pixels[chunk.y, chunk.x, order[c]] = value
            chunk.take(c, value.astype(np.float32))
        tick(len(chunk.q))
    return pixels
