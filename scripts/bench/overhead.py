"""The overhead of a file: header, tables, checksums and rANS states.

    python -m scripts.bench.overhead [--level 5] [PICTURE]...

A message is an integer, whose logarithm is the information of the pixels. The bytes of a message take more than that:
the lowest 31 bits of the state and the rounding to bytes ("state"). Exits with 1 if the overhead is 40 bytes or more
for a picture of at most 64x64 pixels, or 0.2 % of the file or more for a larger one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import numpy as np

from bbans_cli import api, container
from bbans_cli.entropy.rans import Message
from bbans_cli.pictures.picture import from_array
from scripts.common import picture_sets

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "roman-colosseum.png"
THUMBNAIL_BYTES, PHOTO_SHARE = 40, 0.002
COLUMNS = ("file", "header", "bands", "checksum", "state", "all", "share")


def overhead(pixels: np.ndarray, level: int) -> dict[str, float]:
    """Bytes of the file, of each part of its overhead and of all parts together, and their share of the file."""
    data = api.PictureCodec(level, verify=False).compress(from_array(pixels), 1)
    file = container.picture_from_bytes(data)
    bands = [band for part in file.parts for band in part.bands]
    payload = sum(len(band.payload) for band in bands)
    tables = sum(_varint(len(band.payload)) + _varint(band.split) + 4 for band in bands)
    states = 0.0
    for part in file.parts:
        if part.coder == container.NEURAL:
            states += sum(len(band.payload) - Message.from_bytes(band.payload).bits / 8 for band in part.bands)
    everything = len(data) - payload + states
    return {
        "file": len(data), "header": len(data) - payload - tables - 4, "bands": tables, "checksum": 4, "state": states,
        "all": everything, "share": everything / len(data),
    }  # fmt: skip


def _varint(number: int) -> int:
    return max(1, -(-number.bit_length() // 7))


def allowed(pixels: np.ndarray, found: dict[str, float]) -> bool:
    """Whether the overhead of a picture is below its limit."""
    if pixels.shape[0] * pixels.shape[1] <= 64 * 64:
        return found["all"] < THUMBNAIL_BYTES
    return found["share"] < PHOTO_SHARE


@click.command()
@click.option("--level", default=5, show_default=True)
@click.argument("pictures", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(level: int, pictures: tuple[Path, ...]) -> None:
    """Print the overhead of the files of PICTURES; by default, of the sample and three crops of it."""
    if pictures:
        rows = [(path.name, picture_sets.read(path)) for path in pictures]
    else:
        photo = picture_sets.read(SAMPLE)
        cut = photo[300:364, 600:664]
        rows = [("1x1", photo[:1, :1]), ("64x64", cut), ("320x240", photo[240:480, 480:800]), ("1280x720", photo)]
    click.echo(f"{'bytes':24}" + "".join(f"{name:>10}" for name in COLUMNS))
    good = True
    for name, pixels in rows:
        found = overhead(np.ascontiguousarray(pixels), level)
        fine = allowed(pixels, found)
        good &= fine
        shown = [f"{found[column]:,.0f}" if column != "state" else f"{found['state']:.1f}" for column in COLUMNS[:-1]]
        cells = "".join(f"{cell:>10}" for cell in [*shown, f"{100 * found['share']:.3f} %"])
        click.echo(f"{name[:24]:24}{cells}" + ("" if fine else "  above the limit"))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
