"""The quantisers of a component: those that its coefficients are multiples of, mostly a standard's.

The likelihood of each, frequency by frequency, offers some tables; that blocks can be solved with them decides.
"""

from __future__ import annotations

import math

import numpy as np

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg.inversion.component import LITTLE, Component
from bbans_cli.core import ffi, lib

SAMPLE = 256  # blocks that quantisers are found by
LIVELY = 30  # sum of squares of a block's coefficients that change in both directions
LEAST_BLOCKS = 16
TRIED = 32  # of these, blocks that they are tested by
# Finding coefficients to any samples at all is as likely as one by the product of the quantisers: its least logarithm.
LEAST_PRODUCT = 6.0
SURE = 0.97  # share of blocks that no other quantisers are tested after
COARSE = 0.005  # what a logarithm of the product is worth, as a share
CLEAR = 256 * 40  # by how much likelier quantisers of no standard are
LOGARITHMS = np.array([0] + [round(256 * math.log(q)) for q in range(1, 256)], np.int32)


def find_table(component: Component, quality: int | None) -> bool:
    """Sets the quantisers that solve most of a sample of blocks, if there are such."""
    known = spread(component.exact(), 4 * SAMPLE)
    if len(known) < LEAST_BLOCKS:
        return False
    coefficients = component.unquantised(known)
    # Blocks that are flat in one direction have errors that are not independent.
    lively = (coefficients.reshape(-1, 8, 8)[:, 1:, 1:] ** 2).sum(axis=(1, 2), dtype=np.float64)
    count = int((lively > LIVELY).sum())
    if component.which == 0 and count < LEAST_BLOCKS:
        return False
    count = min(SAMPLE, max(TRIED, count))
    chosen = np.sort(np.argsort(-lively, kind="stable")[:count])
    scores = scores_of(coefficients[chosen], component.noise())
    tried = spread(known[chosen], TRIED)
    most = 0.0
    for table in candidates(scores, component.which, quality):
        product = float(LOGARITHMS[table].sum()) / 256
        share = component.test(table, tried, LITTLE) if product > LEAST_PRODUCT else 0.0
        if 0.1 < share < 0.8:
            share = component.test(table, tried, component.much)
        # Finer quantisers have coefficients for more blocks, be they right or not.
        worth = share + COARSE * product
        if share > 0.5 and worth > most:
            component.table, most = table, worth
        if share > SURE:
            break
    return component.table.size > 0


def candidates(scores: np.ndarray, which: int, quality: int | None) -> list[np.ndarray]:
    """Tables of quantisers, the likeliest first; but first the standard's at a quality, if one is given."""
    every = np.arange(64)
    standards = jpeg_coder.standard_tables(which)
    order = np.argsort(-scores[every, standards].sum(axis=1, dtype=np.int64), kind="stable")[:3]
    free = np.where(scores.max(axis=1) > 0, scores.argmax(axis=1), standards[order[0]]).astype(np.uint16)
    tables = [standards[i] for i in order]
    # Of 64 quantisers that are free each will be a little likelier than the right one.
    clear = scores[every, free].sum() - scores[every, tables[0]].sum() > CLEAR
    tables = [free, *tables] if clear else [*tables, free]
    return [standards[quality - 1], *tables] if quality else tables


def scores_of(coefficients: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """(64, 256): how well each quantiser, 1 to 255, explains each frequency."""
    scores = np.zeros((64, 256), np.int32)
    weights = (np.float32(0.5) / (noise * noise)).astype(np.float32)
    lib.bbc_recover_scores(
        len(coefficients),
        ffi.from_buffer("float[]", np.ascontiguousarray(coefficients)),
        ffi.from_buffer("float[]", weights),
        ffi.from_buffer("int32_t[]", LOGARITHMS),
        ffi.from_buffer("int32_t[]", scores),
    )
    scores[:, 0] = -(1 << 30)
    return scores


def spread(numbers: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of them, evenly."""
    return numbers[np.arange(min(count, len(numbers))) * len(numbers) // max(1, min(count, len(numbers)))]
