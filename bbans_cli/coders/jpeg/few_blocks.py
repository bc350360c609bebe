"""The coefficients of a small stream, such as a thumbnail's, to samples and colours, on the core's own buffers.

Imports no numpy, whose import takes longer than all of this. coefficients.py and coder.py do it for pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

from bbans_cli.coders.jpeg import coefficient_start
from bbans_cli.coders.jpeg.coefficient_shape import Factors, Table, check_sizes, shape_of
from bbans_cli.core import CData, check_coder, ffi, lib
from bbans_cli.errors import CorruptError
from bbans_cli.limits import FAST

SIDE = 8


def decode(
    payload: bytes, sizes: Sequence[tuple[int, int]], tables: Sequence[Table], factors: Sequence[Factors], level: int
) -> list[CData] | None:
    """Of each component int16[rows * columns * 64]; as in coefficients.py. None of what was cut into segments.

    Raises CorruptError, ModelMismatchError.
    """
    check_sizes(sizes, tables, factors, level)
    if not payload:
        raise CorruptError("corrupt coefficients: there are none")
    segments, start = payload[0] & 15, payload[0] >> 4
    if segments:
        return None
    if (start == 0) != (level == FAST):
        raise CorruptError("corrupt coefficients: a start of another level")
    check_coder(lib.BBC_SELF_TEST_COEFFICIENTS)
    shape = shape_of(sizes, tables, factors, level)
    state = ffi.new("uint64_t[]", lib.bbc_coefficients_size(shape) // 8 + 1)
    source = ffi.from_buffer("uint8_t[]", payload[1:])
    learned = coefficient_start.load(start) if start else ffi.NULL
    lib.bbc_coefficients_begin(state, shape, learned, source, ffi.NULL, len(source))
    planes = [ffi.new("int16_t[]", rows * columns * SIDE * SIDE) for rows, columns in sizes]
    blocks = sum(rows * columns for rows, columns in sizes)
    lib.bbc_coefficients_code(state, ffi.new("int16_t *[]", planes), blocks)
    return planes


def to_rgb(
    planes: Sequence[CData],
    sizes: Sequence[tuple[int, int]],
    tables: Sequence[Table],
    width: int,
    height: int,
    subsampled: tuple[bool, bool],
) -> bytes:
    """R, G, B of each pixel, of one component or of Y, Cb, Cr. Quantisers up to 255.

    subsampled  has chroma half as many columns, and rows?
    """
    kinds = [(False, False), subsampled, subsampled]
    samples = [
        _samples(plane, size, table, width, height, of)
        for plane, size, table, of in zip(planes, sizes, tables, kinds, strict=False)
    ]
    pixels = bytearray(3 * width * height)
    order = (1, 0, 2) if len(samples) == 3 else (0, 0, 0)  # the core takes Cb, Y, Cr
    for channel, component in enumerate(order):
        pixels[channel::3] = samples[component]
    if len(samples) == 3:
        view = ffi.from_buffer("uint8_t[]", pixels)
        lib.bbc_ycbcr_decode(width * height, view, view)
    return bytes(pixels)


def _samples(
    plane: CData, size: tuple[int, int], table: Table, width: int, height: int, subsampled: tuple[bool, bool]
) -> bytes | bytearray:
    """A component's samples, row by row."""
    rows, columns = size
    stride = columns * SIDE
    small = bytearray(rows * SIDE * stride)
    view = ffi.from_buffer("uint8_t[]", small)
    lib.bbc_jpeg_samples(plane, ffi.new("uint16_t[]", list(table)), columns, rows, view)
    across, down = subsampled
    if not across:
        return b"".join(small[y * stride : y * stride + width] for y in range(height))
    out = bytearray(width * height)
    work = ffi.new("int32_t[]", (width + 1) // 2)
    lib.bbc_jpeg_upsample(view, stride, width, height, down, work, ffi.from_buffer("uint8_t[]", out))
    return out
