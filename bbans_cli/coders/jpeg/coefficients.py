"""Quantised DCT coefficients of a JPEG picture to bytes and back: core/jpeg/coefficient_blocks-inl.h."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bbans_cli.coders.context_mixing import LEAST_BUCKET_BITS, MOST_BUCKET_BITS, TooLargeError
from bbans_cli.core import check_coder, ffi, lib
from bbans_cli.errors import CorruptError

# Blocks in one call of the core, which so stays below 0.1 s and lets signals and progress bars have their turn.
PIECE = 64
LOWEST, HIGHEST = -2048, 2047

Progress = Callable[[int], None]


def encode(
    planes: Sequence[np.ndarray], tables: np.ndarray, progress: Progress | None = None, most: int | None = None
) -> bytes:
    """Coefficients -> payload.

    planes    int16 (rows, columns, 64) for each component (Y, or Y, Cb, Cr), row by row within a block, -2048..2047;
              Cb and Cr have as many blocks as Y or half as many, rounded up, either way
    tables    (components, 64) quantisers, row by row
    progress  gets numbers of blocks as they are done
    most      raise TooLargeError once the payload takes more bytes
    """
    flat = np.concatenate([plane.reshape(-1) for plane in planes], dtype=np.int16, casting="same_kind")
    if flat.size and not LOWEST <= flat.min() <= flat.max() <= HIGHEST:
        raise ValueError("coefficients beyond -2048..2047")
    return _run(flat, [plane.shape[:2] for plane in planes], tables, None, progress, most)


def decode(
    payload: bytes, sizes: Sequence[tuple[int, int]], tables: np.ndarray, progress: Progress | None = None
) -> list[np.ndarray]:
    """What `encode` was given: planes of (rows, columns) = sizes blocks. Raises CorruptError."""
    flat = np.zeros(sum(rows * columns * 64 for rows, columns in sizes), np.int16)
    _run(flat, sizes, tables, payload, progress, None)
    ends = np.cumsum([rows * columns * 64 for rows, columns in sizes])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(*size, 64) for part, size in zip(parts, sizes, strict=True)]


def _run(
    flat: np.ndarray,
    sizes: Sequence[tuple[int, int]],
    tables: np.ndarray,
    payload: bytes | None,
    progress: Progress | None,
    most: int | None,
) -> bytes:
    """Encode if there is no payload, else fill in `flat`."""
    check_coder(lib.BBC_SELF_TEST_COEFFICIENTS)
    # Lines of 64 bytes: about one for four coefficients.
    bits = min(MOST_BUCKET_BITS, max(LEAST_BUCKET_BITS, (flat.size // 4).bit_length()))
    size, shape = _shape(sizes, tables, bits)
    # numpy takes zeroed pages from the system as they are touched: small pictures do not pay for all of them.
    memory = np.zeros(size, np.uint8)
    state = ffi.from_buffer(memory)
    budget = (flat.size * 3 + 64 if most is None else most) if payload is None else len(payload)
    out = np.empty(budget if payload is None else 0, np.uint8)
    source: Any = ffi.NULL if payload is None else ffi.from_buffer("uint8_t[]", payload)
    lib.bbc_coefficients_begin(state, shape, source, ffi.from_buffer("uint8_t[]", out), budget)
    coefficients = ffi.from_buffer("int16_t[]", flat)
    blocks = flat.size // 64
    for done in range(0, blocks, PIECE):
        if lib.bbc_coefficients_code(state, coefficients, PIECE):
            raise TooLargeError
        if progress:
            progress(min(PIECE, blocks - done))
    if payload is not None:
        return payload
    written = lib.bbc_coefficients_end(state)
    if written > budget:
        raise TooLargeError
    return out[:written].tobytes()


def _shape(sizes: Sequence[tuple[int, int]], tables: np.ndarray, bucket_bits: int) -> tuple[int, Any]:
    """Bytes of state, and the core's description of a picture."""
    shape = ffi.new("bbc_coefficients_shape *")
    if len(sizes) not in (1, 3) or np.shape(tables) != (len(sizes), 64):
        raise CorruptError("corrupt header: a picture that no JPEG file holds")
    shape.components, shape.bucket_bits = len(sizes), bucket_bits
    for c, (rows, columns) in enumerate(sizes):
        shape.rows[c], shape.columns[c] = rows, columns
        shape.tables[c] = [int(quantiser) for quantiser in tables[c]]
    size = lib.bbc_coefficients_size(shape)
    if size == 0:
        raise CorruptError("corrupt header: a picture that no JPEG file holds")
    return size, shape
