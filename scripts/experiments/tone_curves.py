"""Photographs as raw converters make them from a sensor's mosaic, with a tone curve: which settings code them best.

    BBC_DATA=path python -m scripts.experiments.tone_curves [--pictures SET] [--most N]

Of photographs the light of a sensor is sampled in a mosaic, with noise, and interpolated, bilinearly or green first
along the smoother direction (Hamilton, Adams, 1997); then come a matrix of colours, sRGB's curve, a tone curve,
sharpening. A row for each: the curve of the linear light that the encoder finds, bytes of the payload without latents
at the default level as it is coded, of samples as they are, by sRGB's curve alone, and without a mosaic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click
import numpy as np

from bbans_cli.coders.neural import band, block_grid, levels, weights
from bbans_cli.coders.neural.settings import band_codec
from scripts.common import picture_sets

HEIGHT, WIDTH = 300, 400
MATRIX = np.array([[1.75, -0.6, -0.15], [-0.2, 1.5, -0.3], [0.0, -0.5, 1.5]])  # of a sensor's colours to sRGB's
SHOT, READ = 2e-5, 1e-6  # variance of the noise: a share of the light, and what is always there
SHARPEN = 0.6
STEPS = ("as it is", "matrix", "tone curve", "sharpened")


def neighbours(plane: np.ndarray, axis: int, apart: int = 1) -> np.ndarray:
    """The sum of both samples so far apart along an axis."""
    return np.roll(plane, apart, axis) + np.roll(plane, -apart, axis)


def blurred(plane: np.ndarray) -> np.ndarray:
    """A sample counts 2, its neighbours along an axis 1; sums of 4 where all are there."""
    once = (2 * plane + neighbours(plane, 0)) / 2
    return (2 * once + neighbours(once, 1)) / 2


def interpolated(light: np.ndarray, places: list[np.ndarray], bilinear: bool) -> np.ndarray:
    """A mosaic (height, width) and where it has R, G and B: all colours everywhere."""
    red, green, blue = places
    if bilinear:
        whole = np.where(green, light, (neighbours(light, 0) + neighbours(light, 1)) / 4)
        return np.stack([blurred(light * red), whole, blurred(light * blue)], axis=2)
    bend = [2 * light - neighbours(light, axis, 2) for axis in (0, 1)]
    ways = [neighbours(light, axis) / 2 + bend[axis] / 4 for axis in (0, 1)]
    rough = [np.abs(np.roll(light, 1, axis) - np.roll(light, -1, axis)) + np.abs(bend[axis]) for axis in (0, 1)]
    whole = np.where(green, light, np.where(rough[0] < rough[1], ways[0], ways[1]))
    return np.stack([whole + blurred((light - whole) * where) for where in places], axis=2)


def made(picture: np.ndarray, bilinear: bool, steps: int) -> np.ndarray:
    """A picture (height, width, 3) uint8 as from a mosaic, with so many of STEPS; the last of them and all before."""
    share = picture / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    if steps > 0:
        light = (light @ np.linalg.inv(MATRIX).T).clip(0, 1)
    y, x = np.mgrid[: len(picture), : picture.shape[1]]
    red, blue = (y % 2 == 0) & (x % 2 == 0), (y % 2 == 1) & (x % 2 == 1)
    places = [red, ~(red | blue), blue]
    seen = sum(light[..., channel] * where for channel, where in enumerate(places))
    noise = np.random.default_rng(1).normal(0, 1, seen.shape) * np.sqrt(SHOT * seen + READ)
    colours = interpolated(seen + noise, places, bilinear)
    if steps > 0:
        colours = colours @ MATRIX.T
    colours = colours.clip(0, 1)
    values = np.where(colours <= 0.0031308, colours * 12.92, 1.055 * colours ** (1 / 2.4) - 0.055)
    if steps > 1:
        values = values - 0.08 * np.sin(2 * np.pi * values)
    if steps > 2:
        brightness = values.mean(2)
        values = values + SHARPEN * (brightness - blurred(brightness) / 4)[..., None]
    return (255 * values).round().clip(0, 255).astype(np.uint8)


def pictures(name: str, most: int) -> Iterator[tuple[str, np.ndarray]]:
    for path in picture_sets.find(name, most).files:
        photograph = picture_sets.read(path)[:HEIGHT, :WIDTH]
        for bilinear in (True, False):
            for steps, title in enumerate(STEPS):
                kind = "bilinear" if bilinear else "green first"
                yield f"{path.stem[:24]}, {kind}, {title}", made(photograph, bilinear, steps)


def sizes(picture: np.ndarray) -> list[int]:
    """The curve found; bytes of the payload as coded, of samples as they are, by the first curve, without a mosaic."""
    samples, chosen, name = levels.prepare(picture, 5)
    camera, plain = weights.by_name("camera"), weights.by_name("medium")
    found = replace(chosen, mosaic=True, light=0, grid=(0, 0), rate_index=levels.SMALL_RATE_INDEX)
    without = replace(found, mosaic=False, grid=block_grid.origin(samples))
    ways = [(weights.by_name(name), chosen), (camera, found), (camera, replace(found, light=1)), (plain, without)]
    codecs = [band_codec(samples.shape, *way) for way in ways]
    return [chosen.light, *(len(band.encode(samples, codec, latents=False)[0].to_bytes()) for codec in codecs)]


@click.command()
@click.option("--pictures", "name", default="train/photos", help="a set below BBC_DATA, or a folder")
@click.option("--most", default=3, help="photographs, eight pictures of each")
def main(name: str, most: int) -> None:
    print("| picture | curve | as coded | as they are | sRGB's curve | no mosaic |\n|---|---:|---:|---:|---:|---:|")
    for title, picture in pictures(name, most):
        curve, *found = sizes(picture)
        print(f"| {title} | {curve or 'none'} |", " | ".join(f"{size:,}" for size in found), "|", flush=True)


if __name__ == "__main__":
    main()
