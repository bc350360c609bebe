"""The data of PNG pictures within plain bytes, such as the temperatures in a thermal camera's photograph.

Their zlib stream is inflated, and deflated again as zlib does it (core/formats/deflate.c); where the same bytes come,
the samples alone are coded, by the coder of deep samples. For grey and R, G, B of 8 and 16 bits, not interlaced.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from bbans_cli.coders import context_mixing
from bbans_cli.coders.files.jpeg_tree import MOST_PNG_BYTES, MOST_PNG_PIXELS, Node, PngData
from bbans_cli.container import DEEP
from bbans_cli.core import ffi, lib
from bbans_cli.errors import CorruptError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks of a zlib stream of fewer bytes are not worth it.
SMALLEST = 256
# Binary logarithm of most buckets: 16 MiB of them
BUCKET_BITS = 18
_CHUNK = 12  # bytes of a chunk beside its content
_METHOD = 0x78  # the first byte of a zlib stream: a window of 32 KiB
# By the second byte, in which zlib notes how hard it tried: levels, the likely ones first
_LEVELS = {0x01: [1], 0x5E: [5, 4, 3, 2], 0x9C: [6], 0xDA: [9, 8, 7]}
_CHANNELS = {0: 1, 2: 3}  # by the colour type of PNG


def taken_out(node: Node) -> Node:
    """A node whose gaps have no data of PNG pictures, which are items instead."""
    found = Node()
    for place, gap in enumerate(node.gaps):
        done = at = 0
        while (at := gap.find(SIGNATURE, at)) >= 0:
            data = _at(gap, at)
            at += len(SIGNATURE)
            if data is not None:
                found.gaps.append(gap[done : data.start])
                found.items.append(data.item)
                done = at = data.end
        found.gaps.append(gap[done:])
        found.items += node.items[place : place + 1]
    return found


def join(item: PngData) -> bytes:
    """The IDAT chunks. Raises CorruptError."""
    shape = item.height, item.width, item.channels
    depth = 8 * item.sample_bytes
    samples = context_mixing.decode_payload(item.payload, shape, depth, coder=DEEP, most_bits=BUCKET_BITS)
    order = "<" if item.swapped else ">"
    packed = np.ascontiguousarray(samples.astype(f"{order}u{item.sample_bytes}")).view(np.uint8)
    rows = filtered(packed.reshape(item.height, -1), item.filters, item.channels * item.sample_bytes)
    stream = _deflate(rows, item.level, item.filtered, item.size - 6, None)
    if stream is None or len(stream) != item.size - 6:
        raise CorruptError("corrupt structure: a PNG picture's data of another size")
    stream = bytes([_METHOD, item.flags]) + stream + zlib.adler32(rows).to_bytes(4, "big")
    pieces = []
    for start in range(0, len(stream), item.chunk):
        content = b"IDAT" + stream[start : start + item.chunk]
        pieces.append(struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content)))
    return b"".join(pieces)


@dataclass(frozen=True)
class _Found:
    """Chunks from `start` to `end` of some bytes."""

    start: int
    end: int
    item: PngData


def _at(data: bytes, at: int) -> _Found | None:
    """The IDAT chunks of the PNG picture that begins there, if they can be coded."""
    head = at + len(SIGNATURE)
    start = head + _CHUNK + 13
    if data[head : head + 8] != b"\0\0\0\x0dIHDR" or len(data) < start:
        return None
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(
        ">IIBBBBB", data[head + 8 : start - 4]
    )
    known = depth in (8, 16) and colour in _CHANNELS and not (compression or filtering or interlace)
    if not known or not 1 <= width * height <= MOST_PNG_PIXELS:
        return None
    while data[start + 4 : start + 8] != b"IDAT":
        start += _CHUNK + int.from_bytes(data[start : start + 4], "big")
        if start >= len(data):
            return None
    sizes, stream, end = [], b"", start
    while data[end + 4 : end + 8] == b"IDAT":
        sizes.append(int.from_bytes(data[end : end + 4], "big"))
        stream += data[end + 8 : end + 8 + sizes[-1]]
        end += _CHUNK + sizes[-1]
    if (
        not sizes[0]
        or not SMALLEST <= len(stream) <= MOST_PNG_BYTES
        or stream[0] != _METHOD
        or stream[1] not in _LEVELS
    ):
        return None
    channels, sample_bytes = _CHANNELS[colour], depth // 8
    item = PngData(sizes[0], len(stream), 0, False, stream[1], width, height, channels, sample_bytes, False)
    if not _take_apart(stream, item) or join(item) != data[start:end]:
        return None
    return _Found(start, end, item)


def _take_apart(stream: bytes, item: PngData) -> bool:
    """Find level, samples and filters of a zlib stream. Returns whether they give it again."""
    size = item.width * item.channels * item.sample_bytes
    inflater = zlib.decompressobj()
    try:
        rows = bytearray(inflater.decompress(stream, item.height * (size + 1)))
    except zlib.error:
        return False
    if len(rows) != item.height * (size + 1) or not _find_level(bytes(rows), stream[2:-4], item):
        return False
    pixels = np.frombuffer(rows, np.uint8).reshape(item.height, size + 1)
    item.filters = pixels[:, 0].tobytes()
    bpp = item.channels * item.sample_bytes
    if lib.bbc_png_filters_undo(ffi.from_buffer("uint8_t[]", rows), item.height, size, bpp, 0):
        return False
    shape = item.height, item.width, item.channels
    packed = np.ascontiguousarray(pixels[:, 1:])
    samples = packed.view(f">u{item.sample_bytes}").reshape(shape)
    if item.sample_bytes > 1:
        other = packed.view("<u2").reshape(shape)
        item.swapped = _roughness(other) < _roughness(samples)
        samples = other if item.swapped else samples
    depth = 8 * item.sample_bytes
    item.payload = context_mixing.encode_payload(samples.astype(np.uint16), depth, coder=DEEP, most_bits=BUCKET_BITS)
    return len(item.payload) < len(stream)


def _find_level(rows: bytes, wanted: bytes, item: PngData) -> bool:
    for level in _LEVELS[item.flags]:
        for filtered in (False, True) if level > 3 else (False,):
            if _deflate(rows, level, filtered, len(wanted), wanted) == wanted:
                item.level, item.filtered = level, filtered
                return True
    return False


def _roughness(samples: np.ndarray) -> float:
    """Mean magnitude of the steps from column to column."""
    return float(np.abs(np.diff(samples.astype(np.int32), axis=1)).mean()) if samples.shape[1] > 1 else 0.0


def _deflate(rows: bytes, level: int, filtered: bool, room: int, wanted: bytes | None) -> bytes | None:
    """None if it takes more than `room` bytes, or other ones than `wanted`."""
    if room < 0:
        return None
    state, out = ffi.new("uint32_t[]", lib.bbc_deflate_size() // 4 + 1), bytearray(room)
    given = ffi.NULL if wanted is None else ffi.from_buffer("uint8_t[]", wanted)
    source, target = ffi.from_buffer("uint8_t[]", rows), ffi.from_buffer("uint8_t[]", out)
    size = lib.bbc_deflate(state, source, len(rows), level, filtered, given, target, room)
    return bytes(out[:size]) if size <= room else None


def filtered(rows: np.ndarray, filters: bytes, bpp: int) -> bytes:
    """Rows uint8 (height, bytes), each behind its filter's number and filtered: PNG specification, section 9. Raises
    CorruptError for an unknown filter."""
    out = bytearray(rows.size + len(rows))
    source, target = ffi.from_buffer("uint8_t[]", rows), ffi.from_buffer("uint8_t[]", out)
    if lib.bbc_png_filters_apply(source, ffi.NULL, ffi.from_buffer("uint8_t[]", filters), target, *rows.shape, bpp):
        raise CorruptError("corrupt structure: an unknown filter of a PNG picture")
    return bytes(out)
