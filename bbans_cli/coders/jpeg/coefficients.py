"""Quantised DCT coefficients of a JPEG picture to bytes and back: core/jpeg/coefficient_blocks-inl.h.

Large pictures are cut into segments, rows of MCUs that are coded each with a state of its own, in threads. A payload
is: a byte with the number of segments, less one, and above that the number of the start (coefficient_start.py; 0 at
level 1, which has none); for each segment but the last its rows of MCUs and its bytes (varints); if there are several,
of each the CRC-32 of all these bytes and its payload; the payloads.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator, Sequence
from functools import cache, partial

import numpy as np

from bbans_cli import scheduler
from bbans_cli.coders.context_mixing import (
    LENGTH_UNIT,
    CoreCoder,
    Pieces,
    TooLargeError,
)
from bbans_cli.coders.jpeg import coefficient_start
from bbans_cli.coders.jpeg.coefficient_shape import Factors, check_sizes, shape_of
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.core import CData, ffi, lib
from bbans_cli.errors import CorruptError
from bbans_cli.limits import FAST
from bbans_cli.progress import BlockProgress, no_progress

# Blocks in one call of the core, which so stays below 0.1 s and lets signals and progress bars have their turn.
PIECE_BLOCKS = {1: 1024, 5: 64, 9: 64}
# Segments: as few as leave none with more nonzero coefficients than this, which take a bit more than half a byte each
SEGMENT_NONZERO = 1_900_000
MOST_SEGMENTS = 16
# Bytes a pixel for the states of segments that are coded at a time: so all takes at most 12 bytes a pixel and 64 MB. Of
# 12 Mpixel in 4:4:4 the coefficients and the file take 8.2 and the rest 60 MB; of a state 0.6 to 0.8 is touched.
STATE_BYTES = 5


@cache
def _core(start: int) -> CoreCoder:
    """The coder that begins at the start of that number, 0: at none. Raises ModelMismatchError."""
    begin = partial(_begin, coefficient_start.load(start) if start else ffi.NULL)
    return CoreCoder(
        lib.BBC_SELF_TEST_COEFFICIENTS,
        lib.bbc_coefficients_size,
        begin,
        lib.bbc_coefficients_end,
        lib.bbc_coefficients_measure,
    )


def _begin(start: CData, state: CData, shape: CData, source: CData, out: CData, size: int) -> None:
    lib.bbc_coefficients_begin(state, shape, start, source, out, size)


def encode(
    blocks: Sequence[np.ndarray],
    tables: Sequence[np.ndarray],
    factors: Sequence[Factors],
    level: int = 5,
    threads: int = 1,
    progress: BlockProgress = no_progress,
    max_bytes: int | None = None,
) -> bytes:
    """Coefficients -> payload, the same for any number of threads.

    blocks     int16 (rows, columns, 64) for each of 1 to 4 components, row by row within a block; up to 16,384 rows and
               columns
    tables     (64,) quantisers of each component, row by row, 1..65535
    factors    of each component. Blocks at the same place of the picture help each other, and the factors say which
               those are; numbers of blocks need not follow from them
    level      1, 5 or 9
    progress   gets numbers of blocks as they are done
    max_bytes  raise TooLargeError once a segment takes more bytes
    """
    check_sizes([(plane.shape[0], plane.shape[1]) for plane in blocks], tables, factors, level)
    planes = [np.ascontiguousarray(plane, np.int16) for plane in blocks]
    rows = _segment_rows(planes, factors)

    def code(segment: list[np.ndarray]) -> bytes:
        most = sum(plane.size for plane in segment) * 4 + 64 if max_bytes is None else max_bytes
        shape = shape_of(
            [(plane.shape[0], plane.shape[1]) for plane in segment], tables, factors, level, len(rows) == 1
        )
        return _core(start).encode(shape, _pieces(segment, level, progress), most)

    start = 0 if level == FAST else coefficient_start.START
    segments = _cut(planes, factors, rows)
    payloads = scheduler.map_ordered(code, segments, _at_once(segments, tables, factors, level, threads))
    if max_bytes is not None and sum(map(len, payloads)) > max_bytes:
        raise TooLargeError
    out = bytes([len(payloads) - 1 | start << 4])
    for count, payload in zip(rows[:-1], payloads[:-1], strict=True):
        out += varint(count) + varint(len(payload))
    if len(payloads) > 1:
        of_heads = zlib.crc32(out)
        out += b"".join(zlib.crc32(payload, of_heads).to_bytes(4, "little") for payload in payloads)
    return out + b"".join(payloads)


def decode(
    payload: bytes,
    sizes: Sequence[tuple[int, int]],
    tables: Sequence[np.ndarray],
    factors: Sequence[Factors],
    level: int = 5,
    threads: int = 1,
    progress: BlockProgress = no_progress,
    bits: Sequence[np.ndarray] | None = None,
    lost: list[tuple[int, int | None]] | None = None,
) -> list[np.ndarray]:
    """What `encode` was given: int16 (rows, columns, 64) for each (rows, columns) of sizes.

    bits  for each component float32 (rows, columns), gets the code length of each block in bits
    lost  of a damaged payload, gets the first row of MCUs and the one behind the last (None: the last of all) of the
          segments that lack their checksum, as one segment alone has none; their coefficients are 0

    Raises CorruptError, and ModelMismatchError where the start is not at hand.
    """
    check_sizes(sizes, tables, factors, level)
    start, rows, payloads = _segments_from_bytes(payload, level, lost)
    planes = [np.zeros((*size, 64), np.int16) for size in sizes]
    segments = _cut(planes, factors, rows)
    measured = [None] * len(segments) if bits is None else _cut(bits, factors, rows)

    def code(job: tuple[list[np.ndarray], bytes | None, list[np.ndarray] | None]) -> None:
        segment, data, of_segment = job
        if data is None:
            return
        shape = shape_of(
            [(plane.shape[0], plane.shape[1]) for plane in segment], tables, factors, level, len(rows) == 1
        )
        lengths = None if of_segment is None else np.zeros(sum(plane.size for plane in of_segment), np.int32)
        _core(start).decode(shape, _pieces(segment, level, progress), data, lengths)
        if of_segment is not None and lengths is not None:
            _in_bits(lengths, of_segment)

    at_once = _at_once(segments, tables, factors, level, threads)
    scheduler.map_ordered(code, list(zip(segments, payloads, measured, strict=True)), at_once)
    return planes


def _at_once(
    segments: Sequence[Sequence[np.ndarray]],
    tables: Sequence[np.ndarray],
    factors: Sequence[Factors],
    level: int,
    threads: int,
) -> int:
    """How many segments may be coded at a time: two, or as many as STATE_BYTES for each pixel suffice for."""
    sizes = [[(plane.shape[0], plane.shape[1]) for plane in segment] for segment in segments]
    planes = zip(*sizes, strict=True)
    pixels: int = 64 * max(sum(rows * columns for rows, columns in plane) for plane in planes)
    largest = max(int(lib.bbc_coefficients_size(shape_of(each, tables, factors, level, False))) for each in sizes)
    return min(threads, max(2, STATE_BYTES * pixels // largest))


def _segments_from_bytes(
    payload: bytes, level: int, lost: list[tuple[int, int | None]] | None
) -> tuple[int, list[int], list[bytes | None]]:
    """The number of the start; the rows of MCUs of each segment, as _segment_rows has them; their payloads.

    With `lost`, which is filled in as in `decode`, None stands for damaged payloads. Raises CorruptError.
    """
    reader = Reader(memoryview(payload), "coefficients")
    first = reader.byte()
    start = first >> 4
    if (start == 0) != (level == FAST):
        raise CorruptError("corrupt coefficients: a start of another level")
    heads = [(reader.varint(), reader.varint()) for _ in range(first % MOST_SEGMENTS)]
    rows = [rows for rows, _ in heads] + [0]
    if not heads:
        if lost is not None:
            lost.append((0, None))
        return start, rows, [reader.take(reader.left) if lost is None else None]
    of_heads = zlib.crc32(payload[: reader.at])
    checksums = [reader.uint32() for _ in rows]
    payloads: list[bytes | None] = []
    ends: list[int | None] = [*itertools.accumulate(rows[:-1]), None]
    for number, checksum in enumerate(checksums):
        size = heads[number][1] if number < len(heads) else reader.left
        data = reader.take(size) if lost is None else reader.at_most(size)
        if zlib.crc32(data, of_heads) == checksum:
            payloads.append(data)
            continue
        if lost is None:
            raise CorruptError("corrupt coefficients: the checksum of a segment does not match")
        payloads.append(None)
        lost.append((ends[number - 1] or 0 if number else 0, ends[number]))
    return start, rows, payloads


def _in_bits(lengths: np.ndarray, bits: Sequence[np.ndarray]) -> None:
    """Share out the code lengths of a segment's blocks, component by component."""
    at = 0
    for plane in bits:
        plane[:] = LENGTH_UNIT * lengths[at : at + plane.size].reshape(plane.shape)
        at += plane.size


