"""The shape of coefficients, as the core's coder takes it. Imports no numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from bbans_cli.core import CData, ffi, lib
from bbans_cli.errors import CorruptError
from bbans_cli.limits import FAST

if TYPE_CHECKING:
    import numpy as np

MOST_COMPONENTS = 4
# Binary logarithms of the number of buckets; level 1 has none. 16 MiB for a thread, 32 MiB at level 9 where one segment
# is all. docs/experiments.md, Coefficients of JPEG files
LEAST_BUCKET_BITS, MOST_BUCKET_BITS, MOST_BUCKET_BITS_ALONE = 8, 18, 19

Factors: TypeAlias = tuple[int, int]  # horizontal and vertical sampling factor of a component, 1..4
Table: TypeAlias = "np.ndarray | Sequence[int]"  # 64 quantisers, row by row


def check_sizes(
    sizes: Sequence[tuple[int, int]], tables: Sequence[Table], factors: Sequence[Factors], level: int
) -> None:
    """Raises CorruptError where no JPEG file holds such components."""
    count = len(sizes)
    shapes = [len(table) for table in tables], [len(factor) for factor in factors]
    if not 1 <= count <= MOST_COMPONENTS or shapes != ([64] * count, [2] * count):
        raise CorruptError("corrupt header: a picture that no JPEG file holds")
    if not lib.bbc_coefficients_size(shape_of(sizes, tables, factors, level)):
        raise CorruptError("corrupt header: a picture that no JPEG file holds")


def shape_of(
    sizes: Sequence[tuple[int, int]],
    tables: Sequence[Table],
    factors: Sequence[Factors],
    level: int,
    alone: bool = True,
) -> CData:
    """The core's description of a picture, or, if that is not `alone`, of a segment of one."""
    shape = ffi.new("bbc_coefficients_shape *")
    shape.components = len(sizes)
    shape.level = level
    # One bucket for 16 to 32 coefficients: docs/experiments.md, Coefficients of JPEG files
    coefficients = sum(rows * columns * 64 for rows, columns in sizes)
    wanted = (coefficients // (16 if level == 9 else 32)).bit_length()
    most = LEAST_BUCKET_BITS if level == FAST else MOST_BUCKET_BITS_ALONE if level == 9 and alone else MOST_BUCKET_BITS
    shape.bucket_bits = min(most, max(LEAST_BUCKET_BITS, wanted))
    for c, (rows, columns) in enumerate(sizes):
        shape.rows[c], shape.columns[c] = rows, columns
        shape.horizontal[c], shape.vertical[c] = factors[c]
        shape.tables[c] = [int(quantiser) for quantiser in tables[c]]
    return shape
