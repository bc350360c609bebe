"""The samples of a scan in the network's units, as scan_range of core/neural/band_scan.h has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class SampleRange:
    """Samples of 8 + low_bits bits, of which 2^fraction steps are one unit. All products by `step` are exact."""

    low_bits: int = 0
    fraction: int = 0

    @property
    def step(self) -> np.float32:
        """Of a sample, in units."""
        step: np.float32 = np.float32(1) / np.float32(1 << self.fraction)
        return step

    @property
    def scale(self) -> np.float32:
        """The range in units, over that of 8 bits."""
        scale: np.float32 = np.float32(1 << (self.low_bits - self.fraction))
        return scale

    @property
    def last(self) -> int:
        """The largest sample, in steps."""
        return int((256 << self.low_bits) - 1)

    @property
    def top(self) -> np.float32:
        """The largest sample, in units."""
        top: np.float32 = np.float32(self.last) * self.step
        return top

    def edge(self, value: Array) -> Array:
        """The lower bin boundary of values (int, in steps), in units: float32 of the same shape."""
        result: Array = (value.astype(np.float32) - np.float32(0.5)) * self.step
        return result

    @cached_property
    def bin_edges(self) -> Array:
        """The boundaries of the 256 bins of the high bits, before any is learned: (257,) float32."""
        return self.edge(np.arange(257) << self.low_bits)


EIGHT_BITS = SampleRange()
