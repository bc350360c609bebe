"""What a segment of coefficients is decoded with, and where blocks of two components lie at the same place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOWEST, HIGHEST = -(1 << 15), (1 << 15) - 1  # of a coefficient


@dataclass(frozen=True)
class Shape:
    """Of each component (up to four): rows and columns of blocks, horizontal and vertical sampling factor, quantisers
    (64,), row by row, 1 to 65535."""

    sizes: list[tuple[int, int]]
    factors: list[tuple[int, int]]
    quantisers: list[np.ndarray]

    def zeros(self) -> list[np.ndarray]:
        """Coefficients int16 (blocks, 64) of each component, none decoded yet."""
        return [np.zeros((rows * columns, 64), np.int16) for rows, columns in self.sizes]


def zigzag() -> list[int]:
    """For each place in zigzag order the coefficient's number row by row (T.81, figure 5)."""
    places = [(v + u, -u if (v + u) % 2 else -v, v * 8 + u) for v in range(8) for u in range(8)]
    return [number for _, _, number in sorted(places)]


def clamp(value: int) -> int:
    """Within the range of a coefficient."""
    return max(LOWEST, min(value, HIGHEST))
