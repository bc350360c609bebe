"""Train where the coder of plain bytes starts: the mixer's weights for a dictionary, weights/jpeg-plain-N.start.

    python -m scripts.training.train_plain_start OUT [FOLDER]

Each JPEG file of the folder (or set below $BBC_DATA) is coded from the weights of that time, which then move towards
those that the file ends with. With the dictionary they are a part of the format: a new start needs a new number.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from bbans_cli.coders.files import byte_coder, jpeg_search, tree_part
from bbans_cli.core import CData, ffi, lib
from bbans_cli.limits import MAX_PIXELS
from scripts.common import picture_sets

# Of the rounds. Tuned by hand, not recorded.
RATES = [0.1, 0.05, 0.02]
INPUTS, MIXED, SETS = 31, 3, 256
FIRST, UNIT = 1 << 14, 1 << 9  # a weight before training, and the unit of the file, in 2^-16


def code(data: bytes, start: bytes, known: bytes | None = None) -> tuple[int, np.ndarray]:
    """Code some bytes from a start and a dictionary: their size, and how the weights have changed."""
    known = byte_coder.dictionary(byte_coder.DICTIONARY) if known is None else known
    out, whole = bytearray(len(data) + 64), bytearray(known + data)
    state = byte_coder.learned(known, start, byte_coder.BUCKET_BITS)
    before = weights_of(state)
    coder = ffi.new("uint8_t[]", len(state))
    lib.bbc_bytes_begin_learned(coder, state, ffi.NULL, ffi.from_buffer("uint8_t[]", out), len(out))
    lib.bbc_bytes_code(coder, ffi.from_buffer("uint8_t[]", whole), len(known), len(whole))
    return lib.bbc_bytes_end(coder), weights_of(coder) - before


def weights_of(state: CData) -> np.ndarray:
    """Those that a coder's state has now, float64 (INPUTS, MIXED, SETS) in 2^-16."""
    weights = np.empty((INPUTS, MIXED, SETS), np.int32)
    lib.bbc_bytes_weights(state, ffi.from_buffer("int32_t[]", weights))
    return weights.astype(np.float64)


def quantised(weights: np.ndarray) -> bytes:
    """Weights (INPUTS, MIXED, SETS) in 2^-16 -> a file."""
    return np.clip(np.round((weights - FIRST) / UNIT), -127, 127).astype(np.int8).tobytes()


def train(files: Sequence[bytes], rates: Sequence[float]) -> bytes:
    """The file of the weights. rates: how far they move with a file, in each round"""
    weights = np.full((INPUTS, MIXED, SETS), FIRST, np.float64)
    chance = random.Random(5)
    for rate in rates:
        total = 0
        for data in chance.sample(files, len(files)):
            size, change = code(data, quantised(weights))
            total += size
            weights += rate * change
        click.echo(f"{total:,} bytes")
    return quantised(weights)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("folder", default="train/imagenet")
def main(out: Path, folder: str) -> None:
    """Train the start OUT from the JPEG files of FOLDER."""
    trees = (jpeg_search.find(path.read_bytes(), MAX_PIXELS)[0] for path in picture_sets.find(folder).files)
    files = [data for data in map(tree_part.to_bytes, trees) if len(data) <= byte_coder.BYTES_SMALL]
    made = train(files, RATES)
    out.write_bytes(made)
    click.echo(f"{len(files)} files, {sum(map(len, files)):,} plain bytes; CRC-32 {zlib.crc32(made):08X}")


if __name__ == "__main__":
    main()
