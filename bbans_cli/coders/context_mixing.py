"""Planes to a part of the container and back by chances learned on the way, without a model: few_colours.c, deep.c.

FEW_COLOURS is for few colours (screens, drawings, palettes, alpha); DEEP for deep samples that change by degrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from bbans_cli.coders import raw
from bbans_cli.container import DEEP, FEW_COLOURS, Band, Part, band_heights
from bbans_cli.core import check_coder, ffi, lib
from bbans_cli.errors import CorruptError, UnsupportedError

# Bands begin with nothing learned, so they are large: small pictures have one.
BAND_PIXELS = 1 << 22
# Samples in one call of the core, which so stays below 0.1 s and lets signals and progress bars have their turn.
PIECE = {FEW_COLOURS: 1 << 13, DEEP: 1 << 12}
NAMES = {FEW_COLOURS: "few_colours", DEEP: "deep"}
# Lines of 64 bytes: four for each sample, at most 64 MiB in all.
LEAST_BUCKET_BITS, MOST_BUCKET_BITS = 8, 20

Progress = Callable[[int], None]


class TooLargeError(Exception):
    """The result would be larger than was allowed."""


def encode(
    coder: int,
    planes: np.ndarray,
    depth: int,
    known: np.ndarray | None = None,
    low: int = 0,
    threads: int = 1,
    progress: Progress | None = None,
    most: int | None = None,
) -> Part:
    """(h, w, c) samples of `depth` bits -> a part.

    known  (h, w, k) planes, k + c <= 4, that both sides have and that help
    low    DEEP only: code the lowest `low` bits of the samples; a decoder gets the others. 0: whole samples
    most   raise TooLargeError once a band's payload takes more bytes

    progress gets numbers of pixels as they are done.
    """
    height, width, channels = planes.shape
    rows = min(height, max(1, BAND_PIXELS // width))
    bits = _bucket_bits(rows * width * channels)
    budget = planes.size * 3 + 64 if most is None else most

    def code(top: int) -> Band:
        given = planes[top : top + rows]
        samples = _together(given, None if known is None else known[top : top + rows])
        payload = _run(coder, samples, channels, depth, low, bits, None, budget, progress)
        return Band(payload, 0, raw.checksum(_coded(given, low), payload))

    with ThreadPoolExecutor(max(1, threads)) as pool:
        bands = list(pool.map(code, range(0, height, rows)))
    settings = bytes([bits, low]) if low else bytes([bits])
    return Part(coder, channels, 8 if low else depth, b"", settings, rows, bands)


def decode(
    part: Part,
    width: int,
    height: int,
    known: np.ndarray | None = None,
    high: np.ndarray | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> np.ndarray:
    """A part -> (height, width, channels) samples.

    known  as in `encode`
    high   uint8, the high bits of the samples if the part has only the low ones; the result then is whole, uint16

    Raises CorruptError and UnsupportedError.
    """
    low = low_bits(part)
    if not LEAST_BUCKET_BITS <= part.settings[0] <= MOST_BUCKET_BITS or (high is not None) != (low > 0):
        raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
    depth = part.depth if high is None else 8 + low
    planes = np.zeros((height, width, part.channels), np.uint16 if depth > 8 else np.uint8)
    if high is not None:
        np.left_shift(high, low, out=planes, dtype=np.uint16)

    def code(job: tuple[int, Band]) -> None:
        top, band = job
        given = planes[top : top + part.band_rows]
        samples = _together(given, None if known is None else known[top : top + part.band_rows])
        _run(part.coder, samples, part.channels, depth, low, part.settings[0], band.payload, 0, progress)
        given[:] = samples[:, :, samples.shape[2] - part.channels :]
        raw.check(_coded(given, low), band)

    tops = np.cumsum([0, *band_heights(height, part.band_rows)[:-1]]).tolist()
    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(code, zip(tops, part.bands, strict=True)))
    return planes


def encode_payload(planes: np.ndarray, depth: int) -> bytes:
    """(h, w, c) samples of `depth` bits -> the payload of one FEW_COLOURS band."""
    return _run(FEW_COLOURS, _together(planes, None), planes.shape[2], depth, 0, _bucket_bits(planes.size), None,
                planes.size * 3 + 64, None)  # fmt: skip


def decode_payload(payload: bytes, shape: tuple[int, int, int], depth: int) -> np.ndarray:
    """What encode_payload made into samples of a shape (h, w, c) again."""
    samples = np.zeros(shape, np.uint16)
    if samples.size:
        _run(FEW_COLOURS, samples, shape[2], depth, 0, _bucket_bits(samples.size), payload, 0, None)
    return samples.astype(np.uint16 if depth > 8 else np.uint8)


def _bucket_bits(count: int) -> int:
    """Four lines for each of so many samples."""
    return min(MOST_BUCKET_BITS, max(LEAST_BUCKET_BITS, (4 * count - 1).bit_length()))


def low_bits(part: Part) -> int:
    """How many low bits of its samples a part holds, the others being in the part before; 0: whole samples."""
    if len(part.settings) not in (1, 2) or len(part.settings) == 2 and not 1 <= part.settings[1] <= 8:
        raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
    return part.settings[1] if len(part.settings) == 2 else 0


def _coded(samples: np.ndarray, low: int) -> np.ndarray:
    """What a checksum covers: the bits that the part holds."""
    return samples & ((1 << low) - 1) if low else samples


def _together(planes: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """One array for the core, in memory of its own: (rows, width, known and coded channels) uint16."""
    return np.concatenate([planes] if known is None else [known, planes], axis=2, dtype=np.uint16)


def _run(
    coder: int,
    samples: np.ndarray,
    channels: int,
    depth: int,
    low: int,
    bucket_bits: int,
    payload: bytes | None,
    budget: int,
    progress: Progress | None,
) -> bytes:
    """Encode a band within `budget` bytes if there is no payload, else fill in its samples."""
    check_coder(lib.BBC_SELF_TEST_FEW_COLOURS if coder == FEW_COLOURS else lib.BBC_SELF_TEST_DEEP)
    size_of, begin, code_rows, end = (
        getattr(lib, f"bbc_{NAMES[coder]}_{step}") for step in ("size", "begin", "rows", "end")
    )
    _, width, all_channels = samples.shape
    shape = ffi.new("bbc_mixing_shape *", (width, all_channels, all_channels - channels, depth, low, bucket_bits))
    size = size_of(shape)
    if size == 0:
        raise CorruptError("corrupt header: planes that a coder cannot have made")
    # numpy takes zeroed pages from the system as they are touched: small pictures do not pay for all of them.
    memory = np.zeros(size, np.uint8)
    state = ffi.from_buffer(memory)
    out = np.empty(budget, np.uint8)
    source: Any = ffi.NULL if payload is None else ffi.from_buffer("uint8_t[]", payload)
    target: Any = ffi.from_buffer("uint8_t[]", out) if payload is None else ffi.NULL
    begin(state, shape, source, target, budget if payload is None else len(payload))
    for rows in _pieces(samples, max(1, PIECE[coder] // (width * channels)), progress):
        if code_rows(state, ffi.from_buffer("uint16_t[]", rows), len(rows)):
            raise TooLargeError
    if payload is not None:
        return payload
    written = end(state)
    if written > budget:
        raise TooLargeError
    return out[:written].tobytes()


def _pieces(samples: np.ndarray, step: int, progress: Progress | None) -> Iterator[np.ndarray]:
    for top in range(0, len(samples), step):
        rows = samples[top : top + step]
        yield rows
        if progress:
            progress(rows.shape[0] * rows.shape[1])
