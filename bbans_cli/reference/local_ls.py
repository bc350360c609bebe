"""Plain numpy mirror of local_ls-inl.h: local least squares, what they predict of every pixel of a pass.

Equal bits to C. Nothing here depends on the network, so that a whole pass is computed at once, wave by wave.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bbans_cli.coders.neural.neighbourhood import NORTH, NORTHWEST, SKEW, TAPS, WEST
from bbans_cli.reference import arithmetic
from bbans_cli.reference.neighbourhood import gather, predict

Array = np.ndarray[Any, Any]

CELL = SKEW
NEIGHBOURS = [WEST, NORTH, NORTHWEST, *(TAPS.index(tap) for tap in [(-1, 1), (-2, 0), (0, -2)])]
INPUTS = 3 * len(NEIGHBOURS)
ORDER = INPUTS + 3
FADE = np.float32(0.88)
SIDE = np.array([1, 0.8, 0.5, 0.3], np.float32)
RELATIVE = np.float32(0.003)


def maps(planes: Array, first_row: int, last_row: int) -> Array:
    """What is said of the pixels of rows first_row..last_row of planes (3, h, w) int32: (rows, w, 9) float32.

    Predictions of the 3 channels less their bases; blames of G for R, of G for B, of R for B; deviations of the 3.
    """
    rows, width = last_row - first_row, planes.shape[2]
    columns = -(-width // CELL)
    vector = np.zeros((rows, columns * CELL, ORDER), np.float32)
    vector[:, :width] = vectors(planes, first_row, last_row)
    vector = vector.reshape(rows, columns, CELL, ORDER)
    inside = np.minimum(CELL, width - CELL * np.arange(columns)).astype(np.float32)
    sums = np.zeros((ORDER, ORDER, columns + 6), np.float32)
    count = np.zeros(columns + 6, np.float32)
    out = np.empty((rows, columns, CELL, 9), np.float32)
    for y, x in waves(rows, columns):
        factor, deviation = solve(window(sums, x), window(count, x))
        out[y, x] = _say(factor, deviation, vector[y, x])
        p = vector[y, x].transpose(1, 2, 0)
        products = p[:, :, None] * p[:, None]
        sums[:, :, 3 + x] = sums[:, :, 3 + x] * FADE + ((products[0] + products[1]) + (products[2] + products[3]))
        count[3 + x] = count[3 + x] * FADE + inside[x]
    return out.reshape(rows, columns * CELL, 9)[:, :width]


def vectors(planes: Array, first_row: int, last_row: int) -> Array:
    """Neighbours by channel, then the values, all less their channel's base: (rows, w, ORDER) float32."""
    y, x = np.mgrid[first_row:last_row, : planes.shape[2]]
    taps = gather(planes, x.ravel(), y.ravel(), first_row)
    base = predict(taps)
    neighbours = (taps[..., NEIGHBOURS] - base[..., None]).reshape(-1, INPUTS)
    value = planes[:, first_row:last_row].reshape(3, -1).T - base
    return np.concatenate([neighbours, value], axis=1).astype(np.float32).reshape(*x.shape, ORDER)


def waves(rows: int, columns: int) -> Iterator[tuple[Array, Array]]:
    """The cells (row, column) of each wave, in which no two share a column."""
    for wave in range(rows + columns - 1):
        column = np.arange(max(0, wave - rows + 1), min(wave, columns - 1) + 1)
        yield wave - column, column


def window(sums: Array, column: Array) -> Array:
    """Sums over the seven columns around each of the given ones; sums (..., columns + 6) has three empty ones aside."""
    m = [sums[..., 3 + column + i] for i in range(-3, 4)]
    return ((m[3] + (m[2] + m[4]) * SIDE[1]) + (m[1] + m[5]) * SIDE[2]) + (m[0] + m[6]) * SIDE[3]


def cholesky(sums: Array, known: int, relative: np.float32) -> Array:
    """Mirror of cholesky-inl.h: lower factors (order, order, n) of n matrices, diagonals inverted; the first `known`
    elements of the diagonal grow by a ridge before."""
    one, low = np.float32(1), sums.copy()
    for i in range(known):
        low[i, i] = low[i, i] + (np.float32(4) + relative * low[i, i])
    for k in range(len(low)):
        low[k, k] = one / np.sqrt(np.where(low[k, k] > one, low[k, k], one))
        low[k + 1 :, k] = low[k + 1 :, k] * low[k, k]
        low[k + 1 :, k + 1 :] = low[k + 1 :, k + 1 :] - low[k + 1 :, None, k] * low[None, k + 1 :, k]
    return low


def solve(sums: Array, count: Array) -> tuple[Array, Array]:
    """Cholesky factors (ORDER, ORDER, n) of n cells, lower, diagonals inverted, and deviations (3, n)."""
    one, low = np.float32(1), cholesky(sums, INPUTS, RELATIVE)
    d = np.stack([low[INPUTS + c, INPUTS + c] for c in range(3)])
    return low, arithmetic.log(one / (d * d * (count + one))) * np.float32(0.25)


def _say(factor: Array, deviation: Array, vector: Array) -> Array:
    """Of n cells' pixels (n, CELL, ORDER), whose last three elements are not looked at: (n, CELL, 9)."""
    f = factor[..., None]
    total = np.zeros((ORDER, *vector.shape[:2]), np.float32)
    for k in range(INPUTS):
        white = (vector[..., k] - total[k]) * f[k, k]
        total[k + 1 :] = total[k + 1 :] + f[k + 1 :, k] * white
    g, r, b = range(INPUTS, ORDER)
    blame = [arithmetic.clip(f[i, j] * f[j, j], np.float32(-4), np.float32(4)) for i, j in ((r, g), (b, g), (b, r))]
    fixed = np.broadcast_to(np.stack([*blame, *deviation[..., None]]), (6, *vector.shape[:2]))
    return np.concatenate([total[INPUTS:], fixed]).transpose(1, 2, 0)


def valid(prediction: Array, base: Array) -> Array:
    """Predictions less the bases, so that what they predict lies within 0..255."""
    level = base.astype(np.float32)
    return arithmetic.clip(prediction + level, np.float32(0), np.float32(255)) - level


def rules(maps: Array, residual: Array, base: Array) -> Array:
    """What to expect of each channel once those before are known, less its base: (n, 3) from maps (n, 9)."""
    prediction, blame, _ = np.split(maps, 3, axis=1)
    wrong = residual[:, 0] - prediction[:, 0]
    wrong_red = (residual[:, 1] - prediction[:, 1]) - blame[:, 0] * wrong
    red = prediction[:, 1] + blame[:, 0] * wrong
    blue = prediction[:, 2] + (blame[:, 1] * wrong + blame[:, 2] * wrong_red)
    return valid(np.stack([prediction[:, 0], red, blue], axis=1), base)
