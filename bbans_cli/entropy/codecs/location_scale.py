"""Integers with the mass that a bell-shaped density puts around them, and mixtures of such."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from bbans_cli.core import lib
from bbans_cli.entropy.codecs.codec import PRECISION, Distribution, shape_of
from bbans_cli.entropy.native import PIECE, doubles, in_pieces, pointer
from bbans_cli.entropy.rans import Message


class _LocationScale(Distribution):
    """A location and a scale for each symbol, or several of both with weights along the last axis."""

    family: int

    def __init__(
        self,
        weights: Any,
        means: Any,
        deviations: Any,
        low: int,
        high: int,
        shape: tuple[int, ...] | int | None,
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
        if not -(2**31) <= low <= high < 2**31 or self.size > 1 << (precision - 2):
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
        message.run(lib.bbc_location_scale_pop, self.count, *arguments, pushing=False, piece=PIECE // self.components)


class LogisticMixture(_LocationScale):
    """Integers low..high with the mass of a mixture of logistics, one mixture for each symbol.

        push   [ message ]  ->  [ message | x ]          - log2 P(x) bits

        P(x) = F(x + 1/2) - F(x - 1/2),   F(t) = sum_k w_k / (1 + exp(-(t - mean_k) / scale_k)) / sum_k w_k

    The lowest and the highest integer also take the tails, and every integer has a frequency of at least 1,
    however far out it lies. weights, means, scales: floats or arrays, the components along the last axis
    (up to 32). shape: of the symbols; by default that of the parameters without their last axis. Weights
    that are negative count as 0, scales that are not positive as 1e-12; a single weight is not looked at.
    """

    family = lib.BBC_LOCATION_SCALE_LOGISTIC

    def __init__(
        self,
        weights: Any,
        means: Any,
        scales: Any,
        low: int = 0,
        high: int = 255,
        shape: tuple[int, ...] | int | None = None,
        precision: int = PRECISION,
    ) -> None:
        super().__init__(weights, means, scales, low, high, shape, precision)


class GaussianMixture(_LocationScale):
    """Integers low..high with the mass of a mixture of normal distributions, one mixture for each symbol.

        push   [ message ]  ->  [ message | x ]          - log2 P(x) bits

        P(x) = F(x + 1/2) - F(x - 1/2),   F(t) = sum_k w_k Phi((t - mean_k) / deviation_k) / sum_k w_k

    Parameters, tails and floors are those of `LogisticMixture`.
    """

    family = lib.BBC_LOCATION_SCALE_GAUSSIAN

    def __init__(
        self,
        weights: Any,
        means: Any,
        deviations: Any,
        low: int = 0,
        high: int = 255,
        shape: tuple[int, ...] | int | None = None,
        precision: int = PRECISION,
    ) -> None:
        super().__init__(weights, means, deviations, low, high, shape, precision)


class Logistic(LogisticMixture):
    """Integers low..high with logistic mass: one mean and one scale for each symbol.

        push   [ message ]  ->  [ message | x ]          - log2(sigmoid(x + 1/2) - sigmoid(x - 1/2)) bits
                                                           sigmoid: the logistic around mean, of that scale

    mean, scale: floats or arrays that broadcast to ``shape``. Tails and floors as in `LogisticMixture`.
    """

    def __init__(
        self,
        mean: Any,
        scale: Any,
        low: int = 0,
        high: int = 255,
        shape: tuple[int, ...] | int | None = None,
        precision: int = PRECISION,
    ) -> None:
        super().__init__(1.0, np.asarray(mean)[..., None], np.asarray(scale)[..., None], low, high, shape, precision)


class Gaussian(GaussianMixture):
    """Integers low..high with normal mass: one mean and one standard deviation for each symbol.

        push   [ message ]  ->  [ message | x ]          - log2(Phi(x + 1/2) - Phi(x - 1/2)) bits
                                                           Phi: the normal distribution function

    mean, deviation: floats or arrays that broadcast to ``shape``. Tails and floors as in `LogisticMixture`.
    """

    def __init__(
        self,
        mean: Any,
        deviation: Any,
        low: int = 0,
        high: int = 255,
        shape: tuple[int, ...] | int | None = None,
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
