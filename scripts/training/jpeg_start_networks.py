"""The networks of the coder of JPEG coefficients, trained on examples; numpy alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from scripts.training import jpeg_start_arrays as start

EPOCHS, BLOCK_EPOCHS, BATCH, SMALL_BATCH, LEARNING_RATE = 2, 4, 512, 128, 0.004
COMMON_EXAMPLES, MOST_EXAMPLES, FEWEST_EXAMPLES = 600_000, 1_500_000, 200
SCALE = 32  # features, and the hidden layer's outputs in the core, are in 1/32
MEASURED = 16  # of so many steps, one is measured
VALUES = 1 << 15  # of coefficients and differences of DC, less than this


def targets(value: np.ndarray, flags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The decisions of each value (n, OUTPUTS), and which of them are coded: core/jpeg/magnitudes-inl.h."""
    bits, used = np.zeros((2, len(value), start.OUTPUTS), np.float32)
    size = np.abs(value.astype(np.int32))
    length = np.where(size > 0, np.floor(np.log2(np.maximum(size, 1))).astype(int) + 1, 0)
    against = (value < 0) != (flags & 1 > 0)
    bits[:, 0], used[:, 0] = size == 0, flags & 2 == 0
    bits[:, 1], used[:, 1] = against, size > 0
    for at in (1, 2):
        for sign in (0, 1):
            bits[:, 2 * at + sign], used[:, 2 * at + sign] = length > at, (length >= at) & (against == sign)
    for at in range(3, 10):
        bits[:, 3 + at], used[:, 3 + at] = length > at, length >= at
    for output, at, place in [(13, 2, 0), (14, 3, 1), (18, 3, 0), (15, 4, 2), (16, 5, 3)]:
        bits[:, output], used[:, output] = size >> place & 1, length == at
    bits[:, 17], used[:, 17] = size >> np.maximum(length - 2, 0) & 1, length >= 6
    return bits, used


