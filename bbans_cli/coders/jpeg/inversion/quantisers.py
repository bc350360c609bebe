"""The quantisers of a component: its coefficients are their multiples. Mostly they are a standard's.

The likelihood of each quantiser, frequency by frequency, proposes some tables; how many blocks can be solved with a
table decides.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg.inversion.component import QUICK, Component
from bbans_cli.core import ffi, lib

Table = npt.NDArray[np.uint16]

# All tuned by hand, not recorded.
SAMPLE = 256  # blocks from which the likelihood of quantisers is computed
TEXTURED = 30  # sum of squares of the coefficients that change in both directions, from which a block counts
MIN_BLOCKS = 16
TRIED = 32  # blocks of the sample with which tables are tested
# A random block has a solution with probability about 1 / prod(q). A table is tested only if ln prod(q) > 6, so that
# chance hits are rare.
MIN_LOG_PRODUCT = 6.0
SURE = 0.97  # share of blocks solved from which no other table is tested
COARSE = 0.005  # share of blocks that a unit of ln prod(q) is worth
CLEAR = 256 * 40  # by how much the likelihood of a table of no standard must be higher, in 256ths of a nat

# ln q in 256ths of a nat, for q = 1 to 255.
LOGARITHMS = np.array([0] + [round(256 * math.log(q)) for q in range(1, 256)], np.int32)


def find_table(component: Component, quality: int | None) -> bool:
    """Sets component.table to the quantisers with which most of a sample of blocks can be solved, if there are such.

    quality: the standard's quality, 1 to 100, that is tried first.
    """
    known = spread(component.known_blocks(), 4 * SAMPLE)
    if len(known) < MIN_BLOCKS:
        return False
    coefficients = component.transform(known)
    # In blocks that are flat in one direction rounding errors are not independent of each other.
    texture = (coefficients.reshape(-1, 8, 8)[:, 1:, 1:] ** 2).sum(axis=(1, 2), dtype=np.float64)
    count = int((texture > TEXTURED).sum())
    if component.which == 0 and count < MIN_BLOCKS:
        return False
    count = min(SAMPLE, max(TRIED, count))
    chosen = np.sort(np.argsort(-texture, kind="stable")[:count])
    scores = scores_of(coefficients[chosen], component.noise())
    tried = spread(known[chosen], TRIED)
    best = 0.0
    for table in candidates(scores, component.which, quality):
        log_product = float(LOGARITHMS[table].sum()) / 256
        share = component.solved_share(table, tried, QUICK) if log_product > MIN_LOG_PRODUCT else 0.0
        if 0.1 < share < 0.8:
            share = component.solved_share(table, tried, component.thorough)
        # Finer quantisers have solutions for more blocks, right or wrong.
        worth = share + COARSE * log_product
        if share > 0.5 and worth > best:
            component.table, best = table, worth
        if share > SURE:
            break
    return component.table.size > 0


def candidates(scores: npt.NDArray[np.int32], which: int, quality: int | None) -> list[Table]:
    """Tables (64,) uint16 of component `which`, the likeliest first, by scores (64, 256).

    The standard's at a quality comes before them, if one is given.
    """
    every = np.arange(64)
    standards = jpeg_coder.standard_tables(which)
    order = np.argsort(-scores[every, standards].sum(axis=1, dtype=np.int64), kind="stable")[:3]
    free = np.where(scores.max(axis=1) > 0, scores.argmax(axis=1), standards[order[0]]).astype(np.uint16)
    tables = [standards[i] for i in order]
    # The maximum over 64 quantisers is always a little likelier than the right ones.
    clear = scores[every, free].sum() - scores[every, tables[0]].sum() > CLEAR
    tables = [free, *tables] if clear else [*tables, free]
    return [standards[quality - 1], *tables] if quality else tables


def scores_of(coefficients: npt.NDArray[np.float32], noise: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    """(64, 256) int32: the log-likelihood of each quantiser, 1 to 255, at each frequency, in 256ths of a nat.

    coefficients (n, 64) float32, not quantised; noise (64,) float32, the standard deviation of their errors.
    """
    scores = np.zeros((64, 256), np.int32)
    weights = (np.float32(0.5) / (noise * noise)).astype(np.float32)
    lib.bbc_inversion_scores(
        len(coefficients),
        ffi.from_buffer("float[]", np.ascontiguousarray(coefficients)),
        ffi.from_buffer("float[]", weights),
        ffi.from_buffer("int32_t[]", LOGARITHMS),
        ffi.from_buffer("int32_t[]", scores),
    )
    scores[:, 0] = -(1 << 30)
    return scores


def spread(numbers: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """At most `count` of the numbers, evenly spaced."""
    count = min(count, len(numbers))
    return numbers[np.arange(count) * len(numbers) // max(1, count)]
