"""What is known of a block before it is decoded, at levels 5 and 9: docs/format-jpeg.md, *The neighbourhood*."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from bbans_cli.reference.jpeg.coefficient_shape import Shape
from bbans_cli.reference.mixing.mixer import towards_zero

# What a coefficient of that frequency adds to the pixel half a step beyond the end of the row
EDGE = [0.7071, 1.0555, 1.1945, 1.3448, 1.4142, 1.3238, 1.0361, 0.5704]
EDGES = np.array(EDGE)
OUTWARDS = EDGES * [1, -1, 1, -1, 1, -1, 1, -1]
NO_EQUATION = 1e30  # its variance


@dataclass
class Component:
    """What has been decoded of a component, and statistics of it.

    blocks        int64 (blocks, 64)
    lasts         of each block the place of the last nonzero AC coefficient in zigzag order, 0 if there is none
    dc_residuals  of each block
    variance      of dequantised coefficients; of DC, from the mean of its neighbours
    mean          of magnitudes of quantised coefficients
    noise         variance of the errors of the edge equations, (2, 8): of rows, of columns
    """

    quantisers: np.ndarray
    blocks: np.ndarray
    lasts: list[int]
    dc_residuals: list[int]
    variance: np.ndarray
    mean: np.ndarray
    noise: np.ndarray

    @classmethod
    def begin(cls, blocks: int, quantisers: np.ndarray) -> Component:
        """Before the first block. Coefficients of usual pictures shrink with the frequency."""
        sizes = np.array([60.0 / (1 + (k >> 3) + (k & 7)) for k in range(64)])
        zeros = np.zeros((blocks, 64), np.int64)
        mean = sizes / quantisers / 2
        return cls(quantisers, zeros, [0] * blocks, [0] * blocks, sizes * sizes, mean, np.full((2, 8), 400.0))


@dataclass
class Earlier:
    """Means over what lies at the block's place in an earlier component; zeros where there is none."""

    values: list[int] = field(default_factory=lambda: [0] * 64)
    quadruple: list[int] = field(default_factory=lambda: [0] * 64)  # four times the mean magnitudes
    dc_residual: int = 0
    last: int = 0


@dataclass(frozen=True)
class EdgeEstimates:
    """Posterior means of a quantised coefficient by the equation of its row, of its column, and by both, and the
    variances of what else is in these equations."""

    row: float
    column: float
    both: float
    row_noise: float
    column_noise: float


