"""The loop over the files of a batch. One bad file never stops the others."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from bbans_cli import posix_calls, scheduler
from bbans_cli.cli import signals
from bbans_cli.cli.fileio import STDOUT
from bbans_cli.cli.plan import foreign, skips
from bbans_cli.cli.progress import Progress
from bbans_cli.cli.report import FAILED, OK, PLANNED, SKIPPED, Report, Result, planned, refused
from bbans_cli.cli.task import Task
from bbans_cli.cli.verb_work import WORK, Options
from bbans_cli.errors import OutputExistsError
from bbans_cli.progress import ShareProgress


def do_all(
    tasks: Sequence[Task], options: Options, report: Report, progress: Progress, files: int, threads: int
) -> None:
    """Do all tasks; each result goes to `report` as it comes. Raises Interrupted if standard output has no reader."""

    signals.check()  # of what arrived while modules were imported

    def work(task: Task, share: int) -> Result:
        return do_one(task, options, share, lambda part: progress.at(task, part))

    for task, result in scheduler.map_unordered(
        tasks, lambda task: task.size, lambda t, n: (t, work(t, n)), files, threads
    ):
        progress.finish(task)
        if isinstance(result.error, BrokenPipeError) and result.error.filename == STDOUT:
            raise signals.Interrupted(posix_calls.SIGPIPE)
        with progress.paused():
            report.add(result)


def do_one(task: Task, options: Options, threads: int, progress: ShareProgress) -> Result:
    """Do one task. Never raises an Exception: errors are in the result."""
    result = planned(task)
    if result.status != PLANNED:
        return result
    result.status, result.text = OK, None
    start = time.monotonic()
    try:
        WORK[options.verb](task, options, threads, progress, result)
    except (OutputExistsError, FileNotFoundError) as error:
        # With --skip-existing, what another process did meanwhile is as if done before. With --rm its input is gone.
        gone = isinstance(error, FileNotFoundError)
        if not gone or options.remove and not os.path.lexists(task.source):
            result.reason = skips(task)
        result.status = SKIPPED if result.reason else FAILED
        if not result.reason:
            result.error = error if gone or task.is_output is None else foreign(task)
    except Exception as error:
        refused(result, error, task.found)
    result.seconds = time.monotonic() - start
    return result
