"""Codecs made of codecs.

An error in the middle of a push or pop leaves the message as it was then: the parts before are on it, or off it. A copy
for each call would cost as much as the message is long; a caller who goes on after errors keeps a `Message.copy`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from bbans_cli.entropy.codecs.codec import Codec, Pair
from bbans_cli.entropy.rans import Message

Symbol = TypeVar("Symbol")
_Axis: TypeAlias = int | slice | np.ndarray
Index = TypeVar("Index", bound=_Axis | tuple[_Axis, ...])


def serial(codecs: Sequence[Codec[Symbol]]) -> Codec[list[Symbol]]:
    """A list of symbols, each with its own codec; the first symbol ends on top.

        push   [ message ]  ->  [ message | x[n-1] | ... | x[1] | x[0] ]
        pop    x[0] first

        >>> codec, message = serial([Uniform(6), Bernoulli(0.1)]), Message()
        >>> codec.push(message, [5, 0])
        >>> codec.pop(message)
        [5, 0]

    ValueError for a list of another length than ``codecs``. An error of one of the codecs leaves the message half
    changed: keep a `Message.copy` where that matters.
    """
    codecs = list(codecs)

    def push(message: Message, symbols: Sequence[Symbol]) -> None:
        if len(symbols) != len(codecs):
            raise ValueError(f"{len(symbols)} symbols for {len(codecs)} codecs")
        for codec, symbol in zip(reversed(codecs), reversed(symbols), strict=True):
            codec.push(message, symbol)

    def pop(message: Message) -> list[Symbol]:
        return [codec.pop(message) for codec in codecs]

    return Pair(push, pop)


def repeat(codec: Codec[Symbol], count: int) -> Codec[list[Symbol]]:
    """A list of ``count`` symbols with the same codec; the first symbol ends on top, as in `serial`.

        push   [ message ]  ->  [ message | x[count-1] | ... | x[0] ]

    With a bits-back codec this is the chain of BB-ANS (Townsend, Bird and Barber, ICLR 2019): the initial bits of
    each symbol are those of the symbols below it. ValueError for a count below 0 and for a list of another length than
    ``count``; errors of the codec as in `serial`.
    """
    if count < 0:
        raise ValueError(f"a codec repeated {count} times")
    return serial([codec] * count)


def dependent(*conditionals: Callable[[list[Symbol]], Codec[Symbol]]) -> Codec[list[Symbol]]:
    """A list of symbols, each with a codec that depends on the symbols before it.

        push   [ message ]  ->  [ message | x[n-1] | ... | x[0] ]
        pop    x[0] first: x[0] is known when the codec of x[1] is made

        >>> codec = dependent(lambda x: Uniform(6), lambda x: Uniform(x[0] + 1))  # the second is at most the first
        >>> message = Message()
        >>> codec.push(message, [4, 2])
        >>> codec.pop(message)
        [4, 2]

    conditionals: x[i] has the codec conditionals[i]([x[0], ..., x[i-1]]). ValueError for a list of another
    length than ``conditionals``; errors of the codecs as in `serial`.
    """

    def push(message: Message, symbols: Sequence[Symbol]) -> None:
        if len(symbols) != len(conditionals):
            raise ValueError(f"{len(symbols)} symbols for {len(conditionals)} conditionals")
        for i in reversed(range(len(conditionals))):
            conditionals[i](list(symbols[:i])).push(message, symbols[i])

    def pop(message: Message) -> list[Symbol]:
        symbols: list[Symbol] = []
        for conditional in conditionals:
            symbols.append(conditional(list(symbols)).pop(message))
        return symbols

    return Pair(push, pop)


def autoregressive(
    conditional: Callable[[np.ndarray, Index], Codec[np.ndarray]],
    order: Iterable[Index],
    shape: tuple[int, ...],
    dtype: DTypeLike = np.int32,
) -> Codec[np.ndarray]:
    """An array whose elements are coded in parts, each part given the parts before it.

        push   [ message ]  ->  [ message | x[order[-1]] | ... | x[order[0]] ]
        pop    x[order[0]] first

        >>> def conditional(seen, i):  # the mean of each element is the element before it
        ...     return Gaussian(seen[i - 1] if i else 128, 4.0)
        >>> codec = autoregressive(conditional, order=range(3), shape=(3,))
        >>> message = Message()
        >>> codec.push(message, np.array([120, 121, 125]))
        >>> codec.pop(message).tolist()
        [120, 121, 125]

    conditional(seen, index): the codec of x[index], a symbol of its shape. ``seen`` is the array with zeros for
    all elements that are not yet known; do not write to it. A push builds ``seen`` as the pop will see it, so that
    a model cannot use unknown elements by mistake. order: numpy indices that together name every element of an
    array of ``shape`` exactly once, for example one for each row of a picture; ValueError for others. Arrays among them
    are copied. dtype: of the array. ValueError for an array of another shape, and for numbers, pushed or popped, that
    ``dtype`` does not hold exactly; errors of the codecs as in `serial`.
    """
    order = [copy.deepcopy(index) for index in order]  # arrays of indices are the caller's
    positions = np.arange(math.prod(shape)).reshape(shape)
    try:
        named = np.concatenate([np.empty(0, np.int64), *(np.ravel(positions[index]) for index in order)])
    except IndexError as error:
        raise ValueError(f"an index of the order does not fit an array of shape {tuple(shape)}: {error}") from error
    if not np.array_equal(np.sort(named), positions.ravel()):
        raise ValueError("the indices of an order must name every element exactly once")

    def push(message: Message, data: np.ndarray) -> None:
        seen = np.array(_exactly(data, dtype))
        if seen.shape != tuple(shape):
            raise ValueError(f"data of shape {seen.shape} for a codec of shape {tuple(shape)}")
        for index in reversed(order):
            symbols = np.array(seen[index])
            seen[index] = 0
            conditional(seen, index).push(message, symbols)

    def pop(message: Message) -> np.ndarray:
        seen = np.zeros(shape, dtype)
        for index in order:
            seen[index] = _exactly(conditional(seen, index).pop(message), dtype)
        return seen

    return Pair(push, pop)


def _exactly(numbers: ArrayLike, dtype: DTypeLike) -> np.ndarray:
    """The numbers as an array of ``dtype``. ValueError for any that it does not hold."""
    given = np.asarray(numbers)
    if given.dtype == dtype:
        return given
    if isinstance(numbers, int) and given.dtype != object and int(held := given.astype(dtype)) == numbers:  # faster
        return held
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            held = given.astype(dtype)
            back = held.astype(given.dtype)
    except OverflowError:  # of an int that no dtype of numpy's holds
        raise ValueError(f"a number that {np.dtype(dtype)} does not hold") from None
    # Both: -1 comes back from uint32, and 2^53 + 1 equals the float64 that it becomes.
    wrong = ((held != given) | (back != given)) & (held == held)  # NaN is held as NaN
    if wrong.any():
        raise ValueError(f"{given[wrong].flat[0]} is a number that {np.dtype(dtype)} does not hold")
    return held


def substack(codec: Codec[Symbol], lanes: slice) -> Codec[Symbol]:
    """The same codec on some lanes of the message.

        lanes of the message      0   1   2   3   4   5   6   7
        substack(.., slice(4))    o---o---o---o                    the words are shared by all lanes

    lanes: a slice of 0..message.lanes-1, with at least one lane. Symbol i of an array belongs to lane i modulo their
    number. With lanes of their own, parts of a model can be coded side by side by one processor core. Errors of the
    codec as in `serial`. After Craystack.
    """

    def push(message: Message, symbol: Symbol) -> None:
        with message.some_lanes(lanes) as part:
            codec.push(part, symbol)

    def pop(message: Message) -> Symbol:
        with message.some_lanes(lanes) as part:
            return codec.pop(part)

    return Pair(push, pop)
