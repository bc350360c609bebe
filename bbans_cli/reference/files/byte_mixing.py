"""Bytes coded by context mixing: docs/format-mixing.md, *Bytes*. Integers only."""

from __future__ import annotations

import pickle
from functools import lru_cache

import numpy as np

from bbans_cli.reference import trained_file
from bbans_cli.reference.mixing import counters, logistic
from bbans_cli.reference.mixing.binary_coder import BinaryDecoder
from bbans_cli.reference.mixing.buckets import Buckets, bucket_hash, cells
from bbans_cli.reference.mixing.mixer import Maps, decode_bit

CONTEXTS = 14
LEARNING_RATE = 20
FIRST_WEIGHT, START_UNIT = (1 << 16) // 4, 1 << 9  # that of the start file
LEARNED = 1 << 13  # bytes at a dictionary's end that counters learn
INPUTS = 2 * CONTEXTS + 2 + 1  # of counters, of the match model, the bias
SMALL, SMALL_BITS, LARGE_BITS = 1 << 15, 16, 19  # up to so many bytes, binary logarithm of the buckets; beyond
LEAST_MATCH, MOST_COMPARED, MOST_MATCH = 4, 32, 1023
MATCH_LEVELS = 16
NEW_MATCH_COUNTER = 3 << 30  # what a counter of the match model counts as while it was never updated: 3/4
WORD = (1 << 32) - 1


def decode(payload: bytes, size: int, dictionary: int) -> bytes:
    """`size` bytes, after a dictionary has been learned. Raises ModelMismatchError where that is not at hand."""
    model: _Model = pickle.loads(_learned(dictionary, SMALL_BITS if size <= SMALL else LARGE_BITS))
    known = len(model.data)
    decoder = BinaryDecoder(payload)
    for _ in range(size):
        model.add(model.decode_byte(decoder))
    return bytes(model.data[known:])


@lru_cache(maxsize=2)
def _learned(dictionary: int, bits: int) -> bytes:
    """A model that has learned a dictionary, pickled, since it takes seconds and each file goes on from there."""
    start = np.frombuffer(trained_file.read(f"jpeg-plain-{dictionary}.start"), np.int8)
    model = _Model(bits, FIRST_WEIGHT + START_UNIT * start.reshape(INPUTS, 3, 256).astype(np.int64))
    known = trained_file.read(f"jpeg-plain-{dictionary}.dictionary")
    for at, byte in enumerate(known):
        if len(known) - at <= LEARNED:
            model.learn_byte(byte)
        model.add(byte)
    return pickle.dumps(model)


