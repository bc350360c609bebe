"""Symbols 0..size-1: uniform, with given weights, two values, counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bbans_cli.core import ffi, lib
from bbans_cli.entropy.codecs.codec import PRECISION, Distribution, Shape, shape_of
from bbans_cli.entropy.native import PIECE, doubles, failure, in_pieces, integers, pointer
from bbans_cli.entropy.rans import Message

_LOOKUP_BITS = 12  # a table of 16 KiB, which fits the first-level cache beside the message


class Uniform(Distribution):
    """Integers 0..size-1, all equally likely.

        push   [ message ]  ->  [ message | x ]          + log2(size) bits

        >>> Uniform(8).bits(5)
        3.0

    size: an int or an array of ints, 1 to 2^precision; symbol x has the values from floor(x 2^precision / size) to
    below floor((x + 1) 2^precision / size). shape: of the symbols; by default that of ``size``. precision: in bits.
    By default it is log2(size) where all sizes are the same power of two, which loses nothing; else 24, or log2(size)
    rounded up + 7 if that is more, at most 31. ValueError for sizes out of range.
    """

    def __init__(self, size: ArrayLike, shape: Shape = None, precision: int | None = None) -> None:
        sizes = integers(size, np.uint32, "size")
        sizes = sizes.reshape(np.shape(size))
        largest, smallest = int(sizes.max(initial=1)), int(sizes.min(initial=2**31))
        if precision is None:
            bits = (largest - 1).bit_length()
            exact = largest == smallest == 1 << bits
            precision = max(1, bits) if exact else min(31, max(PRECISION, bits + 7))
        super().__init__(shape_of(shape, sizes), precision)
        if sizes.size and not 1 <= smallest <= largest <= 1 << precision:
            raise ValueError(f"sizes must lie in 1..2^{precision}")
        self.sizes = np.array(np.broadcast_to(sizes, self.shape), order="C").reshape(-1)  # a copy, as `doubles` makes

    def _intervals(self, offsets: np.ndarray, starts: np.ndarray, freqs: np.ndarray) -> None:
        if (offsets >= self.sizes).any():
            raise ValueError("a symbol is not below its size")
        low = offsets.astype(np.uint64)
        sizes, shift = self.sizes.astype(np.uint64), np.uint64(self.precision)
        starts[:] = (low << shift) // sizes
        freqs[:] = ((low + np.uint64(1)) << shift) // sizes - starts

    def _pop(self, message: Message, offsets: np.ndarray) -> None:
        message.call(lib.bbc_uniform_pop, self.count, self.sizes, offsets, self.precision, pushing=False)


class Categorical(Distribution):
    """Symbols 0..K-1 with probabilities proportional to given weights.

        push   [ message ]  ->  [ message | x ]          + log2(sum(weights) / weights[x]) bits

        >>> round(Categorical([7, 2, 1]).bits(2), 3)
        3.322

    weights: floats; (K,), the same for all symbols, or (..., K), one row for each symbol. Negative weights and NaN
    count as 0, more than 1e290 as 1e290. With a sum below 1e-290 one symbol may get nearly all of the mass. K is at
    most 2^(precision - 1). Every symbol has a frequency of at least 1, so a symbol of weight 0 costs ``precision``
    bits. shape: of the symbols; by default weights.shape[:-1]. precision: in bits. ValueError for weights without a
    last axis and for too many symbols.
    """

    def __init__(self, weights: ArrayLike, shape: Shape = None, precision: int = PRECISION) -> None:
        weights = np.asarray(weights, np.float64)
        if weights.ndim < 1 or weights.shape[-1] < 1:
            raise ValueError("weights need a last axis with one weight for each symbol")
        self.size = weights.shape[-1]
        super().__init__(shape_of(shape, np.empty(weights.shape[:-1], bool)), precision)
        if self.size > 1 << (precision - 1):
            raise ValueError(f"{self.size} symbols are too many for a precision of {precision}")
        self.shared = weights.ndim == 1
        if self.shared:
            self.table, self.lookup_bits = np.empty(self.size + 1, np.uint32), min(precision, _LOOKUP_BITS)
            self.entries = np.empty(self.size * ffi.sizeof("bbc_categorical_entry"), np.uint8)
            self.lookup = np.empty(1 << self.lookup_bits, np.uint32)
            status = lib.bbc_categorical_build(
                pointer(np.ascontiguousarray(weights)),
                self.size,
                precision,
                pointer(self.table),
                ffi.from_buffer("bbc_categorical_entry[]", self.entries),
                self.lookup_bits,
                pointer(self.lookup),
            )
            if status != lib.BBC_ANS_OK:
                raise failure(status, 0)
        else:
            self.weights = doubles(weights, (*self.shape, self.size)).reshape(self.count, self.size)

    def push(self, message: Message, symbols: ArrayLike) -> None:
        """``[ message ] -> [ message | symbols ]``; ValueError as `Distribution.push`."""
        if self.shared:
            entries = ffi.from_buffer("bbc_categorical_entry[]", self.entries)
            shared = (self._offsets(symbols), entries, self.size, self.precision)
            message.call(lib.bbc_categorical_push, self.count, *shared, pushing=True)
        else:
            super().push(message, symbols)

    def _intervals(self, offsets: np.ndarray, starts: np.ndarray, freqs: np.ndarray) -> None:
        if not self.shared:
            arrays = (self.weights, offsets, starts, freqs)
            model = (self.size, self.precision, pointer(_scratch(self.size)))
            in_pieces(lib.bbc_weights_intervals, self.count, (*arrays, *model), piece=_piece(self.size))
        elif (offsets >= self.size).any():
            raise ValueError(f"symbols must lie in 0..{self.size - 1}")
        else:
            starts[:] = self.table[offsets]
            freqs[:] = self.table[offsets + np.uint32(1)] - starts

    def _pop(self, message: Message, offsets: np.ndarray) -> None:
        if self.shared:
            lookup = (pointer(self.lookup), self.lookup_bits)
            shared = (offsets, pointer(self.table), self.size, self.precision, *lookup)
            message.call(lib.bbc_categorical_pop, self.count, *shared, pushing=False)
        else:
            rows = (self.weights, offsets, self.size, self.precision, pointer(_scratch(self.size)))
            message.call(lib.bbc_weights_pop, self.count, *rows, pushing=False, piece=_piece(self.size))


class Bernoulli(Categorical):
    """Symbols 0 and 1; 1 has the given probability.

        push   [ message ]  ->  [ message | x ]          - log2(p) bits for 1, - log2(1 - p) bits for 0

        >>> round(Bernoulli(0.25).bits(1), 3)
        2.0

    probability: of a 1, a float or an array of floats. A probability beyond 0 or 1 counts as 0 or 1; the symbol of
    probability 0 still has a frequency of 1. shape: of the symbols; by default that of ``probability``. precision:
    in bits.
    """

    def __init__(self, probability: ArrayLike, shape: Shape = None, precision: int = PRECISION) -> None:
        probability = np.asarray(probability, np.float64)
        super().__init__(np.stack([1.0 - probability, probability], axis=-1), shape, precision)


class BetaBinomial(Distribution):
    """Counts 0..n: successes in n trials whose probability has a beta distribution.

        push   [ message ]  ->  [ message | x ]          - log2 P(x) bits

        P(x) = binomial(n, x) B(x + alpha, n - x + beta) / B(alpha, beta)

        >>> round(BetaBinomial(3, alpha=1.0, beta=1.0).bits(2), 3)  # uniform
        2.0

    n: the number of trials, 0 to 2^(precision - 1) - 1. alpha, beta: positive floats or arrays of them, clipped to
    1e-6..1e6. P is computed from the ratios P(x + 1) / P(x), without gamma functions. shape: of the counts; by
    default that of alpha and beta. precision: in bits. ValueError for n out of range. Source: the distribution of a
    raw-MNIST pixel in BB-ANS (Townsend, Bird and Barber, ICLR 2019).
    """

    def __init__(
        self,
        n: int,
        alpha: ArrayLike,
        beta: ArrayLike,
        shape: Shape = None,
        precision: int = PRECISION,
    ) -> None:
        alpha, beta = np.asarray(alpha, np.float64), np.asarray(beta, np.float64)
        super().__init__(shape_of(shape, alpha, beta), precision)
        if not 0 <= n < 1 << (precision - 1):
            raise ValueError(f"n = {n} is not in 0..{(1 << (precision - 1)) - 1}, for a precision of {precision}")
        self.size = n + 1
        self.alpha, self.beta = (doubles(each, self.shape).reshape(-1) for each in (alpha, beta))

    def _intervals(self, offsets: np.ndarray, starts: np.ndarray, freqs: np.ndarray) -> None:
        arrays = (self.alpha, self.beta, offsets, starts, freqs)
        model = (self.size, self.precision, pointer(_scratch(self.size)))
        in_pieces(lib.bbc_beta_binomial_intervals, self.count, (*arrays, *model), piece=_piece(self.size))

    def _pop(self, message: Message, offsets: np.ndarray) -> None:
        model = (self.alpha, self.beta, offsets, self.size, self.precision, pointer(_scratch(self.size)))
        message.call(lib.bbc_beta_binomial_pop, self.count, *model, pushing=False, piece=_piece(self.size))


def _piece(size: int) -> int:
    return max(1, min(PIECE, (1 << 23) // size))  # 2^23 weights take well below 0.1 s; see PIECE


def _scratch(size: int) -> np.ndarray:
    return np.empty(lib.BBC_WEIGHTS_ROWS * (size + 1), np.float64)
