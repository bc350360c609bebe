"""Photographs whose colours had half the resolution once, as on video and PhotoCD: which settings code them best.

    BBC_DATA=path python -m scripts.experiments.halved_colours [--level 5] [--most N]

Of photographs colours are halved (4:2:2 and 4:2:0 of BT.709, samples of colours where those of brightness
are) and interpolated again, linearly and by four taps. A row for each: bytes of the payload without latents as it is
coded, with the rate and the weights of a camera's mosaic, and without phases by column and row modulo 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click
import numpy as np

from bbans_cli.coders.neural import band, block_grid, levels, weights
from bbans_cli.coders.neural.settings import band_codec
from scripts.common import picture_sets

RED, BLUE = 0.2126, 0.0722  # of brightness: BT.709
HEIGHT, WIDTH = 448, 640  # more than the pixels up to which all pictures learn slowly
FILTERS = {"linear": (0.5, 0.5), "four taps": (-1 / 16, 9 / 16, 9 / 16, -1 / 16)}


def interpolated(samples: np.ndarray, axis: int, taps: tuple[float, ...]) -> np.ndarray:
    """Twice as many samples along an axis: those that there are, and between each two what the taps say."""
    count, half = samples.shape[axis], len(taps) // 2
    places = np.arange(count)[:, None] + np.arange(1 - half, half + 1)
    between = np.tensordot(np.take(samples, places.clip(0, count - 1), axis), taps, (axis + 1, 0))
    both = np.stack([samples, between], axis + 1)
    return both.reshape(*samples.shape[:axis], 2 * count, *samples.shape[axis + 1 :])


def halved(picture: np.ndarray, rows_too: bool, taps: tuple[float, ...]) -> np.ndarray:
    """A picture (height, width, 3) uint8 of even sides with its colours halved and interpolated again."""
    red, green, blue = np.moveaxis(picture.astype(float), 2, 0)
    brightness = np.round(RED * red + (1 - RED - BLUE) * green + BLUE * blue)
    colours = np.stack([red - brightness, blue - brightness], 2)
    for axis in (1, 0) if rows_too else (1,):
        edge = [(1, 1) if axis == each else (0, 0) for each in range(3)]
        padded, count = np.pad(colours, edge, "edge"), colours.shape[axis]
        at = [np.take(padded, np.arange(shift, count + shift, 2), axis) for shift in range(3)]
        colours = np.round(at[0] / 4 + at[1] / 2 + at[2] / 4)
    for axis in (0, 1) if rows_too else (1,):
        colours = interpolated(colours, axis, taps)
    red, blue = np.moveaxis(colours, 2, 0) + brightness
    green = (brightness - RED * red - BLUE * blue) / (1 - RED - BLUE)
    return np.stack([red, green, blue], 2).round().clip(0, 255).astype(np.uint8)


def pictures(name: str, most: int) -> Iterator[tuple[str, np.ndarray]]:
    """Made from at most so many photographs of a set, two of each."""
    for number, path in enumerate(picture_sets.find(name, most).files):
        whole = picture_sets.read(path)
        height, width = (min(most, side) // 2 * 2 for most, side in zip((HEIGHT, WIDTH), whole.shape, strict=False))
        top, left = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
        middle = whole[top : top + height, left : left + width]
        for kind, taps in FILTERS.items():
            rows_too = bool((number + (kind == "linear")) % 2)
            yield f"{path.stem[:24]}, {'4:2:0' if rows_too else '4:2:2'}, {kind}", halved(middle, rows_too, taps)


def sizes(picture: np.ndarray, level: int) -> list[int]:
    """Bytes of the payload as coded, as a camera's, and without a mosaic."""
    samples, chosen, _ = levels.prepare(picture, level)
    names = levels.LEVELS[level]
    model, camera = weights.by_name(names.weights), weights.by_name(names.mosaic_weights or names.weights)
    slow = replace(chosen, rate_index=min(chosen.rate_index, levels.SMALL_RATE_INDEX))
    plain = replace(chosen, mosaic=False, light=0, grid=block_grid.origin(samples))
    shape = samples.shape
    ways = [band_codec(shape, *way) for way in ((model, chosen), (camera, slow), (model, plain))]
    return [len(band.encode(samples, way, latents=False)[0].to_bytes()) for way in ways]


@click.command()
@click.option("--pictures", "name", default="train/photos", help="a set below BBC_DATA, or a folder")
@click.option("--most", default=8, help="photographs, two pictures of each")
@click.option("--level", default=5)
def main(name: str, most: int, level: int) -> None:
    total = np.zeros(3, int)
    print("| picture | as coded | as a camera's | no mosaic |\n|---|---:|---:|---:|")
    for title, picture in pictures(name, most):
        found = sizes(picture, level)
        total += found
        print(f"| {title} | {found[0]:,} | {found[1]:,} | {found[2]:,} |", flush=True)
    print(f"| all | {total[0]:,} | {total[1]:,} | {total[2]:,} |")


if __name__ == "__main__":
    main()
