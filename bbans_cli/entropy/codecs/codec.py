"""What a codec is: a push and a pop that undo each other.

    push   [ message ]      ->  [ message | x ]
    pop    [ message | x ]  ->  [ message ],  x

For every message, ``pop`` returns the x that ``push`` was given and restores the message. Where bits-back
coding needs it, a ``push`` after a ``pop`` restores the message as well. A codec made of codecs has this
property if it pops them in the reverse order of its pushes.

`Distribution` is the base of all elementary codecs: an array of independent symbols, each with an interval of
integer frequency. The intervals come from exact arithmetic (core/entropy/cumulative.h) and are equal on every
machine for equal parameters. The caller has to make sure that the parameters are equal to the last bit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bbans_cli.entropy.rans import Message, check_precision

PRECISION = (
    24  # in bits: the floor of 2 for 256 symbols then costs 5e-5 bits a symbol; docs/rans.md, "What rounding costs"
)

Shape: TypeAlias = tuple[int, ...] | int | None

Symbol = TypeVar("Symbol")


class Codec(Protocol[Symbol]):
    """Anything with a ``push`` and a ``pop`` that undo each other.

        push   [ message ]      ->  [ message | symbol ]
        pop    [ message | symbol ]  ->  [ message ],  symbol

    `check_codec` tests the property. Symbol: the type of what is coded, from one integer to a picture.
    """

    def push(self, message: Message, symbol: Symbol, /) -> None:
        """Push the symbol on the message, in place."""

    def pop(self, message: Message, /) -> Symbol:
        """Pop the symbol on top of the message, in place, and return it.

        UnderflowError if the message is too short.
        """


class Pair(Generic[Symbol]):
    """A codec of two functions.

        >>> flag = Pair(lambda message, x: message.push_bits(x, 1), lambda message: int(message.pop_bits(1, 1)[0]))
        >>> message = Message()
        >>> flag.push(message, 1)
        >>> flag.pop(message)
        1

    push: ``push(message, symbol)``, returns nothing. pop: ``pop(message)``, returns the symbol.
    """

    def __init__(self, push: Callable[[Message, Symbol], None], pop: Callable[[Message], Symbol]) -> None:
        self.push = push
        self.pop = pop


class Distribution(ABC):
    """Independent integers in an array of ``shape``, each coded by an interval of [0, 2^precision).

        0           start        start + freq         2^precision
        |-------------|=============|--------------------|         probability = freq / 2^precision

    The last symbol of the array is pushed first, so that the first symbol is on top. Symbols are accepted as
    integers of any type and returned as int32; with shape () a symbol is one int. Parameters are copied: a later
    change of the caller's arrays changes nothing. A push or pop that raises an error leaves the message as it was.

    shape: of the symbols. precision: in bits, 1 to 31; ValueError for others. A subclass computes intervals
    in ``_intervals`` and finds symbols in ``_pop``; `low` is its least symbol.
    """

    low: int = 0

    def __init__(self, shape: tuple[int, ...], precision: int) -> None:
        check_precision(precision)
        self.shape = shape
        self.precision = precision
        self.count = int(np.prod(shape, dtype=np.int64))

    @abstractmethod
    def _intervals(self, offsets: np.ndarray, starts: np.ndarray, freqs: np.ndarray) -> None:
        """Fill starts and freqs, uint32 (count,), for symbols given as uint32 offsets from ``low``."""

    @abstractmethod
    def _pop(self, message: Message, offsets: np.ndarray) -> None:
        """Pop all symbols into ``offsets``, uint32 (count,), as offsets from ``low``."""

    def intervals(self, symbols: ArrayLike) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """The intervals (starts, freqs) of the symbols, both uint32 of the shape of the codec.

        ValueError for symbols that are no integers, out of range or of another shape.
        """
        starts, freqs = np.empty(self.count, np.uint32), np.empty(self.count, np.uint32)
        self._intervals(self._offsets(symbols), starts, freqs)
        return starts.reshape(self.shape), freqs.reshape(self.shape)

    def bits(self, symbols: ArrayLike) -> float:
        """The cost of the symbols in bits: the sum of -log2(freq / 2^precision). ValueError as `intervals`."""
        freqs = self.intervals(symbols)[1]
        return self.precision * self.count - float(np.log2(freqs).sum())

    def push(self, message: Message, symbols: ArrayLike) -> None:
        """``[ message ] -> [ message | symbols ]``; the errors are those of `intervals`."""
        starts, freqs = self.intervals(symbols)
        message.push(starts.reshape(-1), freqs.reshape(-1), self.precision)

    def pop(self, message: Message) -> Any:  # int or array, depending on the shape, as numpy types such results
        """``[ message | symbols ] -> [ message ]``; int32 of the shape of the codec, or an int for ().

        UnderflowError if the message is too short.
        """
        offsets = np.empty(self.count, np.uint32)
        self._pop(message, offsets)
        symbols = (offsets + np.uint32(self.low & 0xFFFFFFFF)).view(np.int32).reshape(self.shape)
        return symbols if self.shape else int(symbols)

    def _offsets(self, symbols: ArrayLike) -> np.ndarray:
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


def shape_of(shape: Shape, *parameters: np.ndarray) -> tuple[int, ...]:
    """``shape`` as a tuple, or where it is None the shape that the parameters broadcast to.

    ValueError if the parameters do not broadcast to it.
    """
    common = np.broadcast_shapes(*(parameter.shape for parameter in parameters))
    if shape is None:
        return common
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if np.broadcast_shapes(shape, common) != shape:
        raise ValueError(f"parameters of shape {common} for a codec of shape {shape}")
    return shape
