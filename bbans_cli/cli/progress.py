"""One bar for the whole batch, on a terminal only: it moves within a file and across files."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from bbans_cli.cli.report import shown
from bbans_cli.cli.task import Task

_NAME_WIDTH = 28


class Progress:
    """Shares of the work done, weighted by the files' sizes. `show` False, or no terminal: does nothing."""

    def __init__(self, tasks: Sequence[Task], show: bool) -> None:
        self._lock = threading.Lock()
        self._done = {id(task): 0.0 for task in tasks}
        self._finished = 0
        self._bar: Any = None  # a tqdm, which has no types
        if show and tasks and sys.stderr is not None and sys.stderr.isatty():
            from tqdm import tqdm

            # Neither a process-wide semaphore nor a watching thread is of use to a single process that updates often.
            tqdm.set_lock(threading.RLock())
            tqdm.monitor_interval = 0
            self._bar = tqdm(
                total=sum(map(_weight, tasks)),
                leave=False,
                file=sys.stderr,
                delay=0.3,
                dynamic_ncols=True,
                bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
            )

    def at(self, task: Task, share: float) -> None:
        """`share` (0 to 1) of a task is done. May be called from any thread."""
        if self._bar is None:
            return
        with self._lock:
            step = max(0.0, min(share, 1.0) - self._done[id(task)])
            self._done[id(task)] += step
            name = shown(task.source)
            self._bar.desc = name if len(name) <= _NAME_WIDTH else "..." + name[3 - _NAME_WIDTH :]
            self._bar.update(step * _weight(task))

    def finish(self, task: Task) -> None:
        self.at(task, 1.0)
        self._finished += 1
        if self._bar is not None and len(self._done) > 1:
            self._bar.set_postfix_str(f"{self._finished}/{len(self._done)} files", refresh=False)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Clear the bar while something else is printed; the next update draws it again."""
        with self._lock:
            if self._bar is not None and self._bar.last_print_t >= self._bar.start_t + self._bar.delay:
                self._bar.clear()
            yield

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _weight(task: Task) -> int:
    return max(task.size, 1)
