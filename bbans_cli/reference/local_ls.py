"""Plain numpy mirror of local_ls-inl.h: local least squares, what they predict of every pixel of a scan.

Equal bits to C. Nothing here depends on the network, so that a whole scan is computed at once, wave by wave.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bbans_cli.coders.neural.neighbourhood import SKEW, TAPS
from bbans_cli.coders.neural.network_layout import LEAST_SQUARES
from bbans_cli.reference import arithmetic
from bbans_cli.reference.neighbourhood import gather, predict
from bbans_cli.reference.sample_range import EIGHT_BITS, SampleRange

Array = np.ndarray

BLOCK = SKEW  # pixels of a row that share a factor
# Of each channel the first six; of a grey picture, whose channels are one, all
NEIGHBOURS = [
    TAPS.index(tap)
    for tap in [
        (0, -1), (-1, 0), (-1, -1), (-1, 1), (-2, 0), (0, -2), (-1, -2), (-1, 2), (-2, -1), (-2, 1), (-2, -2), (-2, 2),
        (0, -3), (-3, 0), (-1, -3), (-1, 3), (-3, -1), (-3, 1),
    ]
]  # fmt: skip
INPUTS = len(NEIGHBOURS)
ORDER = INPUTS + 3
COLUMNS = 9  # what is given of a pixel: predictions, gains, half_log_sigmas, the first columns of LEAST_SQUARES
# docs/experiments.md, Window of the local least squares
DECAY = np.float32(0.88)
COLUMN_WEIGHT = np.array([1, 0.8, 0.5, 0.3], np.float32)
RIDGE = np.float32(0.003)


def least_squares(
    planes: Array, first_row: int, last_row: int, channels: int = 3, units: SampleRange = EIGHT_BITS
) -> Array:
    """Of the pixels of rows first_row to last_row - 1 of planes (3, h, w): (rows, w, COLUMNS) float32.

    Predictions of the 3 channels less their bases; gains of R on G's error, of B on G's, of B on R's; half_log_sigma of
    the 3: ln(expected error) / 2.
    """
    rows, width = last_row - first_row, planes.shape[2]
    columns = -(-width // BLOCK)
    vector = np.zeros((rows, columns * BLOCK, ORDER), np.float32)
    vector[:, :width] = vectors(planes, first_row, last_row, channels, units)
    vector = vector.reshape(rows, columns, BLOCK, ORDER)
    inside = np.minimum(BLOCK, width - BLOCK * np.arange(columns)).astype(np.float32)
    sums = np.zeros((ORDER, ORDER, columns + 6), np.float32)
    count = np.zeros(columns + 6, np.float32)
    out = np.empty((rows, columns, BLOCK, COLUMNS), np.float32)
    for y, x in waves(rows, columns):
        factor, half_log_sigma = solve(window(sums, x), window(count, x))
        out[y, x] = block_predictions(factor, half_log_sigma, vector[y, x])
        p = vector[y, x].transpose(1, 2, 0)
        products = p[:, :, None] * p[:, None]
        sums[:, :, 3 + x] = sums[:, :, 3 + x] * DECAY + ((products[0] + products[1]) + (products[2] + products[3]))
        count[3 + x] = count[3 + x] * DECAY + inside[x]
    return out.reshape(rows, columns * BLOCK, COLUMNS)[:, :width]


def vectors(planes: Array, first_row: int, last_row: int, channels: int, units: SampleRange) -> Array:
    """Neighbours, then the values, all less their channel's base: (rows, w, ORDER) float32."""
    y, x = np.mgrid[first_row:last_row, : planes.shape[2]]
    taps = gather(planes, x.ravel(), y.ravel(), first_row, units)
    base = predict(taps)
    value = planes[:, first_row:last_row].reshape(3, -1).T - base
    return np.concatenate([neighbours(taps, base, channels), value], axis=1).astype(np.float32).reshape(*x.shape, ORDER)


