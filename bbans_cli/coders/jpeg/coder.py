"""A picture that a JPEG decoder wrote, as the quantised DCT coefficients of that JPEG file, and back to every sample.

A decoder computes samples from a file by exact integer arithmetic (core/jpeg/dct_decode.c). So the coefficients, once
the inversion (inversion/search.py) has found them, say all that the samples say, in far fewer bits than a prediction
of the samples would take. For blocks whose coefficients are not found the nearest ones are stored, and corrections of
the samples that these get wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from bbans_cli.coders import block_areas, context_mixing, raw
from bbans_cli.coders.jpeg import coefficients, ycbcr
from bbans_cli.container import JPEG, Band, Part
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.core import ffi, lib
from bbans_cli.errors import CorruptError, ModelMismatchError, TruncatedError, UnsupportedError
from bbans_cli.limits import MAX_JPEG_PIXELS
from bbans_cli.progress import PixelProgress, no_progress, shared_out

SIDE = 8  # of a block
# In the settings, how a component's quantisers are given: 1 to 100, a standard table at that quality; or EXPLICIT, 64
# bytes follow; or SAME, those of the component before
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
    """What a JPEG file holds of a picture.

    subsampled  has chroma half the columns, half the rows? (False, True) is not supported
    tables      for each component (Y, or Y, Cb, Cr) quantisers (64,) uint16, 1 to 255, row by row
    blocks      for each component coefficients (rows, columns, 64) int16 of its 8x8 blocks, row by row
    """

    subsampled: tuple[bool, bool]
    tables: list[np.ndarray]
    blocks: list[np.ndarray]

    def factors(self) -> list[tuple[int, int]]:
        """Sampling factors of each component."""
        return sampling_factors(len(self.blocks), self.subsampled)


@dataclass(frozen=True)
class JpegBits:
    """Where a part's bits went; `decode` fills it in.

    factors      sampling factors of each component
    blocks       for each component float32 (rows, columns), of its 8x8 blocks
    corrections  float32 (height, width): of a pixel's differences, and its share of its block's bit in the map
    """

    factors: list[tuple[int, int]]
    blocks: list[np.ndarray]
    corrections: np.ndarray

    @classmethod
    def of_part(cls, part: Part, width: int, height: int) -> JpegBits:
        """Zeros. Raises CorruptError, UnsupportedError."""
        subsampled, _ = _settings(part)
        sizes = block_counts(width, height, part.channels, subsampled)
        factors = sampling_factors(part.channels, subsampled)
        return cls(factors, [np.zeros(size, np.float32) for size in sizes], np.zeros((height, width), np.float32))


@cache
def standard_tables(component: int) -> np.ndarray:
    """Quantisers (100, 64) uint16 that the Independent JPEG Group's software uses at qualities 1 to 100. Read-only."""
    quality = np.arange(1, 101)[:, None]
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    tables: np.ndarray = np.clip((STANDARD[min(component, 1)] * percent + 50) // 100, 1, 255).astype(np.uint16)
    tables.flags.writeable = False
    return tables


def standard_table(component: int, quality: int) -> np.ndarray:
    """The row (64,) of `standard_tables` for a quality, 1 to 100."""
    table: np.ndarray = standard_tables(component)[quality - 1]
    return table


def quality_of(table: np.ndarray, component: int) -> int | None:
    """The quality at which `table` is a standard table, the highest of several, or None if it is none."""
    found = np.flatnonzero((standard_tables(component) == table).all(axis=1))
    return int(found[-1]) + 1 if found.size else None


def sampling_factors(channels: int, subsampled: tuple[bool, bool]) -> list[tuple[int, int]]:
    """Horizontal and vertical sampling factor of each component."""
    return [(1 + subsampled[0], 1 + subsampled[1]), (1, 1), (1, 1)][:channels]


def block_counts(width: int, height: int, channels: int, subsampled: tuple[bool, bool]) -> list[tuple[int, int]]:
    """Rows and columns of blocks of each component."""
    small = -(-height // (1 + subsampled[1])), -(-width // (1 + subsampled[0]))
    sizes = [(height, width), small, small][:channels]
    return [(-(-rows // SIDE), -(-columns // SIDE)) for rows, columns in sizes]


def decoded_samples(jpeg: JpegCoefficients, width: int, height: int) -> np.ndarray:
    """What a JPEG decoder computes: (height, width, 1 or 3) uint8, grey or R, G, B."""
    none = (False, False)
    parts = zip(jpeg.blocks, jpeg.tables, [none, jpeg.subsampled, jpeg.subsampled], strict=False)
    planes = [component_samples(blocks, table, width, height, subsampled) for blocks, table, subsampled in parts]
    if len(planes) == 1:
        return planes[0][:, :, None]
    return ycbcr.to_rgb(np.stack([planes[1], planes[0], planes[2]], axis=2))


def component_samples(
    blocks: np.ndarray, table: np.ndarray, width: int, height: int, subsampled: tuple[bool, bool]
) -> np.ndarray:
    """The samples (height, width) uint8 of a component, upsampled where it is subsampled.

    blocks (rows, columns, 64) int16, table (64,) uint16.
    """
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


def encode(planes: np.ndarray, jpeg: JpegCoefficients, progress: PixelProgress = no_progress) -> Part:
    """Planes (h, w, 1 or 3) uint8, grey or R, G, B -> a part. progress gets numbers of pixels as they are done.

    The part has one band, since chroma is interpolated across rows.
    """
    height, width, channels = planes.shape
    blocks = sum(plane.shape[0] * plane.shape[1] for plane in jpeg.blocks)
    code = coefficients.encode(
        jpeg.blocks, jpeg.tables, jpeg.factors(), progress=shared_out(progress, width * height, blocks)
    )
    payload = varint(len(code)) + code + _corrections(planes, decoded_samples(jpeg, width, height))
    settings = bytes([jpeg.subsampled[0] | jpeg.subsampled[1] << 1]) + _tables_to_bytes(jpeg.tables)
    return Part(JPEG, channels, 8, b"", settings, height, [Band(payload, 0, raw.checksum(planes, payload))])


def decode(
    part: Part, width: int, height: int, progress: PixelProgress = no_progress, bits: JpegBits | None = None
) -> np.ndarray:
    """A part -> planes (h, w, c) uint8, and where its bits went. Raises CorruptError, UnsupportedError."""
    if len(part.bands) != 1 or part.depth != 8 or part.channels not in (1, 3) or width * height > MAX_JPEG_PIXELS:
        raise UnsupportedError("needs a newer bbc: a JPEG's part of an unknown shape")
    subsampled, tables = _settings(part)
    (band,) = part.bands
    try:
        planes = _decode_payload(part, width, height, subsampled, tables, progress, bits)
    except (TruncatedError, ModelMismatchError) as error:
        # All bytes are there; what they say of sizes and starts is part of the payload, whose checksum comes last.
        raise CorruptError("corrupt, or made by a newer bbc: a JPEG's coefficients cannot be decoded") from error
    raw.check(planes, band)
    return planes


def _decode_payload(
    part: Part,
    width: int,
    height: int,
    subsampled: tuple[bool, bool],
    tables: list[np.ndarray],
    progress: PixelProgress,
    bits: JpegBits | None,
) -> np.ndarray:
    reader = Reader(memoryview(part.bands[0].payload), "a JPEG's coefficients")
    code = bytes(reader.take(reader.varint()))
    sizes = block_counts(width, height, part.channels, subsampled)
    count = sum(rows * columns for rows, columns in sizes)
    factors = sampling_factors(part.channels, subsampled)
    follow = shared_out(progress, width * height, count)
    of_blocks = None if bits is None else bits.blocks
    blocks = coefficients.decode(code, sizes, tables, factors, progress=follow, bits=of_blocks)
    planes = decoded_samples(JpegCoefficients(subsampled, tables, blocks), width, height)
    if reader.left:
        _correct(planes, reader, None if bits is None else bits.corrections)
    return planes


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
    """Has chroma half the columns, half the rows? And the tables. Raises CorruptError, UnsupportedError."""
    reader = Reader(memoryview(part.settings), "a JPEG's settings")
    flags = reader.byte()
    tables: list[np.ndarray] = []
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
    """(h, w, c) -> (rows, columns, 8, 8, c): blocks of 8x8 pixels, those at the border filled up with zeros."""
    height, width, channels = planes.shape
    padded = np.pad(planes, [(0, -height % SIDE), (0, -width % SIDE), (0, 0)])
    rows, columns = (side // SIDE for side in padded.shape[:2])
    blocks: np.ndarray = padded.reshape(rows, SIDE, columns, SIDE, channels).transpose(0, 2, 1, 3, 4)
    return blocks


def _corrections(planes: np.ndarray, found: np.ndarray) -> bytes:
    """What to add to `found`, modulo 256, to get the planes: b"" for nothing.

    Else a map of the blocks of 8x8 pixels that are wrong, and the differences in these, block below block.
    """
    differences = pixel_blocks(planes - found)
    wrong: np.ndarray = np.any(differences, axis=(2, 3, 4), keepdims=True)[:, :, :, 0, 0]
    if not wrong.any():
        return b""
    which = context_mixing.encode_payload(wrong.astype(np.uint8), 1)
    column = differences[wrong[:, :, 0]].reshape(-1, SIDE, planes.shape[2])
    return varint(len(which)) + which + context_mixing.encode_payload(column, 8)


def _correct(planes: np.ndarray, reader: Reader, bits: np.ndarray | None = None) -> None:
    """Adds to the planes what _corrections wrote; bits: JpegBits.corrections."""
    height, width, channels = planes.shape
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    of_map = None if bits is None else np.zeros((rows, columns, 1), np.float32)
    which = context_mixing.decode_payload(bytes(reader.take(reader.varint())), (rows, columns, 1), 1, of_map)
    wrong = which[:, :, 0].astype(bool)
    shape = (SIDE * int(wrong.sum()), SIDE, channels)
    differences = np.zeros((rows, columns, SIDE, SIDE, channels), np.uint8)
    of_column = None if bits is None else np.zeros((*shape[:2], 1), np.float32)
    column = context_mixing.decode_payload(bytes(reader.take(reader.left)), shape, 8, of_column)
    differences[wrong] = column.reshape(-1, SIDE, SIDE, channels)
    planes += _from_blocks(differences)[:height, :width]
    if bits is not None and of_map is not None and of_column is not None:
        of_pixels = np.zeros((rows, columns, SIDE, SIDE, 1), np.float32)
        of_pixels[wrong] = of_column.reshape(-1, SIDE, SIDE, 1)
        bits += block_areas.spread(of_map[:, :, 0], height, width, SIDE, SIDE)
        bits += block_areas.fold(_from_blocks(of_pixels)[:, :, 0], height, width)


def _from_blocks(blocks: np.ndarray) -> np.ndarray:
    """The inverse of `pixel_blocks`, border included: (8 rows, 8 columns, c)."""
    rows, columns, _, _, channels = blocks.shape
    whole: np.ndarray = blocks.transpose(0, 2, 1, 3, 4).reshape(rows * SIDE, columns * SIDE, channels)
    return whole
