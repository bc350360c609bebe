"""Trains where the coder of JPEG coefficients starts: weights/jpeg-coefficients-1.start, from nothing.

    python -m scripts.training.train_jpeg_start data/train weights/jpeg-coefficients-1.start

Takes the JPEG files of data/train/imagenet, and those that Pillow makes of the pictures of data/train/photos and
data/train/camera, at qualities 50 to 98 and all usual subsamplings; every 24th file is left out, to measure with. Their
coefficients are coded without networks, to get what each network would have seen. Each network is trained on that. Then
files are coded with the networks, at levels 5 and 9, one after the other, while the mixer's weights and the moments of
the least squares go on from file to file, and their means are kept.

What each stage has made stays in the folder OUT.parts (about 4 GB), so that the command goes on there when it is called
again; to begin anew, remove that folder. Numpy alone, two processes of one thread each, about 15 minutes of each of two
cores. The same machine and the same numpy give the same bytes; elsewhere matrix products may be rounded otherwise. The
number that is printed belongs into bbans_cli/coders/jpeg/coefficient_start.py.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import time
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bbans_cli.core import ffi
from scripts.training import jpeg_start_arrays as start
from scripts.training.jpeg_start_examples import LAST, LUMA, Examples, code, collect, jpeg_files, streams
from scripts.training.jpeg_start_networks import (
    COMMON_EXAMPLES,
    MOST_EXAMPLES,
    quantise,
    train_common,
    train_last,
    train_one,
)

CHUNKS = 24  # of the files, whose examples are collected together
SETTLED = 120  # files


@dataclass
class Stages:
    """What the stages have made, in a folder. Each result is there whole or not at all."""

    data: Path
    folder: Path

    def arrays(self, name: str, make: Callable[[], Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Those of a result, which is made if it is not there."""
        path = self.folder / f"{name}.npz"
        if not path.exists():
            with _whole(path) as temporary:
                np.savez(temporary, **make())
        with np.load(path) as found:
            return dict(found)

    def chunk(self, number: int) -> Path:
        """The file of the examples of every CHUNKS-th file."""
        path = self.folder / f"examples-{number:02}.npy"
        if not path.exists():
            examples = collect(jpeg_files(self.data)[number::CHUNKS], number)
            with _whole(path) as temporary:
                np.save(temporary, examples)
            print(f"{path.name}: {len(examples)} examples", flush=True)
        return path

    def examples(self) -> Examples:
        return Examples(map(self.chunk, range(CHUNKS)))

    def common(self, chroma: int) -> list[np.ndarray]:
        """The network for all AC coefficients of luma or chroma"""

        def make() -> dict[str, np.ndarray]:
            first = LUMA * chroma
            return _named(train_common(self.examples().of(first + 1, first + LUMA, COMMON_EXAMPLES), chroma))

        return _listed(self.arrays(f"common-{chroma}", make))

    def network(self, number: int) -> list[np.ndarray]:
        """That of a coefficient, or from LAST on of the place of the last one"""

        def make() -> dict[str, np.ndarray]:
            examples = self.examples().of(number, number + 1, MOST_EXAMPLES)
            if number >= LAST:
                return _named(train_last(examples, number - LAST))
            return _named(train_one(examples, number, self.common(number // LUMA)))

        return _listed(self.arrays(f"network-{number:03}", make))


class _whole:
    """A file that gets its name when it is complete."""

    def __init__(self, path: Path) -> None:
        self._path, self._temporary = path, path.with_name(f".{os.getpid()}-{path.name}")

    def __enter__(self) -> Path:
        return self._temporary

    def __exit__(self, error: object, *_: object) -> None:
        if error is None:
            self._temporary.replace(self._path)
        else:
            self._temporary.unlink(missing_ok=True)


def _named(arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"a{number}": array for number, array in enumerate(arrays)}


def _listed(arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    return [arrays[f"a{number}"] for number in range(len(arrays))]


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
        "mixer": _without_ones(mixer),
        "mixer_5": _without_ones(np.clip(difference, -127, 127)),
        "moments": means[2].reshape(2, 64, 2, start.MOMENTS).astype(np.float16),
    }


def _in_steps(weights: np.ndarray) -> np.ndarray:
    return np.clip(np.round(weights / start.MIXER_STEP), -127, 127)


def _without_ones(steps: np.ndarray) -> np.ndarray:
    """Less the smallest ones, which change nothing but the size of the file."""
    return np.where(abs(steps) > 1, steps, 0).astype(np.int8)


def assemble(networks: list[list[np.ndarray]]) -> dict[str, np.ndarray]:
    """All networks -> arrays of the start, with the mixer as before training."""
    of_component = [
        [np.stack(same) for same in zip(*networks[first : first + LUMA], strict=True)] for first in (0, LUMA)
    ]
    arrays = start.plain() | quantise(of_component) | quantise(networks[LAST:], "last_")
    # No decision is told by the last of the 20, nor by the first of the 64.
    for name, unused in [("output", -1), ("bias", -1), ("last_output", 0), ("last_bias", 0)]:
        arrays[name][..., unused] = 0
    return arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    began = time.time()
    stages = Stages(given.data, given.out.with_name(given.out.name + ".parts"))
    stages.folder.mkdir(parents=True, exist_ok=True)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of the processes below; sums then have one order
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(stages.chunk, range(CHUNKS)))
        list(pool.map(stages.common, (0, 1)))
        networks = list(pool.map(stages.network, [LAST, LAST + 1, *range(LAST)]))
    networks = networks[2:] + networks[:2]
    arrays = stages.arrays("settled", lambda: settle(assemble(networks), jpeg_files(given.data)[:SETTLED]))
    data = start.pack(arrays)
    given.out.write_bytes(data)
    print(f"{given.out}: {len(data)} bytes, CRC-32 {zlib.crc32(data):#x}, SHA-256 {hashlib.sha256(data).hexdigest()}")
    print(f"{(time.time() - began) / 60:.0f} minutes, numpy {np.__version__}")


if __name__ == "__main__":
    main()
