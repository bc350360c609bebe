"""What a codec is: a push and a pop that undo each other.

    push   [ message ]      ->  [ message | x ]
    pop    [ message | x ]  ->  [ message ],  x

Whatever the message was, ``pop`` returns what ``push`` was given and leaves the message as it was; and
where bits back needs it, ``push`` after ``pop`` does the same. Codecs made of codecs keep this promise if
they pop in the reverse of the order in which they push.

`Distribution` is the kind that everything else is made of: an array of independent symbols, each with an
interval of integer frequency. Its intervals come from exact arithmetic (core/entropy/cumulative.h), equal on every
machine for equal parameters; parameters that differ in their last bit on the other machine are the caller's
to avoid.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from bbans_cli.entropy.rans import MAX_PRECISION, Message

PRECISION = 24  # frequencies are multiples of 2^-24: a floor of 2 for 256 symbols costs 5e-5 bits

Symbol = TypeVar("Symbol")
SymbolIn = TypeVar("SymbolIn", contravariant=True)
SymbolOut = TypeVar("SymbolOut", covariant=True)


class Codec(Protocol[Symbol]):  # type: ignore[misc]
    """Anything with these two methods."""

    def push(self, message: Message, symbol: Symbol, /) -> None:
        """Put the symbol on top of the message, in place."""

    def pop(self, message: Message, /) -> Symbol:
        """Take the symbol on top off the message, in place, and return it. UnderflowError where there is
        too little."""


class Pair(Generic[Symbol]):
    """A codec made of two functions, ``push(message, symbol)`` and ``pop(message)``."""

    def __init__(self, push: Callable[[Message, Symbol], None], pop: Callable[[Message], Symbol]) -> None:
        self.push = push
        self.pop = pop


class Distribution(ABC):
    """Independent symbols, integers in an array of ``shape``, each coded by an interval of [0, 2^precision).

        0           start        start + freq        2^precision
        |-------------|=============|--------------------|           freq / 2^precision: the symbol's
        probability

    The array's last symbol is pushed first, so that the first is on top. Symbols are accepted as any
    integers and returned as int32; a shape of () stands for a single int.
    """

    low: int = 0

    def __init__(self, shape: tuple[int, ...], precision: int) -> None:
        if not 1 <= precision <= MAX_PRECISION:
            raise ValueError(f"a precision is 1 to {MAX_PRECISION}, not {precision}")
        self.shape = shape
        self.precision = precision
        self.count = int(np.prod(shape, dtype=np.int64))

    @abstractmethod
    def _intervals(self, offsets: np.ndarray, starts: np.ndarray, freqs: np.ndarray) -> None:
        """Fill starts and freqs, uint32 (count,), for symbols given as uint32 offsets from ``low``."""

    @abstractmethod
    def _pop(self, message: Message, offsets: np.ndarray) -> None:
        """Fill uint32 (count,) offsets from the message."""

    def intervals(self, symbols: Any) -> tuple[np.ndarray, np.ndarray]:
        """(starts, freqs) of the symbols, uint32 of the codec's shape. ValueError for what it cannot code."""
        starts, freqs = np.empty(self.count, np.uint32), np.empty(self.count, np.uint32)
        self._intervals(self._offsets(symbols), starts, freqs)
        return starts.reshape(self.shape), freqs.reshape(self.shape)

    def bits(self, symbols: Any) -> float:
        """What pushing these symbols costs: the sum of -log2 of the probabilities that they are coded
        with."""
        freqs = self.intervals(symbols)[1]
        return self.precision * self.count - float(np.log2(freqs).sum())

    def push(self, message: Message, symbols: Any) -> None:
        """``[ message ] -> [ message | symbols ]``"""
        starts, freqs = self.intervals(symbols)
        message.push(starts.reshape(-1), freqs.reshape(-1), self.precision)

    def pop(self, message: Message) -> Any:
        """``[ message | symbols ] -> [ message ]``; int32 of the codec's shape, or an int."""
        offsets = np.empty(self.count, np.uint32)
        self._pop(message, offsets)
        symbols = (offsets + np.uint32(self.low & 0xFFFFFFFF)).view(np.int32).reshape(self.shape)
        return symbols if self.shape else int(symbols)

    def _offsets(self, symbols: Any) -> np.ndarray:
        array = np.asarray(symbols)
        if array.shape != self.shape:
            raise ValueError(f"symbols of shape {array.shape} for a codec of shape {self.shape}")
        if array.size and array.dtype.kind not in "iub":
            raise ValueError(f"symbols must be integers, not {array.dtype}")
        wide = array.dtype.itemsize > 4 or array.dtype == np.uint32
        if wide and array.size and not -(2**31) <= int(array.min()) <= int(array.max()) < 2**31:
            raise ValueError("symbols must fit 32 bits")
        offsets = np.ascontiguousarray(array, np.int32).reshape(-1).view(np.uint32)
        return offsets - np.uint32(self.low & 0xFFFFFFFF) if self.low else offsets


def shape_of(shape: tuple[int, ...] | int | None, *parameters: np.ndarray) -> tuple[int, ...]:
    """``shape``, or where it is None the common shape of the parameters; ValueError where they do not
    broadcast to it."""
    common = np.broadcast_shapes(*(parameter.shape for parameter in parameters))
    if shape is None:
        return common
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if np.broadcast_shapes(shape, common) != shape:
        raise ValueError(f"parameters of shape {common} for a codec of shape {shape}")
    return shape
