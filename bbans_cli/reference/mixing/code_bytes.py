"""The bytes of an arithmetic code, and its end: docs/format.md, *Ends of arithmetic codes*."""

from __future__ import annotations

from bbans_cli.errors import CorruptError

# Zero bytes that an encoder leaves out at most, and how far a decoder reads ahead of what has been decoded
ZEROS, AHEAD = 16, 8


class CodeBytes:
    """Takes bytes off the front of a code. As many as an encoder may have left out at the end are zeros."""

    def __init__(self, code: bytes) -> None:
        self._code, self._at = code, 0

    def take(self, count: int) -> int:
        """The next `count` bytes as a number, the first one highest. Raises CorruptError if the code is used up."""
        self._at += count
        if self._at - len(self._code) > ZEROS + AHEAD:
            raise CorruptError("corrupt: a payload ends before what it codes")
        return int.from_bytes(self._code[self._at - count : self._at].ljust(count, b"\0"), "big")
