"""The fitted coder: planes of 8-bit samples to a part of a container and back, in bands that do not need each other.

It codes grey and RGB at the fast level. The encoder collects samples of all bands, fits the weights to them, and codes
the bands; a decoder applies the changes of the weights, and decodes the bands. Bands are shared among threads.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bbans_cli import scheduler
from bbans_cli.coders import raw
from bbans_cli.coders.fitted import changes, fitting
from bbans_cli.coders.fitted import weights as weights_files
from bbans_cli.coders.fitted.layout import LANES, SAMPLE
from bbans_cli.coders.fitted.scan import PRECISION, BandScan, Forecasts
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.container import FITTED, Band, Part
from bbans_cli.container.byte_reader import Reader
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import MAX_FITTED_ROWS, MAX_NEURAL_WIDTH
from bbans_cli.progress import PixelProgress, no_progress

# The most pixels of a band: bands are the unit of work of a thread, and of damage.
BAND_PIXELS = 1_000_000
# Below so many pixels the neural coder is used in place of this one: a fit has too little to go by.
LEAST_PIXELS = 1 << 15
# Below so many it is tried whether the changes of the weights pay; above, they always do.
SURE_PIXELS = 1 << 17
# What the least squares give to the bands, 15 bytes a pixel, is kept up to so many bytes: that of 4 Mpixel.
KEPT_FORECASTS = 64 << 20
# What the steps of encoding take of the time, for the progress bar.
COLLECT_SHARE, FIT_SHARE, ENCODE_SHARE = 0.2, 0.5, 0.3

YCBCR, CHANGED = 1, 2  # bits of the settings' first byte

_UNKNOWN_SETTINGS = "needs a newer bbc: unknown settings of the fitted coder"


@dataclass(frozen=True)
class Settings:
    """The settings of a part: whether its samples are Cb, Y, Cr in place of R, G, B, and its weights."""

    ycbcr: bool
    weights: np.ndarray


def encode(
    planes: np.ndarray,
    threads: int,
    progress: PixelProgress = no_progress,
    max_band_rows: int | None = None,
    quick: bool = False,
) -> Part:
    """Code planes (height, width, channels) uint8: 1 channel (grey) or 3 (RGB), at most MAX_NEURAL_WIDTH wide.

    threads change no byte. quick: without a fit. Raises ModelMismatchError if the weights are not there.
    """
    height, width, channels = planes.shape
    model, meter = weights_files.shipped(), _Meter(height * width, progress)
    found = ycbcr.from_rgb(planes)
    samples = planes if found is None else found
    band_count = _band_count(height * width)
    band_rows = min(-(-height // band_count), max_band_rows or height)
    tops = range(0, height, band_rows)
    bands = [_Band(np.ascontiguousarray(samples[top : top + band_rows])) for top in tops]
    flags = 0 if found is None else YCBCR
    best, settings = None, b""
    for weights, block in [(model.start, b"")] if quick else _choices(bands, model, threads, meter):
        coded = _encode_bands(bands, weights, threads, meter)
        size = len(block) + sum(map(len, coded))
        if best is None or size < len(settings) + sum(map(len, best)):
            best, settings = coded, bytes([flags | (CHANGED if block else 0)]) + block
    assert best is not None
    rows = [planes[top : top + band_rows] for top in tops]
    stored = [Band(data, 0, raw.checksum(own, data)) for data, own in zip(best, rows, strict=True)]
    return Part(FITTED, channels, 8, model.id, settings, band_rows, stored)


def _band_count(pixels: int) -> int:
    """Bands of at most BAND_PIXELS; if there are more than one, an even number, for two cores.

    A cut costs about one byte for each column of the picture: docs/experiments.md, The fitted coder.
    """
    count = max(1, -(-pixels // BAND_PIXELS))
    return count if count == 1 else count + count % 2


def decode(
    part: Part, width: int, height: int, channels: int, threads: int, progress: PixelProgress = no_progress
) -> np.ndarray:
    """Decode a part to planes (height, width, channels) uint8.

    Raises CorruptError, ModelMismatchError, UnsupportedError.
    """
    if part.depth != 8 or channels not in (1, 3) or width > MAX_NEURAL_WIDTH:
        raise UnsupportedError(_UNKNOWN_SETTINGS)
    if min(part.band_rows, height) > MAX_FITTED_ROWS:
        raise UnsupportedError(_UNKNOWN_SETTINGS)
    settings = read_settings(part)
    planes = np.empty((height, width, channels), np.uint8)
    tops = range(0, height, part.band_rows)
    meter = _Meter(height * width, progress)

    def one(number: int) -> None:
        pixels = planes[tops[number] : tops[number] + part.band_rows]
        decode_band(part, number, pixels, settings, lambda n: meter.add(float(n)))

    scheduler.map_ordered(one, range(len(part.bands)), threads)
    return planes


def decode_band(part: Part, number: int, pixels: np.ndarray, settings: Settings, progress: PixelProgress) -> None:
    """Decode one band into its rows of the planes. Raises CorruptError."""
    pop_band(part, number, pixels, settings, progress)
    finish_band(part, number, pixels, settings)


def pop_band(part: Part, number: int, pixels: np.ndarray, settings: Settings, progress: PixelProgress) -> None:
    """Decode one band to its samples as they are coded. Raises CorruptError."""
    stored = part.bands[number]
    if stored.split:
        raise CorruptError("corrupt: a band of the fitted coder has latent rows")
    try:
        message = Message.from_bytes(stored.payload, LANES)
        BandScan(pixels, settings.weights).pop(message, progress)
    except CorruptError as error:
        raise CorruptError(f"corrupt: band {number} is damaged and cannot be decoded") from error
    if not message.empty:
        raise CorruptError("corrupt: bits are left over after the last pixel")


def finish_band(part: Part, number: int, pixels: np.ndarray, settings: Settings) -> None:
    """Samples as they are coded to those of the picture, in place; compares their checksum. Raises CorruptError."""
    if settings.ycbcr:
        pixels[:] = ycbcr.to_rgb(pixels)
    raw.check(pixels, part.bands[number])


def read_settings(part: Part) -> Settings:
    """The settings of a part. Raises CorruptError, ModelMismatchError, UnsupportedError."""
    data = Reader(part.settings, "settings")
    flags = data.byte()
    if flags > (YCBCR | CHANGED) or flags & YCBCR and part.channels != 3:
        raise UnsupportedError(_UNKNOWN_SETTINGS)
    model = weights_files.by_id(part.model_id)
    weights = model.start
    if flags & CHANGED:
        weights = changes.changed(model, *changes.from_bytes(data))
    if data.left:
        raise UnsupportedError(_UNKNOWN_SETTINGS)
    return Settings(bool(flags & YCBCR), weights)


@dataclass
class _Band:
    """The samples of a band that is encoded, and what its least squares give once that is kept."""

    samples: np.ndarray
    forecasts: Forecasts | None = None

    def scan(self, weights: np.ndarray) -> BandScan:
        return BandScan(self.samples, weights, self.forecasts)


def _choices(
    bands: Sequence[_Band], model: weights_files.Weights, threads: int, meter: _Meter
) -> list[tuple[np.ndarray, bytes]]:
    """The weights that may be best for a picture, and the bytes of their changes. Keeps the first bands' forecasts."""
    pixels = sum(band.samples.shape[0] * band.samples.shape[1] for band in bands)
    # A scan takes 460 bytes for each column: there is one for each band at work, and not for all.
    last = bands[-1].scan(model.start).chunks()
    first = bands[0].scan(model.start)
    chunks = [first.chunks()] * (len(bands) - 1) + [last]
    interval = fitting.interval_of(sum(chunks))
    kept = KEPT_FORECASTS // first.forecasts_size()

    ends = np.cumsum([count // interval for count in chunks])
    samples = np.empty((ends[-1], SAMPLE), np.uint8)

    def collect(number: int) -> None:
        before = ends[number - 1] if number else 0
        band = bands[number]
        if number < kept:
            band.forecasts = Forecasts(band.scan(model.start).forecasts_size())
        scan = band.scan(model.start)
        scan.collect(interval, lambda n: meter.add(n * COLLECT_SHARE), samples[before : ends[number]])

    scheduler.map_ordered(collect, range(len(bands)), threads)
    channels, share = bands[0].samples.shape[2], pixels * FIT_SHARE
    fitted = fitting.fit(samples, channels, pixels, model, threads, lambda done: meter.add(done * share))
    shift = fitting.shift_of(pixels)
    steps = changes.steps_of(fitted, model, shift)
    choices = [(changes.changed(model, steps, shift), changes.to_bytes(steps, shift))]
    return choices if pixels >= SURE_PIXELS else [*choices, (model.start, b"")]


def _encode_bands(bands: Sequence[_Band], weights: np.ndarray, threads: int, meter: _Meter) -> list[bytes]:
    def one(band: _Band) -> bytes:
        message = Message(LANES)
        message.push(*band.scan(weights).intervals(lambda n: meter.add(n * ENCODE_SHARE)), PRECISION)
        return message.to_bytes()

    return scheduler.map_ordered(one, bands, threads)


class _Meter:
    """Numbers of pixels, in parts and from several threads, to whole numbers of pixels, at most `total`."""

    def __init__(self, total: int, progress: PixelProgress) -> None:
        self._total, self._progress, self._lock = total, progress, threading.Lock()
        self._sum, self._told = 0.0, 0

    def add(self, pixels: float) -> None:
        with self._lock:
            self._sum += pixels
            now = min(self._total, int(self._sum))
            if now > self._told:
                self._progress(now - self._told)
                self._told = now
