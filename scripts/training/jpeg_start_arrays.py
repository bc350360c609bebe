"""The arrays of a file that says where the coder of JPEG coefficients starts; coders/jpeg/coefficient_start.py has what
they are."""

from __future__ import annotations

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
LAYOUT: list[tuple[str, np.dtype[np.generic], tuple[int, ...]]] = [
    ("hidden", np.dtype(np.int8), (2, 64, FEATURES, HIDDEN)),
    ("output", np.dtype(np.int8), (2, 64, HIDDEN, OUTPUTS)),
    ("output_shift", np.dtype(np.uint8), (2, 64, HIDDEN)),
    ("bias", np.dtype("<i2"), (2, 64, OUTPUTS)),
    ("last_hidden", np.dtype(np.int8), (2, FEATURES, HIDDEN)),
    ("last_output", np.dtype(np.int8), (2, HIDDEN, PLACES)),
    ("last_output_shift", np.dtype(np.uint8), (2, HIDDEN)),
    ("last_bias", np.dtype("<i2"), (2, PLACES)),
    ("mixer", np.dtype(np.int8), (USED_INPUTS, MIXED, SETS)),
    ("mixer_5", np.dtype(np.int8), (USED_INPUTS_5, MIXED_5, SETS)),
    ("moments", np.dtype("<f2"), (2, 64, 2, MOMENTS)),
]


def plain() -> dict[str, np.ndarray]:
    """The arrays that training starts from: no networks, and the mixer weights before training."""
    return {name: np.zeros(shape, dtype) for name, dtype, shape in LAYOUT}


def pack(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays of LAYOUT -> a file."""
    return b"".join(np.ascontiguousarray(arrays[name], dtype).tobytes() for name, dtype, _ in LAYOUT)


def to_core(arrays: dict[str, np.ndarray]) -> CData:
    """Arrays of LAYOUT as a bbc_coefficients_start."""
    return coefficient_start.from_bytes(pack(arrays))


def first_mixer() -> np.ndarray:
    """Mixer weights (USED_INPUTS,) before training, as the core has them."""
    start = to_core(plain())
    return np.frombuffer(ffi.buffer(start.weights), np.int16)[:USED_INPUTS].copy()
