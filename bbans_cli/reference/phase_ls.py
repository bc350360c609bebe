"""Plain numpy mirror of phase_ls-inl.h: phase-conditioned least squares, what they predict of every pixel of a scan.

Equal bits to C. Nothing here depends on the network, so that a whole scan is computed at once, and all pixels between
two solutions of the systems together. n pixels, row by row where nothing else is said; channels are in coding order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bbans_cli.coders.neural.neighbourhood import MOSAIC_PERIOD, SKEW, TAPS, WEST
from bbans_cli.coders.neural.network_layout import LEAST_SQUARES
from bbans_cli.reference import arithmetic, linear_light, local_ls
from bbans_cli.reference.arithmetic import f32
from bbans_cli.reference.local_ls import cholesky, clip_to_range, conditional
from bbans_cli.reference.neighbourhood import gather, normalise
from bbans_cli.reference.sample_range import EIGHT_BITS, SampleRange

Array = np.ndarray

NEIGHBOURS = [
    TAPS.index(tap)
    for tap in [
        (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-1, -2), (-1, 2), (-2, -1), (-2, 1), (-2, -2), (-2, 2), (0, -3),
        (-3, 0), (-1, -3), (-1, 3), (-3, -1), (-3, 1), (-2, -3), (-2, 3), (-3, -2), (-3, 2), (0, -4), (-4, 0), (-1, -4),
    ]
]  # fmt: skip
GREEN, CHROMA = 48, 64  # elements of the vectors
MOSAIC_GREEN, MOSAIC_CHROMA = 74, 76  # the same in a mosaic
RIDGE = np.float32(0.001)  # tuned by hand, not recorded
MOSAIC_RIDGE = np.float32(0.0001)  # docs/experiments.md, Linear light
PRIOR_WEIGHT = np.float32(100)  # in pixels; docs/experiments.md, Phase-conditioned least squares
FORGETTING = f32("0x1p-14")  # tuned by hand, not recorded
GREY_HALF_LOG_SIGMA = np.float32(-1.5)  # of R - G and B - G of a grey picture: about what equal channels would give
LEFT, RIGHT, ABOVE = 4, 3, 4  # how far the neighbours lie from a pixel
SOONEST, LATEST = 64, 8192  # pixels between two solutions; docs/experiments.md, Phase-conditioned least squares


def least_squares(
    planes: Array,
    first_row: int,
    last_row: int,
    channels: int = 3,
    grid: tuple[int, int] = (-1, -1),
    period: int = 1,
    units: SampleRange = EIGHT_BITS,
    light: int = 0,
) -> Array:
    """What both least squares predict of rows first_row to last_row - 1 of planes (3, h, w).

    (rows, w, LEAST_SQUARES.size) float32. grid: position of the first pixel in the grid. Channels that a grey picture
    lacks have predictions of 0.
    """
    rows, width = last_row - first_row, planes.shape[2]
    y, x = (a.ravel() for a in np.mgrid[first_row:last_row, :width])
    taps, value = gather(planes, x, y, first_row, units), planes[:, y, x].T
    _, base, activity = normalise(taps, units)
    residual = (value - base).astype(np.float32)
    local = local_ls.least_squares(planes, first_row, last_row, channels, units).reshape(len(x), local_ls.COLUMNS)
    lit, lit_value = (linear_light.light(a, units, light) if light else a for a in (taps, value))
    weight = weights(x, y, width, activity, lit[:, 0, WEST], units, light) if period == MOSAIC_PERIOD else None
    phase = phases(x, y, grid, period)
    phased = predictions(lit, lit_value, base, phase, x + SKEW * y, channels, period, units, light, weight)
    errors = np.concatenate([residual - conditional(local, residual, base, units), residual - phased[:, :3]], axis=1)
    errors = np.where(np.arange(6) % 3 < channels, errors, np.float32(0))
    near = nearby(errors.reshape(rows, width, 6), activity.reshape(rows, width, 3)).reshape(len(x), 12)
    return np.concatenate([local, phased, near], axis=1).reshape(rows, width, LEAST_SQUARES.size)


def green_period(period: int) -> int:
    """Period of the system for G, from that of the others."""
    return 2 if period == 2 else 1


def phases(x: Array, y: Array, grid: tuple[int, int], period: int) -> Array:
    """Of pixels (x, y), (n,) each, in both systems: (n, 2)."""
    found = [(y + grid[1]) % p * p + (x + grid[0]) % p for p in (green_period(period), period)]
    return np.stack(found, axis=1)


def predictions(
    taps: Array,
    value: Array,
    base: Array,
    phase: Array,
    diagonal: Array,
    channels: int,
    period: int,
    units: SampleRange = EIGHT_BITS,
    light: int = 0,
    weight: Array | None = None,
) -> Array:
    """Predictions of the channels given those before, less their bases, then half_log_sigmas: (n, 6) float32.

    Channels that a grey picture lacks have 0 and GREY_HALF_LOG_SIGMA.

    taps (n, 3, taps) and value (n, 3), of which light says whether they are linear light, and base (n, 3), in the
    network's units; phase (n, 2), of `phases`, and diagonal (n,). weight: of pixels in a mosaic, else None.
    """
    west = taps[..., WEST]
    own = (value - west).astype(np.float32)
    seen, seen_chroma = vectors(taps, own, period)
    learned, learned_chroma = (v if weight is None else v * weight[:, None] for v in (seen, seen_chroma))
    green, chroma = systems(period)
    in_green, in_chroma = phase.T
    out = np.zeros((len(value), 6), np.float32)
    out[:, 4:] = GREY_HALF_LOG_SIGMA if channels == 1 else 0
    for part in intervals(diagonal):
        rise = green.apply(seen[part], in_green[part])[:, 0]
        out[part, 0] = above_base(rise, west[part, 0], base[part, 0], units, light)
        out[part, 3] = green.half_log_sigma[in_green[part], 0]
        green.learn(learned[part], in_green[part])
        if channels == 3:
            rise = differences(chroma, seen_chroma[part], in_chroma[part], own[part])
            out[part, 1:3] = above_base(rise, west[part, 1:], base[part, 1:], units, light)
            out[part, 4:] = chroma.half_log_sigma[in_chroma[part]]
            chroma.learn(learned_chroma[part], in_chroma[part])
    out[:, :channels] = clip_to_range(out[:, :channels], base[:, :channels], units)
    return out


def above_base(rise: Array, west: Array, base: Array, units: SampleRange, light: int) -> Array:
    """Predictions less the bases, from how much they are above the pixel to the west."""
    if light:
        return linear_light.sample(rise + west, units, light) - np.asarray(base, np.float32)
    result: Array = rise + (west - base).astype(np.float32)
    return result


def weights(x: Array, y: Array, width: int, activity: Array, west: Array, units: SampleRange, light: int) -> Array:
    """Of pixels (x, y) in a mosaic, (n,) float32. activity (n, 3); west: of G, (n,), as `predictions` has it."""
    inside = (x >= LEFT) & (x < width - RIGHT) & (y >= ABOVE)
    total = activity[:, 0] + activity[:, 1] + activity[:, 2] + np.float32(3)
    weight: Array = np.where(inside, np.float32(26), np.float32(0)) / total
    if light:
        weight = weight / np.sqrt(np.sqrt(west / units.top) + np.float32(0.02))
    return weight


def vectors(taps: Array, own: Array, period: int) -> tuple[Array, Array]:
    """Of the system for G, (n, elements), and of that for R - G and B - G, float32: neighbours less the pixel
    to the west, 1, own values. taps (n, 3, taps), as `predictions` has them; own (n, 3): the values, less the pixel
    to the west."""
    others, greens = (24, 24) if period == MOSAIC_PERIOD else (11, 12)
    near = taps[..., NEIGHBOURS] - taps[..., WEST, None]
    apart = near[:, 1:] - near[:, :1]
    one = np.ones((len(own), 1), np.float32)
    green = [near[:, 0], near[:, 1, :others], near[:, 2, :others], one, own[:, :1]]
    chroma = [apart[:, 0], apart[:, 1], near[:, 0, :greens], one, own[:, :1], own[:, 1:] - own[:, :1]]
    return np.column_stack(green).astype(np.float32), np.column_stack(chroma).astype(np.float32)


def differences(chroma: System, seen: Array, phase: Array, own: Array) -> Array:
    """Predictions of R and B, less the pixel to the west, (n, 2): by G and the differences from it."""
    partial, weight = chroma.apply(seen, phase), chroma.weights[phase]
    red = partial[:, 0] + weight[:, -3, 0] * own[:, 0]
    blue = partial[:, 1] + weight[:, -3, 1] * own[:, 0]
    blue = blue + weight[:, -2, 1] * (own[:, 1] - own[:, 0])
    result: Array = own[:, :1] + np.stack([red, blue], axis=1)
    return result


def intervals(diagonal: Array) -> Iterator[Array]:
    """Pixels that are predicted by the same weights, as indices in coding order, from the diagonal of each, (n,)."""
    order, begin = np.argsort(diagonal, kind="stable"), 0
    for end in np.cumsum(np.unique(diagonal, return_counts=True)[1]):
        if due(end - begin, end):
            yield order[begin:end]
            begin = end
    yield order[begin:]


def due(since: int, seen: int) -> bool:
    """Are the systems solved after so many pixels since the last time, of so many in all?"""
    return since >= min(max(seen // 8, SOONEST), LATEST)


def systems(period: int) -> tuple[System, System]:
    """That for G, and that for R - G and B - G."""
    green, chroma = (MOSAIC_GREEN, MOSAIC_CHROMA) if period == MOSAIC_PERIOD else (GREEN, CHROMA)
    return System(green, 1, 1, green_period(period) ** 2), System(chroma, 3, 2, period**2)


class System:
    """Least squares of the last `targets` elements of vectors, the last `own` of which are unknown when they predict.

    moments (phases, order, order); weights (phases, order, targets), 0 elsewhere; half_log_sigma (phases, targets).
    """

    def __init__(self, order: int, own: int, targets: int, phases: int) -> None:
        self.one, self.known = order - own - 1, order - targets
        self.moments = np.zeros((phases, order, order), np.float32)
        self.weights = np.zeros((phases, order, targets), np.float32)
        self.half_log_sigma = np.zeros((phases, targets), np.float32)

    def apply(self, vector: Array, phase: Array) -> Array:
        """Predictions from vectors (n, order) without the pixel's own values: (n, targets)."""
        weight = self.weights[phase]
        total = np.zeros((len(vector), weight.shape[2]), np.float32)
        for k in range(self.one + 1):
            total = arithmetic.fma(vector[:, k, None], weight[:, k], total)
        return total

    def learn(self, vector: Array, phase: Array) -> None:
        """Vectors (n, order) in coding order into the moments; then new weights."""
        for here in np.unique(phase):
            v = vector[phase == here]
            self.moments[here] = arithmetic.gemm(v.T, v, self.moments[here])
        self.solve()
        keep = np.float32(1) - np.float32(len(vector)) * FORGETTING / np.float32(len(self.moments))
        self.moments = self.moments * np.maximum(keep, np.float32(0.5))

    def solve(self) -> None:
        """Cholesky factors with inverted diagonals, then each target's weights from the last one back."""
        one, sums = np.float32(1), self._with_prior().transpose(1, 2, 0)
        ridge = MOSAIC_RIDGE if len(self.moments) == MOSAIC_PERIOD**2 else RIDGE
        count, low = sums[self.one, self.one], cholesky(sums, self.known, ridge)
        for t, target in enumerate(range(self.known, len(low))):
            w = low[target].copy()
            for i in reversed(range(target)):
                w[i] = np.subtract.reduce([w[i], *(low[i + 1 : target, i] * w[i + 1 : target])]) * low[i, i]
            self.weights[:, :target, t] = w[:target].T
            d = low[target, target]
            self.half_log_sigma[:, t] = arithmetic.log(one / (d * d * (count + one))) * np.float32(0.25)

    def _with_prior(self) -> Array:
        """The moments, each with the prior added, which is the mean over all phases: (phases, order, order)."""
        if len(self.moments) == 1:
            return np.array(self.moments)
        prior = np.zeros_like(self.moments[0])
        for moments in self.moments:
            prior = prior + moments
        result: Array = self.moments + prior * (PRIOR_WEIGHT / np.maximum(prior[self.one, self.one], np.float32(1)))
        return result


