"""Items through three stages, so that cores need not wait for a store: read ahead, work, write behind.

There are as many items at work as cores, large ones taking several (scheduler.threads_for, the rule of `bbc -j 0`). One
more for each reader is read ahead, one for each writer is being written, and one waits for that. So memory is bounded.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bbans_cli import scheduler

I = TypeVar("I")  # noqa: E741
L = TypeVar("L")
C = TypeVar("C")
R = TypeVar("R")

# Cores that one reader and one writer keep busy: small pictures take a second, a store answers within a tenth.
_CORES_PER_READER = 8


@dataclass(frozen=True)
class Stages(Generic[I, L, C, R]):
    """What is done with an item, in this order. A stage that wraps its value in Done skips the stages after it.

    load    read what the item needs
    work    get a loaded item and a number of threads
    store   write the outcome
    size    bytes of an item, which decide its number of threads

    None of them may raise.
    """

    load: Callable[[I], L | Done[R]]
    work: Callable[[L, int], C | Done[R]]
    store: Callable[[C], R]
    size: Callable[[I], int]


@dataclass(frozen=True)
class Done(Generic[R]):
    """A result that needs no further stage."""

    result: R


class _End:
    """Travels through the queues behind the last item."""


_END = _End()


class _Pipeline(Generic[I, L, C, R]):
    """The threads and the queues between them: readers, workers, writers."""

    def __init__(self, items: Sequence[I], stages: Stages[I, L, C, R], threads: int, stop: threading.Event) -> None:
        self.stages, self.threads, self.stop, self.left = stages, threads, stop, len(items)
        self.todo: queue.SimpleQueue[I] = queue.SimpleQueue()
        for item in items:
            self.todo.put(item)
        self.loaded: queue.SimpleQueue[tuple[I, L] | _End] = queue.SimpleQueue()
        self.coded: queue.Queue[C | _End] = queue.Queue(1)
        self.finished: queue.SimpleQueue[R | _End] = queue.SimpleQueue()
        self.budget = scheduler.Cores(threads)
        self.helpers = 1 + threads // _CORES_PER_READER
        # Items that may be read before a core takes one of them.
        self.ahead = threading.Semaphore(self.helpers)

    def start(self) -> None:
        readers = [_thread(self.read) for _ in range(self.helpers)]
        workers = [_thread(self.work) for _ in range(self.threads)]
        writers = [_thread(self.write) for _ in range(self.helpers)]
        _thread(self.pass_the_end_on, readers, workers, writers)

    def read(self) -> None:
        while True:
            self.ahead.acquire()
            try:
                if self.stop.is_set():
                    raise queue.Empty
                item = self.todo.get_nowait()
            except queue.Empty:
                self.ahead.release()
                return
            value = self.stages.load(item)
            if isinstance(value, Done):
                self.finished.put(value.result)
                self.ahead.release()
            else:
                self.loaded.put((item, value))
            del value

    def work(self) -> None:
        while not isinstance(pair := self.loaded.get(), _End):
            self.ahead.release()
            count = scheduler.threads_for(self.stages.size(pair[0]), self.threads, self.left)
            with self.budget.take(count):
                value = self.stages.work(pair[1], count)
            del pair
            if isinstance(value, Done):
                self.finished.put(value.result)
            else:
                self.coded.put(value)
            del value

    def write(self) -> None:
        while not isinstance(value := self.coded.get(), _End):
            self.finished.put(self.stages.store(value))
            del value

    def pass_the_end_on(self, *groups: list[threading.Thread]) -> None:
        """Each stage ends once the one before it has."""
        readers, workers, writers = groups
        _join(readers)
        for _ in workers:
            self.loaded.put(_END)
        _join(workers)
        for _ in writers:
            self.coded.put(_END)
        _join(writers)
        self.finished.put(_END)


def run(items: Sequence[I], stages: Stages[I, L, C, R], threads: int, stop: threading.Event) -> Iterator[R]:
    """Yield the result of every item, in the order in which they finish.

    threads  cores for the second stage, in all
    stop     once set, no further item is begun, and those that were not begun have no result

    The caller's thread only waits, so that signals soon reach it.
    """
    pipeline = _Pipeline(items, stages, threads, stop)
    pipeline.start()
    while not isinstance(value := _get(pipeline.finished), _End):
        pipeline.left -= 1
        yield value


def _thread(target: Callable[..., None], *args: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def _join(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def _get(finished: queue.SimpleQueue[R]) -> R:
    # A signal that arrives as a wait begins does not end it: Python runs handlers between two calls only.
    while True:
        with contextlib.suppress(queue.Empty):
            return finished.get(timeout=scheduler.SECONDS_TO_SIGNAL)
