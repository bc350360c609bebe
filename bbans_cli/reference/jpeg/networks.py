"""The networks of levels 5 and 9: docs/format-jpeg.md, *Features*, *Networks that learn*."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bbans_cli.reference.mixing import logistic

RATE = np.float32(0.0004)
LIMIT = 2047  # of what a network tells, in 1/256


class Trained:
    """Weights of a network of level 5, integers: hidden (features, units), output (units, outputs), bias (outputs,)"""

    def __init__(self, hidden: np.ndarray, output: np.ndarray, bias: np.ndarray) -> None:
        self.hidden, self.output, self.bias = hidden, output, bias

    def see(self, features: Sequence[int]) -> Fixed:
        return Fixed(self, features)


class Fixed:
    """A network's stretched probabilities for given features. Integers only."""

    def __init__(self, trained: Trained, features: Sequence[int]) -> None:
        sums = _wrapped(np.array(features, np.int64) @ trained.hidden) >> 6
        active = np.clip(sums, 0, (1 << 15) - 1)
        self._outputs = np.clip((_wrapped(active @ trained.output) >> 12) + trained.bias, -LIMIT, LIMIT).tolist()

    def tell(self, output: int | None) -> int:
        """In 1/256; 0 where no output is for a decision."""
        return 0 if output is None else int(self._outputs[output])

    def decided(self, output: int | None, told: int, bit: int) -> None:
        """It does not learn."""

    def end(self) -> None:
        """Nor at the end of a value."""


class Learner:
    """The same network at level 9, in binary32: hidden (features, units), output (outputs, units), bias (outputs,)"""

    def __init__(self, trained: Trained) -> None:
        hidden, output = trained.hidden * 0.5, trained.output.T / 2.0**20
        inner, outer = (np.full(hidden.shape[1], 1e-9) for _ in range(2))
        for row in hidden:
            inner += row * row
        for row in output:
            outer += row * row
        ratio = np.sqrt(np.sqrt(outer / inner)).astype(np.float32)
        self.hidden = hidden.astype(np.float32) * ratio
        self.output = output.astype(np.float32) / ratio
        self.bias = trained.bias.astype(np.float32) / np.float32(256)

    def see(self, features: Sequence[int]) -> Learning:
        return Learning(self, features)


class Learning:
    """A learner at work on a value."""

    def __init__(self, learner: Learner, features: Sequence[int]) -> None:
        self.learner = learner
        self.features = [(i, np.float32(x) / np.float32(32)) for i, x in enumerate(features) if x]
        sums = np.zeros(learner.hidden.shape[1], np.float32)
        for i, x in self.features:
            sums += x * learner.hidden[i]
        self.active = np.where(sums > 0, sums, np.float32(0))
        self.gradient = np.zeros_like(sums)

    def tell(self, output: int | None) -> int:
        """In 1/256; 0 where no output is for a decision."""
        if output is None:
            return 0
        terms = self.learner.output[output] * self.active
        while len(terms) > 1:
            half = len(terms) // 2
            terms = terms[:half] + terms[half:]
        x = (terms[0] + self.learner.bias[output]) * np.float32(256)
        x = (x if x < LIMIT else np.float32(LIMIT)) if x > -LIMIT else np.float32(-LIMIT)
        return int(x + np.float32(2048)) - 2048

    def decided(self, output: int | None, told: int, bit: int) -> None:
        """Learn from a decision."""
        if output is None:
            return
        error = np.float32((bit << 16) - logistic.squash(told)) / np.float32(65536)
        step = error * RATE
        weights = self.learner.output[output]
        self.gradient += error * weights
        weights += step * self.active
        self.learner.bias[output] += step

    def end(self) -> None:
        """Let the hidden layer learn, once the value is known."""
        steps = np.where(self.active > 0, self.gradient * RATE, np.float32(0))
        for i, x in self.features:
            self.learner.hidden[i] += x * steps


def _wrapped(numbers: np.ndarray) -> np.ndarray:
    """As signed integers of 32 bits."""
    return (numbers + (1 << 31)) % (1 << 32) - (1 << 31)
