"""What a band scan codes. Nothing here needs the C core: reference/ has the same shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Pixels of a scan after which the trunk learns from fewer of them (docs/experiments.md, Which pixels are learned from),
# and of deep samples (Deep samples).
TRUNK_AFTER, DEEP_TRUNK_AFTER = 1 << 16, 1 << 20
# Pixels of a band below which mixtures are not corrected (docs/experiments.md, Correction by own errors).
CORRECTED = 5 << 10


@dataclass(frozen=True, kw_only=True)
class ScanShape:
    """What a scan codes, and with what network: the fields of bbc_scan_shape in core/neural/band_scan.cdef.h."""

    width: int  # of the band, in pixels
    height: int
    channels: int  # 3, or 1 for grey
    first_row: int  # rows first_row to last_row - 1 are coded; those above are known
    last_row: int
    hidden: int  # units of a hidden layer
    layers: int  # hidden layers
    head: int  # units of a head
    block: int = 0  # side of the blocks that have a modulation each, in pixels
    batch: int = 0  # least pixels of a mini-batch, between two steps of the optimiser; 0: no learning
    learning_rate: float = 0.0
    update_interval: int = 1  # one of this many groups of 32 pixels of a mini-batch is learned from
    trunk_after: int = TRUNK_AFTER  # pixels coded, after which the trunk learns from one of 3 such groups
    grid_x: int = -1  # position of the first pixel in a grid of 16x16 pixels, or -1, -1
    grid_y: int = -1
    period: int = 1  # of the phase-conditioned least squares: 1, or with a grid a power of two up to 16
    low_bits: int = 0  # samples have 8 bits more than this, 0 to 8
    fraction: int = 0  # 2^fraction steps of a sample are one unit of the network; at most low_bits
    light: int = 0  # with period 2, 1 to 16: the phase-conditioned least squares are of linear light, by that curve
    correction: int = 1  # 1: mixtures are corrected by their own errors nearby, if there is learning; else 0

    @property
    def corrects(self) -> bool:
        """Whether mixtures are corrected: what corrects them learns."""
        return bool(self.batch and self.correction)

    @property
    def symbols(self) -> int:
        """Symbols of a pixel: one of each sample, or with low bits two."""
        return self.channels * (2 if self.low_bits else 1)

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """Of the samples."""
        return np.uint16 if self.low_bits else np.uint8


def trunk_after(low_bits: int) -> int:
    """What ScanShape.trunk_after is in a file."""
    return DEEP_TRUNK_AFTER if low_bits else TRUNK_AFTER
