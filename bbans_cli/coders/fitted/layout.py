"""Where the fitted network's weights lie: tensors of the weights file, and the padded array of the C core.

A trunk of UNITS units over INPUTS inputs (core/fitted/fitted_types.h says which), the last LINEAR of them without
activation; and for each channel a head of OUTPUTS outputs over a 1, the units and what the channels before tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bbans_cli.core import lib

INPUTS, UNITS, LINEAR = int(lib.BBC_FITTED_INPUTS), int(lib.BBC_FITTED_UNITS), int(lib.BBC_FITTED_LINEAR)
OUTPUTS, EXTRAS = int(lib.BBC_FITTED_OUTPUTS), (0, 4, 7)
CELL, LANES, SAMPLE = int(lib.BBC_FITTED_CELL), int(lib.BBC_FITTED_LANES), int(lib.BBC_FITTED_SAMPLE)
BATCH_CHUNKS, PARTS = int(lib.BBC_FITTED_BATCH_CHUNKS), int(lib.BBC_FITTED_PARTS)
_SEEN, _STRIDE = int(lib.BBC_FITTED_SEEN), int(lib.BBC_FITTED_OUTPUT_STRIDE)
WEIGHTS = INPUTS * UNITS + 3 * _SEEN * _STRIDE

# Columns of an unpacked sample (core/fitted/fitted_scan.c, bbc_fitted_unpack): the inputs, then of three channels each
BASE, ACTIVITY, VALUE, CONDITIONAL = (slice(INPUTS + 3 * k, INPUTS + 3 * k + 3) for k in range(4))
EXTRA = (slice(0, 0), slice(INPUTS + 12, INPUTS + 16), slice(INPUTS + 16, INPUTS + 23))
USED = INPUTS + 23
ROW = int(lib.BBC_FITTED_ROW)

# Name and shape (inputs, outputs) of each tensor, in the order of the array.
TENSORS = {
    "trunk": (INPUTS, UNITS),
    **{f"head.{c}": (1 + UNITS + EXTRAS[c], OUTPUTS) for c in range(3)},
}


Number = TypeVar("Number", np.float32, np.int32)


def padded(tensors: Mapping[str, NDArray[Number]]) -> NDArray[Number]:
    """Tensors of TENSORS as the array of the core."""
    heads = np.zeros((3, _SEEN, _STRIDE), tensors["trunk"].dtype)
    for c in range(3):
        rows, columns = TENSORS[f"head.{c}"]
        heads[c, :rows, :columns] = tensors[f"head.{c}"]
    return np.concatenate([tensors["trunk"].ravel(), heads.ravel()])


def tensors_of(array: NDArray[Number]) -> dict[str, NDArray[Number]]:
    """The tensors of the core's array."""
    heads = array[INPUTS * UNITS :].reshape(3, _SEEN, _STRIDE)
    out = {"trunk": array[: INPUTS * UNITS].reshape(INPUTS, UNITS)}
    for c in range(3):
        rows, columns = TENSORS[f"head.{c}"]
        out[f"head.{c}"] = heads[c, :rows, :columns]
    return out