class _Model:
    """data: all bytes that are known, those of the dictionary first. weights: int64 (INPUTS, 3, 256) in 2^-16."""

    def __init__(self, bits: int, weights: np.ndarray) -> None:
        self.data = bytearray()
        self.buckets = Buckets(bits)
        self.weights = np.ascontiguousarray(weights.transpose(1, 2, 0))
        self.maps = Maps()
        self.word = 0  # hash of the letters that the bytes end with
        self.last_seen: dict[int, int] = {}  # by hash of four bytes: the place after them
        self.match = self.match_length = 0  # place of the predicted byte; bytes before it that are the last ones
        self.match_counters = [0] * MATCH_LEVELS  # is the predicted bit right?

    def learn_byte(self, byte: int) -> None:
        """Let the counters learn the next byte."""
        for upper, half in ((0, byte >> 4), (16 | byte >> 4, byte & 15)):
            found = self._find_buckets(upper)
            for above in range(4):
                counters.update(cells(found, 1 << above | half >> (4 - above)), half >> (3 - above) & 1)

    def decode_byte(self, decoder: BinaryDecoder) -> int:
        """The next byte."""
        partial = 1  # the bits so far, below a leading one
        expected = 256 + self.data[self.match] if self.match_length else 0
        found: list[list[int]] = []
        for place in reversed(range(8)):
            if place in (7, 3):
                found = self._find_buckets(0 if place == 7 else partial)
            above = 7 - place if place > 3 else 3 - place  # bits of this half that are known
            index = partial & ((1 << above) - 1) | 1 << above
            predicted = expected >> place & 1 if expected >> place + 1 == partial else None
            partial = partial << 1 | self._decode_bit(decoder, found, index, partial, predicted)
        return partial & 255

    def _decode_bit(
        self, decoder: BinaryDecoder, found: list[list[int]], index: int, partial: int, predicted: int | None
    ) -> int:
        level = 0 if predicted is None else self._match_level()
        sure = centred = 0
        if level:
            counter = self.match_counters[level] or NEW_MATCH_COUNTER
            sign = 1 if predicted else -1
            sure, centred = sign * logistic.STRETCH[counter >> 18], sign * ((counter >> 21) - 1024)
        chosen = (level << 3 | 8 - partial.bit_length(), partial, self._back(1))
        sets = [self.weights[kind, number] for kind, number in enumerate(chosen)]
        bit = decode_bit(decoder, cells(found, index), sets, self.maps[partial], LEARNING_RATE, further=(sure, centred))
        if level:
            self.match_counters[level] = counters.updated(self.match_counters[level], int(bit == predicted))
        return bit

    def _back(self, distance: int) -> int:
        """The byte so many bytes back, 0 before the first."""
        return self.data[-distance] if distance <= len(self.data) else 0

    def _last(self, count: int) -> int:
        """The last bytes as one number, the latest lowest."""
        return int.from_bytes(self.data[-count:], "big")

    def _find_buckets(self, upper: int) -> list[list[int]]:
        """For one half of a byte; upper: 0 for the upper half, for the lower one that half below a leading one."""
        c1, c2, c3, c4 = (self._back(distance) for distance in range(1, 5))
        above, beside = (self._back(12), self._back(11)) if len(self.data) >= 12 else (0, 0)
        predicted = self.data[self.match] + 1 if self.match_length else 0
        contexts = [
            0,
            c1,
            self._last(2),
            self._last(3),
            self._last(4),
            self._last(5),
            self._last(7),
            self.word << 8 | c1,
            self.word,
            above << 8 | c1,
            above << 16 | beside << 8 | c2,
            c2 << 8 | c4,
            c4 << 16 | c3 << 8,
            predicted << 8 | self._match_level(),
        ]
        return self.buckets.find([bucket_hash(context, upper << 8 | k) for k, context in enumerate(contexts)])

    # ---- what follows a byte ----

    def add(self, byte: int) -> None:
        """The next byte is known."""
        letter = chr(byte).isascii() and chr(byte).isalpha() or byte >= 128
        self.word = (self.word + byte + 1) * 0x2F0B4C47 & WORD if letter else 0
        follows = self.match_length > 0 and self.data[self.match] == byte
        self.data.append(byte)
        if follows:
            self.match += 1
            self.match_length = min(self.match_length + 1, MOST_MATCH)
        else:
            self.match_length = 0
        place = bucket_hash(self._last(4), 77) >> 16
        if self.match_length == 0 and place in self.last_seen:
            self._begin_match(self.last_seen[place])
        if len(self.data) >= LEAST_MATCH:
            self.last_seen[place] = len(self.data)

    def _begin_match(self, place: int) -> None:
        self.match, length, end = place, 0, len(self.data)
        while length < min(MOST_COMPARED, place) and self.data[place - 1 - length] == self.data[end - 1 - length]:
            length += 1
        self.match_length = length if length >= LEAST_MATCH else 0

    def _match_level(self) -> int:
        """The length of the match in steps, 0 for none."""
        length = self.match_length
        if length == 0:
            return 0
        return min(1 + (length // 2 if length < 8 else 3 + length // 8 if length < 32 else 7 + length // 32), 15)
