"""The neural coder: planes of samples to a part of a container and back, in bands; its levels and settings.

It codes grey and RGB of 8 to 16 bits. Alpha, palettes and metadata are left to other modules.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bbans_cli import container, scheduler
from bbans_cli.coders import raw
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import block_grid, deep_scale, mosaic, weights
from bbans_cli.coders.neural.band import high_bits
from bbans_cli.coders.neural.neighbourhood import PHASES
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import MAX_NEURAL_ROWS, MAX_NEURAL_WIDTH
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.scheduler import ThreadCount

# The most pixels of a band. A band is a message of its own: damage in one reaches no other, and memory grows with the
# band, about 35 bytes a pixel. Small bands cost bytes, since learning starts afresh in each (docs/bands.md).
BAND_PIXELS = 1 << 22

LEARNING_RATES = (0.0, 1e-4, 2e-4, 3e-4, 4e-4, 6e-4, 8e-4, 1.2e-3)
BATCHES = (128, 64, 32, 16)  # pixels of a mini-batch

_UNKNOWN_SETTINGS = "needs a newer bbc: unknown settings of the neural coder"


@dataclass(frozen=True)
class Settings:
    """The settings of a part, one to three bytes: what a decoder must know besides the weights.

    rate_index: of LEARNING_RATES; 0: the network does not learn. interval_log4: the network learns from one of 4^this
    groups of 32 pixels of a mini-batch, this being 0 or 1. batch_index: of BATCHES. grid: column and row of the
    part's first pixel in the 16-pixel period of a JPEG file's grid, each 0 to 15, or (-1, -1) without a grid.
    ycbcr: the samples are Cb, Y, Cr in place of R, G, B. mosaic: statistics depend on column and row modulo 2; only
    with a grid. light: the curve of the linear light that least squares are of, 1 to 16, or 0; only with a mosaic.
    low_bits, fraction: of deep samples, as ScanShape has them.
    """

    rate_index: int
    interval_log4: int = 0
    batch_index: int = 1
    grid: tuple[int, int] = (-1, -1)
    ycbcr: bool = False
    mosaic: bool = False
    light: int = 0
    low_bits: int = 0
    fraction: int = 0

    @property
    def learning_rate(self) -> float:
        """The learning rate, 0 for none."""
        return LEARNING_RATES[self.rate_index]

    @property
    def batch(self) -> int:
        """Pixels of a mini-batch, 0 if the network does not learn."""
        return BATCHES[self.batch_index] if self.rate_index else 0

    @property
    def update_interval(self) -> int:
        """One of so many groups of 32 pixels of a mini-batch is learned from."""
        return 1 << 2 * self.interval_log4

    def to_bytes(self) -> bytes:
        """The settings as docs/format.md defines them: three bytes for deep samples, two with a grid; a curve."""
        kind = self.mosaic << 4 | (self.ycbcr or self.light > 0) << 5
        first = self.rate_index | self.interval_log4 << 3 | kind | self.batch_index << 6
        x, y = self.grid
        grid = x | y << 4 if x >= 0 else 0
        curve = [self.light - 1] if self.light else []
        if self.low_bits:
            return bytes([first, grid, self.low_bits - 1 | self.fraction << 3 | (x < 0) << 7, *curve])
        return bytes([first] if x < 0 else [first, grid, *curve])

    @classmethod
    def from_bytes(cls, data: bytes) -> Settings:
        """Settings from their bytes. Raises UnsupportedError for bytes that are not those of any."""
        whole, light = data, 0
        if data and data[0] >> 4 & 3 == 3:
            data, light = data[:-1], data[-1] + 1
        if len(data) not in (1, 2, 3) or light > mosaic.CURVES:
            raise UnsupportedError(_UNKNOWN_SETTINGS)
        first = data[0]
        found = cls(
            rate_index=first & 7,
            interval_log4=first >> 3 & 1,
            batch_index=first >> 6,
            grid=(data[1] & 15, data[1] >> 4) if len(data) == 2 or len(data) == 3 and data[2] < 128 else (-1, -1),
            ycbcr=first >> 4 & 3 == 2,
            mosaic=bool(first >> 4 & 1),
            light=light,
            low_bits=(data[2] & 7) + 1 if len(data) == 3 else 0,
            fraction=data[2] >> 3 & 15 if len(data) == 3 else 0,
        )
        wrong = found.fraction > found.low_bits or found.low_bits and found.ycbcr or found.mosaic and found.grid[0] < 0
        if found.to_bytes() != whole or wrong:
            raise UnsupportedError(_UNKNOWN_SETTINGS)
        return found

    def shifted_down(self, rows: int) -> Settings:
        """The settings of what begins so many rows further down."""
        x, y = self.grid
        return self if x < 0 else replace(self, grid=(x, (y + rows) % PHASES))


class Level(NamedTuple):
    """A compression level.

    weights: their name. thumbnail_weights, mosaic_weights: the names of those that code thumbnails, and pictures from a
    camera's mosaic, if they are others.
    """

    weights: str
    settings: Settings
    thumbnail_weights: str | None = None
    mosaic_weights: str | None = None

    def networks(self) -> list[str]:
        """The names of all weights that the level codes with."""
        return [name for name in (self.weights, self.thumbnail_weights, self.mosaic_weights) if name]

    def weights_for(self, pixels: int, settings: Settings, demosaiced: bool) -> str:
        """The name of those for a picture of so many pixels, whose settings were found; demosaiced: from a camera."""
        thumbnail = pixels < THUMBNAIL and settings.low_bits == 0 and not settings.ycbcr
        others = self.mosaic_weights if demosaiced else self.thumbnail_weights if thumbnail else None
        return others or self.weights


# Rates and intervals: docs/experiments.md, sections "Learning rate and mini-batch", "Update rule" and "The fast level".
LEVELS = {
    1: Level("small", Settings(rate_index=4, interval_log4=1, batch_index=0)),
    5: Level(
        "medium",
        Settings(rate_index=3),
        thumbnail_weights="thumbnails",
        mosaic_weights="camera",
    ),
    9: Level(
        "large",
        Settings(rate_index=2),
        thumbnail_weights="thumbnails-large",
        mosaic_weights="camera-large",
    ),
}

# Sizes in pixels below which settings differ from those of the level.
# A lower rate, at most SMALL_RATE_INDEX ("Learning rate in small pictures"), which all pictures from a camera's mosaic
# have ("Weights for mosaics"; not those of halved colours: "Halved colours"); the fast level keeps its own.
SMALL = 1 << 18
TINY = 1 << 15  # smaller mini-batches, TINY_BATCH_INDEX ("Learning rate and mini-batch")
THUMBNAIL = 5 << 10  # no grid, no latents; other weights ("Latents in thumbnails", "Weights for thumbnails")
SMALL_RATE_INDEX, TINY_BATCH_INDEX = 2, 2
# Deep samples have no latents; without a mosaic they have no lower rate in small pictures, and of colour one this much
# further on in LEARNING_RATES (docs/experiments.md, "Deep samples").
DEEP_RATE_STEP = 3


def encode(
    planes: np.ndarray,
    level: int,
    threads: int,
    progress: PixelProgress = no_progress,
    max_band_rows: int | None = None,
) -> container.Part:
    """Code planes (height, width, channels) uint8 or uint16: 1 channel (grey) or 3 (RGB).

    They are at most MAX_NEURAL_WIDTH wide.
    threads change no byte. Raises ModelMismatchError if the weights of the level are not there.
    """
    height, width, channels = planes.shape
    samples, settings, name = prepare(planes, level)
    model = weights.by_name(name)
    latents = settings.low_bits == 0 and height * width >= THUMBNAIL
    band_count = max(1, -(-height * width // BAND_PIXELS))
    band_rows = min(-(-height // band_count), max_band_rows or height)

    def one(number: int, own_threads: ThreadCount) -> container.Band:
        top = number * band_rows
        pixels = np.ascontiguousarray(samples[top : top + band_rows])
        codec = band_codec(pixels.shape, model, settings.shifted_down(top), own_threads, progress)
        message, split = bands.encode(pixels, codec, latents)
        crc = raw.checksum(planes[top : top + band_rows], b"")
        return container.Band(payload=message.to_bytes(), split=split, crc=crc)

    return container.Part(
        coder=container.NEURAL,
        channels=channels,
        depth=8 * planes.dtype.itemsize,
        model_id=model.id,
        settings=settings.to_bytes(),
        band_rows=band_rows,
        bands=scheduler.map_sharing(one, -(-height // band_rows), threads),
    )


def decode(
    part: container.Part, width: int, height: int, channels: int, threads: int, progress: PixelProgress = no_progress
) -> np.ndarray:
    """Decode a part to planes (height, width, channels), uint8 or for deep samples uint16.

    Raises CorruptError, ModelMismatchError, UnsupportedError.
    """
    planes = empty_planes(part, width, height, channels)
    opened = [*open_bands(part, planes, 1, progress)]

    def one(number: int, own_threads: ThreadCount) -> None:
        pixels, stored, codec = opened[number]
        with damage_named(number):
            codec = replace(codec, threads=own_threads)
            bands.decode(Message.from_bytes(stored.payload), pixels, codec, stored.split)
        finish_band(part, stored, pixels)

    scheduler.map_sharing(one, len(opened), threads)
    return planes


def empty_planes(part: container.Part, width: int, height: int, channels: int) -> np.ndarray:
    """An array for what a part decodes to."""
    return np.empty((height, width, channels), np.uint16 if part.depth == 16 else np.uint8)


class OpenBand(NamedTuple):
    """A band to decode: its rows of the planes, what the container stores of it, and its codecs."""

    pixels: np.ndarray
    stored: container.Band
    codec: bands.BandCodec


def open_bands(part: container.Part, planes: np.ndarray, threads: int, progress: PixelProgress) -> Iterator[OpenBand]:
    """The bands of a part, from the top; ``planes``, of `empty_planes`, are what they decode to.

    Raises CorruptError, ModelMismatchError, UnsupportedError.
    """
    _, width, channels = planes.shape
    settings = Settings.from_bytes(part.settings)
    if part.depth != (16 if settings.low_bits else 8) or width > MAX_NEURAL_WIDTH:
        raise UnsupportedError(_UNKNOWN_SETTINGS)
    if channels not in (1, 3) or settings.ycbcr and channels != 3:
        raise UnsupportedError(_UNKNOWN_SETTINGS)
    if min(part.band_rows, len(planes)) > MAX_NEURAL_ROWS:
        raise UnsupportedError(_UNKNOWN_SETTINGS)
    model = weights.by_id(part.model_id)
    for i, stored in enumerate(part.bands):
        top = i * part.band_rows
        pixels = planes[top : top + part.band_rows]
        if stored.split > len(pixels):
            raise CorruptError("corrupt: a band has more latent rows than rows")
        yield OpenBand(pixels, stored, band_codec(pixels.shape, model, settings.shifted_down(top), threads, progress))


@contextlib.contextmanager
def damage_named(number: int) -> Iterator[None]:
    """Errors of the message as errors of the band: all its bytes are there, so that nothing can be truncated."""
    try:
        yield
    except CorruptError as error:
        raise CorruptError(f"corrupt: band {number} is damaged and cannot be decoded") from error


def finish_band(part: container.Part, stored: container.Band, pixels: np.ndarray) -> None:
    """Turn a band's decoded samples into the picture's, in place, and check them. Raises CorruptError."""
    if Settings.from_bytes(part.settings).ycbcr:
        pixels[:] = ycbcr.to_rgb(pixels)
    if raw.checksum(pixels, b"") != stored.crc:
        raise CorruptError("corrupt: the checksum of a band does not match")


class Prepared(NamedTuple):
    """The samples to code, of the shape of the picture's planes, their settings, and the name of the weights."""

    samples: np.ndarray
    settings: Settings
    weights: str


