"""How a value is decoded at levels 5 and 9, by binary decisions: docs/format-jpeg.md, *Decisions*, *Priors*, *Mixing*.

Each decision mixes four priors, a network, and the counters of six contexts, at level 5 of two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bbans_cli.reference.jpeg.coefficient_start import Start
from bbans_cli.reference.jpeg.networks import Fixed, Learning
from bbans_cli.reference.mixing import apm, counters, logistic
from bbans_cli.reference.mixing.binary_coder import BinaryDecoder
from bbans_cli.reference.mixing.buckets import Buckets, bucket_hash, cells
from bbans_cli.reference.mixing.mixer import Maps, inputs_of, towards_zero

AC, DC, LAST = range(3)  # what is coded
PRIORS = 4
LEVELS, NODES = 32, 32  # of the weight sets: of a context, decisions
LEARNING_RATE = 7
BIAS = 256
WEIGHT_LIMIT = (1 << 15) - 1  # in 2^-14

# Half of e^-x, in steps of 1/64: in the middle of each
STEPS = 64
STEP, FIRST = 0.98449643700540845, 0.99221793826024352 / 2  # e^(-1/64), e^(-1/128) / 2

# By decision, which output of the network tells its probability; None: none does
OUTPUTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, None, None, None, 13, 14, 18, 15, None, None, 16, None, None, 17]
OUTPUTS += [None] * (NODES - len(OUTPUTS))
HALF, ONE = np.float32(0.5), np.float32(1)


def _decay() -> np.ndarray:
    power, found = FIRST, []
    for _ in range(2048):
        found.append(np.float32(power))
        power *= STEP
    return np.array(found)


DECAY = _decay()
STRETCH = np.array(logistic.STRETCH)


class Weights:
    """The mixer's weight sets, int64 (inputs,), by array and number, of which only those that were used are copies."""

    def __init__(self, start: np.ndarray) -> None:
        self.arrays, self._start = len(start), start
        self._used: dict[tuple[int, int], np.ndarray] = {}

    def __getitem__(self, key: tuple[int, int]) -> np.ndarray:
        if key not in self._used:
            self._used[key] = self._start[key].copy()
        return self._used[key]


class Tables:
    """What decisions are decoded with. maps: of level 9; None at level 5."""

    def __init__(self, payload: bytes, start: Start, level: int, bucket_bits: int) -> None:
        self.decoder = BinaryDecoder(payload)
        self.buckets = Buckets(bucket_bits)
        self.contexts, weights = (6, start.mixer) if level == 9 else (2, start.mixer_5)
        self.weights = Weights(weights)
        self.maps = Maps() if level == 9 else None


