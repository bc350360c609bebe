"""Integers as binary decisions, in the manner of an Elias gamma code: docs/format-mixing.md, *Binarisation*."""

from __future__ import annotations

from typing import Protocol


class Decisions(Protocol):
    """How a user decodes each decision."""

    length_max: int

    def zero(self) -> int:
        """Is the value 0?"""

    def negative(self) -> int:
        """Is it negative?"""

    def longer(self, length: int) -> int:
        """Has the magnitude more than `length` bits? length: from 1."""

    def mantissa(self, length: int, place: int, prefix: int) -> int:
        """A bit of a magnitude of `length` bits, 2 or more. prefix: those above it, from the leading one; place: 0 for
        the bit below the leading one, 1 for the next, ..."""


def decode_magnitude(decisions: Decisions) -> int:
    """A magnitude of 1 or more."""
    length = 1
    while length < decisions.length_max and decisions.longer(length):
        length += 1
    prefix = 1
    for place in range(length - 1):
        prefix = prefix << 1 | decisions.mantissa(length, place, prefix)
    return prefix


def decode(decisions: Decisions) -> int:
    """A value."""
    if decisions.zero():
        return 0
    negative = decisions.negative()
    magnitude = decode_magnitude(decisions)
    return -magnitude if negative else magnitude
