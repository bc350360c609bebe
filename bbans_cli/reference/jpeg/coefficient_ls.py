"""Least squares with an exponential window, of eight features, in binary32: docs/format-jpeg.md, *Least squares*."""

from __future__ import annotations

import numpy as np

SIZE = 8
INTERVAL = 16  # samples between two solutions
KEEP, RIDGE, LEAST_PIVOT = np.float32(0.992), np.float32(0.005), np.float32(1e-6)
TAKE = np.float32(1) - KEEP


class LeastSquares:
    """products, targets: windowed means of features times features and of features times target, float32."""

    def __init__(self, products: np.ndarray, targets: np.ndarray) -> None:
        self.products, self.targets = products.copy(), targets.copy()
        self.weights = np.zeros(SIZE, np.float32)
        self.until = 1  # samples until the next solution

    def predict(self, features: np.ndarray) -> float:
        """features float32 (8,)"""
        terms = self.weights * features
        for half in (4, 2, 1):
            terms = terms[:half] + terms[half:]
        return float(terms[0])

    def update(self, features: np.ndarray, target: float) -> None:
        """Learn from a sample, and solve now and then."""
        self.products = KEEP * self.products + (TAKE * features) * features[:, None]
        self.targets = KEEP * self.targets + features * (TAKE * np.float32(target))
        self.until -= 1
        if self.until == 0:
            self.until = INTERVAL
            self._solve()

    def _solve(self) -> None:
        """(products + ridge) weights = targets by Cholesky's decomposition; the old weights stay if it breaks down."""
        upper, middle = self.products.copy(), self.targets.copy()
        upper[np.diag_indices(SIZE)] += RIDGE
        for k in range(SIZE):
            if not upper[k, k] > LEAST_PIVOT:
                return
            root = np.float32(1) / np.sqrt(upper[k, k])
            upper[k] *= root
            middle[k] *= root
            factors = upper[k, k + 1 :]
            middle[k + 1 :] -= factors * middle[k]
            upper[k + 1 :] -= upper[k] * factors[:, None]
        for i in reversed(range(SIZE)):
            total = middle[i]
            for k in range(i + 1, SIZE):
                total -= upper[i, k] * self.weights[k]
            self.weights[i] = total / upper[i, i]
