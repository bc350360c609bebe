"""The message: a stack of symbols held as one large number, on the coder of core/entropy/ans.c.

A message is last in, first out. It grows by log2(2^precision / freq) bits when a symbol is pushed and
shrinks by as much when it is popped, and it may be popped with another model than it was pushed with: bits
back lives on that. core/entropy/ans.h states the arithmetic, docs/rans.md why it is exactly invertible.

Symbols are pushed in reverse order of an array and popped forwards, so that ``push`` and the pops of the
same array undo each other. A call either does all of its symbols or, raising, none: the message is then
what it was before.

What this module does not do: turn probabilities into intervals. That is `bbans_cli.codecs`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from bbans_cli.core import ffi, lib
from bbans_cli.entropy.native import PIECE, failure, in_pieces, integers, pointer
from bbans_cli.errors import CorruptError, TruncatedError

EMPTY_STATE = 1 << 31
STATE_LIMIT = 1 << 63
MAX_PRECISION = 31
_MIN_CAPACITY = 64

IntLike = int | np.integer | np.ndarray


class Message:
    """A range-ANS stack of 32-bit words under one or more 63-bit states.

    lanes: number of states. Symbol i of an array goes to state i % lanes and all states share the words, so
    that symbols of different lanes do not wait for each other: long arrays are coded faster, and every state
    adds up to 63 bits to the serialised message. Single symbols use lane 0. One lane is right for files.

    A new message is empty: every state is 2^31 and there are no words. Not for use by two threads at once.
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
        """Number of states."""
        return len(self._states)

    @property
    def states(self) -> list[int]:
        """The states, each in [2^31, 2^63)."""
        return [int(state) for state in self._states]

    @property
    def words(self) -> np.ndarray:
        """A copy of the words, uint32, the top of the stack last."""
        return self._buffer[: self._words.count].copy()

    @property
    def bits(self) -> float:
        """Information held: 32 per word and log2(state / 2^31) per state; 0.0 for an empty message."""
        return 32.0 * self._words.count + sum(math.log2(state) - 31.0 for state in self.states)

    @property
    def empty(self) -> bool:
        """True when nothing is left: no words, and every state back at 2^31."""
        return self._words.count == 0 and bool((self._states == EMPTY_STATE).all())

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

    # -- symbols

    def push(self, starts: IntLike, freqs: IntLike, precision: IntLike) -> None:
        """Put symbols on top, the last of the arrays first.

        starts, freqs: intervals [start, start + freq) of [0, 2^precision), freq >= 1; ints, or int arrays
        of equal shape, read in C order. precision: 1 to 31, one for all or an array. ValueError for an
        impossible interval.
        """
        if isinstance(starts, int):
            self._reserve(self._words.count + 1)
            self._symbol(lib.bbc_ans_push_symbol, starts, freqs, precision)
        else:
            self._array(lib.bbc_ans_push, starts, freqs, precision, pushing=True)

    def peek(self, precision: int, lanes: int | None = None) -> Any:
        """The value in [0, 2^precision) that tells which symbol is on top, an int; the message stays as it
        is.

        lanes: look at that many lanes instead and return a uint32 array, one value for each.
        """
        if not 1 <= precision <= MAX_PRECISION:
            raise ValueError(f"a precision is 1 to {MAX_PRECISION}, not {precision}")
        mask = (1 << precision) - 1
        if lanes is None:
            return int(self._states[0]) & mask
        if not 0 <= lanes <= self.lanes:
            raise ValueError(f"the message has {self.lanes} lanes, not {lanes}")
        return (self._states[:lanes] & np.uint64(mask)).astype(np.uint32)

    def advance(self, starts: IntLike, freqs: IntLike, precision: IntLike) -> None:
        """Take known symbols off, the first of the arrays first: the inverse of `push` with equal arguments.

        For one symbol: `peek`, find the interval that holds the value, then advance by it. CorruptError
        when the value on top lies outside the interval given, UnderflowError when the message is too short.
        """
        if isinstance(starts, int):
            self._symbol(lib.bbc_ans_advance_symbol, starts, freqs, precision)
        else:
            self._array(lib.bbc_ans_pop_intervals, starts, freqs, precision, pushing=False)

    def push_bits(self, values: IntLike, precision: int) -> None:
        """Put values of ``precision`` bits on top, each at that cost exactly."""
        values = np.asarray(values)
        self.push(values, np.ones(values.shape, np.uint32), precision)

    def pop_bits(self, count: int, precision: int) -> np.ndarray:
        """Take ``count`` values of ``precision`` bits off: uint32 of shape (count,), as they were pushed."""
        values = np.empty(count, np.uint32)
        self.run(lib.bbc_ans_pop_bits, count, values, precision, pushing=False)
        return values

    @contextmanager
    def some_lanes(self, lanes: slice) -> Iterator[Message]:
        """A message made of some of the lanes, sharing the words; what is done to it is done to this one.

        ``with message.some_lanes(slice(4, 8)) as part: ...``. Leave this message alone inside the block.
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
        """The words, bottom first, then the states, last lane first, all little-endian.

        A word takes 4 bytes, a state 8, but that of lane 0, which ends the string, 4 to 8: zero bytes at its
        upper end are left out. An empty message is b"". Equal messages give equal bytes and the other way
        round.
        """
        if self.empty:
            return b""
        state = int(self._states[0])
        body = self.words.astype("<u4").tobytes() + self._states[:0:-1].astype("<u8").tobytes()
        return body + state.to_bytes((state.bit_length() + 7) // 8, "little")

    @classmethod
    def from_bytes(cls, data: bytes, lanes: int = 1) -> Message:
        """The message that `to_bytes` wrote; TruncatedError or CorruptError for bytes it cannot have
        written."""
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
        """That many random words under random states: initial bits for experiments, never for files."""
        message = cls(lanes)
        message._reserve(words)
        message._buffer[:words] = rng.integers(0, 1 << 32, words, np.uint32)
        message._words.count = words
        message._states[:] = rng.integers(EMPTY_STATE, STATE_LIMIT, lanes, np.uint64)
        return message

    # -- the way into C

    def run(self, function: Callable[..., int], count: int, *arguments: Any, pushing: bool, piece: int = PIECE) -> None:
        """Call ``function(states, lanes, words, *arguments, n, done)`` on pieces of ``count`` symbols.

        What a codec with C code of its own uses; `bbans_cli.native.in_pieces` says what becomes of the
        arguments. A push may add one word for each symbol. When the function fails, the message goes back
        to what it was.
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

    def _array(self, function: Callable, starts: Any, freqs: Any, precision: Any, pushing: bool) -> None:
        starts = integers(starts, np.uint32, "starts").reshape(-1)
        freqs = integers(freqs, np.uint32, "freqs").reshape(-1)
        precisions = integers(precision, np.uint8, "precision").reshape(-1)
        if len(freqs) != len(starts) or len(precisions) not in (1, len(starts)):
            raise ValueError("starts, freqs and precisions are not as many as each other")
        if len(precisions) == 1:
            self.run(function, len(starts), starts, freqs, pointer(precisions), 0, pushing=pushing)
        else:
            self.run(function, len(starts), starts, freqs, precisions, 1, pushing=pushing)

    def _symbol(self, function: Callable, start: int, freq: Any, precision: Any) -> None:
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
