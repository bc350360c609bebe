"""Where the coder of coefficients starts, trained beforehand: a file of weights/, which scripts/training/
train_jpeg_start.py makes. The file is a part of the format: what was written with it cannot be read with another.

The file is compressed by LZMA. Within, one behind the other: weights of the hidden layers, int8 (2, 64, features,
hidden units), in units that differ from one hidden unit to the next; weights of the output layers, int8 (2, 64, hidden
units, outputs), with powers of two uint8 (2, 64, hidden units) by which to multiply; biases int16 (2, 64, outputs);
weights of the mixer, int8 (inputs, 3, sets), less those of `first_mixer`, in 1/128; moments of the least squares,
float16 (2, 64, 2, 72).
"""

from __future__ import annotations

import lzma
from functools import cache

import numpy as np

from bbans_cli.coders.weights_folder import numbered
from bbans_cli.core import CData, ffi, lib

# Files by number, with their CRC-32; the number that is written with
STARTS = {1: 0xF5CBDD27}
START = 1

FEATURES, HIDDEN, OUTPUTS = lib.BBC_COEFFICIENTS_FEATURES, lib.BBC_COEFFICIENTS_HIDDEN, lib.BBC_COEFFICIENTS_OUTPUTS
MIXED, SETS, INPUTS = lib.BBC_COEFFICIENTS_MIXED, lib.BBC_COEFFICIENTS_SETS, lib.BBC_COEFFICIENTS_INPUTS
# Inputs of the mixer at level 5: two for each of six counters, four priors, the network, a constant
USED_INPUTS = 18
MOMENTS = lib.BBC_COEFFICIENTS_LS * (lib.BBC_COEFFICIENTS_LS + 1)
MIXER_STEP = 32  # of the file, in those of the core
LAYOUT: list[tuple[str, np.dtype[np.generic], tuple[int, ...]]] = [
    ("hidden", np.dtype(np.int8), (2, 64, FEATURES, HIDDEN)),
    ("output", np.dtype(np.int8), (2, 64, HIDDEN, OUTPUTS)),
    ("output_shift", np.dtype(np.uint8), (2, 64, HIDDEN)),
    ("bias", np.dtype("<i2"), (2, 64, OUTPUTS)),
    ("mixer", np.dtype(np.int8), (USED_INPUTS, MIXED, SETS)),
    ("moments", np.dtype("<f2"), (2, 64, 2, MOMENTS)),
]


@cache
def load(number: int = START) -> CData:
    """The start of that number for the core. Raises ModelMismatchError if the file is not there or damaged."""
    return to_core(unpack(numbered("jpeg-coefficients", "start", number, STARTS, "start of the coefficients")))


def plain() -> dict[str, np.ndarray]:
    """The arrays that training starts from: no networks, and equal mixer weights."""
    return {name: np.zeros(shape, dtype) for name, dtype, shape in LAYOUT}


def pack(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays of LAYOUT -> a file."""
    raw = b"".join(np.ascontiguousarray(arrays[name], dtype).tobytes() for name, dtype, _ in LAYOUT)
    return lzma.compress(raw, format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)


def unpack(data: bytes) -> dict[str, np.ndarray]:
    """A file -> arrays of LAYOUT."""
    raw = lzma.decompress(data)
    arrays, at = {}, 0
    for name, dtype, shape in LAYOUT:
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(raw, dtype, count, at).reshape(shape)
        at += count * dtype.itemsize
    return arrays


def to_core(arrays: dict[str, np.ndarray]) -> CData:
    """Arrays of LAYOUT as a bbc_coefficients_start."""
    start = ffi.new("bbc_coefficients_start *")
    networks = np.frombuffer(ffi.buffer(start.networks), np.int16).reshape(2, 64, -1)
    hidden_end, output_end = FEATURES * HIDDEN, FEATURES * HIDDEN + HIDDEN * OUTPUTS
    output = arrays["output"].astype(np.int16) << arrays["output_shift"][..., None]
    networks[..., :hidden_end] = _pairs(arrays["hidden"].astype(np.int16))
    networks[..., hidden_end:output_end] = output.swapaxes(2, 3).reshape(2, 64, -1)
    networks[..., output_end:] = arrays["bias"]
    mixer = np.frombuffer(ffi.buffer(start.weights), np.int16).reshape(MIXED, SETS, INPUTS)
    mixer[..., :USED_INPUTS] = first_mixer() + arrays["mixer"].transpose(1, 2, 0).astype(np.int16) * MIXER_STEP
    moments = np.frombuffer(ffi.buffer(start.moments), np.float32).reshape(2, 64, 2, MOMENTS)
    moments[:] = arrays["moments"]
    return start


def first_mixer() -> np.ndarray:
    """Mixer weights (USED_INPUTS,) before training: priors and network count for much, counters for little."""
    weights = np.full(USED_INPUTS, 4096 // 40, np.int16)
    weights[12:17] = 4096 // 5
    return weights


def _pairs(weights: np.ndarray) -> np.ndarray:
    """(2, 64, rows, columns) -> (2, 64, rows * columns), by pairs of rows whose elements alternate."""
    rows, columns = weights.shape[2:]
    pairs: np.ndarray = weights.reshape(2, 64, rows // 2, 2, columns).transpose(0, 1, 2, 4, 3).reshape(2, 64, -1)
    return pairs
