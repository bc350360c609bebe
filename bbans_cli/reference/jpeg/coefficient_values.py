"""One coefficient at levels 5 and 9: docs/format-jpeg.md, *AC coefficients*, *DC coefficients*, *Features*."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sqrt

import numpy as np

from bbans_cli.reference.jpeg.coefficient_ls import LeastSquares
from bbans_cli.reference.jpeg.coefficient_shape import clamp
from bbans_cli.reference.jpeg.magnitudes import AC, DC, Tables, Value
from bbans_cli.reference.jpeg.neighbourhood import EDGE, Component, EdgeEstimates, Neighbourhood
from bbans_cli.reference.jpeg.networks import Learner, Trained
from bbans_cli.reference.mixing import binarisation
from bbans_cli.reference.mixing.contexts import half_octaves, pack

LIMIT = 32768.0  # of predictions
LEAST_MAGNITUDE = 0.01


@dataclass(frozen=True)
class Learned:
    """Of a component, by coefficient: least squares for its value and for its magnitude, and its network; behind these
    that of the last place."""

    solvers: list[list[LeastSquares]]
    networks: list[Trained] | list[Learner]


def step(x: float) -> int:
    """x >= 0 in half octaves of sixteenths."""
    return half_octaves(int(x * 16) if x < 1e6 else 16000000)


def signed_step(x: float) -> int:
    """The same with the sign of x."""
    return -step(-x) if x < 0 else step(x)


def limit(x: int, most: int) -> int:
    """Within +-most."""
    return max(-most, min(x, most))


class Prediction:
    """What least squares predict of a coefficient. rough: a magnitude to expect, by which features are divided."""

    def __init__(
        self, solvers: list[LeastSquares], of_value: list[float], of_magnitude: list[float], rough: float
    ) -> None:
        self.solvers, self.rough = solvers, rough
        scale = np.float32(1 / rough)
        self.features = [np.array(each).astype(np.float32) * scale for each in (of_value, of_magnitude)]
        value, magnitude = (s.predict(each) * rough for s, each in zip(solvers, self.features, strict=True))
        self.value = (min(value, LIMIT)) if value > -LIMIT else -LIMIT
        self.magnitude = (min(magnitude, LIMIT)) if magnitude > LEAST_MAGNITUDE else LEAST_MAGNITUDE

    def learn(self, value: float, magnitude: float) -> None:
        for solver, features, target in zip(self.solvers, self.features, (value, magnitude), strict=True):
            solver.update(features, target / self.rough)


# ---- AC coefficients ----


@dataclass(frozen=True)
class Known:
    """What is known of an AC coefficient.

    left     coefficients up to the last one, this included; share: in sixteenths of those up to the end of the block
    near     known coefficients beside it in its block
    inside   the magnitude that these let expect; trend: the same of what was coded lately
    """

    left: int
    share: int
    near: list[int]
    inside: float
    trend: float
    edge: EdgeEstimates


def decode_ac(a: Neighbourhood, tables: Tables, learned: Learned, k: int, nth: int, last: int) -> int:
    """Coefficient k, nth in zigzag order of those up to `last`."""
    left = last - nth + 1
    near, inside = _inside(a, k)
    known = Known(left, left * 16 // (64 - nth), near, inside, a.trend * a.mean[k], a.edge_estimates(k))
    edge, y, cb = known.edge, a.earlier[0].values[k], a.earlier[1].values[k]
    prediction = Prediction(
        learned.solvers[k],
        [edge.row, edge.column, edge.both, a.w[k], a.n[k], near[3] + near[4], y, cb],
        [
            *(a.outside[k], inside, abs(edge.both), abs(y), abs(cb)),
            *(a.mean[k] * left / (64 - nth), a.activity[k], known.trend),
        ],
        0.5 * (inside + a.outside[k]) + 1,
    )
    value = _begin_ac(a, tables, known, prediction, k)
    features = features_of(a, known, k, value.flip)
    value.network = learned.networks[k].see(features)
    found = clamp(binarisation.decode(value))
    value.network.end()
    prediction.learn(found, abs(found))
    a.done += abs(found)
    a.trend += (abs(found) / (a.mean[k] + 0.02) - a.trend) * 0.15
    return found


def _inside(a: Neighbourhood, k: int) -> tuple[list[int], float]:
    """Known coefficients beside k in its block, and the magnitude they let expect."""
    v, u = k >> 3, k & 7
    side = -1 if (v + u) % 2 else 1  # along the anti-diagonal, towards what is known
    near, total, usual = [], 0.1, 0.1
    for i, (down, right) in enumerate([(0, -1), (-1, 0), (-1, -1), (0, -2), (-2, 0), (side, -side)]):
        y, x = v + down, u + right
        if y < 0 or x < 0 or y > 7 or x > 7 or y + x == 0:
            near.append(0)
            continue
        near.append(a.here[y * 8 + x])
        total += (2 if i < 2 else 1) * abs(near[i])
        usual += (2 if i < 2 else 1) * a.mean[y * 8 + x]
    expected: float = a.mean[k] * total / usual
    return near, expected


def _begin_ac(a: Neighbourhood, tables: Tables, known: Known, o: Prediction, k: int) -> Value:
    """Contexts and priors. Signs count in the direction of the predicted one."""
    c, left, share = a.c, known.left, known.share
    place = c << 8 | k
    sign = -1 if o.value < 0 else 1
    e, sure, inside = step(o.magnitude), step(o.value * sign), step(known.inside)
    row, column = signed_step(known.edge.row * sign), signed_step(known.edge.column * sign)
    y, cb = (limit(earlier.values[k] * sign, 12) for earlier in a.earlier)
    levels = [(k >> 3) + (k & 7), e, share // 4 if sure < 4 else sure + (12 if share > 12 else 0)]
    contexts = [
        pack(place, left, 0, 1),
        pack(place, y, cb, 11),
        pack(c, e, share, 13),
        pack(c, row, column, e // 3),
        pack(place, inside, left // 3, 4),
        pack(place, column, e // 2, 8),
    ]
    value = Value(tables, c, AC, levels, contexts)
    value.flip, value.nonzero = sign < 0, left == 1
    both = known.edge.both * sign
    value.set_priors(
        [o.value * sign, both, both, o.value * sign],
        [o.magnitude * 1.2 + 0.02, a.activity[k] + 0.02, known.trend + 0.1, o.rough - 0.7],
    )
    return value


# ---- features ----


def log_of(x: float) -> int:
    """16 log2(x) of a number x >= 1, linear between powers of two, up to 127."""
    bits = int.from_bytes(struct.pack("<d", x), "little")
    return min((bits >> 48) - (1023 << 4), 127)


def signed_log(x: float) -> int:
    """16 log2(1 + |x|), with the sign of x."""
    return -log_of(1 - x) if x < 0 else log_of(1 + x)


def features_of(a: Neighbourhood, known: Known, k: int, flip: bool) -> list[int]:
    """What the network of AC coefficient k sees, 52 numbers. Signs count in the direction of the predicted one."""
    edge, near, size = known.edge, known.near, 1.0 / a.quantisers[k]
    signed = [a.w[k], a.n[k], *(earlier.values[k] for earlier in a.earlier), *near[:5]]
    found: list[int] = []
    for number in signed:
        log = log_of(1 + abs(number))
        found += [log, -log if (number < 0) != flip else log]
    found += [log_of(1 + abs(number)) for number in (a.nw[k], a.ne[k], near[5])]
    for estimate in (edge.row * 4, edge.column * 4, edge.both * 4):
        log = log_of(1 + abs(estimate))
        found += [log, -log if (estimate < 0) != flip else log]
    sizes = [known.inside, a.outside[k], known.trend, a.activity[k], a.mean[k], a.deviation(k) * size]
    found += [log_of(1 + each * 8) for each in sizes]
    counts = [known.left, a.quantisers[k], a.further[k], a.all_ac, a.done, a.lasts[0], a.lasts[1]]
    counts += [a.earlier[0].last, abs(a.ww[k]), abs(a.nn[k]), a.earlier[0].quadruple[k], a.lasts[2] + a.lasts[3]]
    found += [log_of(1 + count) for count in counts]
    found += [log_of(1 + sqrt(noise) * size * 4) for noise in (edge.row_noise, edge.column_noise)]
    found.append(log_of(1 + abs(float(a.w[0]) - a.n[0]) * a.quantisers[0] * size))
    return [*found, log_of(1 + a.trend * 8), known.share * 4, 64 if known.left == 1 else 0, 64]


# ---- DC coefficients ----

# The inverse cosine transform, by frequency and pixel: of amplitude 1 at frequency 0, at others the square root of 2
COSINES = [[round(sqrt(2 if v else 1) * cos((2 * y + 1) * v * pi / 16), 6) for y in range(8)] for v in range(8)]


@dataclass(frozen=True)
class DcEstimates:
    """Of DC, by 8 rows of pixels and by 8 columns, less the mean of the neighbours: mean and range of the middle half,
    range of all."""

    each: list[float]
    middle: float
    spread: float
    all: float

    @classmethod
    def of_block(cls, a: Neighbourhood) -> DcEstimates:
        """Where one neighbour is missing, the other one's estimates stand in."""
        scale = 1 / (EDGE[0] * a.quantisers[0]) if a.has_w or a.has_n else 0.0
        each: list[float] = []
        for rest in (a.rest[0 if a.has_w else 1], a.rest[1 if a.has_n else 0]):
            sums = [0.0] * 8
            for v in range(8):
                sums = [total + COSINES[v][y] * rest[v] for y, total in enumerate(sums)]
            each += [total * scale for total in sums]
        ranked = sorted(each)
        middle = 0.0
        for estimate in ranked[4:12]:
            middle += estimate
        return cls(each, middle / 8, ranked[11] - ranked[4], ranked[15] - ranked[0])


