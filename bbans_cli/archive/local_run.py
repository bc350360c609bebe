"""A job's open shards, on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterable

from bbans_cli.archive import claims, process
from bbans_cli.archive.heartbeat import Heartbeat
from bbans_cli.archive.job import Job, Plan
from bbans_cli.archive.rows import Totals
from bbans_cli.archive.shard import Retry, Worker

# Seconds between two looks at shards that others work on.
_POLL = 2.0


def run(worker: Worker, shards: Iterable[int] | None, retry: Retry | None, metrics: str | None, wait: bool) -> None:
    """Work until no shard is open.

    shards   only these; None: all
    retry    go through finished shards too, and do again what it picks
    metrics  a file that gets Prometheus text
    wait     for the shards that others work on, as these may die
    """
    job, plan = worker.job, worker.plan
    worker.heartbeat = Heartbeat(job, worker.lease, metrics)
    worker.heartbeat.start()
    again = set(retried(job, plan, shards, retry))
    todo = sorted(open_shards(job, plan, shards) + list(again))
    # Processes that start at once begin at different places.
    turn = hash(process.this()) % max(len(todo), 1)
    todo = todo[turn:] + todo[:turn]
    try:
        while todo:
            busy = [number for number in todo if not _do(worker, number, retry if number in again else None)]
            if len(busy) == len(todo):
                if not wait:
                    return
                time.sleep(min(_POLL, claims.interval(job, worker.lease)))
            todo = busy
    finally:
        worker.stop.set()
        worker.heartbeat.stop()


def _do(worker: Worker, number: int, retry: Retry | None) -> bool:
    """Whether the shard is finished now."""
    if retry is None and worker.job.is_finished(number):
        return True
    return worker.compress(number, retry) is not None


def open_shards(job: Job, plan: Plan, shards: Iterable[int] | None = None) -> list[int]:
    """Those of the shards, by default of the plan's, that are not finished."""
    finished = set(job.finished(plan))
    return [number for number in (plan.shards if shards is None else shards) if number not in finished]


def retried(job: Job, plan: Plan, shards: Iterable[int] | None, retry: Retry | None) -> list[int]:
    """Finished shards of which `retry` picks something."""
    if retry is None:
        return []
    wanted = plan.shards if shards is None else set(shards)
    numbers = [number for number in job.finished(plan) if number in wanted]
    found: Iterable[Totals] = job.each(numbers, job.totals)
    return [number for number, totals in zip(numbers, found, strict=True) if retry.may_pick(totals)]
