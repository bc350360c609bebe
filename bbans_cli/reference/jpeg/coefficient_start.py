"""Where levels 5 and 9 start, trained beforehand: the file's layout is in docs/format-jpeg.md, *The start*."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np

from bbans_cli.reference import trained_file

FEATURES, HIDDEN, OUTPUTS = 52, 32, 20  # of a network
PLACES = 64  # outputs of the networks of the last place
ARRAYS, SETS, INPUTS = 3, 2 * 3 * 32 * 32, 18  # of the mixer's weights
ARRAYS_5, INPUTS_5 = 2, 10  # the same at level 5
LS_FEATURES = 8
TRAINED_INPUTS = 5  # the first inputs of the mixer: priors and network
WEIGHT_LIMIT = (1 << 15) - 1

# Of each array its type, its shape in the file, and whether its last index is the coefficient's
LAYOUT: list[tuple[str, tuple[int, ...], bool]] = [
    ("i1", (2, FEATURES, HIDDEN, 64), True),
    ("i1", (2, HIDDEN, OUTPUTS, 64), True),
    ("u1", (2, HIDDEN, 64), True),
    ("<i2", (2, OUTPUTS, 64), True),
    ("i1", (2, FEATURES, HIDDEN), False),
    ("i1", (2, HIDDEN, PLACES), False),
    ("u1", (2, HIDDEN), False),
    ("<i2", (2, PLACES), False),
    ("i1", (ARRAYS, SETS, INPUTS), False),
    ("i1", (ARRAYS_5, SETS, INPUTS_5), False),
    ("<f2", (2, 2, LS_FEATURES * (LS_FEATURES + 1), 64), True),
]


@dataclass(frozen=True)
class Start:
    """The first index of all but `mixer` is 0 for component 0, 1 for the others; the second is the coefficient.

    hidden, output, bias  of the networks, int64 (2, 64, FEATURES, HIDDEN), (2, 64, HIDDEN, OUTPUTS), (2, 64, OUTPUTS)
    last_hidden, ...      of those of the last place, int64 (2, FEATURES, HIDDEN), (2, HIDDEN, PLACES), (2, PLACES)
    mixer                 weights in 2^-14, int64 (ARRAYS, SETS, INPUTS)
    mixer_5               the same of level 5, (ARRAYS_5, SETS, INPUTS_5)
    products, targets     moments of the least squares for values and for magnitudes, float32 (2, 64, 2, 8, 8) and
                          (2, 64, 2, 8)
    """

    hidden: np.ndarray
    output: np.ndarray
    bias: np.ndarray
    last_hidden: np.ndarray
    last_output: np.ndarray
    last_bias: np.ndarray
    mixer: np.ndarray
    mixer_5: np.ndarray
    products: np.ndarray
    targets: np.ndarray


@cache
def load(number: int) -> Start:
    """Raises ModelMismatchError if it is not at hand."""
    arrays = _arrays(zlib.decompress(trained_file.read(f"jpeg-coefficients-{number}.start")))
    hidden, output, shifts, bias, last_hidden, last_output, last_shifts, last_bias, *mixers, moments = arrays
    first = np.full(INPUTS, 102)  # in 2^-12: a fortieth for counters and the constant, a fifth for priors and network
    first[:TRAINED_INPUTS] = 819
    mixer, difference = (each.astype(np.int64) for each in mixers)
    mixer_5 = mixer[:ARRAYS_5, :, :INPUTS_5] + difference
    moments = moments.astype(np.float32)
    products = moments[..., : LS_FEATURES * LS_FEATURES].reshape(2, 64, 2, LS_FEATURES, LS_FEATURES)
    return Start(
        hidden.astype(np.int64),
        output.astype(np.int64) << shifts[..., None].astype(np.int64),
        bias.astype(np.int64),
        last_hidden.astype(np.int64),
        last_output.astype(np.int64) << last_shifts[..., None].astype(np.int64),
        last_bias.astype(np.int64),
        np.clip(4 * (first + 32 * mixer), -WEIGHT_LIMIT - 1, WEIGHT_LIMIT),
        np.clip(4 * (first[:INPUTS_5] + 32 * mixer_5), -WEIGHT_LIMIT - 1, WEIGHT_LIMIT),
        products,
        moments[..., LS_FEATURES * LS_FEATURES :],
    )


def _arrays(raw: bytes) -> list[np.ndarray]:
    """Those of LAYOUT; a last index of coefficients becomes the second."""
    found, at = [], 0
    for kind, shape, of_coefficients in LAYOUT:
        size = np.dtype(kind).itemsize
        planes = np.frombuffer(raw, np.uint8, size * prod(shape), at).reshape(size, *shape).astype(np.int64)
        at += planes.size
        numbers = sum(plane << 8 * place for place, plane in enumerate(planes))
        if of_coefficients:
            numbers = np.moveaxis(np.cumsum(numbers, -1), -1, 1)
        unsigned = np.uint8 if size == 1 else np.uint16
        found.append((numbers & (1 << 8 * size) - 1).astype(unsigned).view(np.dtype(kind)))
    return found
