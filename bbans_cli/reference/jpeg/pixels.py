"""Coder 5: pixels that a JPEG decoder made, from coefficients and corrections. docs/format.md, *JPEG (5)*.

Transform and upsampling are in docs/format-jpeg.md, *Samples of coefficients*.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bbans_cli.container import Part
from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress, shared_out
from bbans_cli.reference import ycbcr
from bbans_cli.reference.jpeg import coefficients
from bbans_cli.reference.mixing import few_colours

MOST_PIXELS = 1 << 26
SIDE = 8  # of a block
EXPLICIT, SAME = 0, 101  # how quantisers are given, beside the qualities 1 to 100

# T.81, tables K.1 and K.2
LUMINANCE = """
    16 11 10 16 24 40 51 61   12 12 14 19 26 58 60 55   14 13 16 24 40 57 69 56   14 17 22 29 51 87 80 62
    18 22 37 56 68 109 103 77   24 35 55 64 81 104 113 92   49 64 78 87 103 121 120 101   72 92 95 98 112 100 103 99
"""
CHROMINANCE = (
    """
    17 18 24 47 99 99 99 99   18 21 26 66 99 99 99 99   24 26 56 99 99 99 99 99   47 66 99 99 99 99 99 99
"""
    + 32 * " 99"
)

# Of the inverse DCT (Loeffler, Ligtenberg and Moschytz 1989), in 2^-13
(C541, C765, C1847, C1175, C298, C2053, C3072, C1501, C899, C2562, C1961, C390) = (
    int(x * 8192 + 0.5)
    for x in (
        *(0.541196100, 0.765366865, 1.847759065),
        *(1.175875602, 0.298631336, 2.053119869, 3.072711026, 1.501321110),
        *(0.899976223, 2.562915447, 1.961570560, 0.390180644),
    )
)


def decode(part: Part, width: int, height: int, tick: PixelProgress = no_progress) -> np.ndarray:
    """Samples uint8 (height, width, 1 or 3): grey, or R, G, B. Raises CorruptError, UnsupportedError."""
    if len(part.bands) != 1 or part.channels not in (1, 3) or width * height > MOST_PIXELS:
        raise UnsupportedError("needs a newer bbc: a JPEG's part of an unknown shape")
    halved, quantisers = _settings(part)
    reader = Reader(part.bands[0].payload, "a JPEG's coefficients")
    code = reader.take(reader.varint())
    small = -(-height // (1 + halved[1])), -(-width // (1 + halved[0]))
    sizes = [(height, width), small, small][: part.channels]
    factors = [(1 + halved[0], 1 + halved[1]), (1, 1), (1, 1)][: part.channels]
    counts = [(-(-rows // SIDE), -(-columns // SIDE)) for rows, columns in sizes]
    of_blocks = shared_out(tick, width * height, sum(rows * columns for rows, columns in counts))
    blocks = coefficients.decode(code, counts, quantisers, factors, coefficients.DEFAULT, of_blocks)
    planes = [component_samples(*each) for each in zip(blocks, quantisers, strict=True)]
    planes = [planes[0]] + [upsampled(plane, width, height, halved) for plane in planes[1:]]
    samples = np.stack([plane[:height, :width] for plane in planes], axis=2)
    if part.channels == 3:
        samples = ycbcr.to_rgb(samples[:, :, [1, 0, 2]])
    return _corrected(samples, reader) if reader.left else samples


def _settings(part: Part) -> tuple[tuple[bool, bool], list[np.ndarray]]:
    """Have the chromas half the columns, half the rows? And the quantisers (64,) of each component."""
    reader = Reader(part.settings, "a JPEG's settings")
    flags = reader.byte()
    tables: list[np.ndarray] = []
    for c in range(part.channels):
        how = reader.byte()
        if how == EXPLICIT:
            tables.append(np.frombuffer(reader.take(64), np.uint8).astype(np.int64))
        elif how == SAME and c:
            tables.append(tables[-1])
        elif how <= 100:
            tables.append(standard_table(LUMINANCE if c == 0 else CHROMINANCE, how))
        else:
            raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
    if flags not in (0, 1, 3) or reader.left:
        raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
    if any(table.min() == 0 for table in tables):
        raise CorruptError("corrupt header: a quantiser of zero")
    return (bool(flags & 1), bool(flags & 2)), tables


def standard_table(entries: str, quality: int) -> np.ndarray:
    """A table of T.81, annex K, at a quality, 1 to 100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    table: np.ndarray = np.clip((np.array(entries.split(), np.int64) * scale + 50) // 100, 1, 255)
    return table


# ---- samples ----


def component_samples(blocks: np.ndarray, quantisers: np.ndarray) -> np.ndarray:
    """Coefficients (rows, columns, 64) -> samples uint8 (8 rows, 8 columns)."""
    rows, columns, _ = blocks.shape
    work = (blocks.astype(np.int64) * quantisers).reshape(rows, columns, SIDE, SIDE)
    work = _inverse_dct(work, 11)  # of columns
    work = _inverse_dct(work.swapaxes(2, 3), 18).swapaxes(2, 3)  # of rows
    samples = np.clip(work + 128, 0, 255).astype(np.uint8)
    whole: np.ndarray = samples.transpose(0, 2, 1, 3).reshape(rows * SIDE, columns * SIDE)
    return whole


def _inverse_dct(work: np.ndarray, shift: int) -> np.ndarray:
    """Of 8 numbers along axis 2, in 32 bits that wrap around, rounded to 2^shift."""
    c = [work[:, :, k] for k in range(SIDE)]
    turn = (c[2] + c[6]) * C541
    low, high = turn - c[6] * C1847, turn + c[2] * C765
    total, difference = (c[0] + c[4]) << 13, (c[0] - c[4]) << 13
    even = [total + high, difference + low, difference - low, total - high]
    every = (c[7] + c[3] + c[5] + c[1]) * C1175
    p71, p53 = (c[7] + c[1]) * C899, (c[5] + c[3]) * C2562
    p73, p51 = every - (c[7] + c[3]) * C1961, every - (c[5] + c[1]) * C390
    odd = [
        c[1] * C1501 - p71 + p51,
        c[3] * C3072 - p53 + p73,
        c[5] * C2053 - p53 + p51,
        c[7] * C298 - p71 + p73,
    ]
    sums = [a + b for a, b in zip(even, odd, strict=True)]
    differences = [a - b for a, b in zip(even, odd, strict=True)]
    out = np.stack([*sums, *reversed(differences)], axis=2) + (1 << shift - 1)
    wrapped = (out + (1 << 31)) % (1 << 32) - (1 << 31)
    rounded: np.ndarray = wrapped >> shift
    return rounded


def upsampled(small: np.ndarray, width: int, height: int, halved: tuple[bool, bool]) -> np.ndarray:
    """A chroma at the picture's size, by the triangle filter; what lies beyond the border does not matter."""
    across, down = halved
    if not across:
        return small[:height, :width]
    rows, columns = -(-height // (1 + down)), -(-width // 2)
    plane = small[:rows, :columns].astype(np.int64)
    if down:
        plane = np.stack([3 * plane + _moved(plane, 0, -1), 3 * plane + _moved(plane, 0, 1)], axis=1)
        plane = plane.reshape(2 * rows, columns)
    left, right, shift = (8, 7, 4) if down else (1, 2, 2)
    even = 3 * plane + _moved(plane, 1, -1) + left >> shift
    odd = 3 * plane + _moved(plane, 1, 1) + right >> shift
    whole = np.stack([even, odd], axis=2).reshape(len(plane), 2 * columns)
    return whole[:height, :width].astype(np.uint8)


def _moved(plane: np.ndarray, axis: int, by: int) -> np.ndarray:
    """The neighbour of each sample; at the border the sample itself."""
    places = np.clip(np.arange(plane.shape[axis]) + by, 0, plane.shape[axis] - 1)
    moved: np.ndarray = np.take(plane, places, axis)
    return moved


# ---- corrections ----


def _corrected(samples: np.ndarray, reader: Reader) -> np.ndarray:
    height, width, channels = samples.shape
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    wrong = _few_colours(reader.take(reader.varint()), (rows, columns, 1), 1)[:, :, 0] > 0
    count = int(wrong.sum())
    column = _few_colours(reader.take(reader.left), (SIDE * count, SIDE, channels), 8)
    differences = np.zeros((rows, columns, SIDE, SIDE, channels), np.int64)
    differences[wrong] = column.reshape(count, SIDE, SIDE, channels)
    whole = differences.transpose(0, 2, 1, 3, 4).reshape(rows * SIDE, columns * SIDE, channels)
    corrected: np.ndarray = ((samples + whole[:height, :width]) % 256).astype(np.uint8)
    return corrected


def _few_colours(payload: bytes, shape: Sequence[int], depth: int) -> np.ndarray:
    samples = np.zeros(shape, np.int64)
    bits = max(8, min(20, (4 * max(samples.size, 1) - 1).bit_length()))
    few_colours.decode(payload, samples, 0, depth, bits)
    return samples
