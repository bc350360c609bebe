"""Bytes that are no coefficients, made smaller: by context mixing (core/mixing/bytes.c) where they are few, else by a
general method of the standard library. Imports no numpy: thumbnails come by here."""

from __future__ import annotations

from functools import cache, lru_cache

from bbans_cli.coders.weights_folder import numbered
from bbans_cli.container import packing
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.core import CData, check_coder, ffi, lib
from bbans_cli.errors import CorruptError

# Dictionaries by number, with their CRC-32, and for each the start, the mixer's weights. They are a part of the format:
# none is ever changed or removed.
DICTIONARIES = {1: 0x89157AD8}
STARTS = {1: 0x684811C3}
MIXED = 16  # the method; those of packing.py are below
# Beyond so many bytes context mixing, at two microseconds a byte, takes too long.
MOST_MIXED = 1 << 20
# The same at level 1
MOST_MIXED_FAST = 1 << 15
# Binary logarithms of the number of buckets, up to BYTES_SMALL bytes and beyond. Tuned by hand on train/imagenet, not
# recorded.
BYTES_SMALL, BUCKET_BITS, MORE_BUCKET_BITS = 1 << 15, 16, 19
# Bytes in one call of the core, which so stays below 0.1 s
PIECE_BYTES = 1 << 14
# The number of the dictionary that is written with.
DICTIONARY = 1


def pack(plain: bytes, most_mixed: int = MOST_MIXED) -> bytes:
    """By context mixing if there are at most so many, else by the general method that makes them smallest; at most 11
    bytes larger."""
    if not plain or len(plain) > most_mixed:
        return packing.pack(plain)
    out = bytearray(len(plain))
    data = bytearray(dictionary(DICTIONARY) + plain)
    begun, state = _states(DICTIONARY, len(plain))
    lib.bbc_bytes_begin_learned(state, begun, ffi.NULL, ffi.from_buffer("uint8_t[]", out), len(out))
    if not _code(state, data, len(plain)):
        size = lib.bbc_bytes_end(state)
        coded = bytes([MIXED]) + varint(len(plain)) + bytes([DICTIONARY]) + bytes(out[:size])
        if size <= len(out) and len(coded) <= len(plain) + 2:
            return coded
    return packing.pack(plain)


def unpack(packed: bytes, max_bytes: int, what: str) -> bytes:
    """The inverse of `pack`. Raises CorruptError, ModelMismatchError, UnsupportedError."""
    if packed[:1] != bytes([MIXED]):
        return packing.unpack(packed, max_bytes, what)
    reader = Reader(packed, f"the {what}")
    reader.byte()
    size, number = reader.varint(), reader.byte()
    if size > min(max_bytes, MOST_MIXED):
        raise CorruptError(f"corrupt {what}: larger than the format allows")
    known = dictionary(number)
    data = bytearray(known).ljust(len(known) + size, b"\0")
    payload = reader.take(reader.left)
    begun, state = _states(number, size)
    lib.bbc_bytes_begin_learned(state, begun, ffi.from_buffer("uint8_t[]", payload), ffi.NULL, len(payload))
    if _code(state, data, size):
        raise CorruptError(f"corrupt {what}: the code ends before they do")
    return bytes(data[len(known) :])


@cache
def dictionary(number: int) -> bytes:
    """What JPEG files usually have around their coefficients. Raises ModelMismatchError if it is not there."""
    return numbered("jpeg-plain", "dictionary", number, DICTIONARIES, "dictionary")


@cache
def _start(number: int) -> bytes:
    """The weights for a dictionary, as scripts/training/train_plain_start.py makes them. Raises ModelMismatchError."""
    return numbered("jpeg-plain", "start", number, STARTS, "start of plain bytes")


def _code(state: CData, data: bytearray, size: int) -> bool:
    """Code the last `size` bytes of `data`; returns whether the output was full, or the payload used up."""
    buffer, known = ffi.from_buffer("uint8_t[]", data), len(data) - size
    full = 0
    for start in range(known, len(data), PIECE_BYTES):
        full |= lib.bbc_bytes_code(state, buffer, start, min(len(data), start + PIECE_BYTES))
    return full != 0


def _states(number: int, size: int) -> tuple[CData, CData]:
    """The state that has learned a dictionary, and an empty one, for `size` bytes to code."""
    check_coder(lib.BBC_SELF_TEST_BYTES)
    bits = BUCKET_BITS if size <= BYTES_SMALL else MORE_BUCKET_BITS
    begun = _learned(number, bits)
    return begun, ffi.new("uint8_t[]", len(begun))


@lru_cache(maxsize=2)
def _learned(number: int, bits: int) -> CData:
    return learned(dictionary(number), _start(number), bits)


def learned(known: bytes, start: bytes, bits: int) -> CData:
    """The state of 2^bits buckets that has learned a dictionary from such a start."""
    if len(start) != lib.BBC_BYTES_START_BYTES:
        raise ValueError(f"{len(start)} bytes are no start of plain bytes")
    shape = ffi.new("bbc_bytes_shape *", (bits,))
    state = ffi.new("uint8_t[]", lib.bbc_bytes_size(shape))
    lib.bbc_bytes_begin(state, shape, ffi.from_buffer("uint8_t[]", start), ffi.NULL, ffi.NULL, 0)
    lib.bbc_bytes_learn(state, ffi.from_buffer("uint8_t[]", known), len(known))
    return state
