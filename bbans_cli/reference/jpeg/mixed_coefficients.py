"""Coefficients at levels 5 and 9: docs/format-jpeg.md, *Levels 5 and 9*."""

from __future__ import annotations

import numpy as np

from bbans_cli.reference.jpeg import coefficient_start, coefficient_values
from bbans_cli.reference.jpeg.coefficient_ls import LeastSquares
from bbans_cli.reference.jpeg.coefficient_shape import Shape, zigzag
from bbans_cli.reference.jpeg.coefficient_values import Learned
from bbans_cli.reference.jpeg.magnitudes import LAST, Tables, Value
from bbans_cli.reference.jpeg.neighbourhood import Component, Neighbourhood
from bbans_cli.reference.mixing.contexts import pack
from bbans_cli.reference.progress import Tick

# Coefficients for a bucket, and the binary logarithm of the most buckets, by level
COEFFICIENTS, MOST_BITS = {5: 32, 9: 16}, {5: 18, 9: 19}
LEAST_BITS = 8
ORDER = zigzag()


def decode(payload: bytes, shape: Shape, level: int, start: int, tick: Tick) -> list[np.ndarray]:
    """Coefficients int16 (blocks, 64) of each component of a segment."""
    trained = coefficient_start.load(start)
    blocks = [rows * columns for rows, columns in shape.sizes]
    wanted = (64 * sum(blocks) // COEFFICIENTS[level]).bit_length()
    tables = Tables(payload, trained, level, min(MOST_BITS[level], max(LEAST_BITS, wanted)))
    components = [Component.begin(*each) for each in zip(blocks, shape.quantisers, strict=True)]
    with np.errstate(all="ignore"):  # damaged payloads lead to infinities, which are results like others
        for c, own in enumerate(components):
            learned = Learned(
                [
                    [LeastSquares(*moments) for moments in zip(*each, strict=True)]
                    for each in zip(trained.products[min(c, 1)], trained.targets[min(c, 1)], strict=True)
                ],
                trained.hidden[min(c, 1)],
                trained.output[min(c, 1)],
                trained.bias[min(c, 1)],
            )
            for i in range(blocks[c]):
                _decode_block(Neighbourhood(components, shape, c, i), own, tables, learned)
                tick(1)
    return [own.blocks.astype(np.int16) for own in components]


def _decode_block(a: Neighbourhood, own: Component, tables: Tables, learned: Learned) -> None:
    last = own.lasts[a.index] = _decode_last(a, tables)
    for nth in range(1, 64):
        k = ORDER[nth]
        if nth <= last:
            a.here[k] = coefficient_values.decode_ac(a, tables, learned, k, nth, last)
        a.mark_known(k, a.here[k])
    a.here[0], own.dc_residuals[a.index] = coefficient_values.decode_dc(a, own, tables, learned)
    a.mark_known(0, a.here[0] - a.mean_dc)
    own.blocks[a.index] = a.here
    a.update_statistics(own)


def _decode_last(a: Neighbourhood, tables: Tables) -> int:
    """The place of the last nonzero AC coefficient, 0 to 63 in zigzag order: six bits, three in each of two groups."""
    c = a.c
    w, n, nw, ne = a.lasts
    y, cb = (earlier.last for earlier in a.earlier)
    nearest = cb if c > 1 else y
    near = (w + n) // max(1, a.has_w + a.has_n)
    wide = (2 * near + nw + ne) // 4
    contexts = [
        pack(c, w, n, 1),
        pack(c, y, near, 6),
        pack(c, cb, near, 7),
        pack(c, wide // 4, nearest // 2, 9),
        pack(c, wide, 0, 2),
        pack(c, cb, y, 8),
    ]
    decisions = Value(tables, c, LAST, [0, near // 2, nearest // 2], contexts)
    value = 0
    for half in range(2):
        prefix = 1
        decisions.find(LAST + (1 + value if half else 0))
        for _ in range(3):
            prefix = prefix << 1 | decisions.bit(prefix, prefix + 8 * half)
        value = value << 3 | prefix & 7
    return value
