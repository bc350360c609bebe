"""Bytes made smaller by a general method, for what is neither samples nor coefficients: method, size, data."""

from __future__ import annotations

import lzma
import zlib

from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError, UnsupportedError

_STORED, _DEFLATE, _LZMA = range(3)


def _filters(size: int) -> list[dict[str, int]]:
    """Raw LZMA has no header of its own: its parameters are constants of the format and of the size.

    The window is what both sides allocate: as large as the data, but no more than 4 MiB.
    """
    window = min(1 << 22, max(1 << 12, 1 << (size - 1).bit_length()))
    return [{"id": lzma.FILTER_LZMA1, "dict_size": window, "lc": 3, "lp": 0, "pb": 0}]


def pack(plain: bytes) -> bytes:
    """By the method that makes them smallest. At most 11 bytes larger."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    choices = [(_STORED, plain), (_DEFLATE, deflate.compress(plain) + deflate.flush())]
    if plain:
        choices.append((_LZMA, lzma.compress(plain, lzma.FORMAT_RAW, filters=_filters(len(plain)))))
    method, data = min(choices, key=lambda choice: len(choice[1]))
    return bytes([method]) + varint(len(plain)) + data


def unpack(packed: bytes, max_bytes: int, what: str) -> bytes:
    """The inverse of `pack`. `what` names the bytes in messages. Raises CorruptError, UnsupportedError."""
    reader = Reader(packed, f"the {what}")
    method, size = reader.byte(), reader.varint()
    data = reader.take(reader.left)
    if method not in (_STORED, _DEFLATE, _LZMA):
        raise UnsupportedError(f"needs a newer bbc: unknown compression {method} of the {what}")
    if size > max_bytes:
        raise CorruptError(f"corrupt {what}: larger than the format allows")
    plain = data
    # One byte more than the size is asked for: data that goes on is noticed, and yet never unpacked in full.
    try:
        if method == _DEFLATE:
            plain = zlib.decompressobj(-15).decompress(data, size + 1)
        if method == _LZMA:
            plain = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_filters(size)).decompress(data, size + 1)
    except (zlib.error, lzma.LZMAError) as error:
        raise CorruptError(f"corrupt {what}: it cannot be unpacked") from error
    if len(plain) != size:
        raise CorruptError(f"corrupt {what}: its size does not match")
    return plain
