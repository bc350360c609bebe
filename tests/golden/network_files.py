"""Golden files of the settings of the neural and the fitted coder: of each setting its ends, on small pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import tiny

from bbans_cli import container
from bbans_cli.coders import raw
from bbans_cli.coders.fitted import coder as fitted_coder
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import levels, weights
from bbans_cli.coders.neural.settings import Settings, band_codec
from bbans_cli.pictures.picture import Picture

Made = tuple[Picture, bytes]


@dataclass(frozen=True)
class Case:
    """A picture (height, width, channels) with so many low bits, the settings of the neural coder, whether it is coded
    with latents, the level whose network codes it, and what makes the picture: tiny.py's, or plain or noise."""

    shape: tuple[int, int, int]
    settings: Settings
    latents: bool = False
    level: int = 1
    band_rows: int | None = None
    picture: Callable[[int, int, int, int], np.ndarray] = tiny.deep_picture


def plain(height: int, width: int, channels: int, low_bits: int) -> np.ndarray:
    """One colour with a mark now and then, which takes few bytes."""
    marks = tiny.integers(61, 256, height, width, channels) == 0
    samples = (80 + 30 * np.arange(channels) + 7 * marks) << low_bits
    return samples.astype(np.uint16 if low_bits else np.uint8)


def noise(height: int, width: int, channels: int, low_bits: int) -> np.ndarray:
    """All values, the darkest beside the brightest."""
    return tiny.integers(62, 256 << low_bits, height, width, channels).astype(np.uint16 if low_bits else np.uint8)


# rate, interval, mini-batch: all intervals and mini-batches, the first, the last and other rates. Names say the rest.
CAMERA = {"grid": (1, 0), "mosaic": True, "light": 1}
CASES = {
    "tiny-still": Case((10, 12, 1), Settings(0)),
    "tiny-rate-7": Case((8, 18, 1), Settings(7, 0, 3)),
    "tiny-interval": Case((12, 24, 1), Settings(5, 1, 0)),
    "tiny-mosaic": Case((13, 20, 3), Settings(6, grid=(6, 11), mosaic=True)),
    "tiny-light": Case((13, 20, 3), Settings(6, grid=(6, 11), mosaic=True, light=7)),
    "tiny-deep-light": Case((13, 20, 3), Settings(5, grid=(0, 3), mosaic=True, light=3, low_bits=2, fraction=1)),
    "tiny-deep-mosaic": Case((13, 20, 3), Settings(5, grid=(0, 3), mosaic=True, low_bits=2, fraction=1)),
    "tiny-grid": Case((9, 13, 3), Settings(3, grid=(5, 14)), latents=True),
    "tiny-ycbcr": Case((8, 12, 3), Settings(4, 1, 2, grid=(0, 0), ycbcr=True), latents=True),
    "tiny-bands": Case((11, 9, 3), Settings(3, grid=(3, 2)), latents=True, band_rows=5),
    "tiny-deep-1-0": Case((9, 11, 1), Settings(2, low_bits=1, fraction=0)),
    "tiny-deep-2-2": Case((9, 11, 3), Settings(5, low_bits=2, fraction=2)),
    "tiny-deep-3-1": Case((9, 11, 1), Settings(2, low_bits=3, fraction=1, grid=(7, 0))),
    "tiny-deep-5-4": Case((9, 11, 1), Settings(1, low_bits=5, fraction=4)),
    "tiny-deep-6-0": Case((9, 11, 1), Settings(0, low_bits=6, fraction=0)),
    "tiny-deep-7-7": Case((9, 11, 1), Settings(2, low_bits=7, fraction=7)),
    # What begins with the 5,120th, the 15,200th, the 65,537th pixel of a band: correction, longest waits of the phases'
    # least squares, fewer updates of the trunk; each also with what it could be confused with
    "tiny-long": Case((290, 264, 1), Settings(6), picture=plain),
    "tiny-long-ycbcr": Case((75, 70, 3), Settings(4, grid=(2, 9), ycbcr=True), picture=plain),
    "tiny-long-deep": Case((75, 70, 3), Settings(4, low_bits=4, fraction=3), latents=True, picture=plain),
    "tiny-mosaic-latents": Case((23, 10, 3), Settings(6, grid=(0, 0), mosaic=True), latents=True, band_rows=14),
    "tiny-light-noise": Case((8, 14, 3), Settings(6, grid=(0, 0), mosaic=True, light=12), picture=noise),
    "shipped-thumbnail": Case((12, 14, 3), levels.LEVELS[5].settings, level=5),
    "shipped-mosaic": Case((13, 20, 3), replace(levels.LEVELS[5].settings, **CAMERA), level=5),
    "shipped-best-mosaic": Case((13, 20, 3), replace(levels.LEVELS[9].settings, **CAMERA), level=9),
    "shipped-best": Case((12, 14, 3), replace(levels.LEVELS[9].settings, ycbcr=True), latents=True, level=9),
    "shipped-best-thumbnail": Case((12, 14, 3), levels.LEVELS[9].settings, level=9),
}


def made(name: str) -> Made:
    """The picture and the file of a case; the network is the one that is found now."""
    case = CASES[name]
    settings, low_bits = case.settings, case.settings.low_bits
    planes = case.picture(*case.shape, low_bits)
    height, width, channels = planes.shape
    samples = planes
    if settings.ycbcr:
        samples, planes = planes, ycbcr.to_rgb(planes)
    model = weights.by_name(levels.LEVELS[case.level].weights_for(height * width, settings, settings.mosaic))
    rows, coded = case.band_rows or height, []
    for top in range(0, height, rows):
        pixels = np.ascontiguousarray(samples[top : top + rows])
        codec = band_codec(pixels.shape, model, settings.shifted_down(top))
        message, split = bands.encode(pixels, codec, case.latents)
        coded.append(container.Band(message.to_bytes(), split, raw.checksum(planes[top : top + rows])))
    depth = 16 if low_bits else 8
    part = container.Part(container.NEURAL, channels, depth, model.id, settings.to_bytes(), rows, coded)
    return _file(planes, 8 + low_bits, part)


def _file(planes: np.ndarray, depth: int, part: container.Part) -> Made:
    height, width, channels = planes.shape
    mode = "rgb" if channels == 3 else "grey"
    data = container.to_bytes(container.Container(width, height, mode, depth, [part]))
    return Picture(planes, mode, depth), data


def _fitted(planes: np.ndarray, quick: bool = False, band_rows: int | None = None) -> Made:
    """Weights that are fitted whether that pays or not, unless `quick`."""
    least, fitted_coder.SURE_PIXELS = fitted_coder.SURE_PIXELS, 0
    part = fitted_coder.encode(planes, 1, max_band_rows=band_rows, quick=quick)
    fitted_coder.SURE_PIXELS = least
    return _file(planes, 8, part)


FITTED: dict[str, Callable[[], Made]] = {
    "fitted": lambda: _fitted(tiny.picture(96, 100, 3)),
    "fitted-still": lambda: _fitted(tiny.picture(5, 20, 3), quick=True),
    "fitted-grey": lambda: _fitted(tiny.picture(8, 12, 1)),
    "fitted-ycbcr": lambda: _fitted(ycbcr.to_rgb(tiny.picture(6, 10, 3)), quick=True),
    "fitted-ycbcr-bands": lambda: _fitted(ycbcr.to_rgb(tiny.picture(6, 11, 3)), band_rows=4),
}
