"""The encoder's fit of the weights to a picture: which pixels, how many steps, how fine the grid of the changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bbans_cli.coders.fitted import scan
from bbans_cli.coders.fitted.changes import MOST_SHIFT
from bbans_cli.coders.fitted.layout import BATCH_CHUNKS, INPUTS, LANES, UNITS
from bbans_cli.coders.fitted.weights import Weights
from bbans_cli.progress import ShareProgress

# All of this: docs/experiments.md, The fitted coder.
MOST_SAMPLES = 1 << 18  # pixels that are kept to fit to: 20 MB
# In pictures of fewer pixels one chunk of so many is kept, where there are so many times FEW_SAMPLES.
LEAST_INTERVAL, FEW_SAMPLES = 3, 1 << 17
MOST_STEPS = 1 << 14  # mini-batches of BATCH_CHUNKS chunks
# Passes over as many pixels as the picture has, in pictures that need fewer steps; over those beyond the first EARLY.
PASSES, EARLY, LATER_PASSES = 0.85, 1 << 19, 0.55
LEAST_STEPS = 400
RATE = 4e-3  # the learning rate at its highest
WARM_UP = 0.03  # the share of the steps until it is
LAST = 0.02  # of the highest rate: the last one
# The rate of a weight is larger where its scale is: by the root of its ratio to the typical scale, within these.
LEAST_FACTOR, MOST_FACTOR = np.float32(0.05), np.float32(4)
GRID = 2.6  # a step of the grid costs about GRID^2 / 24 nats in all, for each weight


def interval_of(chunks: int) -> int:
    """One of so many chunks is kept."""
    pixels = chunks * LANES
    least = min(LEAST_INTERVAL, max(1, pixels // FEW_SAMPLES))
    return max(least, -(-pixels // MOST_SAMPLES))


def fit(
    samples: NDArray[np.uint8], channels: int, pixels: int, weights: Weights, threads: int, progress: ShareProgress
) -> NDArray[np.float32]:
    """The start's weights fitted to samples (chunks, SAMPLE) of a picture of that many pixels.

    threads change no bit. progress gets shares of the fit.
    """
    batch, steps = BATCH_CHUNKS * LANES, steps_of(pixels)
    order = shuffled(len(samples), steps * BATCH_CHUNKS).reshape(steps, BATCH_CHUNKS)
    basis, information = scan.basis_of(samples), weights.information.copy()
    trunk = information[: INPUTS * UNITS].reshape(INPUTS, UNITS)
    turned = np.zeros_like(trunk)
    for vector, row in zip(basis.T, trunk, strict=True):  # one by one: in the same order on every machine
        turned += (vector * vector)[:, None] * row
    trunk[:] = turned
    used = information > 0
    scale = np.sqrt(np.divide(1, information, out=np.zeros_like(information), where=used))
    factor = np.clip(np.sqrt(scale / weights.typical_scale), LEAST_FACTOR, MOST_FACTOR) * used
    return scan.fit(
        channels,
        weights.start,
        basis,
        information / np.float32(batch),
        factor.astype(np.float32),
        rates(steps),
        order,
        samples,
        threads,
        lambda n: progress(n / steps),
    )


def steps_of(pixels: int) -> int:
    """Mini-batches for a picture of that many pixels."""
    early = min(pixels, EARLY)
    passes = PASSES * early + LATER_PASSES * (pixels - early)
    return min(MOST_STEPS, max(LEAST_STEPS, int(passes / (BATCH_CHUNKS * LANES))))


def rates(steps: int) -> NDArray[np.float32]:
    """The learning rates: up in a line, down in the shape of an S. Sums and products, equal on every machine."""
    share = np.arange(steps) / steps
    up = np.minimum(1.0, (np.arange(steps) + 1) / (WARM_UP * steps))
    down = 1 - share * share * (3 - 2 * share)
    return (RATE * up * np.maximum(LAST, down)).astype(np.float32)


def shuffled(count: int, length: int) -> NDArray[np.int32]:
    """Numbers below count in a random order, again and again, each time in another: (length,)."""
    state, found = np.uint64(0x9E3779B97F4A7C15), []
    keys = np.arange(count, dtype=np.uint64)
    for turn in range(-(-length // count)):
        mixed = (keys + np.uint64(count * turn + 1)) * state  # splitmix64, modulo 2^64
        mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        found.append(np.argsort(mixed ^ mixed >> np.uint64(31), kind="stable").astype(np.int32))
    return np.concatenate(found)[:length]


def shift_of(pixels: int) -> int:
    """The shift of the grid of changes for a picture of that many pixels: steps of about GRID / sqrt(pixels)."""
    shift = 0
    while shift < MOST_SHIFT and 2.0 ** -(2 * shift + 1) * pixels > GRID * GRID:
        shift += 1
    return shift
