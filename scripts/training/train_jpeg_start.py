"""Trains where the coder of JPEG coefficients starts: weights/jpeg-coefficients-1.start, from nothing.

    python -m scripts.training.train_jpeg_start data/train weights/jpeg-coefficients-1.start

Takes the JPEG files of data/train/imagenet, and those that Pillow makes of the pictures of data/train/photos and
data/train/camera, at qualities 50 to 98 and all usual subsamplings; every 24th file is left out, to measure with. Their
coefficients are coded twice at level 9, which uses all of the start: first without networks, to get what each network
would have seen; then with the networks, file after file, while the mixer's weights and the moments of the least squares
go on from file to file, and their means are kept; the mixer's weights of level 5 are found likewise. Numpy alone, about
15 minutes on two cores, 6 GB of memory. The
number that it prints belongs into bbans_cli/coders/jpeg/coefficient_start.py.
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from bbans_cli.coders.jpeg.coefficient_shape import shape_of
from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream, NotCodableError
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.core import ffi, lib
from scripts.training import jpeg_start_arrays as start

EXAMPLE = np.dtype([("network", "u1"), ("flags", "u1"), ("value", "<i2"), ("features", "i1", (start.FEATURES,))])
KEPT = 0.4  # of the examples of AC coefficients
EPOCHS, BLOCK_EPOCHS, BATCH, SMALL_BATCH, LEARNING_RATE = 2, 4, 512, 128, 0.004
SETTLED = 120  # files
SCALE = 32  # features, and the hidden layer's outputs in the core, are in 1/32


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


def code(stream: JpegStream, first, examples: np.ndarray | None, learned, level: int = 9) -> int:
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
    return lib.bbc_coefficients_examples(state)


def collect(files: list[bytes]) -> np.ndarray:
    """Some of the examples of files"""
    first, learned = start.to_core(start.plain()), ffi.new("bbc_coefficients_start *")
    room, chance = np.empty(1 << 28, np.uint8), np.random.default_rng(2)
    found = []
    for stream in streams(files):
        examples = room[: code(stream, first, room, learned)].view(EXAMPLE)
        kept = KEPT + (examples["network"] % 64 == 0) + (examples["network"] >= 2 * 64)
        found.append(examples[chance.random(len(examples)) < kept])
    return np.concatenate(found)


def targets(value: np.ndarray, flags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The decisions of each value (n, OUTPUTS), and which of them are coded: core/jpeg/magnitudes-inl.h."""
    bits, used = np.zeros((2, len(value), start.OUTPUTS), np.float32)
    size = np.abs(value.astype(np.int32))
    length = np.where(size > 0, np.floor(np.log2(np.maximum(size, 1))).astype(int) + 1, 0)
    against = (value < 0) != (flags & 1 > 0)
    bits[:, 0], used[:, 0] = size == 0, flags & 2 == 0
    bits[:, 1], used[:, 1] = against, size > 0
    for at in (1, 2):
        for sign in (0, 1):
            bits[:, 2 * at + sign], used[:, 2 * at + sign] = length > at, (length >= at) & (against == sign)
    for at in range(3, 10):
        bits[:, 3 + at], used[:, 3 + at] = length > at, length >= at
    for output, at, place in [(13, 2, 0), (14, 3, 1), (18, 3, 0), (15, 4, 2), (16, 5, 3)]:
        bits[:, output], used[:, output] = size >> place & 1, length == at
    bits[:, 17], used[:, 17] = size >> np.maximum(length - 2, 0) & 1, length >= 6
    return bits, used


