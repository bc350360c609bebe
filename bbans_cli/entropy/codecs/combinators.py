"""Codecs made of codecs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from bbans_cli.entropy.codecs.codec import Codec, Pair
from bbans_cli.entropy.rans import Message

Symbol = TypeVar("Symbol")


def serial(codecs: Sequence[Codec[Any]]) -> Codec[list[Any]]:
    """A list of symbols, each with its own codec; the first one ends on top.

        push   [ message ]  ->  [ message | x[n-1] | ... | x[1] | x[0] ]
        pop    x[0] first

    ValueError for a list that is not as long as ``codecs``.
    """
    codecs = list(codecs)

    def push(message: Message, symbols: Sequence[Any]) -> None:
        if len(symbols) != len(codecs):
            raise ValueError(f"{len(symbols)} symbols for {len(codecs)} codecs")
        for codec, symbol in zip(reversed(codecs), reversed(symbols), strict=True):
            codec.push(message, symbol)

    def pop(message: Message) -> list[Any]:
        return [codec.pop(message) for codec in codecs]

    return Pair(push, pop)


def repeat(codec: Codec[Symbol], count: int) -> Codec[list[Symbol]]:
    """``count`` symbols with the same codec; the first one ends on top, as in `serial`.

        push   [ message ]  ->  [ message | x[count-1] | ... | x[0] ]

    With a codec of bits back this is the chain of BB-ANS: each symbol's initial bits are those of the ones
    below it.
    """
    return serial([codec] * count)


def dependent(*steps: Callable[[list[Any]], Codec[Any]]) -> Codec[list[Any]]:
    """A list of symbols, each with a codec that depends on those before it.

        push   [ message ]  ->  [ message | x[n-1] | ... | x[0] ]        x[i] with steps[i]([x[0], ...,
        x[i-1]]) pop    x[0] first: it is known when the codec of x[1] is made

    steps: functions from the list of earlier symbols to the codec of the next one. ValueError for a list of
    another length than theirs.
    """

    def push(message: Message, symbols: Sequence[Any]) -> None:
        if len(symbols) != len(steps):
            raise ValueError(f"{len(symbols)} symbols for {len(steps)} steps")
        for i in reversed(range(len(steps))):
            steps[i](list(symbols[:i])).push(message, symbols[i])

    def pop(message: Message) -> list[Any]:
        symbols: list[Any] = []
        for step in steps:
            symbols.append(step(list(symbols)).pop(message))
        return symbols

    return Pair(push, pop)


def autoregressive(
    conditional: Callable[[np.ndarray, Any], Codec[np.ndarray]],
    order: Iterable[Any],
    shape: tuple[int, ...],
    dtype: Any = np.int32,
) -> Codec[np.ndarray]:
    """An array whose elements are coded piece by piece, each piece given those before it.

        push   [ message ]  ->  [ message | x[order[-1]] | ... | x[order[0]] ]
        pop    x[order[0]] first

    order: numpy indices that together name every element once; the elements of one index are coded
    together. A row of a picture, or every pixel of a wavefront, are one index each. conditional(seen,
    index): the codec of x[index], where ``seen`` is the array with zeros for all that is not yet known. A
    push builds ``seen`` as the pop will see it, so that a model that looks ahead sees zeros in both and
    cannot go wrong unnoticed. It must not write to ``seen``.
    """
    order = list(order)
    named = np.zeros(shape, np.int64)
    for index in order:
        np.add.at(named, index, 1)
    if (named != 1).any():
        raise ValueError("the indices of an order must name every element exactly once")

    def push(message: Message, data: np.ndarray) -> None:
        seen = np.array(data, dtype)
        if seen.shape != tuple(shape):
            raise ValueError(f"data of shape {seen.shape} for a codec of shape {tuple(shape)}")
        for index in reversed(order):
            symbols = np.array(seen[index])
            seen[index] = 0
            conditional(seen, index).push(message, symbols)

    def pop(message: Message) -> np.ndarray:
        seen = np.zeros(shape, dtype)
        for index in order:
            seen[index] = conditional(seen, index).pop(message)
        return seen

    return Pair(push, pop)


def substack(codec: Codec[Symbol], lanes: slice) -> Codec[Symbol]:
    """The codec, on some lanes of the message.

        states of the message    0   1   2   3   4   5   6   7
        substack(.., slice(4))  o---o---o---o                        words: shared by all

    Symbols then go to those states in turn. Use it to give parts of a model states of their own, so that the
    coder can work on them side by side. lanes: a slice of 0..message.lanes-1.
    """

    def push(message: Message, symbol: Symbol) -> None:
        with message.some_lanes(lanes) as part:
            codec.push(part, symbol)

    def pop(message: Message) -> Symbol:
        with message.some_lanes(lanes) as part:
            return codec.pop(part)

    return Pair(push, pop)
