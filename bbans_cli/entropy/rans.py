"""The message: a stack of symbols held as one large number, on the coder of core/entropy/ans.c.

A message is last in, first out. It grows by log2(2^precision / freq) bits when a symbol is pushed and shrinks
by the same amount when the symbol is popped. It may be popped with another distribution than it was pushed
with: bits-back coding relies on that. core/entropy/ans.h states the arithmetic, docs/rans.md shows why it is
exactly invertible.

An array of symbols is pushed from its last symbol to its first and popped from its first to its last, so that
a push and a pop of the same arrays undo each other. A call either handles all of its symbols or raises an
exception and leaves the message unchanged.

Probabilities become intervals in `bbans_cli.codecs`, not here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bbans_cli.core import ffi, lib
from bbans_cli.entropy.native import PIECE, failure, in_pieces, integers, pointer
from bbans_cli.errors import CorruptError, TruncatedError

EMPTY_STATE = 1 << 31
STATE_LIMIT = 1 << 63
MAX_PRECISION = 31
_MIN_CAPACITY = 64


def check_precision(precision: int) -> None:
    """Raise ValueError for a precision that the coder does not have."""
    if not 1 <= precision <= MAX_PRECISION:
        raise ValueError(f"a precision is 1 to {MAX_PRECISION}, not {precision}")


class Message:
    """A range-ANS stack: 32-bit words under one or more states of 63 bits (Duda, arXiv:1311.2540).

        >>> message = Message()
        >>> message.push(4, 2, precision=3)  # the interval [4, 6) of [0, 8): a symbol of probability 1/4
        >>> round(message.bits, 6)
        2.0
        >>> message.peek(precision=3) in range(4, 6)
        True
        >>> message.advance(4, 2, precision=3)
        >>> message.empty
        True

    lanes: the number of states, at least 1. Symbol i of an array belongs to state i % lanes, and all states
    share the words. Symbols of different lanes do not depend on each other, so long arrays are coded faster,
    but each lane adds up to 63 bits to the message. A single symbol uses lane 0. Payloads
    have one lane, those of the fitted coder 16.

    A new message is empty: every state is 2^31 and there are no words. Two threads must not use one message
    at the same time. copy.copy and copy.deepcopy do what `copy` does, and a message can be pickled. ValueError for
    less than one lane.
    """

    __slots__ = ("_states", "_states_view", "_buffer", "_buffer_view", "_words")

    def __init__(self, lanes: int = 1) -> None:
        if lanes < 1:
            raise ValueError("a message has at least one lane")
        self._states = np.full(lanes, EMPTY_STATE, np.uint64)
        self._states_view = ffi.from_buffer("uint64_t[]", self._states, require_writable=True)
        self._words = ffi.new("bbc_ans_words *")
        self._adopt(np.empty(_MIN_CAPACITY, np.uint32))

    # -- what it holds

    @property
    def lanes(self) -> int:
        """The number of states."""
        return len(self._states)

    @property
    def states(self) -> list[int]:
        """The states, one for each lane, each in [2^31, 2^63)."""
        return [int(state) for state in self._states]

    @property
    def words(self) -> NDArray[np.uint32]:
        """A copy of the words, uint32 of shape (number of words,), the top of the stack last."""
        words: NDArray[np.uint32] = self._buffer[: self._words.count].copy()
        return words

    @property
    def bits(self) -> float:
        """The information held, in bits: 32 for a word, log2(state / 2^31) for a state; 0.0 when empty."""
        return 32.0 * float(self._words.count) + sum(math.log2(state) - 31.0 for state in self.states)

    @property
    def empty(self) -> bool:
        """Whether nothing is left: no words, and every state at 2^31."""
        return int(self._words.count) == 0 and bool((self._states == EMPTY_STATE).all())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return self.states == other.states and np.array_equal(self.words, other.words)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Message of {self.bits:.1f} bits>"

    def copy(self) -> Message:
        """An independent message with the same content."""
        other = Message(self.lanes)
        other._states[:] = self._states
        other._adopt(self._buffer.copy())
        other._words.count = self._words.count
        return other

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, object]) -> Message:
        return self.copy()

    def __reduce__(self) -> tuple[Callable[[bytes, int], Message], tuple[bytes, int]]:
        return Message.from_bytes, (self.to_bytes(), self.lanes)

    # -- symbols

    def push(self, starts: ArrayLike, freqs: ArrayLike, precision: ArrayLike) -> None:
        """Push symbols, the last of the arrays first.

        starts, freqs: the intervals [start, start + freq) of [0, 2^precision), freq >= 1; integers, or
        integer arrays of equal size, read in C order. precision: in bits, 1 to 31, one for all symbols or an
        array. ValueError for an impossible interval and for arrays of different sizes.
        """
        if isinstance(starts, int) and isinstance(freqs, int) and isinstance(precision, int):
            self._reserve(self._words.count + 1)
            self._symbol(lib.bbc_ans_push_symbol, starts, freqs, precision)
        else:
            self._array(lib.bbc_ans_push, starts, freqs, precision, pushing=True)

    @overload
    def peek(self, precision: int) -> int: ...

    @overload
    def peek(self, precision: int, lanes: int) -> NDArray[np.uint32]: ...

    def peek(self, precision: int, lanes: int | None = None) -> int | NDArray[np.uint32]:
        """The value in [0, 2^precision) whose interval identifies the symbol on top; changes nothing.

        precision: in bits, 1 to 31. lanes: without it, the result is that of lane 0, an int; with it, the
        values of the first ``lanes`` lanes, at least 1, uint32 of shape (lanes,). ValueError if either is out of range.
        """
        check_precision(precision)
        mask = (1 << precision) - 1
        if lanes is None:
            return int(self._states[0]) & mask
        if not 1 <= lanes <= self.lanes:
            raise ValueError(f"lanes must lie in 1..{self.lanes}, those of the message, not {lanes}")
        values: NDArray[np.uint32] = (self._states[:lanes] & np.uint64(mask)).astype(np.uint32)
        return values

    def advance(self, starts: ArrayLike, freqs: ArrayLike, precision: ArrayLike) -> None:
        """Pop symbols whose intervals are known, the first of the arrays first: the inverse of `push`.

        The arguments are those of `push`. To pop one symbol: `peek`, find the interval that contains the
        value, then advance with this interval. CorruptError if the value on top lies outside the interval,
        UnderflowError if the message is too short, ValueError as for `push`.
        """
        if isinstance(starts, int) and isinstance(freqs, int) and isinstance(precision, int):
            self._symbol(lib.bbc_ans_advance_symbol, starts, freqs, precision)
        else:
            self._array(lib.bbc_ans_pop_intervals, starts, freqs, precision, pushing=False)

    def push_bits(self, values: ArrayLike, precision: int) -> None:
        """Push integers in [0, 2^precision), each of which costs ``precision`` bits exactly, 1 to 31."""
        values = np.asarray(values)
        self.push(values, np.ones(values.shape, np.uint32), precision)

    def pop_bits(self, count: int, precision: int) -> NDArray[np.uint32]:
        """Pop ``count`` integers of ``precision`` bits: uint32 of shape (count,), in the order of `push_bits`.

        UnderflowError if the message is too short, ValueError for a count below 0 or a precision out of range.
        """
        check_precision(precision)
        if count < 0:
            raise ValueError(f"{count} integers cannot be popped")
        values = np.empty(count, np.uint32)
        self.call(lib.bbc_ans_pop_bits, count, values, precision, pushing=False)
        return values

    @contextmanager
    def some_lanes(self, lanes: slice) -> Iterator[Message]:
        """A message of some of the lanes over the same words; its changes are changes of this message.

        ``with message.some_lanes(slice(4, 8)) as part: ...``. Inside the block, use only ``part``.
        """
        index = range(self.lanes)[lanes]
        part = Message(len(index))
        part._states[:] = self._states[lanes]
        part._words.count = self._words.count
        part._adopt(self._buffer)
        try:
            yield part
        finally:
            self._states[lanes] = part._states
            self._words.count = part._words.count
            self._adopt(part._buffer)

    # -- bytes

    def to_bytes(self) -> bytes:
        """The message as bytes: the words, bottom first, then the states, last lane first; little-endian.

        A word takes 4 bytes, a state 8 bytes, except the state of lane 0, which comes last and takes 4 to 8:
        its upper zero bytes are left out. An empty message is b"". Messages with the same number of lanes
        are equal if and only if their bytes are.
        """
        if self.empty:
            return b""
        state = int(self._states[0])
        body = self.words.astype("<u4").tobytes() + self._states[:0:-1].astype("<u8").tobytes()
        return body + state.to_bytes((state.bit_length() + 7) // 8, "little")

    @classmethod
    def from_bytes(cls, data: bytes, lanes: int = 1) -> Message:
        """The message of the bytes that `to_bytes` returned for a message with that many lanes.

        TruncatedError for too few bytes, CorruptError for other bytes that `to_bytes` cannot return.
        """
        message = cls(lanes)
        if not data:
            return message
        size = len(data) % 4 + 4
        if size == 4 and data[-1] < 0x80:  # a state of four bytes is at least 2^31, one of eight below 2^63
            size = 8
        split = len(data) - size - 8 * (lanes - 1)
        if split < 0:
            raise TruncatedError(f"{len(data)} bytes are too few for a message")
        if data[-1] == 0:
            raise CorruptError("a message cannot end in a zero byte")
        words = np.frombuffer(data, "<u4", split // 4)
        message._states[:0:-1] = np.frombuffer(data, "<u8", lanes - 1, split)
        message._states[0] = int.from_bytes(data[-size:], "little")
        if (message._states < EMPTY_STATE).any() or (message._states >= STATE_LIMIT).any():
            raise CorruptError("a message's state is out of range")
        message._reserve(len(words))
        message._buffer[: len(words)] = words
        message._words.count = len(words)
        if message.empty:
            raise CorruptError("an empty message takes no bytes")
        return message

    @classmethod
    def random(cls, words: int, rng: np.random.Generator, lanes: int = 1) -> Message:
        """``words`` random words under random states: initial bits for experiments, never for files."""
        message = cls(lanes)
        message._reserve(words)
        message._buffer[:words] = rng.integers(0, 1 << 32, words, np.uint32)
        message._words.count = words
        message._states[:] = rng.integers(EMPTY_STATE, STATE_LIMIT, lanes, np.uint64)
        return message

    # -- calls of C

    def call(
        self, function: Callable[..., int], count: int, *arguments: object, pushing: bool, piece: int = PIECE
    ) -> None:
        """Call the C function ``function(states, lanes, words, *arguments, n, done)`` on ``count`` symbols.

        For codecs with C code of their own. `bbans_cli.entropy.native.in_pieces` explains the arguments. A
        push may add one word for each symbol. If the function fails, the message is restored and the error
        raised as an exception.
        """
        if pushing:
            self._reserve(self._words.count + count)
        states, words = self._states.copy(), self._words.count
        try:
            in_pieces(
                function,
                count,
                arguments,
                before=(self._states_view, self.lanes, self._words),
                piece=self.lanes * max(1, piece // self.lanes),
                backwards=pushing,
            )
        except Exception:
            self._states[:], self._words.count = states, words
            raise

    def _array(
        self, function: Callable[..., int], starts: ArrayLike, freqs: ArrayLike, precision: ArrayLike, pushing: bool
    ) -> None:
        starts = integers(starts, np.uint32, "starts").reshape(-1)
        freqs = integers(freqs, np.uint32, "freqs").reshape(-1)
        precisions = integers(precision, np.uint8, "precision").reshape(-1)
        if len(freqs) != len(starts) or len(precisions) not in (1, len(starts)):
            raise ValueError("starts, freqs and precisions differ in number")
        if len(precisions) == 1:
            self.call(function, len(starts), starts, freqs, pointer(precisions), 0, pushing=pushing)
        else:
            self.call(function, len(starts), starts, freqs, precisions, 1, pushing=pushing)

    def _symbol(self, function: Callable[..., int], start: int, freq: int, precision: int) -> None:
        try:
            status = function(self._states_view, self._words, start, freq, precision)
        except OverflowError:
            status = lib.BBC_ANS_BAD_INTERVAL
        if status != lib.BBC_ANS_OK:
            raise failure(status, 0)

    def _reserve(self, capacity: int) -> None:
        if capacity > self._words.capacity:
            larger = np.empty(max(capacity, 2 * self._words.capacity), np.uint32)
            larger[: self._words.count] = self._buffer[: self._words.count]
            self._adopt(larger)

    def _adopt(self, buffer: np.ndarray) -> None:
        self._buffer = buffer
        self._buffer_view = ffi.from_buffer("uint32_t[]", buffer, require_writable=True)
        self._words.data = self._buffer_view  # a plain pointer: the view must live as long as it
        self._words.capacity = len(buffer)