def _dc_features(
    a: Neighbourhood,
    own: Component,
    edge: EdgeEstimates,
    estimates: DcEstimates,
    base: int,
    relative: Sequence[float],
    sizes: Sequence[float],
) -> list[int]:
    """What the network of DC sees, 52 numbers. Those that have a sign are relative to the base."""
    above, offset, q = a.index - a.columns, base - a.mean_dc, a.quantisers[0]
    features = [signed_log(4 * (estimate - offset)) for estimate in estimates.each]
    places = [4 * (place - offset) for place in (estimates.middle, edge.row, edge.column, edge.both)]
    for place in [*places, *relative[:4]]:
        log = signed_log(place)
        features += [log, abs(log)]
    has_nw = a.has_w and a.has_n
    near = [(a.has_w, a.w), (a.has_n, a.n), (has_nw, a.nw), (a.has_ne, a.ne)]
    features += [
        signed_log(each) for each in (relative[4], *(block[0] - base if there else 0 for there, block in near))
    ]
    noises = [4 * sqrt(each) * (1.0 / q) for each in (edge.row_noise, edge.column_noise, a.variance[0])]
    nw, ne = (own.dc_residuals[above + side] if there else 0 for side, there in ((-1, has_nw), (1, a.has_ne)))
    found = [4 * estimates.spread, 4 * estimates.all, *sizes, *noises, q, abs(nw), abs(ne)]
    return [*features, *(log_of(1 + each) for each in found), 2 * own.lasts[a.index], 64]


