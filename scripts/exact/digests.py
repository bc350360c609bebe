"""Digests of what one build computes on one instruction set: of every kernel, and of whole files.

    python -m scripts.exact.digests ISA [--few]

One line for each: the first 16 digits of a SHA-256, and what it is of. scripts/exact/check.py compares those of many
builds. A NaN counts as a NaN: processors differ in its other bits, and nothing that is coded has them. --few leaves out
what takes minutes where a fused multiply-add is computed from other operations, or under an emulator.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parents[2]
SEEDS, FEW_SEEDS = 64, 4
LEVELS = (1, 5, 9)
# Binary32 in steps through all 2^32 bit patterns; a prime, so that all exponents and fractions of all kinds occur.
STEP, FEW_STEP = 10_007, 1_000_003
# A small picture of the network at a time: on plain C a pixel takes a millisecond.
ROWS, COLUMNS = 24, 28


def digest(*arrays: npt.ArrayLike | bytes) -> str:
    """Of arrays, or of bytes."""
    total = hashlib.sha256()
    for array in arrays:
        if isinstance(array, bytes):
            total.update(array)
            continue
        values = np.array(array)
        if values.dtype.kind == "f":
            values = np.where(np.isnan(values), np.array(np.nan, values.dtype), values)
        total.update(np.ascontiguousarray(values).tobytes())
    return total.hexdigest()[:16]


def self_tests(isa: str, few: bool) -> Iterator[tuple[str, str]]:
    """The parts of the self test on other inputs than those that are tested on loading: they call every kernel."""
    from bbans_cli import core

    for part in range(core.lib.BBC_SELF_TEST_COUNT):
        name = core.ffi.string(core.lib.bbc_self_test_name(part)).decode()
        for seeds in (range(FEW_SEEDS), range(FEW_SEEDS, 0 if few else SEEDS)):
            if seeds:
                answers = [core.lib.bbc_self_test_hash(core.isa_index(isa), part, seed) for seed in seeds]
                yield f"kernels: {name}, {len(seeds)} inputs", digest(np.array(answers, np.uint64))


def kernels(isa: str, few: bool) -> Iterator[tuple[str, str]]:
    """Single kernels on any bit patterns: subnormals, infinities, NaN, huge numbers."""
    from bbans_cli.core.kernel_calls import MAP32, MAP64, KernelCalls

    calls = KernelCalls(isa)
    for step in (FEW_STEP,) if few else (FEW_STEP, STEP):
        bits = np.arange(0, 1 << 32, step, dtype=np.uint64)
        single, double = bits.astype(np.uint32).view(np.float32), (bits << np.uint64(32) | bits).view(np.float64)
        for name in (*MAP32, *MAP64):
            yield f"{name}, {len(bits)} inputs", digest(calls.map(name, single if name in MAP32 else double))
    chance = np.random.default_rng(1)
    patterns = chance.integers(0, 1 << 32, (3, 200_000), np.uint64).astype(np.uint32)
    patterns[1, ::2] = patterns[0, ::2] ^ 1 << 31  # near cancellation
    yield "fma", digest(calls.fma(*patterns.view(np.float32)))
    factors = chance.integers(0, 1 << 32, (7, 40), np.uint64).astype(np.uint32).view(np.float32)
    factors[::2] = chance.normal(size=(4, 40)).astype(np.float32)
    weights = chance.normal(size=(40, 48)).astype(np.float32)
    yield "matrix product", digest(calls.gemm(factors, weights, np.zeros(48, np.float32)))
    outputs = chance.integers(0, 1 << 32, (400, 16), np.uint64).astype(np.uint32).view(np.float32)
    outputs[:200] = chance.normal(scale=8, size=(200, 16)).astype(np.float32)
    base, activity = chance.integers(0, 256, 400), chance.uniform(0.7, 255, 400).astype(np.float32)
    for channel in range(3):
        earlier = chance.normal(scale=20, size=(400, 4)).astype(np.float32)
        yield f"mixture {channel}", digest(calls.mixture(channel, outputs, base, activity, earlier))


def pictures() -> dict[str, np.ndarray]:
    """A piece of the sample photograph as several kinds, and a drawing."""
    from PIL import Image

    with Image.open(ROOT / "samples" / "roman-colosseum.png") as image:
        photo = np.asarray(image.convert("RGB"))[80 : 80 + ROWS, 100 : 100 + COLUMNS]
    drawing = np.zeros((ROWS, COLUMNS, 4), np.uint8)
    drawing[4:15, 3:20] = 200, 30, 30, 255
    return {
        "rgb": photo,
        "grey": photo[:, :, 1],
        "rgba": np.dstack([photo, photo[:, :, 0] // 64 * 80]),
        "grey, 16 bits": photo[:, :, 0].astype(np.uint16) * 201 + photo[:, :, 2],
        "drawing": drawing,
    }


def files(isa: str, few: bool) -> Iterator[tuple[str, str]]:
    """Pictures to .bbc files, each decoded again. Raises AssertionError where one does not come back."""
    import bbans_cli

    for name, pixels in pictures().items():
        for level in LEVELS:
            if few and (name not in ("rgb", "drawing") or level == 5):
                continue
            data = bbans_cli.compress(pixels, level=level, threads=2, verify=False)
            assert np.array_equal(bbans_cli.decompress(data, threads=2), pixels), (name, level)
            yield f"file: {name}, level {level}", digest(data)


def golden(isa: str, few: bool) -> Iterator[tuple[str, str]]:
    """What the golden files hold."""
    sys.path.insert(0, str(ROOT / "tests" / "golden"))
    import make_files

    from bbans_cli import api

    for path in sorted((ROOT / "tests" / "golden").glob("good-*.bbc")):
        if (few or isa == "base") and "shipped" in path.name and "grey" not in path.name:
            continue  # minutes
        with make_files.use("tiny" if "tiny" in path.name else "shipped"):
            outcome = api.PictureCodec().decompress_file(path.read_bytes(), None, 2)
        yield f"golden: {path.stem}", digest(outcome.data)


PARTS: list[Callable[[str, bool], Iterator[tuple[str, str]]]] = [self_tests, kernels, golden, files]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("isa", choices=["avx512", "avx2", "neon", "base"])
    parser.add_argument("--few", action="store_true")
    given = parser.parse_args()
    from bbans_cli import core

    core.select_isa(given.isa)
    for part in PARTS:
        for name, found in part(given.isa, given.few):
            print(f"{found}  {name}", flush=True)


if __name__ == "__main__":
    main()
