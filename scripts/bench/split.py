"""Screens with photographs on them: bytes as one picture, split into regions, and of other formats; into docs/kinds.md.

    python -m scripts.bench.split [--levels 1,5] [--markdown]

The pictures are made of dev/screens and dev/photos. Each is decoded and compared.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import click
import numpy as np
from PIL import Image

from bbans_cli import container
from bbans_cli.coders import decode_picture, encode_picture, photograph_areas
from bbans_cli.pictures.picture import from_array
from scripts.bench import formats
from scripts.common import pages, picture_sets

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kinds.md"
COMMAND = "make bench-split"
PEERS = ("webp-6", "jxl-9")
REPEATS = 3  # of which the quickest counts


def screen(name: str) -> np.ndarray:
    (path,) = [path for path in picture_sets.find("dev/screens").files if path.stem == name]
    return np.asarray(Image.open(path).convert("RGB"))


def photo(number: int, width: int, height: int) -> np.ndarray:
    """A photograph of dev/photos, scaled."""
    image = Image.open(picture_sets.find("dev/photos").files[number]).convert("RGB")
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


def through_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=2)
    return np.asarray(Image.open(file))


def pasted(ground: np.ndarray, *stamps: tuple[int, int, np.ndarray]) -> np.ndarray:
    """A picture with others on it, each with its column and row."""
    pixels = ground.copy()
    for left, top, stamp in stamps:
        pixels[top : top + stamp.shape[0], left : left + stamp.shape[1]] = stamp
    return pixels


def with_three() -> np.ndarray:
    stamps = (20, 33, photo(6, 240, 180)), (301, 300, photo(0, 160, 200)), (600, 500, photo(2, 371, 200))
    return pasted(screen("eeschema_add_symbol_default_footprint"), *stamps)


PICTURES: dict[str, Callable[[], np.ndarray]] = {
    "one photograph of 320x240 on a screen of 553x450": lambda: pasted(
        screen("search-actions"), (110, 120, photo(5, 320, 240))
    ),
    "the same, of a JPEG file of quality 85": lambda: pasted(
        screen("search-actions"), (110, 120, through_jpeg(photo(5, 320, 240), 85))
    ),
    "three on a screen of 971x739": with_three,
    "a photograph of 480x320 in a white frame": lambda: pasted(
        np.full((400, 560, 3), 255, np.uint8), (40, 40, photo(9, 480, 320))
    ),
    "the same above a caption": lambda: np.concatenate(
        [photo(9, 480, 320), screen("plug-in-browser-tree")[100:160, :480]]
    ),
    "the screen without a photograph": lambda: screen("search-actions"),
}


def coded(pixels: np.ndarray, level: int) -> tuple[int, float]:
    """Bytes, and seconds of processor time of the encoder."""
    start = time.process_time()
    content = encode_picture.encode(from_array(pixels), level)
    seconds = time.process_time() - start
    data = container.to_bytes(content)
    if not np.array_equal(decode_picture.decode(container.picture_from_bytes(data)).pixels, pixels):
        raise RuntimeError("a picture did not come back")
    return len(data), seconds


def row(title: str, pixels: np.ndarray, levels: list[int]) -> list[str]:
    """The title, for each level bytes split and whole and the encoder's times, and the bytes of the others."""
    cells = [title]
    for level in levels:
        seconds = before = float("inf")
        for _ in range(REPEATS):
            split, time_split = coded(pixels, level)
            with mock.patch.object(photograph_areas, "find", lambda pixels: []):
                whole, time_whole = coded(pixels, level)
            seconds, before = min(seconds, time_split), min(before, time_whole)
        cells += [f"{split:,}", f"{whole:,}", f"{seconds / before:.2f}"]
    return cells + [f"{len(formats.make(name).encode(pixels, 1, False)):,}" for name in PEERS]


@click.command()
@click.option("--levels", default="5", help="levels of bbc, separated by commas")
@click.option("--markdown", is_flag=True, help="write the table into docs/kinds.md")
def main(levels: str, markdown: bool) -> None:
    """Measure screens with photographs on them."""
    numbers = [int(level) for level in levels.split(",")]
    header = ["picture"]
    for level in numbers:
        header += [f"bbc -{level}", "as one picture", "time beside that"]
    rows = [header + [formats.make(name).title for name in PEERS]]
    coded(photo(0, 64, 64), numbers[0])  # what is loaded at first is not timed
    for title, make in PICTURES.items():
        rows.append(row(title, make(), numbers))
        click.echo("  ".join(rows[-1]))
    if markdown:
        pages.write(PAGE, COMMAND, pages.table(rows))


if __name__ == "__main__":
    main()
