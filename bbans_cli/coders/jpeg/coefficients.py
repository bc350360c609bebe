"""Quantised DCT coefficients of a JPEG picture to bytes and back: core/jpeg/coefficient_blocks-inl.h."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from bbans_cli.coders.context_mixing import LEAST_BUCKET_BITS, MOST_BUCKET_BITS, CoreCoder, Pieces
from bbans_cli.core import CData, ffi, lib
from bbans_cli.errors import CorruptError
from bbans_cli.progress import BlockProgress, no_progress

# Blocks in one call of the core, which so stays below 0.1 s and lets signals and progress bars have their turn.
PIECE_BLOCKS = 64
MOST_COMPONENTS = 4
_CORE = CoreCoder(
    lib.BBC_SELF_TEST_COEFFICIENTS, lib.bbc_coefficients_size, lib.bbc_coefficients_begin, lib.bbc_coefficients_end
)


# Horizontal and vertical sampling factor of a component, 1..4
Factors: TypeAlias = tuple[int, int]


def encode(
    blocks: Sequence[np.ndarray],
    tables: Sequence[np.ndarray],
    factors: Sequence[Factors],
    progress: BlockProgress = no_progress,
    max_bytes: int | None = None,
) -> bytes:
    """Coefficients -> payload.

    blocks     int16 (rows, columns, 64) for each of 1 to 4 components, row by row within a block; up to 16,384 rows and
               columns
    tables     (64,) quantisers of each component, row by row, 1..65535
    factors    of each component. Blocks at the same place of the picture help each other, and the factors say which
               those are; numbers of blocks need not follow from them
    progress   gets numbers of blocks as they are done
    max_bytes  raise TooLargeError once the payload takes more bytes
    """
    planes = [np.ascontiguousarray(plane, np.int16) for plane in blocks]
    sizes = [(plane.shape[0], plane.shape[1]) for plane in planes]
    most = sum(plane.size for plane in planes) * 4 + 64 if max_bytes is None else max_bytes
    return _CORE.encode(_shape(sizes, tables, factors), _pieces(planes, progress), most)


def decode(
    payload: bytes,
    sizes: Sequence[tuple[int, int]],
    tables: Sequence[np.ndarray],
    factors: Sequence[Factors],
    progress: BlockProgress = no_progress,
) -> list[np.ndarray]:
    """What `encode` was given: int16 (rows, columns, 64) for each (rows, columns) of sizes. Raises CorruptError."""
    shape = _shape(sizes, tables, factors)
    planes = [np.zeros((*size, 64), np.int16) for size in sizes]
    _CORE.decode(shape, _pieces(planes, progress), payload)
    return planes


def _pieces(planes: Sequence[np.ndarray], progress: BlockProgress) -> Pieces:
    blocks = sum(plane.size for plane in planes) // 64

    def code(state: CData) -> Iterator[int]:
        buffers = [ffi.from_buffer("int16_t[]", plane) for plane in planes]
        coefficients = ffi.new("int16_t *[]", buffers)
        for done in range(0, blocks, PIECE_BLOCKS):
            yield lib.bbc_coefficients_code(state, coefficients, PIECE_BLOCKS)
            progress(min(PIECE_BLOCKS, blocks - done))

    return code


def _shape(sizes: Sequence[tuple[int, int]], tables: Sequence[np.ndarray], factors: Sequence[Factors]) -> CData:
    """The core's description of a picture. Raises CorruptError where no JPEG file holds such a one."""
    count = len(sizes)
    if not 1 <= count <= MOST_COMPONENTS or np.shape(tables) != (count, 64) or np.shape(factors) != (count, 2):
        raise CorruptError("corrupt header: a picture that no JPEG file holds")
    shape = ffi.new("bbc_coefficients_shape *")
    shape.components = count
    # About one bucket for four coefficients.
    coefficients = sum(rows * columns * 64 for rows, columns in sizes)
    shape.bucket_bits = min(MOST_BUCKET_BITS, max(LEAST_BUCKET_BITS, (coefficients // 4).bit_length()))
    for c, (rows, columns) in enumerate(sizes):
        shape.rows[c], shape.columns[c] = rows, columns
        shape.horizontal[c], shape.vertical[c] = factors[c]
        shape.tables[c] = [int(quantiser) for quantiser in tables[c]]
    return shape