def nearby(errors: Array, activity: Array) -> Array:
    """From the errors of both conditional predictions, (rows, w, 6), the last 12 of LEAST_SQUARES: (rows, w, 12).

    activity (rows, w, 3).
    """
    rows, width, _ = errors.shape
    all_of = np.zeros((rows + 1, width + 2, 6), np.float32)
    all_of[1:, 1:-1], all_of[1:, -1] = errors, errors[:, -1]
    return error_inputs(all_of[1:, :-2], all_of[:-1, 1:-1], all_of[:-1, :-2], all_of[:-1, 2:], activity)


def error_inputs(west: Array, north: Array, northwest: Array, northeast: Array, activity: Array) -> Array:
    """The last 12 of LEAST_SQUARES, (..., 12), from the errors around pixels, (..., 6); activity (..., 3)."""
    total = (np.abs(west) + np.abs(north)) + (np.abs(northwest) + np.abs(northeast))
    quarter = np.float32(0.25)
    size = (total * quarter + quarter) / np.concatenate([activity, activity], axis=-1)
    beside = [arithmetic.clip(e[..., 3:] / activity, np.float32(-6), np.float32(6)) for e in (west, north)]
    return np.concatenate([arithmetic.log(size) * np.float32(0.5), *beside], axis=-1)
