"""Maps of the states of counters: docs/format-mixing.md, *State maps*."""

from __future__ import annotations

from bbans_cli.reference.mixing import apm, logistic
from bbans_cli.reference.mixing.counters import Cell

CLASSES = 32  # of a stretched probability
STRETCHED = 2 * logistic.LIMIT + 1
MIDDLES = [(2 * i + 1) * STRETCHED // (2 * CLASSES) - logistic.LIMIT for i in range(CLASSES)]


class StateMap:
    """What has followed the counters of one context, by their state."""

    def __init__(self) -> None:
        self._points = [logistic.squash(middle) for middle in MIDDLES] * 12

    def inputs(self, cell: Cell) -> tuple[int, int]:
        """The two inputs of a counter; both 0 if it was never updated."""
        table, index = cell
        if table[index] == 0:
            return 0, 0
        probability = self._points[_place(table[index])]
        return logistic.STRETCH[probability >> 2], (probability >> 5) - 1024

    def update(self, cell: Cell, bit: int) -> None:
        """Learn the bit that followed, before the counter counts it."""
        table, index = cell
        apm.update(self._points, _place(table[index]), bit)


def _place(counter: int) -> int:
    """The number of a counter's state."""
    count = counter & 1023
    if count >= 8:
        count = 8 + sum(count >= bound for bound in (16, 32, 128))
    return count * CLASSES + (logistic.STRETCH[counter >> 18] + logistic.LIMIT) * CLASSES // STRETCHED
