"""Bits back: coding with a latent variable that is not in the data, and getting its bits returned."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np

from bbans_cli.core import lib
from bbans_cli.entropy.codecs.categorical import Uniform
from bbans_cli.entropy.codecs.codec import Codec, Distribution, Pair, shape_of
from bbans_cli.entropy.native import doubles, failure, in_pieces, integers, pointer
from bbans_cli.entropy.rans import Message

# The floor gives every bin 2 of 2^precision values: a share of 2^(bits + 1 - precision) of all latents is drawn from
# the prior whatever the posterior says, and spoils the likelihood. At 28 that is 8e-6 of 10-bit latents, and the
# coder's own loss is 4e-5 bits a latent (docs/rans.md); more bits would lose more there.
POSTERIOR_PRECISION = 28

Data = TypeVar("Data")
Latent = TypeVar("Latent")
Moments = tuple[np.ndarray, np.ndarray]


def BBANS(
    prior: Codec[Latent],
    likelihood: Callable[[Latent], Codec[Data]],
    posterior: Callable[[Data], Codec[Latent]],
) -> Codec[Data]:
    """Data with a latent variable model (Townsend, Bird and Barber, 2019).

        push x   [ messagemessage ]
                 [ message ]                  pop  z with q(z|x)       - log2 1 / q(z|x)
                 [ message | x ]              push x with p(x|z)       + log2 1 / p(x|z)
                 [ message | x | z ]          push z with p(z)         + log2 1 / p(z)

        pop      the same from the bottom up: the message gets back the bits that z was drawn from

    The message grows by log2 q(z|x) - log2 p(x, z): on average, as far as the bits popped are random, by the negative
    evidence lower bound. The first pop needs bits: UnderflowError where the message has too few. prior: codec of z.
    likelihood(z): codec of x. posterior(x): codec of z.
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
    """A real number with a normal distribution, as one of 2^bits bins of equal mass under another: bins of
    its prior.

        prior       |        |    |   |  |  |  |   |    |        |        every bin: mass 2^-bits posterior
        .:||||:.                             bin i: its mass between the same edges

        push   [ message ]  ->  [ message | i ]          - log2 q(i) bits

    Symbols are the bins' numbers, 0..2^bits - 1. Under the prior all are equally likely: code them with
    ``Uniform(2**bits, shape)``. `bin_values` gives the numbers that bins stand for. prior_mean,
    prior_deviation, mean, deviation: floats or arrays that broadcast to ``shape``. bits: 1 to 20, and at
    most precision - 2.
    """

    def __init__(
        self,
        prior_mean: Any,
        prior_deviation: Any,
        mean: Any,
        deviation: Any,
        bits: int = 10,
        shape: tuple[int, ...] | int | None = None,
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
        message.run(lib.bbc_bins_pop, self.count, *self.parameters, offsets, *model, pushing=False)


def bin_values(symbols: Any, mean: Any, deviation: Any, bits: int = 10) -> np.ndarray:
    """The numbers that bins of N(mean, deviation^2) stand for: their medians under it, float64 of the
    symbols' shape."""
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
    """Data with a hierarchy of Gaussian latents, inferred from the top down, each level in bins of its
    conditional prior.

        push x   [ messagemessagemessage ]
                 [ message ]                          pop  z1, then z2 given z1, ..., with q(z1|x),
                 q(z2|z1,x), ... [ message | x ]                      push x with p(x|z1,z2,...) [ message |
                 x | z2 | z1 ]            push ..., z2, z1, each uniform over its bins

    The bins of a level are known on both sides because those above it are: the dynamic discretisation of
    HiLLoC (Townsend, Bird, Kunze and Barber, 2020). levels: how many. prior(above): (mean, deviation) of
    the next level, arrays of its shape, given the values of the levels above; posterior(data, above): the
    same for q. likelihood(values): codec of the data given all levels' values, float64 arrays, the top one
    first. Both sides must compute equal bits.
    """

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