def _segment_rows(planes: Sequence[np.ndarray], factors: Sequence[Factors]) -> list[int]:
    """How many rows of MCUs each segment has; of the last, 0 for all that are left."""
    if sum(plane.size for plane in planes) <= SEGMENT_NONZERO:
        return [0]
    rows = max(1, min(len(plane) // vertical for plane, (_, vertical) in zip(planes, factors, strict=True)))
    nonzero = np.zeros(rows, np.int64)
    for plane, (_, vertical) in zip(planes, factors, strict=True):
        for row in range(rows):  # not in threads: numpy keeps the interpreter's lock
            nonzero[row] += np.count_nonzero(plane[row * vertical : (row + 1) * vertical])
    before = np.cumsum(nonzero)
    count = 1
    while count < min(MOST_SEGMENTS, rows // 2) and before[-1] > count * SEGMENT_NONZERO:
        count *= 2
    ends = [int(np.searchsorted(before, before[-1] * i / count)) + 1 for i in range(1, count)]
    lengths = [end - start for start, end in itertools.pairwise([0, *ends])]
    return [*lengths, 0] if all(lengths) and sum(lengths) < rows else [0]


def _cut(planes: Sequence[np.ndarray], factors: Sequence[Factors], rows: Sequence[int]) -> list[list[np.ndarray]]:
    """Views of the planes, segment by segment. Raises CorruptError if one has no rows."""
    bounds = [0, *itertools.accumulate(rows[:-1])]
    ends: list[int | None] = [*bounds[1:], None]
    segments = [
        [
            plane[start * vertical : None if end is None else end * vertical]
            for plane, (_, vertical) in zip(planes, factors, strict=True)
        ]
        for start, end in zip(bounds, ends, strict=True)
    ]
    if any(len(plane) == 0 for segment in segments for plane in segment):
        raise CorruptError("corrupt coefficients: a segment without rows")
    return segments


def _pieces(planes: Sequence[np.ndarray], level: int, progress: BlockProgress) -> Pieces:
    piece = PIECE_BLOCKS[level]
    blocks = sum(plane.size for plane in planes) // 64

    def code(state: CData) -> Iterator[int]:
        buffers = [ffi.from_buffer("int16_t[]", plane) for plane in planes]
        coefficients = ffi.new("int16_t *[]", buffers)
        for done in range(0, blocks, piece):
            yield lib.bbc_coefficients_code(state, coefficients, piece)
            progress(min(piece, blocks - done))

    return code
