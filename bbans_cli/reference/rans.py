"""The message again, in plain Python integers and in numpy: the references of the C stack, equal bit for bit.

`ReferenceMessage` is slow and short. It has the interface of `bbans_cli.entropy.rans.Message`, and the same tests run
on both. `NumpyMessage` is rANS as Craystack and HiLLoC have it, with the states of all lanes in one numpy operation;
`make bench-codecs` compares its speed with that of the C stack. The package itself uses neither.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bbans_cli.errors import CorruptError, TruncatedError, UnderflowError

EMPTY_STATE, STATE_LIMIT, MAX_PRECISION = 1 << 31, 1 << 63, 31


class ReferenceMessage:
    """A range-ANS stack: ``states``, ints in [2^31, 2^63), over ``_words``, ints below 2^32; docs/rans.md."""

    def __init__(self, lanes: int = 1) -> None:
        if lanes < 1:
            raise ValueError("a message has at least one lane")
        self.states = [EMPTY_STATE] * lanes
        self._words: list[int] = []

    @property
    def lanes(self) -> int:
        return len(self.states)

    @property
    def words(self) -> NDArray[np.uint32]:
        return np.array(self._words, np.uint32)

    @property
    def bits(self) -> float:
        return 32.0 * len(self._words) + sum(math.log2(state) - 31.0 for state in self.states)

    @property
    def empty(self) -> bool:
        return not self._words and all(state == EMPTY_STATE for state in self.states)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ReferenceMessage):
            return NotImplemented
        return self.states == other.states and self._words == other._words

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> ReferenceMessage:
        other = ReferenceMessage(self.lanes)
        other.states, other._words = list(self.states), list(self._words)
        return other

    def push(self, starts: ArrayLike, freqs: ArrayLike, precision: ArrayLike) -> None:
        symbols = _intervals(starts, freqs, precision)
        after = self.copy()
        for i, (start, freq, p) in reversed(list(enumerate(symbols))):
            state = after.states[i % self.lanes]
            if state >= freq << (63 - p):
                after._words.append(state % 2**32)
                state >>= 32
            after.states[i % self.lanes] = (state // freq << p) + state % freq + start
        self.states, self._words = after.states, after._words

    @overload
    def peek(self, precision: int) -> int: ...

    @overload
    def peek(self, precision: int, lanes: int) -> NDArray[np.uint32]: ...

    def peek(self, precision: int, lanes: int | None = None) -> int | NDArray[np.uint32]:
        if not 1 <= precision <= MAX_PRECISION:
            raise ValueError("precision")
        if lanes is None:
            return self.states[0] % (1 << precision)
        if not 0 <= lanes <= self.lanes:
            raise ValueError("lanes")
        return np.array([state % (1 << precision) for state in self.states[:lanes]], np.uint32)

    def advance(self, starts: ArrayLike, freqs: ArrayLike, precision: ArrayLike) -> None:
        after = self.copy()
        for i, (start, freq, p) in enumerate(_intervals(starts, freqs, precision)):
            state = after.states[i % self.lanes]
            value = state % 2**p
            if not start <= value < start + freq:
                raise CorruptError("outside the interval")
            state = freq * (state >> p) + value - start
            if state < EMPTY_STATE:
                if not after._words:
                    raise UnderflowError("too short")
                state = state << 32 | after._words.pop()
            after.states[i % self.lanes] = state
        self.states, self._words = after.states, after._words

    def push_bits(self, values: ArrayLike, precision: int) -> None:
        self.push(values, np.ones_like(np.asarray(values)), precision)

    def pop_bits(self, count: int, precision: int) -> NDArray[np.uint32]:
        after = self.copy()
        values = []
        for i in range(count):
            rotated = ReferenceMessage(1)
            rotated.states, rotated._words = [after.states[i % self.lanes]], after._words
            values.append(rotated.peek(precision))
            rotated.advance(values[-1], 1, precision)
            after.states[i % self.lanes], after._words = rotated.states[0], rotated._words
        self.states, self._words = after.states, after._words
        return np.array(values, np.uint32)

    def pop_symbol(self, cum: Sequence[int] | NDArray[np.int64], precision: int, lane: int = 0) -> int:
        """Pop the symbol of one lane whose interval is cum[symbol] to cum[symbol + 1]."""
        target = self.states[lane] % (1 << precision)
        symbol = bisect_right(cum, target) - 1
        start, freq = int(cum[symbol]), int(cum[symbol + 1] - cum[symbol])
        state = freq * (self.states[lane] >> precision) + target - start
        if state < EMPTY_STATE:
            if not self._words:
                raise UnderflowError("too short")
            state = state << 32 | self._words.pop()
        self.states[lane] = state
        return symbol

    def to_bytes(self) -> bytes:
        if self.empty:
            return b""
        body = b"".join(word.to_bytes(4, "little") for word in self._words)
        body += b"".join(state.to_bytes(8, "little") for state in reversed(self.states[1:]))
        return body + self.states[0].to_bytes(8, "little").rstrip(b"\0")

    @classmethod
    def from_bytes(cls, data: bytes, lanes: int = 1) -> ReferenceMessage:
        """Tries every length of the state of lane 0: at most one of the messages has these bytes again."""
        for size in range(4, 9):
            split = len(data) - size - 8 * (lanes - 1)
            if split < 0 or split % 4:
                continue
            message = cls(lanes)
            message._words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, split, 4)]
            rest = [int.from_bytes(data[i : i + 8], "little") for i in range(split, len(data) - size, 8)]
            message.states = [int.from_bytes(data[len(data) - size :], "little"), *reversed(rest)]
            if all(EMPTY_STATE <= state < STATE_LIMIT for state in message.states) and message.to_bytes() == data:
                return message
        if not data:
            return cls(lanes)
        if len(data) < 4 + 8 * (lanes - 1):
            raise TruncatedError("too few bytes")
        raise CorruptError("not a message")


class NumpyMessage:
    """A range-ANS stack with ``lanes`` states, uint64 (lanes,); each operation codes one symbol of every lane."""

    def __init__(self, lanes: int) -> None:
        self.states = np.full(lanes, EMPTY_STATE, np.uint64)
        self._words = np.empty(1024, np.uint32)
        self._count = 0

    @property
    def words(self) -> NDArray[np.uint32]:
        words: NDArray[np.uint32] = self._words[: self._count].copy()
        return words

    def push(self, starts: np.ndarray, freqs: np.ndarray, precision: int) -> None:
        """Push n symbols, the last first; symbol i belongs to state i % lanes. starts, freqs: integers (n,)."""
        p, lanes = np.uint64(precision), len(self.states)
        for first in reversed(range(0, len(starts), lanes)):
            start = starts[first : first + lanes].astype(np.uint64)
            freq = freqs[first : first + lanes].astype(np.uint64)
            state = self.states[: len(start)]
            full = state >= freq << (np.uint64(63) - p)
            low = state[full].astype(np.uint32)
            if self._count + len(low) > len(self._words):
                self._words = np.resize(self._words, 2 * (self._count + len(low)))
            self._words[self._count : self._count + len(low)] = low[::-1]
            self._count += len(low)
            state = np.where(full, state >> np.uint64(32), state)
            whole = state // freq
            self.states[: len(start)] = (whole << p) + (state - whole * freq) + start

    def peek(self, precision: int, lanes: int) -> NDArray[np.uint32]:
        """The values of the first ``lanes`` states, uint32 (lanes,)."""
        values: NDArray[np.uint32] = (self.states[:lanes] & np.uint64((1 << precision) - 1)).astype(np.uint32)
        return values

    def advance(self, starts: np.ndarray, freqs: np.ndarray, precision: int) -> None:
        """Pop one symbol of each of the first states. starts, freqs: uint64 (n,), n at most the number of lanes."""
        state = self.states[: len(starts)]
        value = state & np.uint64((1 << precision) - 1)
        state = freqs * (state >> np.uint64(precision)) + value - starts
        short = state < np.uint64(EMPTY_STATE)
        count = int(np.count_nonzero(short))
        if count > self._count:
            raise UnderflowError("too short")
        state[short] = state[short] << np.uint64(32) | self._words[self._count - count : self._count][::-1]
        self._count -= count
        self.states[: len(starts)] = state


def _intervals(starts: ArrayLike, freqs: ArrayLike, precision: ArrayLike) -> list[tuple[int, int, int]]:
    """(start, freq, precision) of each symbol, or ValueError for an impossible interval."""
    starts, freqs = np.asarray(starts).reshape(-1), np.asarray(freqs).reshape(-1)
    precisions = np.broadcast_to(np.asarray(precision).reshape(-1), starts.shape)
    if starts.shape != freqs.shape:
        raise ValueError("lengths")
    triples = [(int(s), int(f), int(p)) for s, f, p in zip(starts, freqs, precisions, strict=True)]
    for start, freq, p in triples:
        if not (1 <= p <= MAX_PRECISION and start >= 0 and freq >= 1 and start + freq <= 2**p):
            raise ValueError("impossible interval")
    return triples
