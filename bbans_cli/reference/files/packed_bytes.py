"""Packed bytes: those of container/packing.py, and those coded by context mixing."""

from __future__ import annotations

from bbans_cli.container import packing
from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError
from bbans_cli.reference.files import byte_mixing

MIXED = 16  # the method
MOST_MIXED = 1 << 20


def unpack(packed: bytes, max_bytes: int) -> bytes:
    """The bytes. Raises CorruptError, UnsupportedError, ModelMismatchError."""
    if packed[:1] != bytes([MIXED]):
        return packing.unpack(packed, max_bytes, "plain bytes")
    reader = Reader(packed, "the plain bytes")
    reader.byte()
    size, dictionary = reader.varint(), reader.byte()
    if size > min(max_bytes, MOST_MIXED):
        raise CorruptError("corrupt plain bytes: larger than the format allows")
    return byte_mixing.decode(reader.take(reader.left), size, dictionary)
