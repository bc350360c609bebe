"""Numbers as bytes and back: what the container and the metadata section are made of. Every read is bounded."""

from __future__ import annotations

from bbans_cli.errors import CorruptError, TruncatedError


def varint(number: int) -> bytes:
    """LEB128: seven bits a byte, lowest first, the top bit set on all bytes but the last."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Reader:
    """Takes numbers off the front of some bytes; every read is bounded. `what` names the bytes in messages."""

    def __init__(self, data: bytes | memoryview, what: str) -> None:
        self.data = data
        self.what = what
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise TruncatedError(f"truncated: need {count:,} bytes of {self.what}, have {self.left:,}")
        self.at += count
        return bytes(self.data[self.at - count : self.at])

    def at_most(self, count: int) -> bytes:
        """`take`, of as many bytes as there are."""
        return self.take(min(count, self.left))

    def byte(self) -> int:
        return self.take(1)[0]

    def varint(self) -> int:
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 56:  # nine bytes hold 63 bits; no size needs more
                raise CorruptError(f"corrupt: a number in {self.what} is too long")
        if byte == 0 and shift:
            raise CorruptError(f"corrupt: a number in {self.what} is not in its shortest form")
        return number

    def uint32(self) -> int:
        return int.from_bytes(self.take(4), "little")
