"""Least squares with an exponential window: docs/format-mixing.md, *Windowed least squares*.

float64, with the operations in the order of the page: equal bits to C.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def ordered_sum(start: float, terms: Array) -> float:
    """start + terms[0] + terms[1] + ..., from the left."""
    total = float(start)
    for term in terms.tolist():
        total += term
    return total


class WindowedLeastSquares:
    """Predicts a number from n features by the weights that would have done best lately.

    keep      of older samples at each new one
    ridge     added to the diagonal of the normal equations
    interval  samples between two solutions
    """

    def __init__(self, n: int, keep: float, ridge: float, interval: int) -> None:
        self.n, self.keep, self.ridge, self.interval = n, keep, ridge, interval
        self.products, self.targets = np.zeros((n, n)), np.zeros(n)
        self.weights = np.zeros(n)
        self._since = 0

    def predict(self, features: Array) -> float:
        """From features float64 (n,)."""
        return ordered_sum(0.0, self.weights * features)

    def update(self, features: Array, target: float) -> None:
        """Learn what the number was."""
        take = 1 - self.keep
        scaled = take * features
        self.products = self.keep * self.products + scaled[None] * features[:, None]
        self.targets = self.keep * self.targets + scaled * target
        self._since += 1
        if self._since == self.interval:
            self._since = 0
            self._solve()

    def _solve(self) -> None:
        """By Cholesky's decomposition; the old weights stay if it breaks down."""
        upper, middle = self.products.copy(), self.targets.copy()
        upper[np.diag_indices(self.n)] += self.ridge
        for k in range(self.n):
            if not upper[k, k] > 1e-9:
                return
            root = np.sqrt(upper[k, k])
            upper[k, k:] /= root
            upper[k, k] = root
            middle[k] /= root
            upper[k + 1 :] -= upper[None, k] * upper[k, k + 1 :, None]
            middle[k + 1 :] -= upper[k, k + 1 :] * middle[k]
        for i in reversed(range(self.n)):
            total = ordered_sum(middle[i], -(upper[i, i + 1 :] * self.weights[i + 1 :]))
            self.weights[i] = total / upper[i, i]
