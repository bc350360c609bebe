"""Plain numpy mirror of latents-inl.h and latents.c: what the posterior reads of a block, and its small layers.

Equal bits to C.
"""

from __future__ import annotations

import numpy as np

from bbans_cli.reference import arithmetic
from bbans_cli.reference.neighbourhood import coding_planes
from bbans_cli.reference.network import leaky

Array = np.ndarray

WIDTH = 32
PATCH = 4


def patches(planes: Array) -> Array:
    """Planes (3, 4m, 4n) int32 in coding order -> inputs (m * n, 51) float32: deviations from the means, means."""
    _, height, width = planes.shape
    p = planes.reshape(3, height // PATCH, PATCH, width // PATCH, PATCH).transpose(1, 3, 0, 2, 4)
    p = p.reshape(-1, 3, PATCH * PATCH)
    mean = p.sum(-1).astype(np.float32) * np.float32(0.0625)
    deviation = (p.astype(np.float32) - mean[..., None]) * np.float32(0.125)
    deviation = arithmetic.clip(deviation, np.float32(-8), np.float32(8))
    return np.concatenate([deviation.reshape(len(p), -1), mean * np.float32(0.015625) - np.float32(2)], axis=1)


def statistics(embed: tuple[Array, Array], mix: tuple[Array, Array], pixels: Array, rows: int, side: int) -> Array:
    """Means and deviations (blocks, 2 * WIDTH) of the blocks of side `side` of the first rows of pixels (h, w, c)."""
    planes = coding_planes(pixels[:rows])
    out = []
    for top in range(0, rows, side):
        for left in range(0, pixels.shape[1], side):
            block = planes[:, top : top + side, left : left + side]
            down, across = (size // PATCH * PATCH for size in block.shape[1:])
            out.append(_block(embed, mix, block[:, :down, :across]))
    return np.array(out, np.float32).reshape(-1, 2 * WIDTH)


def _block(embed: tuple[Array, Array], mix: tuple[Array, Array], planes: Array) -> Array:
    features = np.zeros((0, WIDTH), np.float32)
    if planes.size:
        features = leaky(arithmetic.gemm(leaky(arithmetic.gemm(patches(planes), *embed)), *mix))
    count = np.float32(max(1, len(features)))
    mean, square = np.zeros(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    for feature in features:
        mean = mean + feature
    mean = mean / count
    for feature in features:
        d = feature - mean
        square = square + d * d
    return np.concatenate([mean, np.sqrt(square / count + np.float32(1e-6))])


def dense(inputs: Array, weight: Array, bias: Array, through_relu: bool) -> Array:
    """A layer, weight (inputs, outputs) and bias (outputs,), perhaps through the leaky ReLU."""
    out = arithmetic.gemm(inputs, weight, bias)
    return leaky(out) if through_relu else out


def gaussian(outputs: Array, low: float, high: float) -> tuple[Array, Array]:
    """Outputs (m, 2n), means and log deviations -> float64 means and deviations, logs clipped to low..high."""
    mean, log = np.split(outputs.astype(np.float64), 2, axis=1)
    return mean, arithmetic.exp64(arithmetic.clip(log, low, high))
