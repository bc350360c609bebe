"""Several files, or parts of one, at a time, in threads: the C core, Pillow and zlib release the interpreter's lock.

Results never depend on how many files or threads there are; only the order in which they come does.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from bbans_cli import posix_calls

T = TypeVar("T")
R = TypeVar("R")

# Of one task: a number, or what says it now.
ThreadCount = int | Callable[[], int]

# A file gets one core for each of so many bytes. That also bounds memory: the files at work at one time come to about
# this much per core. Tuned by hand, not recorded.
BYTES_PER_CORE = 4 << 20

# Tasks that share threads, at once: a band in work takes 168 MB while it is encoded, and a picture of 100 Mpixel has to
# stay below 1.2 GB with any number of threads (docs/bands.md).
MOST_SHARING = 4

# The longest that a signal may go unnoticed.
SECONDS_TO_SIGNAL = 0.05


def cores() -> int:
    """Cores that this process may use."""
    return posix_calls.processors()


def threads_for(size: int, threads: int, files_left: int) -> int:
    """Threads for a file of `size` bytes, of `threads` in all, when `files_left` are not done.

    Small files get one each and are worked on beside each other; the last of a batch get what is left.
    """
    return min(threads, max(-(-size // BYTES_PER_CORE), threads // max(files_left, 1), 1))


class Cores:
    """A number of cores, handed out in the order of asking: a file that wants many does not wait for ever."""

    def __init__(self, total: int) -> None:
        self._free = total
        self._first_in_line = threading.Lock()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def take(self, count: int) -> Iterator[None]:
        with self._first_in_line, self._changed:
            self._changed.wait_for(lambda: self._free >= count)
            self._free -= count
        try:
            yield
        finally:
            with self._changed:
                self._free += count
                self._changed.notify_all()


def map_unordered(
    items: Sequence[T], size: Callable[[T], int], work: Callable[[T, int], R], files: int, threads: int
) -> Iterator[R]:
    """Yield work(item, threads for it) for every item, in the order in which they finish.

    size     bytes of an item
    work     must not raise
    files    how many at a time, which share `threads` evenly; 0: the items' sizes decide
    threads  in all

    The caller's thread only waits, so that signals soon reach it. The other threads end with the process.
    """
    todo: queue.SimpleQueue[T] = queue.SimpleQueue()
    done: queue.SimpleQueue[R] = queue.SimpleQueue()
    for item in items:
        todo.put(item)
    workers = min(files or threads, len(items))
    budget = Cores(threads)
    left = len(items)

    def worker() -> None:
        while True:
            try:
                item = todo.get_nowait()
            except queue.Empty:
                return
            if files:
                result = work(item, max(1, threads // files))
            else:
                count = threads_for(size(item), threads, left)
                with budget.take(count):
                    result = work(item, count)
            done.put(result)

    for _ in range(workers):
        threading.Thread(target=worker, daemon=True).start()
    for _ in items:
        result = _get(done)
        left -= 1
        yield result


class Cancelled(Exception):
    """An earlier task has failed: this one's result is not wanted."""


class SharedThreads:
    """Threads that tasks share which run beside each other: those that end leave theirs to the others."""

    def __init__(self, total: int) -> None:
        self._total, self._lock = total, threading.Lock()
        self._at_work: list[int] = []
        self._failed: int | None = None

    @contextlib.contextmanager
    def task(self, number: int) -> Iterator[Callable[[], int]]:
        """Gives what says how many threads a task may use now. That raises Cancelled if an earlier task has failed."""
        with self._lock:
            self._at_work.append(number)
        try:
            yield lambda: self._share(number)
        finally:
            with self._lock:
                self._at_work.remove(number)

    def cancel_after(self, number: int) -> None:
        """End the tasks after this one."""
        with self._lock:
            self._failed = number if self._failed is None else min(number, self._failed)

    def cancelled(self, number: int) -> bool:
        """Whether a task's result is not wanted any more."""
        return self._failed is not None and number > self._failed

    def _share(self, number: int) -> int:
        with self._lock:
            if self.cancelled(number):
                raise Cancelled
            share, more = divmod(self._total, len(self._at_work))
            return max(1, share + (sorted(self._at_work).index(number) < more))


def sharing_at_once(count: int, threads: int) -> int:
    """How many of `count` tasks map_sharing has at work.

    One more than threads, if that is all: left for the end, that one would have all threads, and they share a task less
    well than tasks share the cores. At most MOST_SHARING.
    """
    return min(count if count == threads + 1 and threads > 1 else min(count, threads), MOST_SHARING)


def map_sharing(work: Callable[[int, ThreadCount], R], count: int, threads: int) -> list[R]:
    """[work(number, threads for it) of all numbers below count]: tasks that share threads among themselves.

    Raises what the first of the tasks raises that fail; those after it are cancelled when they ask for threads.
    """
    return _map(work, count, threads, sharing_at_once(count, threads))


def map_ordered(work: Callable[[T], R], items: Sequence[T], threads: int) -> list[R]:
    """[work(item) of all items], at most `threads` at a time: parts of one picture that are coded independently.

    Raises what the first of the items raises that fail; those after it are not begun.
    """
    return _map(lambda number, _: work(items[number]), len(items), threads, threads)


def _map(work: Callable[[int, ThreadCount], R], count: int, threads: int, at_once: int) -> list[R]:
    if min(threads, count) <= 1:
        return [work(number, threads) for number in range(count)]
    shared, todo = SharedThreads(threads), iter(range(count))
    results: dict[int, R] = {}
    errors: dict[int, Exception] = {}

    def worker() -> None:
        for number in todo:  # next() of a range's iterator is atomic
            if shared.cancelled(number):
                return
            try:
                with shared.task(number) as now:
                    results[number] = work(number, now)
            except Cancelled:
                return
            except Exception as error:  # noqa: BLE001 - raised below
                errors[number] = error
                shared.cancel_after(number)

    workers = [threading.Thread(target=worker, daemon=True) for _ in range(min(at_once, count))]
    try:
        for thread in workers:
            thread.start()
        for thread in workers:
            while thread.is_alive():
                thread.join(SECONDS_TO_SIGNAL)
    except BaseException:  # a signal
        shared.cancel_after(-1)
        raise
    if errors:
        raise errors[min(errors)]
    return [results[number] for number in range(count)]


def _get(done: queue.SimpleQueue[R]) -> R:
    # A signal that arrives as a wait begins does not end it: Python runs handlers between two calls only.
    while True:
        with contextlib.suppress(queue.Empty):
            return done.get(timeout=SECONDS_TO_SIGNAL)
