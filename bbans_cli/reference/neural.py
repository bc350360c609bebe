"""A part of the neural coder to samples: docs/format.md, *The neural coder*."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bbans_cli.coders.neural import weights as weights_files
from bbans_cli.coders.neural.neighbourhood import PHASES, period
from bbans_cli.coders.neural.scan_shape import CORRECTED, ScanShape, trunk_after
from bbans_cli.coders.neural.weights import Weights
from bbans_cli.container import Band, Part
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference import ycbcr
from bbans_cli.reference.latent_maps import LatentMaps
from bbans_cli.reference.rans import ReferenceMessage
from bbans_cli.reference.scan_decoder import ScanDecoder

Array = np.ndarray

CURVES = 16  # of linear light
RATES = (0.0, 1e-4, 2e-4, 3e-4, 4e-4, 6e-4, 8e-4, 1.2e-3)


@dataclass(frozen=True)
class Settings:
    """Of a part; the symbols of the page are r, E, R, (gx, gy), mosaic, light, b and f. No grid: (-1, -1)."""

    rate: float
    update_interval: int
    batch: int
    ycbcr: bool
    grid: tuple[int, int]
    mosaic: bool
    light: int
    low_bits: int
    fraction: int

    @classmethod
    def of(cls, part: Part) -> Settings:
        """Raises UnsupportedError for settings that are not those of any part."""
        data, light = part.settings, 0
        if data and data[0] >> 4 & 3 == 3:
            data, light = data[:-1], data[-1] + 1
        deep = len(data) == 3
        if len(data) not in (1, 2, 3) or part.depth != (16 if deep else 8) or part.channels not in (1, 3):
            raise UnsupportedError("needs a newer bbc: unknown settings of the neural coder")
        first, place, last = (*data, 0, 0)[:3]
        gridless = last >> 7 if deep else len(data) == 1
        found = cls(
            rate=RATES[first & 7],
            update_interval=4 ** (first >> 3 & 1),
            batch=128 >> (first >> 6) if first & 7 else 0,
            ycbcr=first >> 4 & 3 == 2,
            grid=(-1, -1) if gridless else (place & 15, place >> 4),
            mosaic=bool(first >> 4 & 1),
            light=light,
            low_bits=(last & 7) + 1 if deep else 0,
            fraction=last >> 3 & 15,
        )
        wrong = gridless and (place or found.mosaic) or found.ycbcr and (deep or part.channels == 1)
        if wrong or light > CURVES or deep and found.fraction > found.low_bits:
            raise UnsupportedError("needs a newer bbc: unknown settings of the neural coder")
        return found

    def below(self, rows: int) -> Settings:
        """Of a band that begins so many rows further down."""
        x, y = self.grid
        return self if x < 0 else replace(self, grid=(x, (y + rows) % PHASES))


def decode(part: Part, width: int, height: int, tick: PixelProgress = no_progress) -> Array:
    """The samples (height, width, channels) of a part. Raises CorruptError, ModelMismatchError, UnsupportedError."""
    settings, weights = Settings.of(part), weights_files.by_id(part.model_id)
    samples = np.zeros((height, width, part.channels), np.uint16 if settings.low_bits else np.uint8)
    for number, band in enumerate(part.bands):
        top = number * part.band_rows
        pixels = samples[top : top + part.band_rows]
        decode_band(band, pixels, settings.below(top), weights, tick)
        if settings.ycbcr:
            pixels[:] = ycbcr.to_rgb(pixels)
    return samples


def decode_band(
    band: Band, pixels: Array, settings: Settings, weights: Weights, tick: PixelProgress = no_progress
) -> None:
    """Fill in the samples (rows, width, channels) of a band."""
    height, width, channels = pixels.shape
    if band.split > height:
        raise CorruptError("corrupt: a band has more latent rows than rows")
    shape = ScanShape(
        width=width,
        height=height,
        channels=channels,
        first_row=0,
        last_row=band.split,
        hidden=weights.hidden,
        layers=weights.layers,
        head=weights.head,
        block=weights.blocks[-1],
        batch=settings.batch,
        learning_rate=settings.rate,
        update_interval=settings.update_interval,
        trunk_after=trunk_after(settings.low_bits),
        grid_x=settings.grid[0],
        grid_y=settings.grid[1],
        period=period(settings.grid, settings.mosaic),
        light=settings.light,
        low_bits=settings.low_bits,
        fraction=settings.fraction,
        correction=int(height * width >= CORRECTED),
    )
    message = ReferenceMessage.from_bytes(band.payload)
    if band.split:
        latents = LatentMaps(weights, width, band.split)
        latents.pop(message)
        ScanDecoder(shape, weights.network, latents.modulation(), pixels).pop(message, tick)
        latents.push(message, (pixels >> settings.low_bits).astype(np.uint8))
    below = replace(shape, first_row=band.split, last_row=height)
    ScanDecoder(below, weights.network, None, pixels).pop(message, tick)
    if not message.empty:
        raise CorruptError("corrupt: bits are left over after the last pixel")
