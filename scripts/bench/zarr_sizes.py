"""Sizes of a photograph in Zarr: this codec beside Zarr's own default and Blosc.

    python -m scripts.bench.zarr_sizes [--markdown] [--chunk 512] [PICTURE]

Every array is read again and compared. Seconds are of the processor, in one thread. --markdown: into docs/zarr.md.
"""

from __future__ import annotations

import sys
import time
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
CODECS: dict[str, dict[str, object]] = {
    "none": {"compressors": None},
    "Zarr's default (Zstandard)": {},
    "Blosc (LZ4, shuffle)": {"compressors": BloscCodec(cname="lz4", shuffle="shuffle")},
    "Blosc (Zstandard 9, bitshuffle)": {"compressors": BloscCodec(cname="zstd", clevel=9, shuffle="bitshuffle")},
    "bbc, level 1": {"serializer": BbcCodec(1), "compressors": None},
    "bbc, level 5": {"serializer": BbcCodec(5), "compressors": None},
    "bbc, level 9": {"serializer": BbcCodec(9), "compressors": None},
}


def measure(array: np.ndarray, chunk: int, codec: dict[str, object]) -> tuple[int, float, float]:
    """Bytes of all chunks, seconds to write and to read."""
    store = MemoryStore()
    shape = (chunk, chunk, *array.shape[2:])
    opened = zarr.create_array(store, shape=array.shape, chunks=shape, dtype=array.dtype, **codec)
    begin = time.process_time()
    opened[:] = array
    written = time.process_time()
    found = opened[:]
    read = time.process_time()
    if not np.array_equal(found, array):
        raise click.ClickException("the array did not come back")
    return opened.nbytes_stored(), written - begin, read - written


@click.command()
@click.option("--markdown", is_flag=True, help="Write the table into docs/zarr.md.")
@click.option("--chunk", default=512, show_default=True, help="Pixels of a side.")
@click.argument("picture", default=SAMPLE, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(markdown: bool, chunk: int, picture: Path) -> None:
    """Measure PICTURE, by default the sample."""
    zarr.config.set({"threading.max_workers": 1, "async.concurrency": 1})
    array = np.asarray(Image.open(picture))
    rows = [["codec", "bytes", "write, s", "read, s"]]
    for name, codec in CODECS.items():
        size, write, read = measure(array, chunk, codec)
        rows.append([name, f"{size:,}", f"{write:.2f}", f"{read:.2f}"])
        click.echo("  ".join(rows[-1]), err=True)
    shape = " x ".join(map(str, array.shape))
    text = f"`{picture.name}`, {shape}, chunks of {chunk} x {chunk} pixels:\n\n{pages.table(rows)}"
    if markdown:
        pages.write(ROOT / "docs" / "zarr.md", COMMAND, text)
    else:
        click.echo(text)


if __name__ == "__main__":
    sys.exit(main())
