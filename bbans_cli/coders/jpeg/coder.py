"""A picture that a JPEG decoder wrote, as the quantised DCT coefficients of that JPEG file, and back to every sample.

A decoder computes samples from a file by exact integer arithmetic (core/jpeg/dct_decode.c). So the coefficients, once
the inversion (inversion/search.py) has found them, say all that the samples say, in far fewer bits than a prediction
of the samples would take. For blocks whose coefficients are not found the nearest ones are stored, and corrections of
the samples that these get wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from bbans_cli.coders import context_mixing, raw
from bbans_cli.coders.jpeg import coefficients, ycbcr
from bbans_cli.container import JPEG, Band, Part
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.core import ffi, lib
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import MAX_JPEG_PIXELS

Progress = Callable[[int], None]

SIDE = 8  # of a block
# All is one band: chroma is interpolated across rows.
# In the settings, how a component's quantisers are given: 1 to 100, the standard's tables at a quality; or
EXPLICIT, SAME = 0, 101

# Quantisers of T.81, annex K, row by row, for luminance and chrominance.
LUMINANCE = """
16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99
"""
CHROMINANCE = "17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66" + 38 * " 99"
STANDARD = np.array([LUMINANCE.split(), CHROMINANCE.split()], np.int64)


@dataclass(frozen=True)
class JpegCoefficients:
    """What a JPEG file held: for each component (Y, or Y, Cb, Cr) quantisers (64,) uint16, 1 to 255, and coefficients
    (rows, columns, 64) int16 of its blocks, both row by row; and whether chroma has half the columns, half the rows."""

    subsampled: tuple[bool, bool]
    tables: list[np.ndarray]
    blocks: list[np.ndarray]


@cache
def standard_tables(component: int) -> np.ndarray:
    """Quantisers (100, 64) uint16 that the Independent JPEG Group's software uses at qualities 1 to 100. Read-only."""
    quality = np.arange(1, 101)[:, None]
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    tables = np.clip((STANDARD[min(component, 1)] * percent + 50) // 100, 1, 255).astype(np.uint16)
    tables.flags.writeable = False
    return tables


def standard_table(component: int, quality: int) -> np.ndarray:
    """The row of `standard_tables` for a quality, 1 to 100."""
    return standard_tables(component)[quality - 1]


def quality_of(table: np.ndarray, component: int) -> int | None:
    """The quality at which a table is the standard's, if it is; the highest of several."""
    found = np.flatnonzero((standard_tables(component) == table).all(axis=1))
    return int(found[-1]) + 1 if found.size else None


def block_counts(width: int, height: int, channels: int, subsampled: tuple[bool, bool]) -> list[tuple[int, int]]:
    """Rows and columns of blocks of each component."""
    small = -(-height // (1 + subsampled[1])), -(-width // (1 + subsampled[0]))
    sizes = [(height, width), small, small][:channels]
    return [(-(-rows // SIDE), -(-columns // SIDE)) for rows, columns in sizes]


def decoded_samples(jpeg: JpegCoefficients, width: int, height: int) -> np.ndarray:
    """What a decoder makes of it: (height, width, 1 or 3) uint8, grey or R, G, B."""
    none = (False, False)
    parts = zip(jpeg.blocks, jpeg.tables, [none, jpeg.subsampled, jpeg.subsampled], strict=False)
    planes = [component_samples(blocks, table, width, height, subsampled) for blocks, table, subsampled in parts]
    if len(planes) == 1:
        return planes[0][:, :, None]
    return ycbcr.to_rgb(np.stack([planes[1], planes[0], planes[2]], axis=2))


def component_samples(
    blocks: np.ndarray, table: np.ndarray, width: int, height: int, subsampled: tuple[bool, bool]
) -> np.ndarray:
    """The samples (height, width) uint8 of a component, enlarged."""
    rows, columns, _ = blocks.shape
    small = np.empty((rows * SIDE, columns * SIDE), np.uint8)
    lib.bbc_jpeg_samples(
        ffi.from_buffer("int16_t[]", np.ascontiguousarray(blocks)),
        ffi.from_buffer("uint16_t[]", np.ascontiguousarray(table)),
        columns,
        rows,
        ffi.from_buffer("uint8_t[]", small),
    )
    across, down = subsampled
    if not across:
        return small[:height, :width]
    plane = np.empty((height, width), np.uint8)
    work = np.empty((width + 1) // 2, np.int32)
    lib.bbc_jpeg_upsample(
        ffi.from_buffer("uint8_t[]", small),
        columns * SIDE,
        width,
        height,
        down,
        ffi.from_buffer("int32_t[]", work),
        ffi.from_buffer("uint8_t[]", plane),
    )
    return plane


def encode(planes: np.ndarray, jpeg: JpegCoefficients, progress: Progress | None = None) -> Part:
    """Planes (h, w, 1 or 3) uint8, grey or R, G, B -> a part of one band. progress gets numbers of pixels."""
    height, width, channels = planes.shape
    code = coefficients.encode(jpeg.blocks, jpeg.tables, _pixels(progress, jpeg, width * height))
    payload = varint(len(code)) + code + _corrections(planes, decoded_samples(jpeg, width, height))
    settings = bytes([jpeg.subsampled[0] | jpeg.subsampled[1] << 1]) + _tables_to_bytes(jpeg.tables)
    return Part(JPEG, channels, 8, b"", settings, height, [Band(payload, 0, raw.checksum(planes, payload))])


def decode(part: Part, width: int, height: int, progress: Progress | None = None) -> np.ndarray:
    """A part -> planes (h, w, c) uint8. Raises CorruptError, UnsupportedError."""
    if len(part.bands) != 1 or part.depth != 8 or part.channels not in (1, 3) or width * height > MAX_JPEG_PIXELS:
        raise UnsupportedError("needs a newer bbc: a JPEG's part of an unknown shape")
    subsampled, tables = _settings(part)
    (band,) = part.bands
    reader = Reader(memoryview(band.payload), "a JPEG's coefficients")
    code = bytes(reader.take(reader.varint()))
    shapes = block_counts(width, height, part.channels, subsampled)
    empty = JpegCoefficients(subsampled, tables, [np.empty((*shape, 0)) for shape in shapes])
    blocks = coefficients.decode(code, shapes, tables, _pixels(progress, empty, width * height))
    planes = decoded_samples(JpegCoefficients(subsampled, tables, blocks), width, height)
    if reader.left:
        _correct(planes, reader)
    raw.check(planes, band)
    return planes


def _pixels(progress: Progress | None, jpeg: JpegCoefficients, pixels: int) -> Progress | None:
    """A progress that gets numbers of blocks from one that gets numbers of pixels."""
    total = sum(blocks.shape[0] * blocks.shape[1] for blocks in jpeg.blocks)
    done = 0

    def count(blocks: int) -> None:
        nonlocal done
        before, done = done, done + blocks
        progress(pixels * done // total - pixels * before // total)

    return count if progress else None


def _tables_to_bytes(tables: list[np.ndarray]) -> bytes:
    out = bytearray()
    for c, table in enumerate(tables):
        quality = quality_of(table, c) or EXPLICIT
        if c and np.array_equal(table, tables[c - 1]):
            out.append(SAME)
        else:
            out += bytes([quality]) + (b"" if quality else table.astype(np.uint8).tobytes())
    return bytes(out)


def _settings(part: Part) -> tuple[tuple[bool, bool], list[np.ndarray]]:
    """Which ways chroma is subsampled, and the tables."""
    reader = Reader(memoryview(part.settings), "a JPEG's settings")
    flags, tables = reader.byte(), []
    for c in range(part.channels):
        how = reader.byte()
        if how == EXPLICIT:
            tables.append(np.frombuffer(bytes(reader.take(64)), np.uint8).astype(np.uint16))
        elif how == SAME and c:
            tables.append(tables[-1])
        elif how <= 100:
            tables.append(standard_table(c, how))
        else:
            raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
    if flags not in (0, 1, 3) or reader.left:
        raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
    if any(table.min() == 0 for table in tables):
        raise CorruptError("corrupt header: a quantiser of zero")
    return (bool(flags & 1), bool(flags & 2)), tables


def pixel_blocks(planes: np.ndarray) -> np.ndarray:
    """(h, w, c) -> (rows, columns, 8, 8, c): squares of 8x8, those at the border filled up with zeros."""
    height, width, channels = planes.shape
    planes = np.pad(planes, [(0, -height % SIDE), (0, -width % SIDE), (0, 0)])
    rows, columns = (side // SIDE for side in planes.shape[:2])
    return planes.reshape(rows, SIDE, columns, SIDE, channels).transpose(0, 2, 1, 3, 4)


def _corrections(planes: np.ndarray, found: np.ndarray) -> bytes:
    """What to add to `found`, modulo 256, to get the planes: which squares, what in them; b"" if there is none."""
    sums = pixel_blocks(planes - found)
    wrong = sums.any(axis=(2, 3, 4))
    if not wrong.any():
        return b""
    which = context_mixing.encode_payload(wrong[:, :, None].astype(np.uint8), 1)
    return varint(len(which)) + which + context_mixing.encode_payload(sums[wrong].reshape(-1, SIDE, planes.shape[2]), 8)


def _correct(planes: np.ndarray, reader: Reader) -> None:
    """Undoes _corrections in place."""
    found = pixel_blocks(planes)
    rows, columns, _, _, channels = found.shape
    which = context_mixing.decode_payload(bytes(reader.take(reader.varint())), (rows, columns, 1), 1)
    wrong = which[:, :, 0].astype(bool)
    added = context_mixing.decode_payload(bytes(reader.take(reader.left)), (SIDE * int(wrong.sum()), SIDE, channels), 8)
    whole = np.zeros_like(found)
    whole[wrong] = added.reshape(-1, SIDE, SIDE, channels)
    whole = whole.transpose(0, 2, 1, 3, 4).reshape(rows * SIDE, columns * SIDE, channels)
    planes += whole[: planes.shape[0], : planes.shape[1]]
