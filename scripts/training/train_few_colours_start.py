"""Train where the coder of few colours starts: weights and APMs, weights/few-colours-N.start.

    python -m scripts.training.train_few_colours_start OUT [FOLDER]

Each picture of the folders in FOLDER (or in train/screens below $BBC_DATA, which scripts/training/screens.py fills) is
coded from the start of that time, which then moves towards what the coder has learned at the end (Reptile: Nichol,
Achiam, Schulman, 2018). The start is a part of the format: a new one needs a new number.
"""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from bbans_cli.coders import channel_orders, encode_picture
from bbans_cli.coders.registry import CODERS, EncodeRequest
from bbans_cli.container import FEW_COLOURS
from bbans_cli.core import CData, ffi, lib
from bbans_cli.limits import DEFAULT_LEVEL
from bbans_cli.pictures.read_write import read_picture
from bbans_cli.reference.mixing.few_colours_start import APMS, CANDIDATES, SAMPLES, UNIT, from_bytes, kind

# Of the rounds. Tuned by hand: docs/experiments.md, Few colours, has what each was worth.
RATES = [0.3, 0.2, 0.1, 0.05]
# Bytes of a payload beyond which a picture is left out: it has time enough to learn by itself.
MOST_BYTES = 20_000
MOST_PIXELS = 400_000


@dataclass(frozen=True)
class Example:
    """Samples uint16 (rows, width, channels) in the order in which they are coded, of `depth` bits; the first `known`
    channels are known."""

    samples: np.ndarray
    known: int
    depth: int

    def kinds(self) -> list[int]:
        """Of each channel that is coded."""
        channels = self.samples.shape[2]
        return [kind(c, channels, self.known) for c in range(self.known, channels)]


@dataclass
class Learned:
    """Weights in 2^-16, less those before training, and APMs; float64, of the shapes of a start (those of samples may
    be of another number of channels)."""

    candidates: np.ndarray
    samples: np.ndarray
    apms: np.ndarray

    def to_bytes(self) -> bytes:
        """The numbers of a file."""
        weights = (
            np.clip(np.round(part / UNIT), -127, 127).astype(np.int8) for part in (self.candidates, self.samples)
        )
        apms = np.clip(np.round(self.apms), 0, 65535).astype("<u2")
        return b"".join(part.tobytes() for part in (*weights, apms))


def examples(data: bytes) -> list[Example]:
    """What few-colours would code of a picture; of one with alpha also that with the colours known."""
    requests: list[EncodeRequest] = []
    coders = {number: replace(coder, applies=lambda traits: False) for number, coder in CODERS.items()}
    coders[FEW_COLOURS] = replace(CODERS[FEW_COLOURS], applies=lambda traits: True, encode=requests.append)
    picture = read_picture(data)
    if picture.width * picture.height > MOST_PIXELS:
        return []
    encode_picture.encode(picture, coders=coders, band_rows=picture.height)  # in bands, so that nothing is split
    found = []
    for request in requests:
        order = channel_orders.to_try(request.planes, request.depth, DEFAULT_LEVEL)[0]
        given = request.planes.astype(np.uint16)
        found.append(Example(np.ascontiguousarray(given[:, :, order]), 0, request.depth))
        if picture.mode in ("rgba", "grey+alpha"):
            found.append(Example(np.ascontiguousarray(given), given.shape[2] - 1, request.depth))
    return found


def code(example: Example, start: bytes | None) -> tuple[int, Learned]:
    """Code an example from the numbers of a start: bytes of the payload, and what is learned then."""
    rows, width, channels = example.samples.shape
    bucket_bits = min(20, max(8, (4 * example.samples.size - 1).bit_length()))
    shape = ffi.new("bbc_mixing_shape *", (width, channels, example.known, example.depth, bucket_bits))
    state = ffi.from_buffer("uint8_t[]", np.zeros(lib.bbc_few_colours_size(shape), np.uint8))
    out = np.empty(3 * example.samples.size + 64, np.uint8)
    lib.bbc_few_colours_begin(state, shape, ffi.NULL, ffi.from_buffer("uint8_t[]", out), len(out))
    if start:
        lib.bbc_few_colours_start(state, start)
    lib.bbc_few_colours_rows(state, ffi.from_buffer("uint16_t[]", example.samples.copy()), rows)
    return lib.bbc_few_colours_end(state), learned(state, channels)


def learned(state: CData, channels: int) -> Learned:
    """What a coder's state has now: weights themselves."""
    candidates = np.zeros(CANDIDATES, np.int32)
    samples, apms = np.zeros((channels, *SAMPLES[1:]), np.int32), np.zeros((channels, *APMS[1:]), np.uint16)
    buffers = (ffi.from_buffer("int32_t[]", candidates), ffi.from_buffer("int32_t[]", samples))
    lib.bbc_few_colours_learned(state, *buffers, ffi.from_buffer("uint16_t[]", apms))
    return Learned(candidates.astype(float), samples.astype(float), apms.astype(float))


def untrained() -> tuple[Learned, Learned]:
    """The start before training, and the weights that a coder then begins with."""
    shape = ffi.new("bbc_mixing_shape *", (1, 1, 0, 8, 8))
    state = ffi.from_buffer("uint8_t[]", np.zeros(lib.bbc_few_colours_size(shape), np.uint8))
    lib.bbc_few_colours_begin(state, shape, ffi.NULL, ffi.NULL, 0)
    first = learned(state, 1)
    return Learned(np.zeros(CANDIDATES), np.zeros(SAMPLES), np.repeat(first.apms, APMS[0], 0)), first


def move(start: Learned, first: Learned, numbers: bytes, example: Example, rate: float) -> int:
    """Code an example from the numbers of the start, and move the start by `rate` of the way that the coder went;
    returns the bytes of the payload. first: of `untrained`."""
    size, end = code(example, numbers)
    begun = from_bytes(numbers)
    start.candidates += rate * (end.candidates - first.candidates - begun.candidates)
    for channel, own in enumerate(example.kinds(), example.known):
        start.samples[own] += rate * (end.samples[channel] - first.samples[0] - begun.samples[own])
        start.apms[own] += rate * (end.apms[channel] - begun.apms[own])
    return size


def train(found: Sequence[Example], rates: Sequence[float]) -> bytes:
    """The numbers of a start. rates: how far it moves with an example, in each round"""
    start, first = untrained()
    chance = random.Random(5)
    for rate in rates:
        total = sum(move(start, first, start.to_bytes(), example, rate) for example in chance.sample(found, len(found)))
        click.echo(f"{total:,} bytes")
    return start.to_bytes()


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("folder", default="train/screens")
def main(out: Path, folder: str) -> None:
    """Train the start OUT from the pictures of the folders in FOLDER."""
    root = next(
        (place for place in (Path(os.environ.get("BBC_DATA", ".")) / folder, Path(folder)) if place.is_dir()), None
    )
    if root is None:
        raise click.UsageError(f"{folder} is no folder; BBC_DATA names that of train/")
    found = [example for path in sorted(root.rglob("*.png")) for example in examples(path.read_bytes())]
    found = [example for example in found if code(example, None)[0] < MOST_BYTES]
    click.echo(f"{len(found)} examples, {sum(example.samples.size for example in found):,} samples")
    numbers = train(found, RATES)
    out.write_bytes(zlib.compress(numbers, 9))
    click.echo(f"{out.stat().st_size:,} bytes; CRC-32 {zlib.crc32(out.read_bytes()):08X}")


if __name__ == "__main__":
    main()
