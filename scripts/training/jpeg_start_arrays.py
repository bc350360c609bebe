"""The arrays of a file that says where the coder of JPEG coefficients starts; coders/jpeg/coefficient_start.py has what
they are."""

from __future__ import annotations

import math
import zlib

import numpy as np

from bbans_cli.coders.jpeg import coefficient_start
from bbans_cli.core import CData, ffi, lib

FEATURES, HIDDEN, OUTPUTS = lib.BBC_COEFFICIENTS_FEATURES, lib.BBC_COEFFICIENTS_HIDDEN, lib.BBC_COEFFICIENTS_OUTPUTS
PLACES = 64  # outputs of the networks of the place of the last coefficient
MIXED, SETS, INPUTS = lib.BBC_COEFFICIENTS_MIXED, lib.BBC_COEFFICIENTS_SETS, lib.BBC_COEFFICIENTS_INPUTS
# Inputs of the mixer: four priors, the network, a constant, two for each of six counters
USED_INPUTS = 18
# At level 5: four priors, the network, a constant, two for each of two counters
MIXED_5, INPUTS_5, USED_INPUTS_5 = lib.BBC_COEFFICIENTS_MIXED_5, lib.BBC_COEFFICIENTS_INPUTS_5, 10
MOMENTS = lib.BBC_COEFFICIENTS_LS * (lib.BBC_COEFFICIENTS_LS + 1)
MIXER_STEP = 32  # of the file, in those of the core
# By name: the type of the numbers, and the shape. k is a coefficient; the first index is 0 for luma, 1 for chroma.
LAYOUT: list[tuple[str, np.dtype[np.generic], tuple[int, ...]]] = [
    ("hidden", np.dtype(np.int8), (2, 64, FEATURES, HIDDEN)),
    ("output", np.dtype(np.int8), (2, 64, HIDDEN, OUTPUTS)),
    ("output_shift", np.dtype(np.uint8), (2, 64, HIDDEN)),
    ("bias", np.dtype("<i2"), (2, 64, OUTPUTS)),
    ("last_hidden", np.dtype(np.int8), (2, FEATURES, HIDDEN)),
    ("last_output", np.dtype(np.int8), (2, HIDDEN, PLACES)),
    ("last_output_shift", np.dtype(np.uint8), (2, HIDDEN)),
    ("last_bias", np.dtype("<i2"), (2, PLACES)),
    ("mixer", np.dtype(np.int8), (MIXED, SETS, USED_INPUTS)),
    ("mixer_5", np.dtype(np.int8), (MIXED_5, SETS, USED_INPUTS_5)),
    ("moments", np.dtype("<f2"), (2, 64, 2, MOMENTS)),
]
BY_COEFFICIENT = {"hidden", "output", "output_shift", "bias", "moments"}  # whose second index is k


def file_shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Of an array of LAYOUT as it is in the file, where k is last."""
    return (shape[0], *shape[2:], shape[1]) if name in BY_COEFFICIENT else shape


def plain() -> dict[str, np.ndarray]:
    """The arrays that training starts from: no networks, and the mixer weights before training."""
    return {name: np.zeros(shape, dtype) for name, dtype, shape in LAYOUT}


def pack(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays of LAYOUT -> a file."""
    numbers = b"".join(
        _differences(np.asarray(arrays[name], dtype), name in BY_COEFFICIENT) for name, dtype, _ in LAYOUT
    )
    compressor = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_FILTERED)
    return compressor.compress(numbers) + compressor.flush()


def unpack(data: bytes) -> dict[str, np.ndarray]:
    """A file -> arrays of LAYOUT."""
    whole, arrays, at = zlib.decompress(data), {}, 0
    for name, dtype, shape in LAYOUT:
        size = dtype.itemsize * math.prod(shape)
        part, at = np.frombuffer(whole, np.uint8, size, at), at + size
        if dtype.itemsize == 2:
            part = part.reshape(2, -1).T
        numbers = np.ascontiguousarray(part).view(f"<u{dtype.itemsize}").reshape(file_shape(name, shape))
        if name in BY_COEFFICIENT:
            numbers = np.moveaxis(numbers.cumsum(-1, dtype=numbers.dtype), -1, 1)
        arrays[name] = numbers.view(dtype)
    return arrays


def _differences(array: np.ndarray, by_k: bool) -> bytes:
    """The bytes of an array: with k as the last index, along which there are differences; of 16 bits in two planes."""
    numbers = array.view(f"<u{array.itemsize}")
    if by_k:
        numbers = np.moveaxis(numbers, 1, -1)
        numbers = np.concatenate([numbers[..., :1], numbers[..., 1:] - numbers[..., :-1]], -1)
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(-1, array.itemsize).T.tobytes()


def to_core(arrays: dict[str, np.ndarray]) -> CData:
    """Arrays of LAYOUT as a bbc_coefficients_start."""
    return coefficient_start.from_bytes(pack(arrays))


def first_mixer() -> np.ndarray:
    """Mixer weights (USED_INPUTS,) before training, as the core has them."""
    start = to_core(plain())
    return np.frombuffer(ffi.buffer(start.weights), np.int16)[:USED_INPUTS].copy()
