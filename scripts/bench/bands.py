"""Bytes, memory and speed against the height of bands; writes the table of docs/bands.md.

    python -m scripts.bench.bands [--sets dev/photos] [--smallest 1.0] [--markdown]

Every picture of at least `--smallest` Mpixel is coded in one band and in bands of fewer and fewer pixels, each height
in a process of its own. Online learning starts anew in each band, which is what small bands cost.
"""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import click
import numpy as np

from bbans_cli.coders.neural import coder as neural_coder
from scripts.bench.worker import peak
from scripts.common import pages, picture_sets

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bands.md"
SHIFTS = range(16, 23)


def measure(task: tuple[list[Path], int, int]) -> tuple[int, float, float, int]:
    """For bands of about `pixels` pixels: bytes, seconds of processor time each way, peak memory in bytes."""
    paths, pixels, level = task
    neural_coder.BAND_PIXELS = pixels
    size, encoding, decoding = 0, 0.0, 0.0
    for path in paths:
        image = picture_sets.read(path)
        start = time.process_time()
        part = neural_coder.encode(image, level, 1)
        middle = time.process_time()
        back = neural_coder.decode(part, image.shape[1], image.shape[0], image.shape[2], 1)
        encoding, decoding = encoding + middle - start, decoding + time.process_time() - middle
        if not np.array_equal(back, image):
            raise RuntimeError(f"{path.name} did not come back")
        # Beside its payload, a band has an entry in the table of bands: two short numbers and a checksum.
        size += sum(len(band.payload) + 9 for band in part.bands)
    return size, encoding, decoding, peak()


def table(paths: list[Path], level: int) -> list[list[str]]:
    """The rows of the table, one for each height of bands; the columns are COLUMNS."""
    area = sum(image.shape[0] * image.shape[1] for image in map(picture_sets.read, paths)) / 1e6
    context = multiprocessing.get_context("spawn")
    found = {}
    for shift in reversed(SHIFTS):
        with context.Pool(1) as pool:
            found[shift] = pool.apply(measure, ((paths, 1 << shift, level),))
        click.echo(f"bands of {1 << shift:,} pixels: {found[shift][0]:,} bytes")
    whole = found[max(SHIFTS)][0]
    return [
        [
            f"{1 << shift:,}" + ("*" if 1 << shift == neural_coder.BAND_PIXELS else ""),
            f"{(1 << shift) / 1500:.0f}",
            f"{size:,}",
            f"{100 * (size / whole - 1):+.2f} %",
            f"{area / encoding:.3f}",
            f"{area / decoding:.3f}",
            f"{memory / (1 << 20):.0f}",
        ]
        for shift, (size, encoding, decoding, memory) in found.items()
    ]


COLUMNS = [
    "pixels in a band (*: in use)",
    "rows of a picture 1,500 pixels wide",
    "bytes",
    "loss",
    "encode Mpixel/s",
    "decode Mpixel/s",
    "MiB",
]


@click.command()
@click.option("--sets", "name", default="dev/photos", show_default=True, help="A folder, or its name below $BBC_DATA.")
@click.option("--smallest", default=1.0, show_default=True, help="Leave out pictures of fewer Mpixels.")
@click.option("--limit", type=int, help="Take at most N pictures.")
@click.option("--level", default=5, show_default=True)
@click.option("--markdown", is_flag=True, help="Write the table into docs/bands.md.")
def main(name: str, smallest: float, limit: int | None, level: int, markdown: bool) -> None:
    """Measure bytes, memory and speed against the height of bands."""
    areas = {path: picture_sets.read(path)[:, :, 0].size / 1e6 for path in picture_sets.find(name).files}
    paths = picture_sets.spread([path for path in areas if areas[path] >= smallest], limit or len(areas))
    if not paths:
        raise click.UsageError(f"{name} has no pictures of {smallest} Mpixel")
    lines = table(paths, level)
    widths = [max(len(row[i]) for row in [COLUMNS, *lines]) for i in range(len(COLUMNS))]
    for row in [COLUMNS, *lines]:
        click.echo("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    if markdown:
        area = sum(areas[path] for path in paths)
        count = f"{len(paths)} photograph{'s' * (len(paths) > 1)} of {area:.2f} Mpixel together"
        largest = max(areas[path] for path in paths)
        how = f"{count}, the largest of {largest:.2f}; level {level}, one thread."
        pages.write(PAGE, "make bench-bands", how + "\n\n" + pages.table([COLUMNS, *lines]))


if __name__ == "__main__":
    main()