def place_targets(value: np.ndarray, flags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of the places of last coefficients: a tree of six decisions (core/jpeg/coefficient_last-inl.h)."""
    bits, used = np.zeros((2, len(value), start.PLACES), np.float32)
    rows = np.arange(len(value))
    for at in range(6):
        node = (64 + value.astype(int)) >> (6 - at)
        bits[rows, node], used[rows, node] = value >> (5 - at) & 1, 1
    return bits, used


Targets: TypeAlias = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def train(
    examples: np.ndarray, weights: list[np.ndarray], epochs: int, chance: np.random.Generator, find: Targets = targets
) -> float:
    """Adam (Kingma and Ba 2015) on the bits of all decisions; weights change in place. Returns bits per example."""
    batch = BATCH if len(examples) > 20000 else SMALL_BATCH
    mean, square = ([np.zeros_like(w) for w in weights] for _ in range(2))
    steps = max(1, len(examples) // batch) * epochs
    bits = 0.0
    for step in range(steps):
        if step % (steps // epochs) == 0:
            order = chance.permutation(len(examples))
        chosen = examples[order[step % (steps // epochs) * batch :][:batch]]
        want, used = find(chosen["value"], chosen["flags"])
        x = chosen["features"].astype(np.float32) / SCALE
        hidden = np.maximum(x @ weights[0], 0)
        probability = 1 / (1 + np.exp(-np.clip(hidden @ weights[1] + weights[2], -12, 12)))
        bits -= float((np.log2(np.maximum(np.where(want > 0, probability, 1 - probability), 1e-6)) * used).sum())
        slope = (probability - want) * used / len(chosen)
        gradients = [x.T @ (slope @ weights[1].T * (hidden > 0)), hidden.T @ slope, slope.sum(0)]
        rate = LEARNING_RATE * (1 - step / steps) + 1e-5
        for w, gradient, m, s in zip(weights, gradients, mean, square, strict=True):
            m += 0.1 * (gradient - m)
            s += 0.005 * (gradient**2 - s)
            w -= rate * m / (1 - 0.9 ** (step + 1)) / (np.sqrt(s / (1 - 0.995 ** (step + 1))) + 1e-8)
    return bits / (steps * batch)


def initial(chance: np.random.Generator, outputs: int) -> list[np.ndarray]:
    """A network before training: weights of the hidden layer, of the output layer, and biases."""
    sizes = [(start.FEATURES, start.HIDDEN), (start.HIDDEN, outputs), (outputs,)]
    return [
        (chance.normal(size=size) * scale).astype(np.float32) for size, scale in zip(sizes, (0.2, 0.1, 0), strict=True)
    ]


def train_networks(examples: np.ndarray, chroma: int) -> list[np.ndarray]:
    """Weights of the hidden layers, of the output layers, and biases, of 64 networks each. That of DC sees other
    features than those of AC coefficients, which begin as one network for all."""
    chance = np.random.default_rng(chroma)
    common = initial(chance, start.OUTPUTS)
    of_ac = examples[examples["network"] % 64 > 0]
    some = chance.choice(len(of_ac), min(600_000, len(of_ac)), replace=False)
    print("chroma" if chroma else "luma", "common", train(of_ac[some], common, 1, chance), flush=True)
    result = [np.zeros((64, *w.shape), np.float32) for w in common]
    for k in range(64):
        weights = [w.copy() for w in common] if k else initial(chance, start.OUTPUTS)
        own = examples[examples["network"] == 64 * chroma + k]
        if len(own) > 200:
            bits = train(own, weights, EPOCHS if k else BLOCK_EPOCHS, chance)
            print("chroma" if chroma else "luma", k, len(own), bits, flush=True)
        for whole, w in zip(result, weights, strict=True):
            whole[k] = w
    return result


def train_last(examples: np.ndarray, chroma: int) -> list[np.ndarray]:
    """The same of the network of the place of the last coefficient"""
    chance = np.random.default_rng(2 + chroma)
    weights = initial(chance, start.PLACES)
    bits = train(examples, weights, BLOCK_EPOCHS, chance, place_targets)
    print("chroma" if chroma else "luma", "last", len(examples), bits, flush=True)
    return weights


def quantise(networks: list[list[np.ndarray]], prefix: str = "") -> dict[str, np.ndarray]:
    """Networks of luma and of chroma -> arrays of the start. Each hidden unit has powers of two of its own."""
    hidden, output, bias = (np.stack([networks[c][i] for c in (0, 1)]) for i in range(3))
    scale = np.clip(np.floor(np.log2(127 / np.maximum(np.abs(hidden).max(-2), 1e-6))), 0, 12)
    # The core drops 6 bits of a hidden unit's sum, which is in 1 / (32 * 2^scale), and 12 of an output's.
    wanted = output * 256 * 4096 / 2.0 ** (scale - 1)[..., None]
    shift = np.clip(np.ceil(np.log2(np.maximum(np.abs(wanted).max(-1), 1) / 127)), 0, 8)
    return {
        prefix + "hidden": np.clip(np.round(hidden * 2 ** scale[..., None, :]), -127, 127).astype(np.int8),
        prefix + "output": np.clip(np.round(wanted / 2 ** shift[..., None]), -127, 127).astype(np.int8),
        prefix + "output_shift": shift.astype(np.uint8),
        prefix + "bias": np.clip(np.round(bias * 256), -2047, 2047).astype(np.int16),
    }


def settle(arrays: dict[str, np.ndarray], files: list[bytes]) -> dict[str, np.ndarray]:
    """The mixer's weights and the moments: running means over what files end with, each starting from the mean."""
    current, learned = start.to_core(arrays), ffi.new("bbc_coefficients_start *")
    views = [
        [np.frombuffer(ffi.buffer(field), dtype) for field in fields]
        for fields, dtype in [
            ((current.weights, learned.weights), np.int16),
            ((current.weights_5, learned.weights_5), np.int16),
            ((current.moments, learned.moments), np.float32),
        ]
    ]
    means = [now.astype(np.float64) for now, _ in views]
    for i, stream in enumerate(streams(files)):
        code(stream, current, None, learned, 5)
        code(stream, current, None, learned, 9)
        for (now, then), mean, least in zip(views, means, (0.15, 0.15, 0.03), strict=True):
            mean += max(least, 1 / (i + 2) if least < 0.1 else least) * (then - mean)
            now[:] = np.round(mean) if now.dtype == np.int16 else mean
    first = start.first_mixer()
    mixer = _in_steps(means[0].reshape(start.MIXED, start.SETS, start.INPUTS)[..., : start.USED_INPUTS] - first)
    shape_5 = start.MIXED_5, start.SETS, start.INPUTS_5
    own = _in_steps(means[1].reshape(shape_5)[..., : start.USED_INPUTS_5] - first[: start.USED_INPUTS_5])
    difference = own - mixer[: start.MIXED_5, :, : start.USED_INPUTS_5]
    return arrays | {
        "mixer": _without_ones(mixer).transpose(2, 0, 1),
        "mixer_5": _without_ones(np.clip(difference, -127, 127)).transpose(2, 0, 1),
        "moments": means[2].reshape(2, 64, 2, start.MOMENTS).astype(np.float16),
    }


def _in_steps(weights: np.ndarray) -> np.ndarray:
    return np.clip(np.round(weights / start.MIXER_STEP), -127, 127)


def _without_ones(steps: np.ndarray) -> np.ndarray:
    """Less the smallest ones, which change nothing but the size of the file."""
    return np.where(abs(steps) > 1, steps, 0).astype(np.int8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    files = jpeg_files(given.data)
    with ProcessPoolExecutor(2) as pool:
        examples = np.concatenate(list(pool.map(collect, [files[::2], files[1::2]])))
        examples = examples[np.argsort(examples["network"], kind="stable")]
        print(len(files), "files,", len(examples), "examples", flush=True)
        ends = np.searchsorted(examples["network"], [0, 64, 128, 129, 130])
        parts = [examples[first:end] for first, end in itertools.pairwise(ends)]
        networks = list(pool.map(train_networks, parts[:2], (0, 1)))
        lasts = list(pool.map(train_last, parts[2:], (0, 1)))
    arrays = start.plain() | quantise(networks) | quantise(lasts, "last_")
    # No decision is told by the last of the 20, nor by the first of the 64.
    for name, unused in [("output", -1), ("bias", -1), ("last_output", 0), ("last_bias", 0)]:
        arrays[name][..., unused] = 0
    data = start.pack(settle(arrays, files[:SETTLED]))
    given.out.write_bytes(data)
    print(f"{given.out}: {len(data)} bytes, CRC-32 {zlib.crc32(data):#x}")


if __name__ == "__main__":
    main()
