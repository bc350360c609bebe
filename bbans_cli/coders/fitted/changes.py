"""What a fit changed in the weights, as bytes.

A weight's change is an integer times the weight's scale times 2^-shift: a grid on which a step of any weight matters
equally. The integers of each tensor are coded by rANS under a two-sided geometric distribution of two parameters.
docs/format.md, *Changes of the weights*, has the bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bbans_cli.coders.fitted.layout import TENSORS, padded, tensors_of
from bbans_cli.coders.fitted.weights import Weights
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.entropy.codecs import Categorical
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError

PRECISION = 20
MOST = 511  # the largest magnitude of an integer
MOST_SHIFT = 15
# A change is rounded towards zero from this share of a step on: what it costs counts too. docs/experiments.md.
ROUNDING = 0.42


def steps_of(fitted: NDArray[np.float32], weights: Weights, shift: int) -> NDArray[np.int32]:
    """The changes from the start to fitted weights in steps of the grid, as an array of the core."""
    grid = weights.scale * np.float32(2.0**-shift)
    change = np.divide(fitted - weights.start, grid, out=np.zeros_like(grid), where=grid > 0)
    change = np.where(np.isnan(change), np.float32(0), change)  # of weights that no training gives
    size = np.minimum(np.floor(np.abs(change) + np.float32(ROUNDING)), MOST)
    steps: NDArray[np.int32] = (np.sign(change) * size).astype(np.int32)
    return steps


def changed(weights: Weights, steps: NDArray[np.int32], shift: int) -> NDArray[np.float32]:
    """The weights after changes: start + steps * (scale * 2^-shift), each operation rounded to float32."""
    grid = weights.scale * np.float32(2.0**-shift)
    found: NDArray[np.float32] = weights.start + steps.astype(np.float32) * grid
    return found


def to_bytes(steps: NDArray[np.int32], shift: int) -> bytes:
    """Steps as bytes: the shift, two parameters of each tensor, the message."""
    message, parameters, pushes = Message(), bytearray(), []
    for values in tensors_of(steps).values():
        zeros, total = int((values == 0).sum()), int(np.abs(values).sum())
        share = min(max(zeros * 256 // values.size, 1), 255)
        ratio = min((total - (values.size - zeros)) * 256 // max(total, 1), 255)
        parameters += bytes([share, ratio])
        pushes.append((values.ravel() + MOST, _codec(share, ratio, values.size)))
    for symbols, codec in reversed(pushes):
        codec.push(message, symbols.astype(np.uint32))
    data = message.to_bytes()
    return bytes([shift]) + bytes(parameters) + varint(len(data)) + data


def from_bytes(data: Reader) -> tuple[NDArray[np.int32], int]:
    """Steps, as an array of the core, and the shift. Raises CorruptError, TruncatedError."""
    shift = data.byte()
    if shift > MOST_SHIFT:
        raise CorruptError("corrupt: a grid of changes of the weights that there is not")
    parameters = data.take(2 * len(TENSORS))
    message = Message.from_bytes(data.take(data.varint()))
    tensors = {}
    for i, (name, shape) in enumerate(TENSORS.items()):
        codec = _codec(parameters[2 * i], parameters[2 * i + 1], shape[0] * shape[1])
        tensors[name] = (codec.pop(message).astype(np.int32) - MOST).reshape(shape)
    if not message.empty:
        raise CorruptError("corrupt: bits are left over after the changes of the weights")
    return padded(tensors), shift


def _codec(share: int, ratio: int, count: int) -> Categorical:
    """Of `count` numbers -MOST to MOST, as symbols from 0 on: 0 has about share / 256 of the probability, each further
    magnitude ratio / 256 of that of the one before."""
    size, sizes = 1 << 24, []
    for _ in range(MOST):
        sizes.append(size)
        size = size * ratio >> 8
    total = sum(sizes)
    either = [(256 - share) * (size << 24) // total for size in sizes]
    return Categorical([*reversed(either), share << 25, *either], (count,), PRECISION)
