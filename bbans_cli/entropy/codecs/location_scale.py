"""Discretised location-scale distributions: logistic, Gaussian, and mixtures of either."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from bbans_cli.core import lib
from bbans_cli.entropy.codecs.codec import PRECISION, Distribution, Shape, shape_of
from bbans_cli.entropy.native import PIECE, doubles, in_pieces, pointer
from bbans_cli.entropy.rans import Message


class _LocationScale(Distribution):
    """Symbols with mixtures of one family: weights, means and scales with the components along the last axis."""

    family: int

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        deviations: ArrayLike,
        low: int,
        high: int,
        shape: Shape,
        precision: int,
    ) -> None:
        parameters = [np.asarray(each, np.float64) for each in (weights, means, deviations)]
        common = shape_of(None, *parameters)
        if not common:
            raise ValueError("a mixture needs a last axis of components")
        super().__init__(shape_of(shape, np.empty(common[:-1], bool)), precision)
        self.components = common[-1]
        self.low, self.size = int(low), int(high) - int(low) + 1
        if not 1 <= self.components <= lib.BBC_LOCATION_SCALE_MAX_COMPONENTS:
            raise ValueError(
                f"a mixture has 1 to {lib.BBC_LOCATION_SCALE_MAX_COMPONENTS} components, not {self.components}"
            )
        if not -(2**31) <= low <= high < 2**31 or 4 * self.size > 1 << precision:
            raise ValueError(f"{low}..{high} is not a range that a precision of {precision} can code")
        rows = (self.count, self.components)
        self.parameters = [doubles(each, (*self.shape, self.components)).reshape(rows) for each in parameters]

    def _intervals(self, offsets: np.ndarray, starts: np.ndarray, freqs: np.ndarray) -> None:
        support = (self.components, self.family, self.low, self.size, self.precision)
        arrays = (*self.parameters, offsets, starts, freqs)
        in_pieces(lib.bbc_location_scale_intervals, self.count, (*arrays, *support), piece=PIECE // self.components)

    def _pop(self, message: Message, offsets: np.ndarray) -> None:
        support = (self.components, self.family, self.low, self.size, self.precision)
        quantiles = pointer(_quantiles(self.family))
        arguments = (*self.parameters, offsets, *support, quantiles)
        message.call(lib.bbc_location_scale_pop, self.count, *arguments, pushing=False, piece=PIECE // self.components)


class LogisticMixture(_LocationScale):
    """Integers low..high with the mass of a mixture of logistic distributions, one mixture for each symbol.

        push   [ message ]  ->  [ message | x ]          - log2 P(x) bits

        P(x) = F(x + 1/2) - F(x - 1/2),   F(t) = sum_k w_k / (1 + exp(-(t - mean_k) / scale_k)) / sum_k w_k

        >>> round(LogisticMixture([1, 1], [10.0, 200.0], [1.0, 5.0]).bits(10), 2)
        3.03

    weights, means, scales: floats or arrays that broadcast together, the components along the last axis, at most
    32. Negative weights count as 0, scales below 1e-12 as 1e-12, and a single weight is ignored. low, high: the
    range of the symbols, at most 2^(precision - 2) integers of 32 bits. The lowest and the highest integer also have
    the mass of the tails, and every integer has a frequency of at least 1. shape: of the symbols; by default that of
    the parameters without their last axis. precision: in bits. ValueError for a range or a number of components out
    of range. Source: Salimans, Karpathy, Chen and Kingma, "PixelCNN++", ICLR 2017, equation 2.
    """

    family = lib.BBC_LOCATION_SCALE_LOGISTIC

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        scales: ArrayLike,
        low: int = 0,
        high: int = 255,
        shape: Shape = None,
        precision: int = PRECISION,
    ) -> None:
        super().__init__(weights, means, scales, low, high, shape, precision)


class GaussianMixture(_LocationScale):
    """Integers low..high with the mass of a mixture of normal distributions, one mixture for each symbol.

        push   [ message ]  ->  [ message | x ]          - log2 P(x) bits

        P(x) = F(x + 1/2) - F(x - 1/2),   F(t) = sum_k w_k Phi((t - mean_k) / deviation_k) / sum_k w_k

    Phi is the standard normal distribution function. weights, means, deviations, low, high, shape, precision and
    errors: as in `LogisticMixture`, with standard deviations as scales.
    """

    family = lib.BBC_LOCATION_SCALE_GAUSSIAN

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        deviations: ArrayLike,
        low: int = 0,
        high: int = 255,
        shape: Shape = None,
        precision: int = PRECISION,
    ) -> None:
        super().__init__(weights, means, deviations, low, high, shape, precision)


class Logistic(LogisticMixture):
    """Integers low..high with the mass of a logistic distribution, one mean and one scale for each symbol.

        push   [ message ]  ->  [ message | x ]          - log2 P(x) bits

        P(x) = F(x + 1/2) - F(x - 1/2),   F(t) = 1 / (1 + exp(-(t - mean) / scale))

        >>> round(Logistic(mean=100.0, scale=2.0).bits(101), 1)
        3.1

    mean, scale: floats or arrays that broadcast to ``shape``. low, high, shape, precision, tails and errors: as in
    `LogisticMixture`.
    """

    def __init__(
        self,
        mean: ArrayLike,
        scale: ArrayLike,
        low: int = 0,
        high: int = 255,
        shape: Shape = None,
        precision: int = PRECISION,
    ) -> None:
        super().__init__(1.0, np.asarray(mean)[..., None], np.asarray(scale)[..., None], low, high, shape, precision)


class Gaussian(GaussianMixture):
    """Integers low..high with the mass of a normal distribution, one mean and one standard deviation for each symbol.

        push   [ message ]  ->  [ message | x ]          - log2 P(x) bits

        P(x) = Phi((x + 1/2 - mean) / deviation) - Phi((x - 1/2 - mean) / deviation)

        >>> round(Gaussian(mean=100.0, deviation=3.0).bits(101), 1)
        3.0

    mean, deviation: floats or arrays that broadcast to ``shape``. low, high, shape, precision, tails and errors: as
    in `LogisticMixture`.
    """

    def __init__(
        self,
        mean: ArrayLike,
        deviation: ArrayLike,
        low: int = 0,
        high: int = 255,
        shape: Shape = None,
        precision: int = PRECISION,
    ) -> None:
        super().__init__(
            1.0, np.asarray(mean)[..., None], np.asarray(deviation)[..., None], low, high, shape, precision
        )


@lru_cache
def _quantiles(family: int) -> np.ndarray:
    table = np.empty(lib.BBC_LOCATION_SCALE_QUANTILES + 1, np.float64)
    lib.bbc_location_scale_quantiles(family, pointer(table))
    return table