class Value:
    """A value that is being decoded: the Decisions of reference/mixing/binarisation.py.

    means, scales  of the priors, Laplace distributions, in the direction of the expected sign
    levels         of the weight sets of each array
    flip           is it expected to be negative?
    nonzero        is it known not to be zero?
    """

    length_max = 17  # residuals of DC have up to 17 bits

    network: Fixed | Learning  # that of what is coded, which its caller sets

    def __init__(self, tables: Tables, c: int, kind: int, levels: Sequence[int], contexts: Sequence[int]) -> None:
        self.tables, self.contexts = tables, contexts
        rows = [(int(c > 0) * 3 + kind) * LEVELS + min(level, LEVELS - 1) for level in levels]
        self.sets = [row * NODES for row in rows]
        self.kind = kind
        self.flip = self.nonzero = False
        self.against = 0  # has the value the sign that was not expected?
        self.prior_inputs: Sequence[int] = [0] * PRIORS

    def set_priors(self, means: Sequence[float], scales: Sequence[float]) -> None:
        self.means = np.array(means).astype(np.float32)
        self.inverse_scales = np.float32(STEPS) / np.array(scales).astype(np.float32)

    def find(self, group: int) -> None:
        """The buckets of all contexts for a group of up to 15 decisions."""
        hashes = [
            bucket_hash(group << 8 | k, context) for k, context in enumerate(self.contexts[: self.tables.contexts])
        ]
        self.buckets = self.tables.buckets.find(hashes)

    # ---- decisions ----

    def zero(self) -> int:
        """Is the value 0?"""
        self.find(self.kind)
        self.lower, self.upper = self._above(HALF, self.means), self._above(HALF, -self.means)
        self._stretch(ONE - self.lower - self.upper, np.ones(PRIORS, np.float32))
        return 0 if self.nonzero else self.bit(1, 0)

    def negative(self) -> int:
        """Is it negative?"""
        self._stretch(self.upper, self.lower + self.upper)
        self.against = self.bit(2, 1)
        if self.against:
            self.means, self.lower = -self.means, self.upper
        self.upper = np.zeros(PRIORS, np.float32)
        return int(self.against != self.flip)

    def longer(self, length: int) -> int:
        """Has the magnitude more than `length` bits?"""
        node = 2 * length + self.against if length < 3 else min(3 + length, 15)
        return self._is_above(1 << length, 1 + node if node < 8 else 9, node)

    def mantissa(self, length: int, place: int, prefix: int) -> int:
        """A bit of a magnitude of `length` bits, `place` below the leading one; prefix: the bits above it."""
        node = (25 if length > 5 else 22) + min(place, 2)
        if length < 5:
            node = 16 + (length - 2) * (length - 1) // 2 + place
        return self._is_above(2 * prefix + 1 << length - 2 - place, min(node - 6, 15) if node < 21 else 15, node)

    # ---- priors ----

    def _above(self, x: np.float32, means: np.ndarray) -> np.ndarray:
        """The share of each prior above x."""
        away = x - means
        places = abs(away) * self.inverse_scales
        half = DECAY[np.where(places < 2047, places, 2047).astype(np.int64)]
        return np.where(away > 0, half, ONE - half)

    def _stretch(self, yes: np.ndarray, every: np.ndarray) -> None:
        """Inputs of the mixer: the stretched probability of `yes` among `every`, by each prior."""
        probability = yes / every * np.float32(65536)
        probability = np.where(probability > 0, probability, np.float32(0))
        probability = np.where(probability < 65535, probability, np.float32(65535))
        stretched = STRETCH[probability.astype(np.int64) >> 2]
        self.prior_inputs = np.where(every > np.float32(1e-30), stretched, 0).tolist()

    def _is_above(self, split: int, index: int, node: int) -> int:
        """Is the value, known to lie in an interval, at least `split`?"""
        middle = self._above(np.float32(split) - HALF, self.means)
        self._stretch(middle - self.upper, self.lower - self.upper)
        bit = self.bit(index, node)
        if bit:
            self.lower = middle
        else:
            self.upper = middle
        return bit

    # ---- mixing ----

    def bit(self, index: int, node: int) -> int:
        """One decision of a value: `index` (1 to 15) of the counter within the buckets, `node` of the weight sets."""
        return self.mixed(index, node, OUTPUTS[node])

    def mixed(self, index: int, node: int, output: int | None) -> int:
        """One decision, which that output of the network tells."""
        tables, maps = self.tables, self.tables.maps
        own = cells(self.buckets, index)
        seen: list[int] = []
        for bucket, _ in own:
            seen += inputs_of(bucket[index])
        told = self.network.tell(output)
        inputs = np.array([*self.prior_inputs, told, BIAS, *seen], np.int64)
        keys = [(array, self.sets[array] + node) for array in range(tables.weights.arrays)]
        sets = [tables.weights[key] for key in keys]
        weights = np.array(sets)
        stretched = [logistic.clamp(total >> 14) for total in (weights @ inputs).tolist()]
        mean = towards_zero(sum(stretched), len(stretched))
        probability = logistic.squash(mean)
        points: list[tuple[list[int], int]] = []
        if maps is not None:
            total = len(sets) * probability
            for key in keys:
                refined, point = apm.refine(maps[key], mean)
                total += refined
                points.append((maps[key], point))
            probability = total // (2 * len(sets))
        bit = tables.decoder.bit(max(1, probability))
        errors = [[((bit << 16) - logistic.squash(before)) * LEARNING_RATE >> 6] for before in stretched]
        weights += np.array(errors) * inputs + (1 << 15) >> 16
        np.minimum(weights, WEIGHT_LIMIT, out=weights)
        np.maximum(weights, -WEIGHT_LIMIT - 1, out=weights)
        for learning, row in zip(sets, weights, strict=True):
            learning[:] = row
        for own_map, point in points:
            apm.update(own_map, point, bit)
        counters.update(own, bit)
        self.network.decided(output, told, bit)
        return bit
