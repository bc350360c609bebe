"""The levels of the neural coder, and what it finds out of a picture before it codes: settings and weights."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.neural import block_grid, deep_scale, mosaic, weights
from bbans_cli.coders.neural.band import high_bits
from bbans_cli.coders.neural.settings import Settings, band_codec


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
THUMBNAIL_RATE_INDEX = 1  # with the weights for thumbnails ("Weights for thumbnails")
# Deep samples have no latents; without a mosaic they have no lower rate in small pictures, and of colour one this much
# further on in LEARNING_RATES (docs/experiments.md, "Deep samples").
DEEP_RATE_STEP = 3


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
    name = LEVELS[level].weights_for(pixels, settings, demosaiced)
    if name == LEVELS[level].thumbnail_weights:
        settings = replace(settings, rate_index=THUMBNAIL_RATE_INDEX)
    return Prepared(samples, settings, name)


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
