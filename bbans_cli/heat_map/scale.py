"""The scale of a heat map: what its last colour stands for, and where it has ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# Shares of the pixels, and of all bits, that may lie beyond the end of the scale: a few extreme pixels must not take
# the colours of all others, unless they are what costs. Set by eye.
_BEYOND, _CUT = 0.003, 0.15
_TICKS = 6


@dataclass(frozen=True)
class Scale:
    """From 0 to `most` bits a pixel; `step` between ticks; beyond: whether some pixels take more."""

    most: float
    step: float
    beyond: bool

    @property
    def ticks(self) -> list[float]:
        return [self.step * i for i in range(int(self.most / self.step + 1e-6) + 1)]

    def label(self, tick: float) -> str:
        """A tick's number; the last one with a plus where pixels lie beyond."""
        if tick == 0:
            return "0"
        digits = max(0, -math.floor(math.log10(self.step) + 1e-9))
        last = self.beyond and tick > self.most - self.step / 2
        return f"{tick:.{digits}f}{'+' if last else ''}"

    @classmethod
    def of(cls, bits: np.ndarray) -> Scale:
        """For a map of bits a pixel: ends at a tick, near what few pixels, with few of the bits, exceed."""
        wanted = max(float(np.quantile(bits, 1 - _BEYOND)), _end_that_cuts(bits), 1e-3)
        raw = wanted / _TICKS
        unit = 10.0 ** math.floor(math.log10(raw))
        step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw * 0.999)
        most = step * math.ceil(wanted / step - 0.05)
        return cls(most, step, bool(bits.max() > 1.005 * most))


def _end_that_cuts(bits: np.ndarray) -> float:
    """Where a scale ends if what pixels have beyond its end is _CUT of all bits."""
    falling = np.sort(bits, axis=None)[::-1].astype(np.float64)
    beyond = np.cumsum(falling) - falling * np.arange(1, falling.size + 1)
    return float(falling[max(0, int(np.searchsorted(beyond, _CUT * falling.sum())) - 1)])
