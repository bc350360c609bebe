"""HiLLoC on photographs: a model trained on patches of 32x32 pixels codes every size at the rate of its bound.

    BBC_DATA=... python -m scripts.experiments.hilloc_photos [--train MINUTES [--more]] [--pictures 10] [--set photos]

The experiment of Townsend, Bird, Kunze and Barber (2020) with the codecs of this package, and the cost of a single
file. The pictures of a set are coded in a chain. Its initial bits are the .bbc files of the first pictures, as few as
are enough. Everything is decoded and compared. Coding needs the weights of weights/examples/ and not torch. In bits
per sub-pixel, over the pictures of the chain:

    ELBO      the bound, from a sample of the latents, without bins or integer frequencies
    achieved  the bits that the chain added to the message
    one file  the same with the initial bits of each picture
    bbc -5    the .bbc files of these pictures, headers included

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

EMPTY = 32  # bits of the initial rANS state in a file
COLUMNS = """\
trained on  pictures                  in the chain  before it     ELBO  achieved    above  one file   bbc -5  seconds"""


class Album(NamedTuple):
    """title, folder below BBC_DATA, and the largest width and height to which pictures are cropped, in the middle."""

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
    """first: pictures before the chain; bound, achieved, alone, product: bits per sub-pixel of those in it."""

    first: int
    bound: float
    achieved: float
    alone: float
    product: float


def pictures(album: Album, limit: int | None) -> list[np.ndarray]:
    """The pictures of a set, cropped; of portrait pictures width and height are exchanged."""
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
    """Code an album of pictures, uint8 (h, w, 3), in a chain, decode it and compare."""
    files = [bbans_cli.compress(picture, threads=1, verify=False) for picture in album]
    message, first, costs = push(model, album, files)
    data = message.to_bytes()
    for picture, back in zip(reversed(album), pop(model, album, first, Message.from_bytes(data)), strict=True):
        if not np.array_equal(picture, back):
            raise SystemExit("a decoded picture differs")
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
    """The message of the album; how many pictures are in it as .bbc files; bits added and drawn by each other picture.

    [ file | ... | file | picture | ... | picture ]      files only until the message has enough bits to draw the
                                                         latents of all other pictures
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
    raise SystemExit("all files of the album together have too few bits for the latents of its last picture")


def push_one(model: Model, message: Message, picture: np.ndarray) -> tuple[float, float]:
    """Bits that the picture added to the message, and bits that it drew from the message before."""
    lowest: list[float] = []
    had, (height, width, _) = message.bits, picture.shape
    model.codec(height, width, lowest.append).push(message, picture)
    return message.bits - had, had - lowest[0]


def pop(model: Model, album: list[np.ndarray], first: int, message: Message) -> list[np.ndarray]:
    """The pictures of a message, the last one first; of the album only the shapes are used."""
    back = [model.codec(*picture.shape[:2]).pop(message) for picture in reversed(album[first:])]
    for _ in range(first):
        (size,) = message.pop_bits(1, 31)
        back.append(bbans_cli.decompress(message.pop_bits(int(size), 8).astype(np.uint8).tobytes(), threads=1))
    if not message.empty:
        raise SystemExit("bits are left after the first picture")
    return back


def report(title: str, count: int, result: Result, seconds: float) -> str:
    """One line of the table."""
    over = 100 * (result.achieved / result.bound - 1)
    return (
        f"{SIDE}x{SIDE:<8}{title:26}{count - result.first:12}{result.first:11}{result.bound:9.3f}"
        f"{result.achieved:10.3f}{over:+8.2f}%{result.alone:10.3f}{result.product:9.3f}{seconds:9.1f}"
    )


@click.command()
@click.option("--train", "minutes", type=float, help="Minutes of training, before coding (needs torch).")
@click.option("--more", is_flag=True, help="With --train: continue from the present weights.")
@click.option("--pictures", "limit", type=int, help="Pictures of each set, evenly spread; by default all.")
@click.option("--set", "names", multiple=True, type=click.Choice(list(ALBUMS)), help="One set only.")
def main(minutes: float | None, more: bool, limit: int | None, names: tuple[str, ...]) -> None:
    """Code albums of several sizes with a model of one size, in chains, and print rates beside the bound."""
    if minutes:
        from scripts.experiments.hilloc_train import patches, train

        train(minutes, patches(64), Model().path if more else None)
    model = Model()
    click.echo(COLUMNS)
    for name in names or ALBUMS:
        album, began = pictures(ALBUMS[name], limit), time.process_time()
        result = measure(model, album)
        click.echo(report(ALBUMS[name].title, len(album), result, time.process_time() - began))


if __name__ == "__main__":
    main()