def neighbours(taps: Array, base: Array, channels: int) -> Array:
    """Less their channel's base: (n, INPUTS), by channel; taps (n, 3, taps), base (n, 3)."""
    near = (taps[..., NEIGHBOURS] - base[..., None])[:, :channels, : INPUTS // channels]
    found: Array = near.reshape(-1, INPUTS)
    return found


def waves(rows: int, columns: int) -> Iterator[tuple[Array, Array]]:
    """The blocks (row, column) of each wave, in which no two share a column."""
    for wave in range(rows + columns - 1):
        column = np.arange(max(0, wave - rows + 1), min(wave, columns - 1) + 1)
        yield wave - column, column


def window(sums: Array, column: Array) -> Array:
    """Sums over the seven columns around each of the given ones; sums (..., columns + 6) has three empty ones aside."""
    m = [sums[..., 3 + column + i] for i in range(-3, 4)]
    result: Array = ((m[3] + (m[2] + m[4]) * COLUMN_WEIGHT[1]) + (m[1] + m[5]) * COLUMN_WEIGHT[2]) + (
        m[0] + m[6]
    ) * COLUMN_WEIGHT[3]
    return result


def cholesky(sums: Array, known: int, ridge: np.float32) -> Array:
    """Mirror of cholesky-inl.h: lower factors (order, order, n) of n matrices, diagonals inverted; the first `known`
    elements of the diagonal grow by a ridge before."""
    one = np.float32(1)
    low: Array = sums.copy()
    for i in range(known):
        low[i, i] = low[i, i] + (np.float32(4) + ridge * low[i, i])
    for k in range(len(low)):
        low[k, k] = one / np.sqrt(np.where(low[k, k] > one, low[k, k], one))
        low[k + 1 :, k] = low[k + 1 :, k] * low[k, k]
        low[k + 1 :, k + 1 :] = low[k + 1 :, k + 1 :] - low[k + 1 :, None, k] * low[None, k + 1 :, k]
    return low


def solve(sums: Array, count: Array) -> tuple[Array, Array]:
    """Cholesky factors (ORDER, ORDER, n) of n blocks, lower, diagonals inverted, and half_log_sigma (3, n)."""
    one, low = np.float32(1), cholesky(sums, INPUTS, RIDGE)
    d = np.stack([low[INPUTS + c, INPUTS + c] for c in range(3)])
    return low, arithmetic.log(one / (d * d * (count + one))) * np.float32(0.25)


def block_predictions(factor: Array, half_log_sigma: Array, vector: Array) -> Array:
    """Of n blocks' pixels (n, BLOCK, ORDER), whose last three elements are not read: (n, BLOCK, COLUMNS)."""
    f = factor[..., None]
    total = np.zeros((ORDER, *vector.shape[:2]), np.float32)
    for k in range(INPUTS):
        white = (vector[..., k] - total[k]) * f[k, k]
        total[k + 1 :] = total[k + 1 :] + f[k + 1 :, k] * white
    g, r, b = range(INPUTS, ORDER)
    gain = [arithmetic.clip(f[i, j] * f[j, j], np.float32(-4), np.float32(4)) for i, j in ((r, g), (b, g), (b, r))]
    fixed = np.broadcast_to(np.stack([*gain, *half_log_sigma[..., None]]), (6, *vector.shape[:2]))
    result: Array = np.concatenate([total[INPUTS:], fixed]).transpose(1, 2, 0)
    return result


def clip_to_range(prediction: Array, base: Array, units: SampleRange) -> Array:
    """Predictions less the bases, clipped so that what they predict lies within the samples' range."""
    level = base.astype(np.float32)
    return arithmetic.clip(prediction + level, np.float32(0), units.top) - level


def conditional(least_squares: Array, residual: Array, base: Array, units: SampleRange = EIGHT_BITS) -> Array:
    """Predictions of each channel given those before it, less its base: (n, 3).

    least_squares: (n, COLUMNS or more), the first of LEAST_SQUARES. residual, base: (n, 3).
    """
    prediction, gain = (
        least_squares[:, LEAST_SQUARES["local_prediction"]],
        least_squares[:, LEAST_SQUARES["local_gain"]],
    )
    green_error = residual[:, 0] - prediction[:, 0]
    red_error = (residual[:, 1] - prediction[:, 1]) - gain[:, 0] * green_error
    red = prediction[:, 1] + gain[:, 0] * green_error
    blue = prediction[:, 2] + (gain[:, 1] * green_error + gain[:, 2] * red_error)
    return clip_to_range(np.stack([prediction[:, 0], red, blue], axis=1), base, units)
