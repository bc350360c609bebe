"""What the verbs of `bbc batch` have done: which shards, here or on a Dask cluster, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from bbans_cli import scheduler
from bbans_cli.cli import archive_progress as show
from bbans_cli.cli import report

if TYPE_CHECKING:
    from bbans_cli.archive.dask_worker import Task
    from bbans_cli.archive.job import Job, Plan
    from bbans_cli.archive.rows import Result, Totals
    from bbans_cli.archive.shard import Retry


def exit_status_of(job: Job, shards: list[int]) -> int:
    """That of these shards, as far as they are finished."""
    from bbans_cli.archive.rows import summed

    return summed(job.each([number for number in shards if job.is_finished(number)], job.totals)).exit_status


def tidy_destination(made: Plan) -> None:
    """Remove what killed workers left in the store of the outputs."""
    from bbans_cli.archive.stores import open_store

    open_store(made.settings.destination).tidy()


def retry_of(given: dict[str, Any]) -> Retry | None:
    """What --retry-failed and --retry ask for."""
    from bbans_cli.archive.shard import Retry

    words = tuple(given["retry"])
    if given["retry_failed"]:
        words += Retry().words
    return Retry(words) if words else None


def named_shards(made: Plan, given: tuple[int, ...]) -> list[int] | None:
    """The shards that were named, by their numbers in all plans; None if none were. Raises UsageError."""
    for number in given:
        if number >= len(made.shards):
            raise click.UsageError(f"the plan has the shards 0 to {len(made.shards) - 1}")
    return [made.first + number for number in given] or None


def finished_shards(job: Job, made: Plan, given: tuple[int, ...]) -> list[int]:
    """The shards that were named, or all, as far as they are finished."""
    return [number for number in named_shards(made, given) or made.shards if job.is_finished(number)]


def run_here(
    job: Job, made: Plan, shards: list[int] | None, retry: Retry | None, given: dict[str, Any], progress: show.Progress
) -> None:
    """Work off shards in this process."""
    from bbans_cli.archive import local_run
    from bbans_cli.archive.shard import Worker

    worker = Worker(job, made, given["threads"] or scheduler.cores(), lease=given["lease"], report=progress.add)
    local_run.run(worker, shards, retry, given["metrics"], wait=not given["no_wait"])


def run_on_dask(
    job: Job, made: Plan, shards: list[int] | None, retry: Retry | None, given: dict[str, Any], progress: show.Progress
) -> None:
    """Work off shards on the cluster that --dask names, then those that are to be tried again."""
    from bbans_cli.archive import local_run
    from bbans_cli.archive.dask_worker import Task

    again = local_run.retried(job, made, shards, retry)
    on_dask(job, local_run.open_shards(job, made, shards), Task(), given, progress)
    on_dask(job, again, Task(retry=retry), given, progress)


def on_dask(job: Job, shards: list[int], task: Task, given: dict[str, Any], progress: show.Progress) -> Totals:
    """Do a task for each of these shards on the cluster."""
    from bbans_cli.archive import dask_run
    from bbans_cli.archive.rows import Totals

    sums = Totals()

    def finished(number: int, totals: Totals) -> None:
        sums.merge(totals)
        progress.finish(number, totals)

    if shards:
        cluster = dask_run.Cluster(given["dask"], scheduler.cores(), given["threads"] or 0, given["lease"])
        dask_run.run(job, shards, cluster, task, finished, progress.tick, report.say)
    return sums


def failures(job: Job, made: Plan) -> Iterator[Result]:
    """Every result that has no output, but lossy files that were passed by; only shards that have some are read."""
    from bbans_cli.archive.rows import SKIPPED

    numbers = job.finished(made)
    sums = zip(numbers, job.each(numbers, job.totals), strict=True)
    numbers = [number for number, totals in sums if totals.failed or totals.crashed or totals.vanished]
    return (row for row in job.all_results(numbers) if not row.has_output and row.status != SKIPPED)
