"""Planes of few colours (screens, drawings, palettes, alpha) to a part of the container and back, through discrete.c."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bbans_cli import stored
from bbans_cli.container import DISCRETE, Band, Part, band_heights
from bbans_cli.core import ffi, lib
from bbans_cli.errors import CorruptError, UnsupportedError

# Bands begin with nothing learned, so they are large: small pictures have one.
BAND_PIXELS = 1 << 22
# One call of the core stays below 0.1 s, so that signals and progress bars get their turn.
PIECE = 1 << 12

Progress = Callable[[int], None]


class TooLargeError(Exception):
    """The result would be larger than was allowed."""


def encode(
    planes: np.ndarray,
    depth: int,
    known: np.ndarray | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    most: int | None = None,
) -> Part:
    """(h, w, c) samples of `depth` bits -> a part; `known` planes (h, w, k), k + c <= 4, help on both sides.

    most   raise TooLargeError as soon as the payloads take more bytes
    """
    height, width, channels = planes.shape
    rows = min(height, max(1, BAND_PIXELS // width))
    tops = range(0, height, rows)
    bits = _line_bits(rows * width * channels)
    budget = most if most is not None else planes.size * 2 + 64 * len(tops)

    def code(top: int) -> Band:
        samples = _together(planes[top : top + rows], None if known is None else known[top : top + rows])
        payload = _encode_band(samples, channels, depth, bits, budget, progress)
        return Band(payload, 0, stored.checksum(planes[top : top + rows], payload))

    with ThreadPoolExecutor(max(1, threads)) as pool:
        bands = list(pool.map(code, tops))
    if sum(len(band.payload) for band in bands) > budget:
        raise TooLargeError
    return Part(DISCRETE, channels, depth, b"", bytes([bits]), rows, bands)


def decode(
    part: Part,
    width: int,
    height: int,
    known: np.ndarray | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> np.ndarray:
    """A part -> (height, width, channels) samples. Raises CorruptError and UnsupportedError."""
    if len(part.settings) != 1 or not 8 <= part.settings[0] <= 20:
        raise UnsupportedError("needs a newer bbc: unknown settings of the coder for few colours")
    planes = np.zeros((height, width, part.channels), np.uint16 if part.depth == 16 else np.uint8)

    def code(job: tuple[int, Band]) -> None:
        top, band = job
        given = planes[top : top + part.band_rows]
        samples = _together(given, None if known is None else known[top : top + part.band_rows])
        _decode_band(samples, part.channels, part.depth, part.settings[0], band.payload, progress)
        given[:] = samples[:, :, samples.shape[2] - part.channels :]
        stored.check(given, band)

    tops = np.cumsum([0, *band_heights(height, part.band_rows)[:-1]])
    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(code, zip(tops.tolist(), part.bands, strict=True)))
    return planes


def _line_bits(samples: int) -> int:
    """Memory for contexts: four lines of 64 bytes for each sample, at most 64 MiB in all."""
    return min(20, max(8, (4 * samples - 1).bit_length()))


def _together(planes: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    parts = [planes] if known is None else [known, planes]
    return np.ascontiguousarray(np.concatenate(parts, axis=2, dtype=np.uint16, casting="same_kind"))


def _begin(samples: np.ndarray, channels: int, depth: int, bits: int) -> tuple[np.ndarray, object, object]:
    """(state, its pointer, shape) for a band."""
    known = samples.shape[2] - channels
    shape = ffi.new("bbc_discrete_shape *", (samples.shape[1], samples.shape[2], known, depth, bits))
    size = lib.bbc_discrete_size(shape)
    if size == 0:
        raise CorruptError("corrupt header: impossible planes")
    # numpy takes zeroed pages from the system as they are touched: small pictures do not pay for all of them.
    state = np.zeros(size, np.uint8)
    return state, ffi.from_buffer(state), shape


def _encode_band(
    samples: np.ndarray, channels: int, depth: int, bits: int, budget: int, progress: Progress | None
) -> bytes:
    state, pointer, shape = _begin(samples, channels, depth, bits)
    out = np.empty(budget, np.uint8)
    lib.bbc_discrete_begin(pointer, shape, ffi.NULL, ffi.from_buffer("uint8_t[]", out), budget)
    for rows in _pieces(samples, progress):
        if lib.bbc_discrete_rows(pointer, ffi.from_buffer("uint16_t[]", rows), len(rows)):
            raise TooLargeError
    size = lib.bbc_discrete_end(pointer)
    if size > budget:
        raise TooLargeError
    return out[:size].tobytes()


def _decode_band(
    samples: np.ndarray, channels: int, depth: int, bits: int, payload: bytes, progress: Progress | None
) -> None:
    state, pointer, shape = _begin(samples, channels, depth, bits)
    given = ffi.from_buffer("uint8_t[]", payload)
    lib.bbc_discrete_begin(pointer, shape, given, ffi.NULL, len(payload))
    for rows in _pieces(samples, progress):
        lib.bbc_discrete_rows(pointer, ffi.from_buffer("uint16_t[]", rows), len(rows))


def _pieces(samples: np.ndarray, progress: Progress | None):
    step = max(1, PIECE // samples.shape[1])
    for top in range(0, len(samples), step):
        rows = samples[top : top + step]
        yield rows
        if progress:
            progress(rows.shape[0] * rows.shape[1])