class Neighbourhood:
    """Of block i of component c.

    w, n, nw, ne, ww, nn  coefficients of the blocks around, lists of 64
    lasts         of W, N, NW, NE
    earlier       of the first component, and of the one before if that is another
    activity      magnitudes to expect, judging by neighbours at frequencies nearby
    further       sums of magnitudes in W and N at no lower frequencies, either way; all_ac: of all AC coefficients
    rest          edge equations of rows and of columns: the neighbour's side, less what is known of this block
    spread        variances of what is not known in them
    mean_dc       of the neighbours
    here          this block
    done          sum of magnitudes of AC coefficients known in this block
    trend         magnitude of what was coded lately in this block, relative to the mean
    """

    def __init__(self, components: list[Component], shape: Shape, c: int, i: int) -> None:
        own, columns = components[c], shape.sizes[c][1]
        self.c, self.index, self.columns = c, i, columns
        self.has_w, self.has_n = i % columns > 0, i >= columns
        self.has_ne = has_ne = self.has_n and (i + 1) % columns > 0
        zeros = np.zeros(64, np.int64)
        w = own.blocks[i - 1] if self.has_w else zeros
        n = own.blocks[i - columns] if self.has_n else zeros
        nw = own.blocks[i - columns - 1] if self.has_w and self.has_n else zeros
        ne = own.blocks[i - columns + 1] if has_ne else zeros
        ww = own.blocks[i - 2] if i % columns > 1 else w
        nn = own.blocks[i - 2 * columns] if i >= 2 * columns else n
        self.w, self.n, self.nw, self.ne, self.ww, self.nn = (each.tolist() for each in (w, n, nw, ne, ww, nn))
        self.lasts = [
            own.lasts[i - 1] if self.has_w else 0,
            own.lasts[i - columns] if self.has_n else 0,
            own.lasts[i - columns - 1] if self.has_w and self.has_n else 0,
            own.lasts[i - columns + 1] if has_ne else 0,
        ]
        self.earlier = [
            _find_earlier(components[0], shape, 0, c, i) if c else Earlier(),
            _find_earlier(components[c - 1], shape, c - 1, c, i) if c > 1 else Earlier(),
        ]
        self.quantisers = own.quantisers.tolist()
        self.variance, self.mean = own.variance.tolist(), own.mean.tolist()
        self.here = [0] * 64
        self.done, self.trend = 0, 1.0
        outside = (2 * (abs(w) + abs(n)) + abs(nw) + abs(ne)) / 6.0
        self.outside = outside.tolist()  # mean magnitudes in the blocks around
        self.activity = _activity(outside, own.mean)
        further = (abs(w) + abs(n)).reshape(8, 8)
        further[0, 0] = 0
        self.all_ac = int(further.sum())
        self.further = further[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1].reshape(64).tolist()
        self._begin_edge_equations(own, w, n)

    def _begin_edge_equations(self, own: Component, w: np.ndarray, n: np.ndarray) -> None:
        q, variance = own.quantisers.reshape(8, 8), own.variance.reshape(8, 8)
        w, n = w.reshape(8, 8), n.reshape(8, 8)
        row, column = np.zeros(8), np.zeros(8)
        row_spread, column_spread = own.noise
        for j in range(8):  # by frequency across the edge
            e = OUTWARDS[j]
            row = row + e * w[:, j] * q[:, j]
            column = column + e * n[j] * q[j]
            row_spread = row_spread + e * e * variance[:, j]
            column_spread = column_spread + e * e * variance[j]
        self.rest = [row.tolist(), column.tolist()]
        self.spread = [
            row_spread.tolist() if self.has_w else [NO_EQUATION] * 8,
            column_spread.tolist() if self.has_n else [NO_EQUATION] * 8,
        ]
        count = self.has_w + self.has_n
        self.mean_dc = (float(self.w[0]) + self.n[0]) / count if count else 0.0
        for rest in self.rest:
            rest[0] -= EDGE[0] * self.mean_dc * self.quantisers[0]

    def mark_known(self, k: int, value: float) -> None:
        """Subtract coefficient k from its edge equations; of DC, `value` is the difference from the neighbours."""
        v, u = k >> 3, k & 7
        size, variance = value * self.quantisers[k], self.variance[k]
        self.rest[0][v] -= EDGE[u] * size
        self.rest[1][u] -= EDGE[v] * size
        self.spread[0][v] -= EDGE[u] * EDGE[u] * variance
        self.spread[1][u] -= EDGE[v] * EDGE[v] * variance

    def edge_estimates(self, k: int) -> EdgeEstimates:
        """Of coefficient k, which is taken to be normal around 0."""
        v, u = k >> 3, k & 7
        variance, q = self.variance[k], self.quantisers[k]
        row_noise = _at_least_one(self.spread[0][v] / (EDGE[u] * EDGE[u]) - variance)
        column_noise = _at_least_one(self.spread[1][u] / (EDGE[v] * EDGE[v]) - variance)
        by_row, by_column = self.rest[0][v] / EDGE[u] / q, self.rest[1][u] / EDGE[v] / q
        both = by_row / row_noise + by_column / column_noise
        return EdgeEstimates(
            by_row * variance / (variance + row_noise),
            by_column * variance / (variance + column_noise),
            both / (1 / variance + 1 / row_noise + 1 / column_noise),
            row_noise,
            column_noise,
        )

    def deviation(self, k: int) -> float:
        """Standard deviation of dequantised coefficient k."""
        return sqrt(self.variance[k])

    def update_statistics(self, own: Component) -> None:
        """Of the component, by this block."""
        rate = 1.0 / (self.index + 4 if self.index < 500 else 504)
        from_mean = np.array(self.here, np.float64)
        from_mean[0] -= self.mean_dc
        size = from_mean * own.quantisers
        own.variance = own.variance + (size * size + 0.1 - own.variance) * rate
        own.mean = own.mean + (abs(np.array(self.here)) + 0.01 - own.mean) * rate
        for which, there in enumerate((self.has_w, self.has_n)):
            if there:
                rest = np.array(self.rest[which])
                own.noise[which] += (rest * rest - own.noise[which]) * rate


def _at_least_one(x: float) -> float:
    return x if x > 1 else 1.0


def _activity(outside: np.ndarray, mean: np.ndarray) -> list[float]:
    ratios, there = np.zeros((10, 10)), np.zeros((10, 10))
    ratios[1:9, 1:9] = ((outside + 0.02) / (mean + 0.02)).reshape(8, 8)
    there[1:9, 1:9] = 1
    ratios[1, 1] = there[1, 1] = 0  # DC
    total, count = np.zeros((8, 8)), np.zeros((8, 8))
    for down in range(3):
        for right in range(3):
            total = total + ratios[down : down + 8, right : right + 8]
            count = count + there[down : down + 8, right : right + 8]
    activity: list[float] = (total.reshape(64) / count.reshape(64) * mean).tolist()
    return activity


def _place(i: int, own: int, earlier: int, count: int) -> tuple[int, int]:
    """First and end, of `count` blocks of an earlier component with its sampling factor, at the place of block i."""
    first = min(i * earlier // own, count - 1)
    end = -(-(i + 1) * earlier // own)
    return first, max(min(end, count), first + 1)


def _find_earlier(there: Component, shape: Shape, e: int, c: int, i: int) -> Earlier:
    rows, columns = shape.sizes[e]
    own_columns = shape.sizes[c][1]
    (horizontal, vertical), (own_horizontal, own_vertical) = shape.factors[e], shape.factors[c]
    x0, x1 = _place(i % own_columns, own_horizontal, horizontal, columns)
    y0, y1 = _place(i // own_columns, own_vertical, vertical, rows)
    at = [y * columns + x for y in range(y0, y1) for x in range(x0, x1)]
    count = len(at)
    blocks = there.blocks[at]
    return Earlier(
        [towards_zero(total, count) for total in blocks.sum(0).tolist()],
        [4 * total // count for total in abs(blocks).sum(0).tolist()],
        towards_zero(sum(there.dc_residuals[each] for each in at), count),
        sum(there.lasts[each] for each in at) // count,
    )
