"""What a worker of a Dask cluster does: one shard at a time, with the heartbeat of its process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from bbans_cli.archive.heartbeat import Heartbeat
from bbans_cli.archive.job import Job
from bbans_cli.archive.rows import Totals
from bbans_cli.archive.shard import Retry, Worker


@dataclass(frozen=True)
class Task:
    """What is done with a shard.

    verb         "compress" or "verify"
    retry        what of a finished shard is compressed again
    share, seed  of the outputs that are verified: how many, and which
    new          only outputs that were not verified before
    """

    verb: str = "compress"
    retry: Retry | None = None
    share: float = 1.0
    seed: str = ""
    new: bool = False


# Heartbeats of this process by job, with the number of shards at work: a Dask worker may have several threads.
_beats: dict[str, tuple[Heartbeat, int]] = {}
_beats_lock = threading.Lock()


@contextlib.contextmanager
def _beating(job: Job, lease: float) -> Iterator[Heartbeat]:
    """A heartbeat that runs while any thread works on the job, and whose sums go on where the last one ended."""
    with _beats_lock:
        beat, users = _beats.get(job.url, (None, 0))
        if beat is None or not users:
            beat = Heartbeat(job, lease, totals=beat.totals, began=beat.began) if beat else Heartbeat(job, lease)
            beat.start()
        _beats[job.url] = beat, users + 1
    try:
        yield beat
    finally:
        with _beats_lock:
            beat, users = _beats[job.url]
            _beats[job.url] = beat, users - 1
            if users == 1:
                beat.stop()


def do_shard(url: str, number: int, task: Task, threads: int, run_id: str, lease: float) -> Totals | None:
    """Compress or verify a shard of the job at `url`. Dask calls this on a worker. None: another process is at work."""
    job = Job(url)
    plan = job.plan()
    with _beating(job, lease) as heartbeat:
        worker = Worker(job, plan, threads, run_id, lease, heartbeat)
        if task.verb == "verify":
            return worker.verify(number, task.share, task.seed, task.new)
        job.check_maker(plan.settings)
        return worker.compress(number, task.retry)