def decode_dc(a: Neighbourhood, own: Component, tables: Tables, learned: Learned) -> tuple[int, int]:
    """The DC coefficient, when all others are known, and its residual."""
    w = own.dc_residuals[a.index - 1] if a.has_w else 0
    n = own.dc_residuals[a.index - a.columns] if a.has_n else 0
    y, cb = (earlier.dc_residual for earlier in a.earlier)
    edge = a.edge_estimates(0)
    gap = abs(edge.row - edge.column)
    missing = (abs(w) + abs(n)) / 2.0
    energy = 1.0
    for k in range(1, 64):
        energy += abs(a.here[k]) * a.quantisers[k]
    energy /= a.quantisers[0]
    rough = gap + energy / 64 + 2 * missing + 20
    estimates = DcEstimates.of_block(a)
    prediction = Prediction(
        learned.solvers[0],
        [edge.row, edge.column, 0.5 * (edge.both + estimates.middle), y, cb, w, n, a.w[0] - a.mean_dc],
        [1, 2 * missing, gap, energy, abs(y), abs(cb), rough, estimates.spread],
        rough,
    )
    target = a.mean_dc + prediction.value
    base = clamp(int(target + 131072.5) - 131072)
    by_middle, by_row = a.mean_dc + estimates.middle - base, a.mean_dc + edge.row - base
    e, m = step(prediction.magnitude), step(missing)
    differ = abs(signed_step(edge.row - edge.column))
    contexts = [
        pack(a.c, signed_step(by_middle), m, 11),
        pack(a.c, signed_step(by_row), m // 2, 12),
        pack(a.c, m // 2, e // 2, 3),
        pack(a.c, signed_step(w), signed_step(n), 5),
        pack(a.c, signed_step(cb), signed_step(y), 8),
        pack(a.c, e, differ, 9),
    ]
    value = Value(tables, a.c, DC, [0, m, differ], contexts)
    at, scale = target - base, prediction.magnitude + 0.05
    value.set_priors([at, at, at, by_middle], [scale, missing + 0.5, gap + 0.3, scale])
    relative = (w, n, y, cb, 16 * at)
    sizes = [4 * gap, 16 * prediction.magnitude, energy, 2 * missing, rough]
    features = _dc_features(a, own, edge, estimates, base, relative, sizes)
    value.network = learned.networks[0].see(features)
    found = clamp(base + binarisation.decode(value))
    value.network.end()
    prediction.learn(found - a.mean_dc, abs(found - target))
    return found, clamp(found - base)
