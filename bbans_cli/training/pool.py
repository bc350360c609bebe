"""A sequence of things that are made beside the training, each from its number alone, of which the latest are kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
AHEAD = 2  # things that are made before they are wanted


class Pool(Generic[T]):
    """The latest `kept` of the things 0 to n - 1 that `make` makes. What it makes may depend on the number alone."""

    def __init__(self, make: Callable[[int], T], kept: int, workers: ThreadPoolExecutor) -> None:
        self._make, self._kept, self._workers = make, kept, workers
        self._begun = 0  # the number of the next one to be made
        self._things: list[Future[T]] = []  # up to the last one begun

    def __len__(self) -> int:
        return max(0, len(self._things) - AHEAD)

    def __getitem__(self, i: int) -> T:
        """One of those kept, the oldest first."""
        return self._things[i].result()

    def grow(self, n: int) -> None:
        """Have those up to number n - 1, and begin with the next ones; n never becomes less."""
        for number in range(max(self._begun, n - self._kept), n + AHEAD):
            self._things.append(self._workers.submit(self._make, number))
        self._begun = max(self._begun, n + AHEAD)
        del self._things[: max(0, len(self._things) - AHEAD - self._kept)]
