"""Several files at a time: everything is done once, the cores are shared, and never more than there are."""

import contextlib
import signal
import threading
import time

import pytest

from bbans_cli import scheduler


@pytest.mark.parametrize("files, threads", [(0, 1), (0, 4), (1, 4), (3, 2), (7, 16)])
def test_everything_is_done_once(files: int, threads: int) -> None:
    items = list(range(50))
    assert (
        sorted(scheduler.map_unordered(items, lambda item: item << 20, lambda item, count: item, files, threads))
        == items
    )


def test_nothing_to_do() -> None:
    assert list(scheduler.map_unordered([], lambda item: 0, lambda item, count: item, 0, 4)) == []


@pytest.mark.parametrize(
    "size, threads, left, expected",
    [
        (1000, 8, 100, 1),  # many small ones: each a core of its own
        (1000, 8, 1, 8),  # the only one gets all
        (1000, 8, 3, 2),
        (1 << 40, 8, 100, 8),  # a huge one gets all, for the sake of memory
        (3 * scheduler.BYTES_PER_CORE, 8, 100, 3),
        (0, 1, 1, 1),
    ],
)
def test_share(size: int, threads: int, left: int, expected: int) -> None:
    assert scheduler.threads_for(size, threads, left) == expected


@pytest.mark.parametrize("files, threads, at_once, each", [(2, 4, 2, 2), (4, 2, 4, 1), (1, 3, 1, 3)])
def test_files_at_a_time(files: int, threads: int, at_once: int, each: int) -> None:
    lock, all_there = threading.Lock(), threading.Barrier(at_once)
    running = most = 0
    counts = set()

    def work(item: int, count: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            counts.add(count)
        with contextlib.suppress(threading.BrokenBarrierError):
            all_there.wait(timeout=30)
        with lock:
            running -= 1

    list(scheduler.map_unordered(range(3 * files), lambda item: 0, work, files, threads))
    assert most == at_once and counts == {each}


def test_cores_in_use_never_exceed_those_there_are() -> None:
    lock = threading.Lock()
    used = most = 0

    def work(item: int, count: int) -> None:
        nonlocal used, most
        with lock:
            used += count
            most = max(most, used)
        time.sleep(0.002)
        with lock:
            used -= count

    sizes = [(7 * item % 5) * scheduler.BYTES_PER_CORE for item in range(60)]
    list(scheduler.map_unordered(sizes, lambda size: size, work, 0, 4))
    assert most == 4


def test_a_large_one_is_not_overtaken_for_ever() -> None:
    order = []

    def work(size: int, count: int) -> None:
        order.append(size)
        time.sleep(0.005)

    large = 100 * scheduler.BYTES_PER_CORE
    list(scheduler.map_unordered([1, 1, 1, large] + [1] * 40, lambda size: size, work, 0, 3))
    assert order.index(large) < 10


def test_cores_of_this_machine() -> None:
    assert scheduler.cores() >= 1


def test_a_signal_that_does_not_end_the_wait_is_noticed() -> None:
    # Sent to the worker's thread, it leaves the main thread asleep, as one that comes just before the wait does.
    class Stopped(Exception):
        pass

    def stop(signum: int, frame: object) -> None:
        raise Stopped

    def work(item: int, count: int) -> None:
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        ends.append(over.wait(30))

    over = threading.Event()
    ends: list[bool] = []
    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with pytest.raises(Stopped):
            list(scheduler.map_unordered([0], lambda item: 0, work, 0, 1))
        assert ends == []
    finally:
        over.set()
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize(
    "count, threads, at_once", [(1, 8, 1), (3, 1, 1), (3, 2, 3), (4, 2, 2), (3, 8, 3), (9, 8, 4), (5, 4, 4)]
)
def test_tasks_at_once(count: int, threads: int, at_once: int) -> None:
    assert scheduler.sharing_at_once(count, threads) == at_once


def test_tasks_that_end_leave_their_threads_to_the_others() -> None:
    ended, seen = threading.Event(), {}

    def work(number: int, threads: scheduler.ThreadCount) -> int:
        assert callable(threads)
        while number == 1 and threads() == 3:  # until the other is there
            time.sleep(0.001)
        seen[number] = [threads()]
        if number == 0:
            while len(seen) < 2:
                time.sleep(0.001)
            ended.set()
        else:
            assert ended.wait(30)
            while threads() != 3:
                time.sleep(0.001)
            seen[number].append(threads())
        return number * number

    assert scheduler.map_sharing(work, 2, 3) == [0, 1]
    assert seen[0][0] >= 2 and seen[1] == [1, 3]


def test_the_first_task_that_fails_decides_and_ends_those_after_it() -> None:
    started = threading.Barrier(3)

    def work(number: int, threads: scheduler.ThreadCount) -> int:
        assert callable(threads)
        started.wait(30)
        if number == 0:
            return 0
        if number == 1:
            time.sleep(0.02)
            raise ValueError("the first that fails")
        while True:  # ended by its question
            threads()
            time.sleep(0.001)

    with pytest.raises(ValueError, match="the first that fails"):
        scheduler.map_sharing(work, 3, 3)


def test_an_earlier_task_goes_on_after_a_later_one_has_failed() -> None:
    failed = threading.Event()

    def work(number: int, threads: scheduler.ThreadCount) -> int:
        assert callable(threads)
        if number == 1:
            failed.set()
            raise ValueError("later")
        assert failed.wait(30)
        time.sleep(0.02)
        threads()
        raise ValueError("earlier")

    with pytest.raises(ValueError, match="earlier"):
        scheduler.map_sharing(work, 2, 2)
