"""The binary arithmetic decoder of all context-mixing coders but that of JPEG level 1: docs/format-mixing.md."""

from __future__ import annotations

from bbans_cli.reference.mixing.code_bytes import CodeBytes

WORD = (1 << 64) - 1


class BinaryDecoder:
    """The interval [low, high] of 64-bit integers narrows with each bit."""

    def __init__(self, payload: bytes) -> None:
        self._bytes = CodeBytes(payload)
        self._low, self._high = 0, WORD
        self._value = self._bytes.take(8)

    def bit(self, probability: int) -> int:
        """The next bit. probability: of a 1, in 2^-16, 1 to 65535. Raises CorruptError if the payload is used up."""
        middle = self._low + ((self._high - self._low) >> 16) * probability
        bit = int(self._value <= middle)
        if bit:
            self._high = middle
        else:
            self._low = middle + 1
        while (self._low ^ self._high) >> 56 == 0:
            self._low = self._low << 8 & WORD
            self._high = (self._high << 8 & WORD) | 255
            self._value = (self._value << 8 & WORD) | self._bytes.take(1)
        return bit
