"""What the verbs of `bbc batch` have done: which shards, here or on a Dask cluster, and what became of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from bbans_cli import scheduler
from bbans_cli.cli import archive_progress as show
from bbans_cli.cli import report
from bbans_cli.errors import InputError

if TYPE_CHECKING:
    from bbans_cli.archive.dask_worker import Task
    from bbans_cli.archive.job import Job, Plan
    from bbans_cli.archive.rows import Result, Totals
    from bbans_cli.archive.shard import Retry


def exit_status_of(job: Job, shards: list[int]) -> int:
    """That of these shards; 75 if some are open and none has failed."""
    from bbans_cli.archive.rows import summed

    finished = [number for number in shards if job.is_finished(number)]
    return summed(job.each(finished, job.totals)).exit_status or (75 if len(finished) < len(shards) else 0)


def check_metrics(path: str | None) -> None:
    """Raises InputError if the file of --metrics cannot be written."""
    folder = os.path.dirname(path or "") or os.curdir
    if path is not None and not (os.path.isdir(folder) and os.access(folder, os.W_OK)):
        raise InputError(f"{path}: cannot be written: no folder {folder} that can be written to")


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
    """Every result that has no output, but lossy files that were passed by."""
    from bbans_cli.archive.rows import SKIPPED

    return (row for row in without_output(job, job.finished(made)) if row.status != SKIPPED)


def without_output(job: Job, shards: Iterable[int]) -> Iterator[Result]:
    """What has no output in these finished shards; only those that have such results are read."""
    from bbans_cli.archive.rows import LOSSY

    numbers = list(shards)
    sums = zip(numbers, job.each(numbers, job.totals), strict=True)
    numbers = [n for n, totals in sums if totals.failed or totals.crashed or totals.vanished or LOSSY in totals.codes]
    return (row for row in job.all_results(numbers) if not row.has_output)


def unproven(job: Job, made: Plan) -> Iterator[Result]:
    """Outputs that verify could not read or decode, as far as they are still those of the job."""
    from bbans_cli.archive.job import VERIFIED

    numbers = job.finished(made, VERIFIED)
    sums = zip(numbers, job.each(numbers, lambda number: job.totals(number, VERIFIED)), strict=True)
    for number in [number for number, totals in sums if totals.failed]:
        now = {row.key: row.sha256 for row in job.results(number)}
        found = job.results(number, VERIFIED)
        yield from (row for row in found if row.status != "ok" and now.get(row.key) == row.sha256)
