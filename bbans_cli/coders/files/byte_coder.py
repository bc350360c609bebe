"""Bytes that are no coefficients, made smaller: by context mixing (core/mixing/bytes.c) where they are few, else by a
general method of the standard library."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from bbans_cli.coders.context_mixing import LEAST_BUCKET_BITS, CoreCoder, Pieces
from bbans_cli.container import packing
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.core import CData, ffi, lib
from bbans_cli.errors import CorruptError

MIXED = 16  # the method; those of packing.py are below
# Beyond so many bytes context mixing, at about a microsecond a byte, takes too long.
MOST_MIXED = 1 << 20
# Bytes in one call of the core
PIECE_BYTES = 1 << 14

# The mixer is that of the coder of few colours: its part of the self-test covers both.
_CORE = CoreCoder(lib.BBC_SELF_TEST_FEW_COLOURS, lib.bbc_bytes_size, lib.bbc_bytes_begin, lib.bbc_bytes_end)


def pack(plain: bytes) -> bytes:
    """By the method that makes them smallest; at most 11 bytes larger."""
    if len(plain) > MOST_MIXED:
        return packing.pack(plain)
    data = np.frombuffer(_dictionary() + plain, np.uint8).copy()
    mixed = _CORE.encode(_shape(len(data)), _pieces(data, len(_dictionary())), 2 * len(plain) + 64)
    coded = bytes([MIXED]) + varint(len(plain)) + mixed
    if len(coded) < len(plain):
        return coded
    return packing.pack(plain)


def unpack(packed: bytes, max_bytes: int, what: str) -> bytes:
    """The inverse of `pack`. Raises CorruptError, UnsupportedError."""
    if packed[:1] != bytes([MIXED]):
        return packing.unpack(packed, max_bytes, what)
    reader = Reader(packed, f"the {what}")
    reader.byte()
    size = reader.varint()
    if size > min(max_bytes, MOST_MIXED):
        raise CorruptError(f"corrupt {what}: larger than the format allows")
    known = len(_dictionary())
    data = np.zeros(known + size, np.uint8)
    data[:known] = np.frombuffer(_dictionary(), np.uint8)
    _CORE.decode(_shape(len(data)), _pieces(data, known), reader.take(reader.left))
    return data[known:].tobytes()


@cache
def _dictionary() -> bytes:
    """What JPEG files usually have around their coefficients: learned before the first byte is coded."""
    return Path(__file__).read_bytes()[:0]


def _shape(size: int) -> CData:
    # About one bucket for each half byte and context.
    bits = min(16, max(LEAST_BUCKET_BITS, (16 * size).bit_length()))
    return ffi.new("bbc_bytes_shape *", (bits,))


def _pieces(data: np.ndarray, known: int) -> Pieces:
    def code(state: CData) -> Iterator[int]:
        buffer = ffi.from_buffer("uint8_t[]", data)
        lib.bbc_bytes_learn(state, buffer, 0, known)
        for start in range(known, len(data), PIECE_BYTES):
            yield lib.bbc_bytes_code(state, buffer, start, min(len(data), start + PIECE_BYTES))

    return code
