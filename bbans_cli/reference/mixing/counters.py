"""Adaptive counters, each the probability of a 1 in one context: docs/format-mixing.md, *Counters*.

A counter is an int of 32 bits: the probability in 22 bits above a count of 10; 0 if it was never updated. Where it lies
is a *cell*: a list, and the index within.
"""

from __future__ import annotations

from typing import TypeAlias

Cell: TypeAlias = tuple[list[int], int]

COUNT_BITS = 10
LIMIT = 255  # of the count
RATES = [131072 // (2 * n + 3) for n in range(1 << COUNT_BITS)]  # 2^16 / (n + 1.5), by the count n


def probability(counter: int) -> int:
    """Of a 1, in 2^-22."""
    return counter >> COUNT_BITS if counter else 1 << 21


def updated(counter: int, bit: int) -> int:
    """The counter after a bit."""
    before, count = probability(counter), counter & ((1 << COUNT_BITS) - 1)
    after = before + (((bit and (1 << 22) - 1) - before) * RATES[count] >> 16)
    return after << COUNT_BITS | min(count + 1, LIMIT)


def update(cells: list[Cell], bit: int) -> None:
    """Update the counters one after the other: one that occurs twice moves twice."""
    target = bit and (1 << 22) - 1
    for table, index in cells:  # as `updated`, without its calls, as most of the time of a mixer goes here
        counter = table[index]
        before, count = counter >> COUNT_BITS if counter else 1 << 21, counter & ((1 << COUNT_BITS) - 1)
        after = before + ((target - before) * RATES[count] >> 16)
        table[index] = after << COUNT_BITS | (count + 1 if count < LIMIT else LIMIT)