def place_targets(value: np.ndarray, flags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of the places of last coefficients: a tree of six decisions (core/jpeg/coefficient_last-inl.h)."""
    bits, used = np.zeros((2, len(value), start.PLACES), np.float32)
    rows = np.arange(len(value))
    for at in range(6):
        node = (64 + value.astype(int)) >> (6 - at)
        bits[rows, node], used[rows, node] = value >> (5 - at) & 1, 1
    return bits, used


Targets = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@cache
def _table(find: Targets) -> tuple[np.ndarray, np.ndarray]:
    """The targets of all values and flags: `find` takes longer than a step of the training."""
    values = np.arange(64) if find is place_targets else np.arange(-VALUES, VALUES)
    value, flags = (array.ravel() for array in np.meshgrid(values, np.arange(4), indexing="ij"))
    return find(value.astype(np.int16), flags)


def _rows(find: Targets, examples: np.ndarray) -> np.ndarray:
    """Where in _table the targets of examples are."""
    value = examples["value"].astype(np.int64) + (0 if find is place_targets else VALUES)
    return value * 4 + (examples["flags"] & 3)


@dataclass
class Adam:
    """Kingma and Ba 2015; the weights change in place."""

    weights: list[np.ndarray]

    def __post_init__(self) -> None:
        self._mean, self._square = ([np.zeros_like(w) for w in self.weights] for _ in range(2))
        self._steps = 0

    def step(self, gradients: list[np.ndarray], rate: float) -> None:
        self._steps += 1
        unbiased = np.float32(1 / (1 - 0.9**self._steps)), np.float32(1 / (1 - 0.995**self._steps))
        for w, gradient, m, s in zip(self.weights, gradients, self._mean, self._square, strict=True):
            m += np.float32(0.1) * (gradient - m)
            s += np.float32(0.005) * (gradient**2 - s)
            w -= np.float32(rate) * (m * unbiased[0]) / (np.sqrt(s * unbiased[1]) + np.float32(1e-8))


def train(
    examples: np.ndarray, weights: list[np.ndarray], epochs: int, chance: np.random.Generator, find: Targets = targets
) -> float:
    """On the bits of all decisions; weights change in place. Returns bits per example."""
    batch = BATCH if len(examples) > 20000 else SMALL_BATCH
    table, rows, adam = _table(find), _rows(find, examples), Adam(weights)
    features = examples["features"]
    of_epoch = max(1, len(examples) // batch)
    bits = measured = 0.0
    for step in range(of_epoch * epochs):
        if step % of_epoch == 0:
            order = chance.permutation(len(examples))
        chosen = order[step % of_epoch * batch :][:batch]
        want, used = (array[rows[chosen]] for array in table)
        x = features[chosen].astype(np.float32) * np.float32(1 / SCALE)
        hidden = np.maximum(x @ weights[0], 0)
        sums = np.clip(hidden @ weights[1] + weights[2], -12, 12)
        probability = 1 / (1 + np.exp(-sums))
        if step % MEASURED == 0:
            bits += float((np.log2(1 + np.exp(np.where(want > 0, -sums, sums))) * used).sum())
            measured += len(chosen)
        slope = (probability - want) * used * np.float32(1 / len(chosen))
        back = (slope @ weights[1].T) * (hidden > 0)
        adam.step([x.T @ back, hidden.T @ slope, slope.sum(0)], LEARNING_RATE * (1 - step / (of_epoch * epochs)) + 1e-5)
    return bits / measured


def initial(chance: np.random.Generator, outputs: int) -> list[np.ndarray]:
    """A network before training: weights of the hidden layer, of the output layer, and biases."""
    sizes = [(start.FEATURES, start.HIDDEN), (start.HIDDEN, outputs), (outputs,)]
    return [
        (chance.normal(size=size) * scale).astype(np.float32) for size, scale in zip(sizes, (0.2, 0.1, 0), strict=True)
    ]


def train_common(examples: np.ndarray, chroma: int) -> list[np.ndarray]:
    """One network for all AC coefficients, from which that of each begins."""
    chance = np.random.default_rng(chroma)
    weights = initial(chance, start.OUTPUTS)
    bits = train(examples, weights, 1, chance)
    print("chroma" if chroma else "luma", "common", len(examples), bits, flush=True)
    return weights


def train_one(examples: np.ndarray, number: int, common: list[np.ndarray]) -> list[np.ndarray]:
    """The network of a coefficient of luma (0 to 63) or chroma (64 to 127). That of DC sees other features than those
    of AC coefficients, so it begins with nothing."""
    chance = np.random.default_rng([3, number])
    of_dc = number % 64 == 0
    weights = initial(chance, start.OUTPUTS) if of_dc else [w.copy() for w in common]
    if len(examples) > FEWEST_EXAMPLES:
        bits = train(examples, weights, BLOCK_EPOCHS if of_dc else EPOCHS, chance)
        print("chroma" if number >= 64 else "luma", number % 64, len(examples), bits, flush=True)
    return weights


def train_last(examples: np.ndarray, chroma: int) -> list[np.ndarray]:
    """The network of the place of the last coefficient"""
    chance = np.random.default_rng(2 + chroma)
    weights = initial(chance, start.PLACES)
    bits = train(examples, weights, BLOCK_EPOCHS, chance, place_targets)
    print("chroma" if chroma else "luma", "last", len(examples), bits, flush=True)
    return weights


def quantise(networks: list[list[np.ndarray]], prefix: str = "") -> dict[str, np.ndarray]:
    """Networks of luma and of chroma -> arrays of the start. Each hidden unit has powers of two of its own."""
    hidden, output, bias = (np.stack([networks[c][i] for c in (0, 1)]) for i in range(3))
    scale = np.clip(np.floor(np.log2(127 / np.maximum(np.abs(hidden).max(-2), 1e-6))), 0, 12)
    # The core drops 6 bits of a hidden unit's sum, which is in 1 / (32 * 2^scale), and 12 of an output's.
    wanted = output * 256 * 4096 / 2.0 ** (scale - 1)[..., None]
    shift = np.clip(np.ceil(np.log2(np.maximum(np.abs(wanted).max(-1), 1) / 127)), 0, 8)
    return {
        prefix + "hidden": np.clip(np.round(hidden * 2 ** scale[..., None, :]), -127, 127).astype(np.int8),
        prefix + "output": np.clip(np.round(wanted / 2 ** shift[..., None]), -127, 127).astype(np.int8),
        prefix + "output_shift": shift.astype(np.uint8),
        prefix + "bias": np.clip(np.round(bias * 256), -2047, 2047).astype(np.int16),
    }
