"""The binary arithmetic decoder of all context-mixing coders but that of JPEG level 1: docs/format-mixing.md."""

from __future__ import annotations

WORD = (1 << 64) - 1


class BinaryDecoder:
    """The interval [low, high] of 64-bit integers narrows with each bit. Beyond its end the payload reads as zeros."""

    def __init__(self, payload: bytes) -> None:
        self._payload, self._at = payload, 8
        self._low, self._high = 0, WORD
        self._value = int.from_bytes(payload[:8].ljust(8, b"\0"), "big")

    def bit(self, probability: int) -> int:
        """The next bit. probability: of a 1, in 2^-16, 1 to 65535."""
        middle = self._low + ((self._high - self._low) >> 16) * probability
        bit = int(self._value <= middle)
        if bit:
            self._high = middle
        else:
            self._low = middle + 1
        while (self._low ^ self._high) >> 56 == 0:
            self._low = self._low << 8 & WORD
            self._high = (self._high << 8 & WORD) | 255
            self._value = (self._value << 8 & WORD) | self._next()
        return bit

    def _next(self) -> int:
        self._at += 1
        return self._payload[self._at - 1] if self._at <= len(self._payload) else 0
