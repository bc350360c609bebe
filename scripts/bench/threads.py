"""Several threads on a picture beside one: `python -m scripts.bench.threads [--levels 1,5,9] [--threads 2] [PICTURE]`.

For each level seconds by the clock of encoding and decoding within one process, by the fitted or the neural coder
alone, of one thread and of several in turn: the least of --tries, which means something only while the cores have
nothing else to do. Without PICTURE four of dev/photos ($BBC_DATA) side by side, 1200x900. Pixels are compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import numpy as np
from PIL import Image

from bbans_cli.coders.fitted import coder as fitted
from bbans_cli.coders.neural import coder as neural
from bbans_cli.container import Part
from scripts.common import picture_sets

TILE = (600, 450)


def sheet() -> np.ndarray:
    """The middles of four photographs that are large enough, side by side."""
    whole = Image.new("RGB", (2 * TILE[0], 2 * TILE[1]))
    images = (Image.open(path) for path in picture_sets.find("dev/photos").files)
    large = [image for image in images if image.width >= TILE[0] and image.height >= TILE[1]]
    for number, image in enumerate(large[:4]):
        left, top = (image.width - TILE[0]) // 2, (image.height - TILE[1]) // 2
        part = image.convert("RGB").crop((left, top, left + TILE[0], top + TILE[1]))
        whole.paste(part, (number % 2 * TILE[0], number // 2 * TILE[1]))
    return np.asarray(whole)


def encode(pixels: np.ndarray, level: int, threads: int) -> Part:
    return fitted.encode(pixels, threads) if level == 1 else neural.encode(pixels, level, threads)


def decode(part: Part, pixels: np.ndarray, level: int, threads: int) -> None:
    """Raises RuntimeError if the pixels do not come back."""
    decoder = fitted.decode if level == 1 else neural.decode
    height, width, channels = pixels.shape
    if not np.array_equal(decoder(part, width, height, channels, threads), pixels):
        raise RuntimeError("the decoded picture differs")


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def least(pixels: np.ndarray, level: int, counts: tuple[int, int], tries: int) -> dict[str, list[float]]:
    """Least seconds of encoding and of decoding, by each number of threads, which take turns."""
    part = encode(pixels, level, 1)
    runs: dict[str, Callable[[int], object]] = {
        "encode": partial(encode, pixels, level),
        "decode": partial(decode, part, pixels, level),
    }
    found = {name: [float("inf")] * 2 for name in runs}
    for _ in range(tries):
        for at, threads in enumerate(counts):
            for name, run in runs.items():
                found[name][at] = min(found[name][at], seconds(partial(run, threads)))
    return found


@click.command()
@click.argument("picture", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--levels", default="1,5,9", show_default=True, help="Levels of bbc.")
@click.option("--threads", default=2, show_default=True, help="Beside one.")
@click.option("--tries", default=5, show_default=True, help="Runs of each, of which the fastest counts.")
def main(picture: Path | None, levels: str, threads: int, tries: int) -> None:
    """Seconds of one thread and of several, and their ratio."""
    pixels = np.asarray(Image.open(picture).convert("RGB")) if picture else sheet()
    for level in map(int, levels.split(",")):
        for name, (one, several) in least(pixels, level, (1, threads), tries).items():
            click.echo(f"-{level} {name}: {one:.3f} {several:.3f} ({one / several:.2f} times)")


if __name__ == "__main__":
    main()
