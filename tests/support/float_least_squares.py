"""Both least squares in plain float64 numpy, written from the formulas alone: by normal equations.

Columns are those of network_layout.LEAST_SQUARES.
"""

import numpy as np

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.neural.neighbourhood import MISSING, NEAREST, NORTH, NORTHWEST, TAPS, WEST, locate

# nearest first, after the pixel to the west
NEIGHBOURS = sorted(range(len(TAPS)), key=lambda i: (TAPS[i][0] ** 2 + TAPS[i][1] ** 2, -TAPS[i][0], TAPS[i][1]))[1:25]


def planes_of(pixels: np.ndarray) -> np.ndarray:
    """(3, h, w) float64 in coding order."""
    return pixels[:, :, list(CHANNELS) if pixels.shape[2] == 3 else [0, 0, 0]].transpose(2, 0, 1).astype(float)


def neighbourhood(planes: np.ndarray, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Of rows first..last of a scan from `first` on, n pixels row by row: taps (n, 3, taps) and bases (n, 3)."""
    y, x = (a.ravel() for a in np.mgrid[first:last, : planes.shape[2]])
    columns, rows, known = locate(x, y, planes.shape[2], first)
    taps = np.where(known, planes[:, rows, columns], MISSING).transpose(1, 0, 2)
    west, north, corner = taps[..., WEST], taps[..., NORTH], taps[..., NORTHWEST]
    return taps, np.clip(west + north - corner, np.minimum(west, north), np.maximum(west, north))


def activities(taps: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Of taps and bases as `neighbourhood` gives them: (n, 3)."""
    return 0.7 + np.abs(taps - base[..., None])[..., list(NEAREST)].sum(-1) / 12


def to_light(samples: np.ndarray, curve: int) -> np.ndarray:
    """Samples of 8 bits in linear light, by sRGB's curve after a tone curve; both from 0 to 255."""
    share = samples / 255
    share = share + (curve - 1) / 8 * share * (1 - share) * (1 - 2 * share)
    return 255 * np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def from_light(light: np.ndarray, curve: int) -> np.ndarray:
    """The inverse, in proportion between the samples."""
    samples = np.arange(256)
    return np.interp(light, to_light(samples, curve), samples)


def least_squares(
    planes: np.ndarray,
    first: int,
    last: int,
    channels: int,
    grid_at: tuple[int, int] | None,
    period: int,
    light: int = 0,
) -> np.ndarray:
    """`local`, `phase_conditioned` and `nearby` of n pixels, row by row: (n, 27).

    grid_at: position of the first pixel in the grid, or None.
    """
    shape = last - first, planes.shape[2]
    taps, base = neighbourhood(planes, first, last)
    residual = planes[:, first:last].reshape(3, -1).T - base
    by_local = local(planes, first, last, channels).reshape(-1, 9)
    by_phase = phase_conditioned(planes, first, last, channels, grid_at, period, light)
    expected = conditional(*np.split(by_local, 3, axis=1)[:2], residual, base)
    errors = np.concatenate([residual - expected, residual - by_phase[:, :3]], axis=1) * (np.arange(6) % 3 < channels)
    near = nearby(errors.reshape(*shape, 6), activities(taps, base).reshape(*shape, 3))
    return np.concatenate([by_local, by_phase, near.reshape(-1, 12)], axis=1)


def conditional(prediction, gain, residual, base):
    """Predictions of each channel by the local least squares, given those before, less the base: (n, 3)."""
    wrong = residual - prediction
    red = prediction[:, 1] + gain[:, 0] * wrong[:, 0]
    blue = prediction[:, 2] + gain[:, 1] * wrong[:, 0] + gain[:, 2] * (residual[:, 1] - red)
    return np.clip(np.stack([prediction[:, 0], red, blue], axis=1) + base, 0, 255) - base


def local(planes: np.ndarray, first: int, last: int, channels: int) -> np.ndarray:
    """Ridge regression over fading windows, block by block: (rows, width, 9).

    Predictions of 3 channels less their bases, gains of R on the error in G, of B on that in G, of B on that in R,
    and 3 half_log_sigmas.
    """
    rows, width, columns = last - first, planes.shape[2], -(-planes.shape[2] // 4)
    taps, base = neighbourhood(planes, first, last)
    offsets = [(0, -1), (-1, 0), (-1, -1), (-1, 1), (-2, 0), (0, -2)]
    seen = (taps[..., [TAPS.index(offset) for offset in offsets]] - base[..., None]).reshape(-1, 18)
    if channels == 1:
        seen = taps[:, 0, [WEST, *NEIGHBOURS[:17]]] - base[:, :1]
    ends = planes[:, first:last].reshape(3, -1).T - base
    vectors = np.zeros((rows, columns * 4, 22))
    vectors[:, :width] = np.column_stack([seen, ends, np.ones(len(seen))]).reshape(rows, width, 22)
    sums = np.zeros((rows + 1, columns + 6, 22, 22))  # of each column after so many rows; three empty columns aside
    for y in range(rows):
        blocks = vectors[y].reshape(columns, 4, 22)
        sums[y + 1, 3:-3] = 0.88 * sums[y, 3:-3] + np.einsum("cpi,cpj->cij", blocks, blocks)
    out = np.zeros((rows, columns * 4, 9))
    for y in range(rows):
        total = np.zeros((columns, 22, 22))
        for d, weight in zip(range(-3, 4), (0.3, 0.5, 0.8, 1, 0.8, 0.5, 0.3), strict=True):
            total += weight * sums[np.clip(y - d, 0, rows), 3 + d : 3 + d + columns]
        factors, errors = _ridge(total[:, :21, :21], 18, 0.003)
        here = out[y].reshape(columns, 4, 9)
        here[..., :3] = vectors[y, :, :18].reshape(columns, 4, 18) @ factors
        for c in range(3):  # each channel's error explains what it can of the later ones'
            pivot, gain, errors = _conditioned(errors, c)
            for later in range(c + 1, 3):
                here[..., 2 + c + later] = np.clip(gain[:, None, later], -4, 4)
            here[..., 6 + c] = np.log(pivot / (total[:, 21, 21] + 1))[:, None] / 4
    return out[:, :width]


def _ridge(sums, known, relative):
    """Factors (phases, known, targets) of ridge regression, and sums of products of its errors."""
    inner, cross = sums[:, :known, :known], sums[:, :known, known:]
    ridge = 4 + relative * np.einsum("cii->ci", inner)
    factors = np.linalg.solve(inner + np.eye(known) * ridge[:, None], cross)
    return factors, sums[:, known:, known:] - cross.transpose(0, 2, 1) @ factors


def _conditioned(errors, c):
    """The size of an error, at least 1, its gain in the others, and what is left of them without it."""
    pivot = np.maximum(errors[:, c, c], 1)
    gain = errors[:, c] / pivot[:, None]
    return pivot, gain, errors - pivot[:, None, None] * gain[:, :, None] * gain[:, None, :]


def phase_conditioned(
    planes: np.ndarray,
    first: int,
    last: int,
    channels: int,
    grid_at: tuple[int, int] | None,
    period: int,
    light: int = 0,
) -> np.ndarray:
    """Predictions of 3 channels given those before, less their bases, and 3 half_log_sigmas: (n, 6)."""
    y, x = (a.ravel() for a in np.mgrid[first:last, : planes.shape[2]])
    phase, in_green, of_green = np.zeros(len(x), int), np.zeros(len(x), int), 2 if period == 2 else 1
    if grid_at is not None:
        phase = (x + grid_at[0]) % period + (y + grid_at[1]) % period * period
        in_green = (x + grid_at[0]) % of_green + (y + grid_at[1]) % of_green * of_green
    taps, base = neighbourhood(planes, first, last)
    weight = mosaic_weights(x, y, planes.shape[2], taps, base, light) if period == 2 else np.ones(len(x))
    taps, own = (to_light(a, light) if light else a for a in (taps, planes[:, y, x].T))
    west, near = taps[..., WEST], taps[..., NEIGHBOURS] - taps[..., WEST, None]
    own = own - west
    green, red, blue = near.transpose(1, 0, 2)
    one = np.ones(len(x))
    others, greens = (24, 24) if period == 2 else (11, 12)
    for_green = np.column_stack([green, red[:, :others], blue[:, :others], one, own[:, 0]])
    apart = [red - green, blue - green]
    for_others = np.column_stack([*apart, green[:, :greens], one, own[:, 0], own[:, 1:] - own[:, :1]])
    out = np.zeros((len(x), 6))
    out[:, 4:] = -1.5 if channels == 1 else 0
    ridge = 0.0001 if period == 2 else 0.001
    by_phase = _fading_least_squares(for_green, weight, x + 4 * y, 24 + 2 * others, 1, in_green, of_green**2, ridge)
    out[:, 0], out[:, 3] = by_phase.T
    if channels == 3:
        by_phase = _fading_least_squares(for_others, weight, x + 4 * y, 48 + greens, 2, phase, period**2, ridge)
        out[:, 1:3], out[:, 4:] = own[:, :1] + by_phase[:, :2], by_phase[:, 2:]
    predicted = out[:, :3] + west
    predicted = from_light(predicted, light) if light else predicted
    out[:, :channels] = (np.clip(predicted, 0, 255) - base)[:, :channels]
    return out


def mosaic_weights(x, y, width, taps, base, light):
    """Of pixels in a mosaic: (n,)."""
    inside = (x >= 4) & (x < width - 3) & (y >= 4)
    weight = 26 * inside / (activities(taps, base).sum(-1) + 3)
    return weight / np.sqrt(np.sqrt(to_light(taps[:, 0, WEST], light) / 255) + 0.02) if light else weight


def _fading_least_squares(vectors, weight, diagonals, one, targets, phase, phases, ridge):
    """Of each vector the last elements, predicted from those before them, and their half_log_sigmas: (n, 2 * targets).

    Weights of each phase are those found last. They are looked for after a diagonal with which 64 pixels, or an eighth
    of all so far, but not more than 8192, are new.
    """
    n, known = vectors.shape[1], vectors.shape[1] - targets
    sums, weights = np.zeros((phases, n, n)), np.zeros((phases, n, targets))
    half_log_sigmas, out = np.zeros((phases, targets)), np.empty((len(vectors), 2 * targets))
    since = coded = 0
    for diagonal in np.unique(diagonals):
        now = np.flatnonzero(diagonals == diagonal)
        out[now] = np.hstack([np.einsum("pi,pit->pt", vectors[now], weights[phase[now]]), half_log_sigmas[phase[now]]])
        learned = vectors[now] * weight[now, None]
        np.add.at(sums, phase[now], learned[:, :, None] * learned[:, None])
        since, coded = since + len(now), coded + len(now)
        if since < min(max(64, coded // 8), 8192):
            continue
        total = sums
        if phases > 1:
            total = sums + 100 * sums.sum(0) / max(sums[:, one, one].sum(), 1)
        factors, errors = _ridge(total, known, ridge)
        for t in range(targets):
            weights[:, :known, t] = factors[:, :, t]
            pivot, gain, errors = _conditioned(errors, t)
            half_log_sigmas[:, t] = np.log(pivot / (total[:, one, one] + 1)) / 4
            for later in range(t + 1, targets):  # with one more target, which is known by then
                factors[:, :, later] -= gain[:, None, later] * factors[:, :, t]
                weights[:, known + t, later] = gain[:, later]
        sums, since = sums * max(1 - since / 2**14 / phases, 0.5), 0
    return out


def nearby(errors: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """What the network sees of errors (rows, width, 6): (rows, width, 12). activity (rows, width, 3)."""
    rows, width, _ = errors.shape
    y, x = np.mgrid[:rows, :width]

    def at(dy, dx):
        inside = (y + dy >= 0) & (x + dx >= 0)
        return np.where(inside[..., None], errors[(y + dy).clip(0), (x + dx).clip(0, width - 1)], 0)

    around = [at(*d) for d in ((0, -1), (-1, 0), (-1, -1), (-1, 1))]
    size = np.log((np.mean(np.abs(around), axis=0) + 0.25) / np.tile(activity, 2)) / 2
    return np.concatenate([size, *(np.clip(e[..., 3:] / activity, -6, 6) for e in around[:2])], axis=2)
