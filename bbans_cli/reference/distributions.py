"""Plain reference of cumulative.h, weights.h, location_scale-inl.h and bins.h: equal bits, the whole table of a symbol.

Each function returns cum(0), ..., cum(n) as a uint64 array for the parameters of one symbol; value v belongs to the i
with cum(i) <= v < cum(i + 1). Slow and readable: the C code computes only the edges that it needs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bbans_cli.reference.arithmetic import Array, clip, exp64, normal_cdf64, normal_quantile64

FLOOR = 2  # least frequency for computed distribution functions; for sums of weights it is 1 (cumulative.h)
LOGISTIC, GAUSSIAN = 0, 1


def table(values: Array, floor: int, precision: int) -> Array:
    """cum(i) = floor * i + values[i] inside, 0 and 2^precision at the ends. values: rounded T * F, float64 (n + 1,)."""
    n = len(values) - 1
    cum: Array = np.arange(n + 1, dtype=np.uint64) * np.uint64(floor) + values.astype(np.uint64)
    cum[0], cum[n] = 0, 1 << precision
    return cum


def from_cdf(f: Array, precision: int) -> Array:
    """The table for F at the n + 1 edges, whose ends are ignored. np.rint rounds half to even, as C does."""
    rest = float((1 << precision) - FLOOR * (len(f) - 1))
    return table(np.rint(rest * clip(f, 0.0, 1.0)), FLOOR, precision)


@np.errstate(all="ignore")
def from_weights(weights: Array, precision: int) -> Array:
    """Symbols with probabilities proportional to the weights, float64 (n,)."""
    rest = float((1 << precision) - len(weights))
    sums = np.concatenate([[0.0], np.cumsum(clip(np.asarray(weights, np.float64), 0.0, 1e290))])
    return table(np.rint(clip(sums * (np.float64(rest) / sums[-1]), 0.0, rest)), 1, precision)


@np.errstate(all="ignore")
def beta_binomial(n: int, alpha: float, beta: float, precision: int) -> Array:
    """Counts 0..n, from the ratios of successive probabilities, starting at a mode."""
    a, b = float(clip(np.float64(alpha), 1e-6, 1e6)), float(clip(np.float64(beta), 1e-6, 1e6))
    inner = n * ((a - 1.0) / max(a + b - 2.0, 1e-9))
    mode = int(min(max(inner if a > 1.0 and b > 1.0 else 0.0 if a < b else float(n), 0.0), float(n)))
    weights = np.zeros(n + 1)
    weights[mode] = 1.0
    for k in range(mode, n):
        weights[k + 1] = weights[k] * ((n - k) * (k + a) / ((k + 1.0) * (n - k - 1.0 + b)))
    for k in range(mode, 0, -1):
        weights[k - 1] = weights[k] * (k * (n - k + b) / ((n - k + 1.0) * (k - 1.0 + a)))
    return from_weights(weights, precision)


@np.errstate(all="ignore")
def mixture(family: int, weights: Array, means: Array, deviations: Array, low: int, high: int, precision: int) -> Array:
    """Integers low..high with a mixture of a family; weights, means, deviations: float64 (components,)."""
    weights = clip(np.asarray(weights, np.float64), 0.0, 1e290) if len(weights) > 1 else np.ones(1)
    total = 0.0
    for weight in weights:
        total = total + weight
    edges = (low - 0.5) + np.arange(high - low + 2)
    f = np.zeros(len(edges))
    for weight, mean, deviation in zip(weights, means, deviations, strict=True):
        rate = 1.0 / clip(np.float64(deviation), 1e-12, np.inf)
        x = (edges - clip(np.float64(mean), -1e12, 1e12)) * rate
        f = f + weight / total * (normal_cdf64(x) if family == GAUSSIAN else 1.0 / (1.0 + exp64(-x)))
    return from_cdf(f, precision)


@np.errstate(all="ignore")
def bins(prior_mean: float, prior_deviation: float, mean: float, deviation: float, bits: int, precision: int) -> Array:
    """A Gaussian posterior over 2^bits bins of equal mass under the Gaussian prior."""
    edges = normal_quantile64(np.arange((1 << bits) + 1) / (1 << bits))
    shift = clip((np.float64(prior_mean) - mean) / np.float64(deviation), -1e12, 1e12)
    scale = clip(np.float64(prior_deviation) / np.float64(deviation), 0.0, 1e12)
    return from_cdf(normal_cdf64(shift + scale * edges), precision)


def uniform(size: int, precision: int) -> Array:
    """0..size-1 with equal probabilities."""
    return np.array([(i << precision) // size for i in range(size + 1)], np.uint64)


def location_scale(
    family: int, mean: Array, deviation: Array, low: int, size: int, precision: int
) -> Callable[[Array], Array]:
    """The function from an edge i of each symbol to cum(i), for n logistic or Gaussian distributions.

    mean, deviation: float64 (n,). The function takes and returns int64 (n,).
    """
    rest = float((1 << precision) - FLOOR * size)
    rate = 1.0 / clip(deviation, 1e-12, np.inf)

    def cum(i: Array) -> Array:
        x = ((low - 0.5) + i - mean) * rate
        f = normal_cdf64(x) if family == GAUSSIAN else 1.0 / (1.0 + exp64(-x))
        inside = FLOOR * i + np.rint(rest * f).astype(np.int64)
        return np.where(i == 0, 0, np.where(i == size, 1 << precision, inside))

    return cum


def search(cum: Callable[[Array], Array], size: int, values: Array) -> Array:
    """For each value the symbol whose interval contains it, by binary search: int64 (n,)."""
    low, high = np.zeros(len(values), np.int64), np.full(len(values), size)
    while (high - low > 1).any():
        middle = (low + high) >> 1
        right = cum(middle) <= values
        low, high = np.where(right, middle, low), np.where(right, high, middle)
    return low
