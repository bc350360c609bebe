"""The range decoder of JPEG coefficients at level 1: docs/format-mixing.md, *Range coder*."""

from __future__ import annotations

from bbans_cli.reference.mixing.code_bytes import CodeBytes

WORD = (1 << 64) - 1


class RangeDecoder:
    """An interval's size, and how far the payload lies above its low end."""

    def __init__(self, payload: bytes) -> None:
        self._bytes = CodeBytes(payload)
        self._range = WORD
        self._above = self._bytes.take(8)

    def bit(self, probability: int) -> int:
        """The next bit. probability: of a 1, in 2^-16, 1 to 65535. Raises CorruptError if the payload is used up."""
        ones = (self._range >> 16) * probability
        bit = int(self._above < ones)
        if bit:
            self._range = ones
        else:
            self._above -= ones
            self._range -= ones
        if self._range < 1 << 32:
            self._above = (self._above << 32 | self._bytes.take(4)) & WORD
            self._range <<= 32
        return bit
