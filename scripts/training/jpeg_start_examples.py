"""What the networks of the coder of JPEG coefficients are trained on: examples from coding JPEG files without them."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli.coders.jpeg.coefficient_shape import shape_of
from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream, NotCodableError
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.core import CData, ffi, lib
from scripts.training import jpeg_start_arrays as start

EXAMPLE = np.dtype([("network", "u1"), ("flags", "u1"), ("value", "<i2"), ("features", "i1", (start.FEATURES,))])
KEPT = 0.4  # of the examples of AC coefficients
LEVEL = 5  # sees the same features as level 9, in half the time
LUMA, LAST = 64, 128  # numbers of networks: 64 of luma, 64 of chroma, two of places of last coefficients
EXAMPLE_BYTES = 1 << 28  # of a file at most


@cache
def jpeg_files(folder: Path) -> list[bytes]:
    """The JPEG files to train on, in a random order."""
    chance = random.Random(5)
    files = [path.read_bytes() for path in left((folder / "imagenet").iterdir())]
    for path in left([*(folder / "photos").iterdir(), *(folder / "camera").iterdir()]):
        out = io.BytesIO()
        subsampling = chance.choice(["4:2:0", "4:2:2", "4:4:4", "4:2:0"])
        Image.open(path).convert("RGB").save(out, "JPEG", quality=chance.randint(50, 98), subsampling=subsampling)
        files.append(out.getvalue())
    chance.shuffle(files)
    return files


def left(paths: Iterable[Path]) -> list[Path]:
    """All but every 24th"""
    return [path for i, path in enumerate(sorted(paths)) if i % 24 != 23]


def streams(files: list[bytes]) -> Iterator[JpegStream]:
    """Those of three components"""
    for data in files:
        try:
            stream = split(data)
        except NotCodableError:
            continue
        if len(stream.blocks) == 3:
            yield stream


def code(stream: JpegStream, first: CData, examples: np.ndarray | None, learned: CData, level: int) -> int:
    """Encode at a level. Fills `examples` (bytes) and `learned`; returns how many bytes of examples there are."""
    factors = [component.factors for component in stream.components]
    sizes = [(plane.shape[0], plane.shape[1]) for plane in stream.blocks]
    shape = shape_of(sizes, stream.tables, factors, level)
    state = ffi.from_buffer(np.zeros(lib.bbc_coefficients_size(shape), np.uint8))
    blocks = sum(rows * columns for rows, columns in sizes)
    out = np.empty(blocks * 256 + 64, np.uint8)
    lib.bbc_coefficients_begin(state, shape, first, ffi.NULL, ffi.from_buffer("uint8_t[]", out), len(out))
    if examples is not None:
        lib.bbc_coefficients_keep_examples(state, ffi.from_buffer("uint8_t[]", examples), len(examples))
    planes = ffi.new("int16_t *[]", [ffi.from_buffer("int16_t[]", plane) for plane in stream.blocks])
    lib.bbc_coefficients_code(state, planes, blocks)
    lib.bbc_coefficients_learned(state, learned)
    return int(lib.bbc_coefficients_examples(state))


def collect(files: list[bytes], seed: int) -> np.ndarray:
    """Some of the examples of files, in the order of their networks."""
    first, learned = start.to_core(start.plain()), ffi.new("bbc_coefficients_start *")
    room, chance = np.empty(EXAMPLE_BYTES, np.uint8), np.random.default_rng([2, seed])
    found = []
    for stream in streams(files):
        examples = room[: code(stream, first, room, learned, LEVEL)].view(EXAMPLE)
        kept = KEPT + (examples["network"] % LUMA == 0) + (examples["network"] >= LAST)
        found.append(examples[chance.random(len(examples)) < kept])
    examples = np.concatenate(found)
    return examples[np.argsort(examples["network"], kind="stable")]


class Examples:
    """Those in files, which are mapped: of a range of networks they are read when they are needed."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._parts = [np.load(path, mmap_mode="r") for path in paths]
        self._ends = [np.searchsorted(part["network"], np.arange(LAST + 3)) for part in self._parts]

    def of(self, first: int, end: int, most: int | None = None) -> np.ndarray:
        """Of networks first to end - 1; every other, every third, ... of more than `most`, so that no more are left."""
        count = sum(int(ends[end] - ends[first]) for ends in self._ends)
        step = 1 if most is None else max(1, -(-count // most))
        pieces = [part[ends[first] : ends[end] : step] for part, ends in zip(self._parts, self._ends, strict=True)]
        return np.concatenate(pieces)
