"""The order in which few-colours codes the channels of a pixel. docs/experiments.md, Order of channels, has what orders
are worth."""

from __future__ import annotations

import numpy as np

from bbans_cli.coders import context_mixing, sample_rows
from bbans_cli.container import FEW_COLOURS
from bbans_cli.limits import BEST, DEFAULT_LEVEL

Order = tuple[int, ...]

# By the number of channels, R, G, B or these and alpha: that which serves most pictures first.
ORDERS: dict[int, tuple[Order, ...]] = {
    3: ((2, 1, 0), (0, 1, 2), (2, 0, 1)),
    4: ((2, 1, 0, 3), (3, 0, 1, 2), (1, 0, 2, 3)),
}
# At the default level that of four channels is chosen by one of so many pixels, where there are at least that many.
SHARE, LEAST_PIXELS = 32, 1 << 14


def to_try(planes: np.ndarray, depth: int, level: int) -> tuple[Order, ...]:
    """Orders that may be the best for planes (h, w, c) of `depth` bits: all at the best level, else one."""
    height, width, channels = planes.shape
    orders = ORDERS.get(channels, (tuple(range(channels)),))
    if level == BEST:
        return orders
    if level == DEFAULT_LEVEL and channels == 4 and height * width >= LEAST_PIXELS:
        sample = sample_rows.strips(planes, height * width // SHARE)
        return (min(orders, key=lambda order: _bytes(sample, depth, order)),)
    return orders[:1]


def _bytes(planes: np.ndarray, depth: int, order: Order) -> int:
    return context_mixing.encode(FEW_COLOURS, planes, depth, order=order).approximate_bytes
