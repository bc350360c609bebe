"""Shapes that the C targets draw by a number, as c/mixing.h and c/coefficients.h draw them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from scripts.fuzz.inputs import random_numbers

SHAPES = 64
MIXING_SIDE, BLOCKS = 12, 3


@dataclass(frozen=True)
class MixingShape:
    """As bbc_mixing_shape has it."""

    width: int
    channels: int
    known: int
    depth: int
    bucket_bits: int


def mixing_shape(index: int) -> MixingShape:
    """Of few colours and deep samples."""
    width, channels, known, depth, bits = random_numbers(index, 5)
    channels = 1 + channels % 4
    return MixingShape(1 + width % MIXING_SIDE, channels, known % channels, 1 + depth % 16, 8 + bits % 2)


@dataclass
class CoefficientsShape:
    """Of each component its (rows, columns) of blocks, its (horizontal, vertical) sampling factors and its quantisers,
    row by row."""

    sizes: list[tuple[int, int]] = field(default_factory=list)
    factors: list[tuple[int, int]] = field(default_factory=list)
    tables: list[np.ndarray] = field(default_factory=list)


def coefficients_shape(index: int) -> CoefficientsShape:
    """Of the coefficients of JPEG pictures."""
    drawn = iter(random_numbers(index, 1 + 4 * (5 + 64)))
    shape = CoefficientsShape()
    for _ in range(1 + next(drawn) % 4):
        columns, rows = 1 + next(drawn) % BLOCKS, 1 + next(drawn) % BLOCKS
        shape.sizes.append((rows, columns))
        shape.factors.append((1 + next(drawn) % 4, 1 + next(drawn) % 4))
        shape.tables.append(_quantisers(drawn))
    return shape


def _quantisers(drawn: Iterator[int]) -> np.ndarray:
    kind, places = next(drawn) % 4, np.arange(64)
    if kind == 0:
        return 3 + places // 8 + places % 8
    if kind < 3:
        return np.full(64, 65535 if kind == 2 else 1)
    return np.array([1 + next(drawn) % 65535 for _ in places])
