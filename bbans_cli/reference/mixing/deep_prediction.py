"""Predictions of a deep sample and their blend: docs/format-mixing.md, *Deep: prediction*."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbans_cli.reference.mixing.median_edge import median_edge
from bbans_cli.reference.mixing.windowed_ls import WindowedLeastSquares

Array = np.ndarray

FEATURES = 18
# Of each least-squares predictor: features, what is kept of older samples, samples between two solutions
SOLVERS = ((FEATURES, 0.998, 4), (FEATURES, 0.9996, 8), (6, 0.98, 4))
PREDICTORS = len(SOLVERS) + 2
RIDGE = 0.02
MARGIN = 4
# (dx, dy) of the first features of all channels, and of the others of channel 0
NEAR = ((-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2))
WIDE = (
    (-2, -1), (2, -1), (1, -2), (-1, -2), (-3, 0), (0, -3),
    (-2, -2), (2, -2), (1, -3), (-1, -3), (-3, -1), (3, -1),
)  # fmt: skip


@dataclass
class Prediction:
    """What is predicted of a sample: `base` is the median edge prediction, `fraction` counts sixteenths from
    `rounded` - 1/2."""

    features: Array
    base: int
    each: list[float]
    blended: float
    rounded: int
    fraction: int


class Channel:
    """The samples of a channel so far, with margins, and what is learned from them."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.values = [self._row() for _ in range(4)]  # this row and the three above
        self.residuals = [self._row() for _ in range(2)]  # sample less blended prediction: this row, the one above
        self.errors = [[[0.0] * (width + 2 * MARGIN) for _ in range(2)] for _ in range(PREDICTORS)]
        self.solvers = [WindowedLeastSquares(n, keep, RIDGE, interval) for n, keep, interval in SOLVERS]

    def _row(self) -> list[int]:
        return [0] * (self.width + 2 * MARGIN)

    def at(self, x: int, dx: int, dy: int) -> int:
        """The sample at (dx, dy) from x of the current row."""
        return self.values[-dy][MARGIN + x + dx]

    def base(self, x: int) -> int:
        """The median edge prediction."""
        return median_edge(self.at(x, -1, 0), self.at(x, 0, -1), self.at(x, -1, -1))

    def begin_row(self) -> None:
        """What lies on the left counts as the sample above the first one; above the picture all is 0."""
        self.values[0][:MARGIN] = [self.values[1][MARGIN]] * MARGIN

    def end_row(self) -> None:
        """What lies on the right counts as the last sample."""
        row = self.values[0]
        row[MARGIN + self.width :] = [row[MARGIN + self.width - 1]] * MARGIN
        self.values = [self._row(), *self.values[:-1]]
        self.residuals.reverse()
        for pair in self.errors:
            pair.reverse()


def features_of(channels: list[Channel], c: int, x: int) -> Array:
    """Samples around x relative to the base of their channel, float64 (FEATURES,); of channel c, and of those
    before."""
    own = channels[c]
    found = [own.at(x, *place) - own.base(x) for place in (*NEAR, *(WIDE if c == 0 else ()))]
    for other in channels[:c]:
        found += [other.at(x, *place) - other.base(x) for place in ((0, 0), *NEAR[:3])]
    return np.array(found + [0] * (FEATURES - len(found)), np.float64)


def predict(channels: list[Channel], c: int, x: int, top: int) -> Prediction:
    """Predict by each predictor, and blend: each counts by the inverse square of its errors nearby. top: of samples."""
    own, features = channels[c], features_of(channels, c, x)
    base = own.base(x)
    each = [_within(base + solver.predict(features[: solver.n]), top) for solver in own.solvers]
    west, north, northwest, northeast = (own.at(x, *place) for place in NEAR[:4])
    each += [float(base), (west + north) * 0.5 + (northeast - northwest) * 0.25]
    total = weight = 0.0
    for prediction, (here, above) in zip(each, own.errors, strict=True):
        at = MARGIN + x
        error = here[at - 1] + above[at] + above[at + 1] + above[at - 1] + 0.5 * (here[at - 2] + above[at + 2]) + 0.3
        share = 1 / (error * error)
        total += share * prediction
        weight += share
    blended = _within(total / weight, top)
    sixteenths = int(blended * 16 + 0.5) + 8
    return Prediction(features, base, each, blended, sixteenths >> 4, sixteenths & 15)


def update(own: Channel, x: int, p: Prediction, value: int) -> None:
    """Learn from the sample."""
    for solver in own.solvers:
        solver.update(p.features[: solver.n], value - p.base)
    for prediction, (here, _) in zip(p.each, own.errors, strict=True):
        here[MARGIN + x] = float(np.float32(abs(prediction - value)))
    own.residuals[0][MARGIN + x] = value - p.rounded


def _within(x: float, top: int) -> float:
    return (x if x < top else float(top)) if x > 0 else 0.0