def prepare(planes: np.ndarray, level: int) -> Prepared:
    """Of planes (height, width, channels) of a picture."""
    if planes.dtype == np.uint16:
        return _prepare_deep(planes, level)
    found = ycbcr.from_rgb(planes)
    samples = planes if found is None else found
    pixels = planes.shape[0] * planes.shape[1]
    settings = replace(LEVELS[level].settings, ycbcr=found is not None)
    demosaiced = False
    if pixels >= THUMBNAIL:
        settings = replace(settings, grid=block_grid.origin(samples))
        settings, demosaiced = _with_mosaic(settings, samples)
    if pixels < SMALL or demosaiced:
        settings = _with_low_rate(settings)
    if pixels < TINY:
        settings = replace(settings, batch_index=TINY_BATCH_INDEX)
    return Prepared(samples, settings, LEVELS[level].weights_for(pixels, settings, demosaiced))


def _with_low_rate(settings: Settings) -> Settings:
    """The settings at a rate of SMALL_RATE_INDEX at most, if the network learns from all pixels."""
    rate_index = min(settings.rate_index, SMALL_RATE_INDEX) if settings.update_interval == 1 else settings.rate_index
    return replace(settings, rate_index=rate_index)


def _with_mosaic(settings: Settings, samples: np.ndarray) -> tuple[Settings, bool]:
    """The settings of samples (height, width, channels) with what shows of a mosaic, and whether it is a camera's."""
    if settings.ycbcr or not mosaic.found(samples):
        return settings, False
    x, y = settings.grid
    light = mosaic.curve(samples, settings.low_bits)
    demosaiced = light > 0 or not mosaic.halved(samples)
    return replace(settings, mosaic=True, light=light, grid=(max(x, 0), max(y, 0))), demosaiced


