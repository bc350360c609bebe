"""Where the coder of few colours starts: docs/format-mixing.md, *The start*."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np

from bbans_cli.errors import ModelMismatchError
from bbans_cli.reference import trained_file

Array = np.ndarray

# Of the numbers of the file, in their order: weights (candidates, sets, inputs) and (kinds of channel, sets, inputs),
# APMs (kinds, sets, points)
CANDIDATES, SAMPLES, APMS = (8, 320, 19), (6, 528, 43), (6, 144, 24)
UNIT = 1 << 9  # of weights, in 2^-16
BITS = 8  # the first bits of a sample have a start
TRUSTS, PREFIXES, EQUALS, AGAINST = 256, 256, 16, 18
ALONE, LATER = 4, 5  # kinds: the only channel, and one whose others are known; the first four are places


@dataclass(frozen=True)
class Start:
    """What weights have more than without a start, int64 in 2^-16, and APMs in 2^-16; of the shapes above."""

    candidates: Array
    samples: Array
    apms: Array

    def candidate_sets(self, array: int) -> dict[object, Array]:
        """Weights by number of the candidate and, of array 0, confidence and equal neighbours, of 1 outcomes nearby."""
        begin, end = ((0, TRUSTS), (TRUSTS, CANDIDATES[1]))[array]
        return {
            (place, n - begin): self.candidates[place, n] for place in range(CANDIDATES[0]) for n in range(begin, end)
        }

    def sample_sets(self, array: int, kinds: list[int]) -> dict[object, Array]:
        """Weights by channel, bit and, of array 0, the bits before, of 1 equal neighbours, of 2 `against`; kinds: of
        the channels."""
        keys: list[tuple[int, int]] = [
            [(max(by, 1).bit_length() - 1, by) for by in range(PREFIXES)],
            [(i, by) for i in range(BITS) for by in range(EQUALS)],
            [(i, by) for i in range(BITS) for by in range(AGAINST)],
        ][array]
        before = [0, PREFIXES, PREFIXES + EQUALS * BITS][array]
        return {(c, *key): self.samples[kind, before + n] for c, kind in enumerate(kinds) for n, key in enumerate(keys)}

    def maps(self, kinds: list[int]) -> dict[object, list[int]]:
        """APMs by channel, bit and `against`."""
        keys = [(i, against) for i in range(BITS) for against in range(AGAINST)]
        return {(c, *key): self.apms[kind, n].tolist() for c, kind in enumerate(kinds) for n, key in enumerate(keys)}


@cache
def load(number: int) -> Start | None:
    """The start of a number, of which 0 is none. Raises ModelMismatchError."""
    if number == 0:
        return None
    return from_bytes(zlib.decompress(trained_file.read(f"few-colours-{number}.start")))


def from_bytes(numbers: bytes) -> Start:
    """The numbers of a file, unpacked. Raises ModelMismatchError if they are too many or too few."""
    counts = [int(np.prod(shape)) for shape in (CANDIDATES, SAMPLES)]
    if len(numbers) != sum(counts) + 2 * int(np.prod(APMS)):
        raise ModelMismatchError("no start of few colours")
    weights = np.frombuffer(numbers, np.int8, sum(counts)).astype(np.int64) * UNIT
    apms = np.frombuffer(numbers, "<u2", offset=sum(counts)).astype(np.int64)
    return Start(weights[: counts[0]].reshape(CANDIDATES), weights[counts[0] :].reshape(SAMPLES), apms.reshape(APMS))


def kind(channel: int, channels: int, known: int) -> int:
    """Of a channel: its place among several, or that it is the only one, or that known ones go before."""
    return LATER if known else ALONE if channels == 1 else channel
