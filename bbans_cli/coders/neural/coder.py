"""Planes of 8-bit samples to parts of a container and back: bands, levels, weights.

Grey and RGB. Everything else that a picture has (alpha, palettes, deeper samples, metadata) is other modules' matter.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bbans_cli import container
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import block_grid, weights
from bbans_cli.coders.neural.neighbourhood import PHASES
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import MAX_NEURAL_WIDTH

Progress = Callable[[int], None]

# A band is a message of its own: what is damaged in one does not reach another, and memory grows with it (about 35
# bytes a pixel). Small bands cost bytes, since the learner starts afresh in each.
BAND_PIXELS = 1 << 22

RATES = (0.0, 1e-4, 2e-4, 3e-4, 4e-4, 6e-4, 8e-4, 1.2e-3)
RUNS = (128, 64, 32, 16)  # pixels of a step of learning


@dataclass(frozen=True)
class Settings:
    """What a part's decoder is told. How its network goes on learning: rate, an index of RATES; from one of 4^sparse
    runs of pixels; run, an index of RUNS. Where the part's first pixel lies in a grid of 16x16, or -1, -1 for none.
    Whether the samples are JPEG's Cb, Y, Cr in place of R, G, B."""

    rate: int
    sparse: int = 0
    run: int = 1
    grid: tuple[int, int] = (-1, -1)
    ycbcr: bool = False

    @property
    def every(self) -> int:
        """Of how many runs one is learned from."""
        return 4**self.sparse

    def to_bytes(self) -> bytes:
        first = self.rate | self.sparse << 3 | self.ycbcr << 5 | self.run << 6
        x, y = self.grid
        return bytes([first] if x < 0 else [first, x | y << 4])

    @classmethod
    def from_bytes(cls, settings: bytes) -> "Settings":
        if len(settings) not in (1, 2):
            raise UnsupportedError("needs a newer bbc: unknown settings of the model")
        first, place = settings[0], settings[1:2]
        place = (place[0] & 15, place[0] >> 4) if place else (-1, -1)
        return cls(first & 7, first >> 3 & 3, first >> 6, place, bool(first >> 5 & 1))

    def below(self, rows: int) -> "Settings":
        """The same for what lies that many rows further down."""
        x, y = self.grid
        return self if x < 0 else replace(self, grid=(x, (y + rows) % PHASES))


# Below this many pixels learning from every run pays at a lower rate: it has not the time to make up for its first
# steps. Below the second number, shorter runs pay. Below the third, thumbnails, too little can be told of a grid.
SMALL, TINY, THUMBNAIL = 1 << 18, 1 << 15, 5 << 10
SMALL_RATE, TINY_RUN = 2, 2

# level: weights, and how they learn
LEVELS = {1: ("small", Settings(4, 1, 0)), 5: ("medium", Settings(3)), 9: ("large", Settings(2))}
# Levels at which latents cost a thumbnail more bytes than they spare, and time. The large network has more use for
# them.
SPARING = (1, 5)


def encode(planes: np.ndarray, level: int, threads: int, progress: Progress | None = None) -> container.Part:
    """Planes (h, w, c) uint8, c 1 (grey) or 3 (RGB), w at most MAX_NEURAL_WIDTH -> a part. progress gets numbers of
    pixels as they are done."""
    height, width, channels = planes.shape
    model, (samples, how) = weights.by_name(LEVELS[level][0]), prepare(planes, level)
    count = max(1, -(-height * width // BAND_PIXELS))
    rows = -(-height // count)
    coded, latents = [], level not in SPARING or height * width >= THUMBNAIL
    for top in range(0, height, rows):
        pixels = np.ascontiguousarray(samples[top : top + rows])
        band = band_of(pixels.shape, model, how.below(top), threads, progress)
        message, split = bands.encode(pixels, band, latents)
        crc = zlib.crc32(np.ascontiguousarray(planes[top : top + rows]))
        coded.append(container.Band(message.to_bytes(), split, crc))
    return container.Part(container.MODEL, channels, 8, model.id, how.to_bytes(), rows, coded)


def decode(
    part: container.Part, width: int, height: int, channels: int, threads: int, progress: Progress | None = None
) -> np.ndarray:
    """A part -> planes (h, w, c) uint8. Raises CorruptError, ModelMismatchError, UnsupportedError."""
    planes = np.empty((height, width, channels), np.uint8)
    for pixels, stored, band in open_bands(part, planes, threads, progress):
        bands.pop(Message.from_bytes(stored.payload), pixels, band, stored.split)
        complete(part, stored, pixels)
    return planes


def open_bands(part: container.Part, planes: np.ndarray, threads: int, progress: Progress | None):
    """Each band's rows of planes, what is stored of it, and its codecs."""
    height, width, channels = planes.shape
    how = Settings.from_bytes(part.settings)
    if part.depth != 8 or channels not in (1, 3) or width > MAX_NEURAL_WIDTH or how.ycbcr and channels != 3:
        raise UnsupportedError("needs a newer bbc: unknown settings of the model")
    model = weights.by_id(part.model_id)
    for i, stored in enumerate(part.bands):
        pixels = planes[i * part.band_rows : (i + 1) * part.band_rows]
        if stored.split > len(pixels):
            raise CorruptError("corrupt: a band's head is higher than the band")
        yield pixels, stored, band_of(pixels.shape, model, how.below(i * part.band_rows), threads, progress)


def complete(part: container.Part, stored: container.Band, pixels: np.ndarray) -> None:
    """Makes the picture's samples of those of a band that was just popped, in place. Raises CorruptError."""
    if Settings.from_bytes(part.settings).ycbcr:
        pixels[:] = ycbcr.to_rgb(pixels)
    if zlib.crc32(pixels) != stored.crc:
        raise CorruptError("corrupt: the pixels do not have the checksum of those that were coded")


def prepare(planes: np.ndarray, level: int) -> tuple[np.ndarray, Settings]:
    """Planes (h, w, c) of a picture -> the samples to code, of the same shape, and how to code them at a level."""
    found = ycbcr.from_rgb(planes)
    samples = planes if found is None else found
    pixels = planes.shape[0] * planes.shape[1]
    how = replace(LEVELS[level][1], ycbcr=found is not None)
    if pixels >= THUMBNAIL:
        how = replace(how, grid=block_grid.origin(samples))
    if pixels < SMALL and how.every == 1:
        how = replace(how, rate=min(how.rate, SMALL_RATE))
    return samples, replace(how, run=TINY_RUN) if pixels < TINY else how


def band_of(
    shape: tuple[int, ...], model: weights.Weights, how: Settings, threads: int = 1, progress: Progress | None = None
) -> bands.Band:
    """The codecs of a band of pixels of a shape (h, w, c)."""
    run, rate = (RUNS[how.run] if how.rate else 0), RATES[how.rate]
    progress = progress or (lambda pixels: None)
    return bands.Band(model, *shape, run, rate, how.every, how.grid, threads, progress)
