"""What contexts are made of: docs/format-mixing.md, *Notation*."""

from __future__ import annotations


def pack(a: int, b: int, c: int, d: int) -> int:
    """The lowest 16 bits of each, the first ones highest."""
    return (a & 0xFFFF) << 48 | (b & 0xFFFF) << 32 | (c & 0xFFFF) << 16 | (d & 0xFFFF)


def octaves(x: int) -> int:
    """Sign and magnitude in octaves: 0, 1, 2, 3-4, 5-8, ..."""
    magnitude = abs(x)
    steps = magnitude if magnitude < 3 else 2 + (magnitude - 1).bit_length()
    return -steps if x < 0 else steps


def half_octaves(magnitude: int) -> int:
    """Magnitude in half octaves: 0, 1, 2, 3, then steps of about 1.4."""
    if magnitude < 4:
        return magnitude
    top = magnitude.bit_length() - 1
    return 2 * top + (magnitude >> (top - 1) & 1)
