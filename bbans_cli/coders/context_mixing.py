"""Planes to a part of the container and back by context mixing, without a network: core/mixing.

FEW_COLOURS is for few colours (screens, drawings, palettes, alpha); DEEP for deep samples that change by degrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bbans_cli import scheduler
from bbans_cli.coders import few_colours_start, raw
from bbans_cli.container import DEEP, FEW_COLOURS, Band, Part, band_heights
from bbans_cli.core import CData, check_coder, ffi, lib
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress

# Counters and weights begin anew in each band, so bands are large: most pictures have one.
BAND_PIXELS = 1 << 22
# Samples in one call of the core, which so stays below 0.1 s and lets signals and progress bars have their turn.
PIECE_SAMPLES = {FEW_COLOURS: 1 << 13, DEEP: 1 << 12}
# Binary logarithms of the number of buckets, of 64 bytes each: at most 64 MiB.
LEAST_BUCKET_BITS, MOST_BUCKET_BITS = 8, 20
# Of the byte that has these, the upper bits are the number of the start.
START_SHIFT = 5
# What the core counts code lengths in: BINARY_CODER_FRACTION of core/mixing/binary_coder.h.
LENGTH_UNIT = 2.0**-12

SPENT = "corrupt: a payload ends before what it codes"
UNKNOWN_SETTINGS = "needs a newer bbc: unknown settings of a coder"

# Codes piece by piece with the state that it is given, and yields what the core returns for each: not 0 if the output
# is full, or the payload used up.
Pieces: TypeAlias = Callable[[CData], Iterator[int]]


class TooLargeError(Exception):
    """The result would be larger than was allowed."""


@dataclass(frozen=True)
class CoreCoder:
    """A context-mixing coder of the C core, driven from a shape to a payload and back.

    self_test  the part of the self-test that covers the coder
    size       bytes of state for a shape, 0 if the shape is not valid
    begin      (state, shape, input, output, bytes of either): encodes if the input is NULL
    start      (state, numbers of few_colours_start.py): right after begin; few-colours alone has it
    end        (state): bytes written
    measure    (state, int32 array): has code lengths written, in LENGTH_UNIT
    """

    self_test: int
    size: Callable[[CData], int]
    begin: Callable[[CData, CData, CData, CData, int], None]
    end: Callable[[CData], int]
    measure: Callable[[CData, CData], None]
    start: Callable[[CData, CData], None] | None = None

    def encode(self, shape: CData, pieces: Pieces, max_bytes: int, start: CData | None = None) -> bytes:
        """The payload. Raises TooLargeError if it takes more than max_bytes, CorruptError for a wrong shape."""
        state = self._state(shape)
        out = np.empty(max_bytes, np.uint8)
        self.begin(state, shape, ffi.NULL, ffi.from_buffer("uint8_t[]", out), max_bytes)
        self._start(state, start)
        for full in pieces(state):
            if full:
                raise TooLargeError
        written = self.end(state)
        if written > max_bytes:
            raise TooLargeError
        return out[:written].tobytes()

    def decode(
        self,
        shape: CData,
        pieces: Pieces,
        payload: bytes,
        lengths: np.ndarray | None = None,
        start: CData | None = None,
    ) -> None:
        """Has `pieces` fill in what a payload holds. Raises CorruptError for a wrong shape, and for a payload that is
        used up before, as soon as it is.

        lengths  int32, C-contiguous: gets the code length of each unit that the coder measures, in LENGTH_UNIT
        """
        state = self._state(shape)
        source = ffi.from_buffer("uint8_t[]", payload)  # must live as long as the state
        self.begin(state, shape, source, ffi.NULL, len(payload))
        self._start(state, start)
        if lengths is not None:
            self.measure(state, ffi.from_buffer("int32_t[]", lengths, require_writable=True))
        for spent in pieces(state):
            if spent:
                raise CorruptError(SPENT)

    def _start(self, state: CData, start: CData | None) -> None:
        if self.start is not None and start is not None:
            self.start(state, start)

    def _state(self, shape: CData) -> CData:
        check_coder(self.self_test)
        size = self.size(shape)
        if size == 0:
            raise CorruptError("corrupt header: planes that a coder cannot have made")
        # numpy takes zeroed pages from the system as they are touched: small pictures do not pay for all of them.
        return ffi.from_buffer(np.zeros(size, np.uint8))


_CORE = {
    FEW_COLOURS: CoreCoder(
        lib.BBC_SELF_TEST_FEW_COLOURS,
        lib.bbc_few_colours_size,
        lib.bbc_few_colours_begin,
        lib.bbc_few_colours_end,
        lib.bbc_few_colours_measure,
        lib.bbc_few_colours_start,
    ),
    DEEP: CoreCoder(
        lib.BBC_SELF_TEST_DEEP, lib.bbc_deep_size, lib.bbc_deep_begin, lib.bbc_deep_end, lib.bbc_deep_measure
    ),
}


@dataclass(frozen=True)
class _Settings:
    """How the bands of a part are coded; `channels` are those in the part, without the known ones.

    order  of the channels, as they are coded; few-colours alone has another than theirs
    start  the number of what few-colours starts with; 0: all weights alike
    """

    coder: int
    channels: int
    depth: int
    bucket_bits: int
    order: tuple[int, ...]
    start: int = 0

    @classmethod
    def of_part(cls, part: Part) -> _Settings:
        """From a part's settings: binary logarithm of the buckets with the number of the start, and two bits for each
        channel of an order that is not that of the channels. Raises UnsupportedError."""
        settings, own = part.settings, tuple(range(part.channels))
        few = part.coder == FEW_COLOURS
        if not 1 <= len(settings) <= 1 + few:
            raise UnsupportedError(UNKNOWN_SETTINGS)
        bucket_bits, start = settings[0] % (1 << START_SHIFT), settings[0] >> START_SHIFT
        order = own if len(settings) == 1 else tuple(settings[1] >> 2 * place & 3 for place in own)
        found = cls(part.coder, part.channels, part.depth, bucket_bits, order, start)
        known = LEAST_BUCKET_BITS <= bucket_bits <= MOST_BUCKET_BITS and (few or not start) and sorted(order) == [*own]
        if not known or found.to_bytes() != settings:
            raise UnsupportedError(UNKNOWN_SETTINGS)
        return found

    def to_bytes(self) -> bytes:
        """The settings of a part."""
        own = self.order == tuple(range(self.channels))
        packed = sum(channel << 2 * place for place, channel in enumerate(self.order))
        first = self.bucket_bits | self.start << START_SHIFT
        return bytes([first] if own else [first, packed])

    def encode(self, samples: np.ndarray, max_bytes: int, progress: PixelProgress) -> bytes:
        """(rows, width, known and coded channels) uint16 -> a band's payload. Raises TooLargeError."""
        pieces = self._pieces(samples, progress)
        return _CORE[self.coder].encode(self._shape(samples), pieces, max_bytes, self._numbers())

    def decode(
        self, samples: np.ndarray, payload: bytes, progress: PixelProgress, bits: np.ndarray | None = None
    ) -> None:
        """Fills in the coded channels, and `bits` as `decode` below does."""
        lengths = None if bits is None else np.zeros(bits.shape, np.int32)
        pieces = self._pieces(samples, progress)
        _CORE[self.coder].decode(self._shape(samples), pieces, payload, lengths, self._numbers())
        if bits is not None and lengths is not None:
            np.multiply(lengths, LENGTH_UNIT, out=bits, casting="unsafe")

    def _numbers(self) -> CData | None:
        """What few-colours starts with. Raises ModelMismatchError."""
        return few_colours_start.load(self.start) if self.start else None

    def _shape(self, samples: np.ndarray) -> CData:
        _, width, channels = samples.shape
        known = channels - self.channels
        return ffi.new("bbc_mixing_shape *", (width, channels, known, self.depth, self.bucket_bits))

    def _pieces(self, samples: np.ndarray, progress: PixelProgress) -> Pieces:
        step = max(1, PIECE_SAMPLES[self.coder] // (samples.shape[1] * self.channels))
        code_rows = lib.bbc_few_colours_rows if self.coder == FEW_COLOURS else lib.bbc_deep_rows

        def code(state: CData) -> Iterator[int]:
            for top in range(0, len(samples), step):
                rows = samples[top : top + step]
                yield code_rows(state, ffi.from_buffer("uint16_t[]", rows), len(rows))
                progress(rows.shape[0] * rows.shape[1])

        return code


def encode(
    coder: int,
    planes: np.ndarray,
    depth: int,
    known: np.ndarray | None = None,
    threads: int = 1,
    progress: PixelProgress = no_progress,
    max_bytes: int | None = None,
    band_rows: int | None = None,
    order: tuple[int, ...] | None = None,
    start: int = few_colours_start.START,
) -> Part:
    """(h, w, c) samples of `depth` bits -> a part.

    known      (h, w, k) planes, k + c <= 4, that both sides have and that help
    progress   gets numbers of pixels as they are done
    max_bytes  raise TooLargeError once a band's payload takes more bytes
    band_rows  rows of a band at most
    order      in which few-colours codes the channels of a pixel; None: their own
    start      number of what few-colours starts with, 0 for none

    Raises ModelMismatchError if the start is not there.
    """
    height, width, channels = planes.shape
    rows = min(height, max(1, BAND_PIXELS // width), band_rows or height)
    places = tuple(range(channels)) if order is None else order
    known_start = start if coder == FEW_COLOURS else 0
    settings = _Settings(coder, channels, depth, _bucket_bits(rows * width * channels), places, known_start)
    most = planes.size * 3 + 64 if max_bytes is None else max_bytes

    def code(top: int) -> Band:
        given = planes[top : top + rows]
        samples = _together(given[:, :, settings.order], None if known is None else known[top : top + rows])
        payload = settings.encode(samples, most, progress)
        return Band(payload, 0, raw.checksum(given, payload))

    bands = scheduler.map_ordered(code, range(0, height, rows), threads)
    return Part(coder, channels, depth, b"", settings.to_bytes(), rows, bands)


def decode(
    part: Part,
    width: int,
    height: int,
    known: np.ndarray | None = None,
    threads: int = 1,
    progress: PixelProgress = no_progress,
    bits: np.ndarray | None = None,
) -> np.ndarray:
    """A part -> (height, width, channels) samples.

    known     as in `encode`
    progress  gets numbers of pixels as they are done
    bits      float32, gets code lengths in bits: DEEP (height, width, channels), of each sample; FEW_COLOURS (height,
              width, 1), of each pixel, since all of its samples may be one decision

    Raises CorruptError, ModelMismatchError and UnsupportedError.
    """
    settings = _Settings.of_part(part)
    planes = np.zeros((height, width, part.channels), np.uint16 if part.depth > 8 else np.uint8)

    def code(job: tuple[int, Band]) -> None:
        top, band = job
        given = planes[top : top + part.band_rows]
        samples = _together(given, None if known is None else known[top : top + part.band_rows])
        lengths = None if bits is None else bits[top : top + part.band_rows]
        settings.decode(samples, band.payload, progress, lengths)
        given[:, :, settings.order] = samples[:, :, samples.shape[2] - part.channels :]
        raw.check(given, band)

    tops = np.cumsum([0, *band_heights(height, part.band_rows)[:-1]]).tolist()
    scheduler.map_ordered(code, list(zip(tops, part.bands, strict=True)), threads)
    return planes


def encode_payload(
    planes: np.ndarray, depth: int, coder: int = FEW_COLOURS, most_bits: int = MOST_BUCKET_BITS
) -> bytes:
    """(h, w, c) samples of `depth` bits -> the payload of one band, without a start.

    most_bits  binary logarithm of most buckets
    """
    channels = planes.shape[2]
    settings = _Settings(coder, channels, depth, min(most_bits, _bucket_bits(planes.size)), tuple(range(channels)))
    return settings.encode(_together(planes, None), planes.size * 3 + 64, no_progress)


def decode_payload(
    payload: bytes,
    shape: tuple[int, int, int],
    depth: int,
    bits: np.ndarray | None = None,
    coder: int = FEW_COLOURS,
    most_bits: int = MOST_BUCKET_BITS,
) -> np.ndarray:
    """What encode_payload made into samples of a shape (h, w, c) again; bits (h, w, 1) as in `decode`."""
    samples = np.zeros(shape, np.uint16)
    if samples.size:
        bucket_bits = min(most_bits, _bucket_bits(samples.size))
        settings = _Settings(coder, shape[2], depth, bucket_bits, tuple(range(shape[2])))
        settings.decode(samples, payload, no_progress, bits)
    return samples.astype(np.uint16 if depth > 8 else np.uint8)


def _bucket_bits(samples: int) -> int:
    """Four buckets for each sample, within limits."""
    return min(MOST_BUCKET_BITS, max(LEAST_BUCKET_BITS, (4 * samples - 1).bit_length()))


def _together(planes: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    """One array for the core, in memory of its own: (rows, width, known and coded channels) uint16."""
    together = np.concatenate([planes] if known is None else [known, planes], axis=2, dtype=np.uint16)
    return np.ascontiguousarray(together)  # of channels in another order numpy may lay the others' axes inside