def _prepare_deep(planes: np.ndarray, level: int) -> Prepared:
    """Of planes (height, width, channels) uint16."""
    pixels, colour = planes.shape[0] * planes.shape[1], planes.shape[2] == 3
    low_bits = max(1, int(planes.max()).bit_length() - 8)
    settings = replace(LEVELS[level].settings, low_bits=low_bits, fraction=low_bits)
    demosaiced = False
    if pixels >= THUMBNAIL:
        settings = replace(settings, grid=block_grid.origin(high_bits(planes, low_bits)))
        settings, demosaiced = _with_mosaic(settings, planes)
    if demosaiced and settings.update_interval == 1:
        settings = _with_low_rate(settings)
    elif colour:
        settings = replace(settings, rate_index=settings.rate_index + DEEP_RATE_STEP)
    if pixels < TINY:
        settings = replace(settings, batch_index=TINY_BATCH_INDEX)
    name = LEVELS[level].weights_for(pixels, settings, demosaiced)
    model = weights.by_name(name)

    def size(sample: np.ndarray, fraction: int) -> float:
        codec = band_codec(sample.shape, model, replace(settings, fraction=fraction))
        return codec.initial_bits_rows(0).code_length(sample)

    return Prepared(planes, replace(settings, fraction=deep_scale.fraction(planes, low_bits, size)), name)


def band_codec(
    shape: tuple[int, ...],
    model: weights.Weights,
    settings: Settings,
    threads: ThreadCount = 1,
    progress: PixelProgress = no_progress,
) -> bands.BandCodec:
    """The codecs of a band of pixels of a shape (height, width, channels)."""
    height, width, channels = shape
    return bands.BandCodec(
        weights=model,
        height=height,
        width=width,
        channels=channels,
        batch=settings.batch,
        learning_rate=settings.learning_rate,
        update_interval=settings.update_interval,
        grid=settings.grid,
        mosaic=settings.mosaic,
        light=settings.light,
        low_bits=settings.low_bits,
        fraction=settings.fraction,
        threads=threads,
        progress=progress,
    )
