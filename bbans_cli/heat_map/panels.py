"""The picture and its map of bits as images of one size, as they are shown beside each other."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from bbans_cli.coders.code_lengths import CodeLengths
from bbans_cli.heat_map import colours
from bbans_cli.heat_map.scale import Scale
from bbans_cli.pictures import tiff_colours
from bbans_cli.pictures.picture import Picture

# Pixels of the longer side: smaller pictures are enlarged, each pixel to a square, larger ones are averaged.
LEAST, MOST = 320, 1100


def shown_size(width: int, height: int, most: int = MOST, least: int = LEAST) -> tuple[int, int]:
    """Width and height in which a picture is shown."""
    longer = max(width, height)
    if longer > most:
        return max(1, round(width * most / longer)), max(1, round(height * most / longer))
    factor = max(1, int(least / longer + 0.85))  # a little less than `least` is enough
    return width * factor, height * factor


def picture_panel(picture: Picture, size: tuple[int, int]) -> Image.Image:
    """The picture as a screen shows it, on white where it is transparent."""
    image = Image.fromarray(_in_colour(picture))
    return image.resize(size, Image.Resampling.NEAREST if size[0] >= image.width else Image.Resampling.BOX)


def map_panel(lengths: CodeLengths, size: tuple[int, int]) -> tuple[Image.Image, Scale]:
    """The map of bits in colours, and their scale."""
    image = Image.fromarray(lengths.bits)
    enlarged = size[0] >= image.width
    bits = np.asarray(image.resize(size, Image.Resampling.NEAREST if enlarged else Image.Resampling.BOX))
    scale = Scale.of(bits)
    panel = Image.fromarray(colours.paint(bits, scale.most))
    return (_hatched(panel) if lengths.foreign else panel), scale


def _hatched(panel: Image.Image) -> Image.Image:
    """Diagonal lines, as a map has them where there is one value for all of it."""
    y, x = np.ogrid[: panel.height, : panel.width]
    lines = ((x + y) % 14 < 2)[:, :, None]
    pixels = np.asarray(panel).astype(np.uint16)
    return Image.fromarray(np.where(lines, (2 * pixels + 255) // 3, pixels).astype(np.uint8))


def _in_colour(picture: Picture) -> np.ndarray:
    """R, G, B (h, w, 3) uint8."""
    pixels = picture.pixels
    if picture.palette is not None:
        entries = np.frombuffer(picture.palette, np.uint8).reshape(-1, 3)
        colours_of_pixels: np.ndarray = entries[np.minimum(pixels[:, :, 0], len(entries) - 1)]
        return colours_of_pixels
    if picture.colours is not None:
        return tiff_colours.to_srgb(pixels, picture.colours, picture.depth)
    if picture.top != 255:
        pixels = (pixels.astype(np.uint32) * 255 // picture.top).astype(np.uint8)
    if picture.mode == "cmyk":
        light = 255 - pixels.astype(np.uint16)
        return (light[:, :, :3] * light[:, :, 3:] // 255).astype(np.uint8)
    colour = pixels[:, :, :3] if pixels.shape[2] >= 3 else np.repeat(pixels[:, :, :1], 3, axis=2)
    if picture.mode in ("rgba", "grey+alpha") and picture.alpha not in ("unspecified", "undeclared"):
        alpha = pixels[:, :, -1:].astype(np.uint16)
        added = colour.astype(np.uint16) * (255 if picture.alpha == "premultiplied" else alpha) // 255
        colour = np.minimum(255, added + 255 - alpha).astype(np.uint8)
    return np.ascontiguousarray(colour)


def as_text(number: float) -> str:
    """A number with three digits or more, never more than it has."""
    digits = max(0, 2 - math.floor(math.log10(abs(number)))) if abs(number) >= 1e-3 else 3
    return f"{number:,.{min(3, digits)}f}"
