"""What `bbc batch` says: of each file, in a bar for all, in words and lists."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from bbans_cli.cli import fileio, report
from bbans_cli.errors import BbcError

if TYPE_CHECKING:
    from bbans_cli.archive.job import Job, Plan
    from bbans_cli.archive.rows import Result, Totals


class Progress:
    """What is said of each file, and a bar for all on a terminal."""

    def __init__(self, job: Job, made: Plan, given: dict[str, Any]) -> None:
        from bbans_cli.archive.rows import Totals

        self._job, self._plan, self._verbosity = job, made, given["verbose"] - given["quiet"]
        self._bar: Any = None  # a tqdm, which has no types
        self._done = Totals()
        self._looked = 0.0
        self._said: set[str] = set()
        if terminal() and self._verbosity >= 0 and not given["no_progress"]:
            from tqdm import tqdm

            tqdm.monitor_interval = 0
            self._bar = tqdm(total=made.files, leave=False, file=sys.stderr, unit="file", dynamic_ncols=True)

    def add(self, row: Result) -> None:
        """A file of this process is done."""
        if self._bar is not None:
            self._bar.update()
        for text in row.warnings if row.status == "ok" and self._verbosity >= 0 else ():
            report.say(f"{report.shown(row.key)}: warning: {text}")
        if self._verbosity > 0 and row.has_output:
            report.say(f"{report.shown(row.key)} -> {report.shown(row.target)}: {row.code or row.status}")
        self.say_failure(row)

    def say_failure(self, row: Result) -> None:
        """One line for each file without output that there should be, and only once."""
        if row.status in ("failed", "crashed", "vanished") and self._verbosity >= -1 and row.key not in self._said:
            self._said.add(row.key)
            report.say(f"{report.shown(row.key)}: {row.message}")

    def finish(self, number: int, totals: Totals) -> None:
        """A shard is done, somewhere."""
        self._done.merge(totals)
        self.tick(now=True)

    def tick(self, now: bool = False) -> None:
        """Count what other machines have told, every few seconds."""
        import time

        from bbans_cli.archive.beats import all_beats

        if self._bar is None or not now and time.monotonic() - self._looked < 5:
            return
        with contextlib.suppress(BbcError, OSError):
            under_way = sum(beat.shard_files for beat in all_beats(self._job) if beat.lives)
            self._bar.n = min(self._done.files + under_way, self._plan.files)
            self._bar.refresh()
        self._looked = time.monotonic()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def words(totals: Totals) -> list[str]:
    from bbans_cli.archive.status import totals_lines

    return totals_lines(totals)


def print(text: str) -> None:
    fileio.write_stdout(text.encode(errors="replace") + b"\n")


@contextlib.contextmanager
def counting(quiet: int) -> Iterator[Callable[[int], None]]:
    """A count of files on a terminal."""
    terminal = sys.stderr is not None and sys.stderr.isatty() and not quiet

    def show(files: int) -> None:
        if terminal:
            sys.stderr.write(f"\r{files:,} files ")
            sys.stderr.flush()

    yield show
    if terminal:
        sys.stderr.write("\r\x1b[K")
