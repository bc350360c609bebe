"""Quantised DCT coefficients of a JPEG picture to bytes and back: core/jpeg/coefficient_blocks-inl.h."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bbans_cli.coders.context_mixing import LEAST_BUCKET_BITS, MOST_BUCKET_BITS, CoreCoder, Pieces
from bbans_cli.core import CData, ffi, lib
from bbans_cli.errors import CorruptError
from bbans_cli.progress import BlockProgress, no_progress

# Blocks in one call of the core, which so stays below 0.1 s and lets signals and progress bars have their turn.
PIECE_BLOCKS = 64
LOWEST, HIGHEST = -2048, 2047

_CORE = CoreCoder(
    lib.BBC_SELF_TEST_COEFFICIENTS, lib.bbc_coefficients_size, lib.bbc_coefficients_begin, lib.bbc_coefficients_end
)


def encode(
    planes: Sequence[np.ndarray],
    tables: Sequence[np.ndarray],
    progress: BlockProgress = no_progress,
    max_bytes: int | None = None,
) -> bytes:
    """Coefficients -> payload.

    planes     int16 (rows, columns, 64) for each component (Y, or Y, Cb, Cr), row by row within a block, -2048..2047;
               Cb and Cr have as many blocks as Y or half as many, rounded up, either way
    tables     (64,) quantisers of each component, row by row
    progress   gets numbers of blocks as they are done
    max_bytes  raise TooLargeError once the payload takes more bytes

    ValueError for coefficients beyond the range.
    """
    flat = np.concatenate([plane.reshape(-1) for plane in planes], dtype=np.int16, casting="same_kind")
    if flat.size and not LOWEST <= flat.min() <= flat.max() <= HIGHEST:
        raise ValueError("coefficients beyond -2048..2047")
    sizes = [(plane.shape[0], plane.shape[1]) for plane in planes]
    most = flat.size * 3 + 64 if max_bytes is None else max_bytes
    return _CORE.encode(_shape(sizes, tables), _pieces(flat, progress), most)


def decode(
    payload: bytes,
    sizes: Sequence[tuple[int, int]],
    tables: Sequence[np.ndarray],
    progress: BlockProgress = no_progress,
) -> list[np.ndarray]:
    """What `encode` was given: planes of (rows, columns) = sizes blocks. Raises CorruptError."""
    flat = np.zeros(sum(rows * columns * 64 for rows, columns in sizes), np.int16)
    _CORE.decode(_shape(sizes, tables), _pieces(flat, progress), payload)
    ends = np.cumsum([rows * columns * 64 for rows, columns in sizes])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(*size, 64) for part, size in zip(parts, sizes, strict=True)]


def _pieces(flat: np.ndarray, progress: BlockProgress) -> Pieces:
    blocks = flat.size // 64

    def code(state: CData) -> Iterator[int]:
        coefficients = ffi.from_buffer("int16_t[]", flat)
        for done in range(0, blocks, PIECE_BLOCKS):
            yield lib.bbc_coefficients_code(state, coefficients, PIECE_BLOCKS)
            progress(min(PIECE_BLOCKS, blocks - done))

    return code


def _shape(sizes: Sequence[tuple[int, int]], tables: Sequence[np.ndarray]) -> CData:
    """The core's description of a picture. Raises CorruptError where no JPEG file holds such a one."""
    if len(sizes) not in (1, 3) or np.shape(tables) != (len(sizes), 64):
        raise CorruptError("corrupt header: a picture that no JPEG file holds")
    shape = ffi.new("bbc_coefficients_shape *")
    shape.components = len(sizes)
    # About one bucket for four coefficients.
    coefficients = sum(rows * columns * 64 for rows, columns in sizes)
    shape.bucket_bits = min(MOST_BUCKET_BITS, max(LEAST_BUCKET_BITS, (coefficients // 4).bit_length()))
    for c, (rows, columns) in enumerate(sizes):
        shape.rows[c], shape.columns[c] = rows, columns
        shape.tables[c] = [int(quantiser) for quantiser in tables[c]]
    return shape
