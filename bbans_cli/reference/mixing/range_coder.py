"""The range decoder of JPEG coefficients at level 1: docs/format-mixing.md, *Range coder*."""

from __future__ import annotations


class RangeDecoder:
    """An interval's size, and how far the payload lies above its low end. Beyond its end the payload is zeros."""

    def __init__(self, payload: bytes) -> None:
        self._payload, self._at = payload, 0
        self._range = (1 << 64) - 1
        self._above = self._next_word() << 32
        self._above |= self._next_word()

    def bit(self, probability: int) -> int:
        """The next bit. probability: of a 1, in 2^-16, 1 to 65535."""
        ones = (self._range >> 16) * probability
        bit = int(self._above < ones)
        if bit:
            self._range = ones
        else:
            self._above -= ones
            self._range -= ones
        if self._range < 1 << 32:
            self._above = (self._above << 32 | self._next_word()) & ((1 << 64) - 1)
            self._range <<= 32
        return bit

    def _next_word(self) -> int:
        self._at += 4
        return int.from_bytes(self._payload[self._at - 4 : self._at].ljust(4, b"\0"), "big")
