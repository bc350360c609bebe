"""Sizes of a photograph in Zarr: this codec beside Zarr's own default and Blosc.

    python -m scripts.bench.zarr_sizes [--markdown] [--chunk 512] [PICTURE]

Every array is read again and compared. --markdown: into docs/zarr.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import numpy as np
import zarr
from PIL import Image
from zarr.codecs import BloscCodec
from zarr.storage import MemoryStore

from bbans_cli.zarr.format3 import BbcCodec
from scripts.common import pages

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "roman-colosseum.png"
COMMAND = "make bench-zarr"
DEFAULT = "Zarr's default (Zstandard)"
CODECS: dict[str, dict[str, object]] = {
    "none": {"compressors": None},
    DEFAULT: {},
    "Blosc (LZ4, shuffle)": {"compressors": BloscCodec(cname="lz4", shuffle="shuffle")},
    "Blosc (Zstandard 9, bitshuffle)": {"compressors": BloscCodec(cname="zstd", clevel=9, shuffle="bitshuffle")},
    "bbc, level 1": {"serializer": BbcCodec(1, verify=False), "compressors": None},
    "bbc, level 5": {"serializer": BbcCodec(5, verify=False), "compressors": None},
}


def measure(array: np.ndarray, chunk: int, codec: dict[str, object]) -> int:
    """Bytes of all chunks and of the array's metadata."""
    store = MemoryStore()
    shape = (chunk, chunk, *array.shape[2:])
    opened = zarr.create_array(store, shape=array.shape, chunks=shape, dtype=array.dtype, **codec)
    opened[:] = array
    if not np.array_equal(opened[:], array):
        raise click.ClickException("the array did not come back")
    return opened.nbytes_stored()


@click.command()
@click.option("--markdown", is_flag=True, help="Write the table into docs/zarr.md.")
@click.option("--chunk", default=512, show_default=True, help="Pixels of a side.")
@click.argument("picture", default=SAMPLE, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(markdown: bool, chunk: int, picture: Path) -> None:
    """Measure PICTURE, by default the sample."""
    array = np.asarray(Image.open(picture))
    rows = [["codec", "bytes", "of the default"]]
    sizes = {name: measure(array, chunk, codec) for name, codec in CODECS.items()}
    rows += [[name, f"{size:,}", f"{100 * size / sizes[DEFAULT]:.1f} %"] for name, size in sizes.items()]
    shape = " x ".join(map(str, array.shape))
    text = f"`{picture.name}`, {shape}, chunks of {chunk} x {chunk} pixels, of which those at the edges are filled up:"
    text += f"\n\n{pages.table(rows)}"
    if markdown:
        pages.write(ROOT / "docs" / "zarr.md", COMMAND, text)
    else:
        click.echo(text)


if __name__ == "__main__":
    sys.exit(main())
