"""The neural coder: planes of samples to a part of a container and back, in bands.

It codes grey and RGB of 8 to 16 bits. Alpha, palettes and metadata are left to other modules.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bbans_cli import container, scheduler
from bbans_cli.coders import raw
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import levels, weights
from bbans_cli.coders.neural.settings import UNKNOWN_SETTINGS, Settings, band_codec
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import MAX_NEURAL_ROWS, MAX_NEURAL_WIDTH
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.scheduler import ThreadCount

# The most pixels of a band. A band is a message of its own: damage in one reaches no other, and memory grows with the
# band, about 35 bytes a pixel. Small bands cost bytes, since learning starts afresh in each (docs/bands.md).
BAND_PIXELS = 1 << 22


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
    samples, settings, name = levels.prepare(planes, level)
    model = weights.by_name(name)
    latents = settings.low_bits == 0 and height * width >= levels.THUMBNAIL
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
        raise UnsupportedError(UNKNOWN_SETTINGS)
    if channels not in (1, 3) or settings.ycbcr and channels != 3:
        raise UnsupportedError(UNKNOWN_SETTINGS)
    if min(part.band_rows, len(planes)) > MAX_NEURAL_ROWS:
        raise UnsupportedError(UNKNOWN_SETTINGS)
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
