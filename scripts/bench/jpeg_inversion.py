"""JPEG coefficients recovered from decoded pixels: the share of exact 8x8 blocks, sizes and times.

    python -m scripts.bench.jpeg_inversion [FOLDER]

exact: the share of 8x8 blocks whose pixels the recovered coefficients decode to exactly. JPEG, bbc: bits per sub-pixel
of the JPEG file (0 where the file is not a JPEG) and of the coefficients in bbc, without header and metadata. search,
coder: microseconds of processor time per pixel.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg.inversion import search
from scripts.common import picture_sets

COLUMNS = ("exact", "blocks", "JPEG", "bbc", "search", "coder")


def measure(path: Path) -> np.ndarray | None:
    """Exact blocks, all blocks, bits of the file and of bbc, seconds of search and coder; None if none were found."""
    pixels = picture_sets.read(path)
    began = time.process_time()
    found = search.find(pixels)
    searched = time.process_time()
    if found is None:
        return None
    part = jpeg_coder.encode(pixels, found)
    coded = time.process_time()
    height, width, _ = pixels.shape
    wrong = jpeg_coder.pixel_blocks(pixels - jpeg_coder.decoded_samples(found, width, height)).any(axis=(2, 3, 4))
    file = 8 * path.stat().st_size if path.suffix.lower() in (".jpg", ".jpeg") else 0
    own = 8 * len(part.bands[0].payload)
    return np.array([wrong.size - wrong.sum(), wrong.size, file, own, searched - began, coded - searched])


def line(name: str, sums: np.ndarray, pixels: int, samples: int) -> str:
    """A row of the table."""
    exact, blocks, file, own, searching, coding = sums
    cells = f"{exact / blocks:10.4f}{blocks:10.0f}{file / samples:10.3f}{own / samples:10.3f}"
    return f"{name[:32]:34}{cells}{1e6 * searching / pixels:10.2f}{1e6 * coding / pixels:10.2f}"


@click.command()
@click.argument("folder", default="dev/imagenet")
def main(folder: str) -> None:
    """Recover JPEG coefficients of the pictures in FOLDER, a path or the name of a set below $BBC_DATA."""
    files = picture_sets.find(folder).files
    total, pixels, samples, count = np.zeros(len(COLUMNS)), 0, 0, 0
    click.echo(f"{'':34}" + "".join(f"{column:>10}" for column in COLUMNS))
    for path in files:
        found = measure(path)
        if found is None:
            click.echo(f"{path.name[:32]:34}{'none':>10}")
            continue
        size = picture_sets.read(path).shape
        area = size[0] * size[1]
        click.echo(line(path.name, found, area, area * size[2]))
        total, pixels, samples, count = total + found, pixels + area, samples + area * size[2], count + 1
    if count:
        click.echo(line(f"{count} of {len(files)} found", total, pixels, samples))


if __name__ == "__main__":
    main()
