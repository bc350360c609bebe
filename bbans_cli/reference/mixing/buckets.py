"""A hash table of counters: docs/format-mixing.md, *Buckets*."""

from __future__ import annotations

from bbans_cli.reference.mixing.counters import Cell

SIZE = 16  # the check tag of the context that owns a bucket, and 15 counters
WORD = (1 << 64) - 1


def bucket_hash(a: int, b: int) -> int:
    """32 bits of two numbers of 64 bits."""
    first = (a + 0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93 & WORD
    second = (b + 0x632BE59BD9B4E019) * 0xCA5A826395121157 & WORD
    h = first ^ second
    h ^= h >> 32
    h = h * 0xD6E8FEB86659FD93 & WORD
    return h >> 32


class Buckets:
    """2^bits buckets, of which only those that were used take memory."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self._used: dict[int, list[int]] = {}

    def find(self, hashes: list[int]) -> list[list[int]]:
        """The buckets of contexts, in order: each takes its bucket from a context that had it before."""
        found = []
        for h in hashes:
            bucket = self._used.setdefault(h >> (32 - self.bits), [0] * SIZE)
            tag = (h & 0xFFFFF) | 1
            if bucket[0] != tag:
                bucket[:] = [tag] + [0] * (SIZE - 1)
            found.append(bucket)
        return found


def cells(buckets: list[list[int]], index: int) -> list[Cell]:
    """The same counter of each bucket."""
    return [(bucket, index) for bucket in buckets]
