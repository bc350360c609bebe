"""Bits-back coding: coding with a latent variable that is not part of the data, and getting its bits back."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bbans_cli.core import lib
from bbans_cli.entropy.codecs.categorical import Uniform
from bbans_cli.entropy.codecs.codec import Codec, Distribution, Pair, Shape, shape_of
from bbans_cli.entropy.native import doubles, failure, in_pieces, integers, pointer
from bbans_cli.entropy.rans import Message

# Every bin gets at least 2 of 2^precision values, so a share of 2^(bits + 1 - precision) of the latents is drawn from
# the prior instead of the posterior, which costs bits of the likelihood. At 28 that is 8e-6 for 10-bit latents, and the
# rounding of the coder costs 4e-5 bits a latent. A higher precision loses more by rounding: docs/rans.md, "What
# rounding costs".
POSTERIOR_PRECISION = 28

Data = TypeVar("Data")
Latent = TypeVar("Latent")
Moments: TypeAlias = tuple[np.ndarray, np.ndarray]  # mean and standard deviation, float64


def BBANS(
    prior: Codec[Latent],
    likelihood: Callable[[Latent], Codec[Data]],
    posterior: Callable[[Data], Codec[Latent]],
) -> Codec[Data]:
    """A codec of data x with a latent variable z: bits back with ANS.

        push   [ messagemessage ]
               [ message ]                pop  z with q(z|x)     - log2 1 / q(z|x)  bits
               [ message | x ]            push x with p(x|z)     + log2 1 / p(x|z)
               [ message | x | z ]        push z with p(z)       + log2 1 / p(z)

        pop    the same steps undone, last to first: the message gets back the bits that z was drawn from

    The message grows by log2 q(z|x) - log2 p(x, z) bits. If the popped bits are random, this is on average the
    negative evidence lower bound.

        >>> coin = Uniform(2)
        >>> fair, loaded = Categorical([0.5, 0.5]), Categorical([0.9, 0.1])
        >>> codec = BBANS(coin, lambda z: loaded if z else fair, lambda x: Categorical([[5, 9], [5, 1]][x]))
        >>> message = Message()
        >>> message.push_bits([123456789], 30)  # initial bits, for the first pop of z
        >>> codec.push(message, 0)
        >>> codec.pop(message)
        0

    prior: the codec of z. likelihood(z): the codec of x. posterior(x): the codec of z given x. UnderflowError
    from a push if the message has too few initial bits. An error leaves the message as it was then, not as it was
    before: keep a `Message.copy` where that matters. Source: Townsend, Bird and Barber, "Practical lossless
    compression with latent variables using bits back coding", ICLR 2019.
    """

    def push(message: Message, data: Data) -> None:
        latent = posterior(data).pop(message)
        likelihood(latent).push(message, data)
        prior.push(message, latent)

    def pop(message: Message) -> Data:
        latent = prior.pop(message)
        data = likelihood(latent).pop(message)
        posterior(data).push(message, latent)
        return data

    return Pair(push, pop)


class GaussianBins(Distribution):
    """A normally distributed real number, coded as one of 2^bits bins of equal mass under its normal prior.

        prior       |        |    |   |  |  |  |   |    |        |      mass of each bin: 2^-bits
        posterior                   .:|||:.                             mass of bin i: between the same edges
        symbol      0        1    2   3  4  5  6   7    8 ...

        push   [ message ]  ->  [ message | i ]          - log2 q(i) bits

    A symbol is the number of a bin, 0..2^bits - 1. Under the prior all symbols have equal probability: code
    them with ``Uniform(2**bits, shape)``. `bin_values` converts symbols to real numbers.

        >>> narrow = GaussianBins(prior_mean=0.0, prior_deviation=1.0, mean=0.0, deviation=0.01, bits=4)
        >>> round(narrow.bits(8), 3)  # bin 8 begins at 0 and has half of the posterior's mass
        1.0

    prior_mean, prior_deviation, mean, deviation: floats or arrays that broadcast to ``shape``; the mean and
    the standard deviation of the prior and of the posterior. Deviations that are not positive, and NaN, are not
    refused: the bins then have some masses, the same for every push and pop. bits: 1 to 20, at most precision - 2.
    shape: of the symbols; by default that of the parameters. precision: in bits. ValueError for bits and precision
    out of range.
    Source: Townsend, Bird and Barber, ICLR 2019.
    """

    def __init__(
        self,
        prior_mean: ArrayLike,
        prior_deviation: ArrayLike,
        mean: ArrayLike,
        deviation: ArrayLike,
        bits: int = 10,
        shape: Shape = None,
        precision: int = POSTERIOR_PRECISION,
    ) -> None:
        parameters = [np.asarray(each, np.float64) for each in (prior_mean, prior_deviation, mean, deviation)]
        super().__init__(shape_of(shape, *parameters), precision)
        if bits > precision - 2:
            raise ValueError(f"2^{bits} bins are too many for a precision of {precision}")
        self.bits_of_prior = bits
        self.edges = _tables(bits).edges
        self.parameters = [doubles(each, self.shape).reshape(-1) for each in parameters]

    def _intervals(self, offsets: np.ndarray, starts: np.ndarray, freqs: np.ndarray) -> None:
        model = (pointer(self.edges), self.bits_of_prior, self.precision)
        arrays = (*self.parameters, offsets, starts, freqs)
        in_pieces(lib.bbc_bins_intervals, self.count, (*arrays, *model))

    def _pop(self, message: Message, offsets: np.ndarray) -> None:
        model = (pointer(self.edges), self.bits_of_prior, self.precision)
        message.call(lib.bbc_bins_pop, self.count, *self.parameters, offsets, *model, pushing=False)


def bin_values(symbols: ArrayLike, mean: ArrayLike, deviation: ArrayLike, bits: int = 10) -> NDArray[np.float64]:
    """The real numbers of bins of N(mean, deviation^2): the median of each bin, float64.

        >>> bin_values([0, 1], mean=0.0, deviation=1.0, bits=1).round(3).tolist()
        [-0.674, 0.674]

    symbols: numbers of bins, 0..2^bits - 1, of any shape, which is that of the result. mean, deviation: of the
    prior, floats or arrays that broadcast to this shape. bits: 1 to 20. ValueError for symbols out of range.
    """
    symbols = np.asarray(symbols)
    values = np.empty(symbols.shape, np.float64)
    moments = [doubles(each, symbols.shape).reshape(-1) for each in (mean, deviation)]
    flat = integers(symbols, np.uint32, "symbols").reshape(-1)
    centres = pointer(_tables(bits).centres)
    in_pieces(lib.bbc_bins_values, flat.size, (*moments, flat, values.reshape(-1), centres, bits))
    return values


def hierarchy(
    levels: int,
    prior: Callable[[list[np.ndarray]], Moments],
    posterior: Callable[[Data, list[np.ndarray]], Moments],
    likelihood: Callable[[list[np.ndarray]], Codec[Data]],
    bits: int = 10,
    precision: int = POSTERIOR_PRECISION,
) -> Codec[Data]:
    """A codec of data x with a hierarchy of Gaussian latents z1, z2, ..., inferred from the top level down.

        push   [ messagemessagemessage ]
               [ message ]                      pop  z1 with q(z1|x), then z2 with q(z2|z1,x), ...
               [ message | x ]                  push x with p(x|z1,z2,...)
               [ message | x | z2 | z1 ]        push ..., z2, z1: each is uniform over its bins

        pop    the same steps undone, last to first

    Each level is coded in bins of equal mass under its prior given the levels above, p(z2|z1): both sides know
    these bins, because they know the levels above. This is the dynamic discretisation of HiLLoC.

    levels: the number of levels. prior(above): (mean, standard deviation) of the next level, float64 arrays of
    its shape, given the values of the levels above, the top level first. posterior(data, above): the same for q.
    likelihood(values): the codec of the data given the values of all levels. bits: of a bin number, 1 to 20.
    precision: of the posterior, in bits. Encoder and decoder must compute these functions with equal bits.
    UnderflowError from a push if the message has too few initial bits; errors leave the message half changed, as those
    of `BBANS`. ValueError for less than no levels. Source: Townsend, Bird, Kunze and Barber, "HiLLoC: lossless image
    compression with hierarchical latent variable models", ICLR 2020.
    """
    if levels < 0:
        raise ValueError(f"a hierarchy of {levels} levels")

    def push(message: Message, data: Data) -> None:
        symbols: list[np.ndarray] = []
        values: list[np.ndarray] = []
        for _ in range(levels):
            mean, deviation = prior(list(values))
            codec = GaussianBins(mean, deviation, *posterior(data, list(values)), bits, precision=precision)
            symbols.append(codec.pop(message))
            values.append(bin_values(symbols[-1], mean, deviation, bits))
        likelihood(list(values)).push(message, data)
        for symbol in reversed(symbols):
            Uniform(1 << bits, np.shape(symbol)).push(message, symbol)

    def pop(message: Message) -> Data:
        symbols: list[np.ndarray] = []
        values: list[np.ndarray] = []
        priors: list[Moments] = []
        for _ in range(levels):
            priors.append(prior(list(values)))
            symbols.append(Uniform(1 << bits, np.broadcast(*priors[-1]).shape).pop(message))
            values.append(bin_values(symbols[-1], *priors[-1], bits))
        data = likelihood(list(values)).pop(message)
        for i in reversed(range(levels)):
            moments = posterior(data, values[:i])
            GaussianBins(*priors[i], *moments, bits, precision=precision).push(message, symbols[i])
        return data

    return Pair(push, pop)


class _Tables(NamedTuple):
    """Quantiles of the standard normal distribution for 2^bits bins: 2^bits + 1 edges and 2^bits medians."""

    edges: np.ndarray
    centres: np.ndarray


@lru_cache
def _tables(bits: int) -> _Tables:
    if not 1 <= bits <= 20:
        raise ValueError(f"bins are numbered with 1 to 20 bits, not {bits}")
    tables = _Tables(np.empty((1 << bits) + 1), np.empty(1 << bits))
    status = lib.bbc_bins_tables(bits, pointer(tables.edges), pointer(tables.centres))
    if status != lib.BBC_ANS_OK:
        raise failure(status, 0)
    return tables
