"""HiLLoC on photographs: a model trained on patches of 32x32 pixels codes any size at the rate of its bound.

    BBC_DATA=... python -m scripts.experiments.hilloc_photos [--train MINUTES [--more]] [--pictures 10] [--set photos]

The observation of Townsend, Bird, Kunze and Barber (2020), with this package's codecs, and what it costs where there is
one file and no album. The pictures of a set are coded in a chain. Its initial bits are those of the first pictures,
as few as are enough, coded by bbc itself. Everything is decoded and compared. Coding takes the weights of
weights/examples/ and no torch. In bits a sub-pixel, of the pictures of the chain:

    ELBO      the bound, from a sample of the latents, without bins or integer frequencies
    achieved  what the chain added to the message
    one file  the same and the initial bits, for each picture its own
    bbc -5    the .bbc files of these pictures, headers and all

Pictures are cropped: sides to multiples of 8, photographs to 768x512 in the middle.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import click
import numpy as np
from PIL import Image

import bbans_cli
from bbans_cli.codecs import Message, UnderflowError
from scripts.common import picture_sets
from scripts.experiments.hilloc_model import MULTIPLE, SIDE, Model

EMPTY = 32  # bits of an empty head, once it is in a file
HEADS = """\
trained on  pictures                  in the chain  before it     ELBO  achieved     over  one file   bbc -5  seconds"""


class Album(NamedTuple):
    """title, folder below BBC_DATA, and the largest width and height that is left of a picture (its middle)."""

    title: str
    folder: str
    width: int
    height: int


ALBUMS = {
    "32": Album("ImageNet scaled, 32x32", "dev/small64", 32, 32),
    "64": Album("ImageNet scaled, 64x64", "dev/small64", 64, 64),
    "imagenet": Album("ImageNet, whole", "dev/imagenet", 4096, 4096),
    "photos": Album("photos, 768x512", "dev/photos", 768, 512),
}


class Result(NamedTuple):
    """first: pictures before the chain; bound, achieved, alone, product: bits a sub-pixel of those in it."""

    first: int
    bound: float
    achieved: float
    alone: float
    product: float


def pictures(album: Album, limit: int | None) -> list[np.ndarray]:
    """The set, cropped; upright pictures to the same size upright."""
    found = []
    for path in picture_sets.find(album.folder, limit).files:
        with Image.open(path) as file:
            pixels = np.asarray(file.convert("RGB"))
        sides = (album.height, album.width) if pixels.shape[1] >= pixels.shape[0] else (album.width, album.height)
        height, width = (min(pair) // MULTIPLE * MULTIPLE for pair in zip(sides, pixels.shape[:2], strict=True))
        top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        found.append(np.ascontiguousarray(pixels[top : top + height, left : left + width]))
    return found


def measure(model: Model, album: list[np.ndarray]) -> Result:
    """Code an album of (h, w, 3) pictures in a chain, decode it and see that all came back."""
    files = [bbans_cli.compress(picture, threads=1, verify=False) for picture in album]
    message, first, costs = push(model, album, files)
    data = message.to_bytes()
    for picture, back in zip(reversed(album), pop(model, album, first, Message.from_bytes(data)), strict=True):
        if not np.array_equal(picture, back):
            raise SystemExit("a picture did not come back")
    chain, sub_pixels = album[first:], sum(picture.size for picture in album[first:])
    added, initial = np.sum(costs, axis=0)
    return Result(
        first,
        sum(model.elbo(picture, seed) for seed, picture in enumerate(chain)) / sub_pixels,
        added / sub_pixels,
        (added + initial + EMPTY * len(chain)) / sub_pixels,
        8 * sum(map(len, files[first:])) / sub_pixels,
    )


def push(model: Model, album: list[np.ndarray], files: list[bytes]) -> tuple[Message, int, list[tuple[float, float]]]:
    """The album's message; the number of pictures that are in it as .bbc files; bits added and drawn by each other one.

    [ file | ... | file | picture | ... | picture ]      a file for a picture only as long as the chain has too few
                                                         bits to draw latents from
    """
    before = Message()
    for first in range(len(album)):
        message, costs = before.copy(), []
        try:
            for picture in album[first:]:
                costs.append(push_one(model, message, picture))
            return message, first, costs
        except UnderflowError:
            before.push_bits(np.frombuffer(files[first], np.uint8), 8)
            before.push_bits(np.array([len(files[first])]), 31)
    raise SystemExit("all the album's pictures together have too few bits for the latents of the last one")


def push_one(model: Model, message: Message, picture: np.ndarray) -> tuple[float, float]:
    """Bits that the picture added to the message, and that it had drawn from it before it added any."""
    lowest: list[float] = []
    had, (height, width, _) = message.bits, picture.shape
    model.codec(height, width, lowest.append).push(message, picture)
    return message.bits - had, had - lowest[0]


def pop(model: Model, album: list[np.ndarray], first: int, message: Message) -> list[np.ndarray]:
    """The pictures of a message, the last one first; only the shapes of the album are looked at."""
    back = [model.codec(*picture.shape[:2]).pop(message) for picture in reversed(album[first:])]
    for _ in range(first):
        (size,) = message.pop_bits(1, 31)
        back.append(bbans_cli.decompress(message.pop_bits(int(size), 8).astype(np.uint8).tobytes(), threads=1))
    if not message.empty:
        raise SystemExit("bits are left over after the first picture")
    return back


def report(title: str, count: int, result: Result, seconds: float) -> str:
    """One line of the table."""
    over = 100 * (result.achieved / result.bound - 1)
    return (
        f"{SIDE}x{SIDE:<8}{title:26}{count - result.first:12}{result.first:11}{result.bound:9.3f}"
        f"{result.achieved:10.3f}{over:+8.2f}%{result.alone:10.3f}{result.product:9.3f}{seconds:9.1f}"
    )


@click.command()
@click.option("--train", "minutes", type=float, help="train first, this many minutes (needs torch)")
@click.option("--more", is_flag=True, help="with --train: go on from the weights that are there")
@click.option("--pictures", "limit", type=int, help="of each set, evenly spread; all by default")
@click.option("--set", "names", multiple=True, type=click.Choice(list(ALBUMS)), help="one of the sets alone")
def main(minutes: float | None, more: bool, limit: int | None, names: tuple[str, ...]) -> None:
    """Code albums of several sizes with a model of one size, in chains, and print rates beside the bound."""
    if minutes:
        from scripts.experiments.hilloc_train import patches, train

        train(minutes, patches(64), Model().path if more else None)
    model = Model()
    click.echo(HEADS)
    for name in names or ALBUMS:
        album, began = pictures(ALBUMS[name], limit), time.process_time()
        result = measure(model, album)
        click.echo(report(ALBUMS[name].title, len(album), result, time.process_time() - began))


if __name__ == "__main__":
    main()
