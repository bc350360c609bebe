"""Heartbeats of the processes that work on a job, as heartbeat.py writes them."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass

from bbans_cli.archive.job import WORKERS, Job
from bbans_cli.archive.rows import Totals, totals_of
from bbans_cli.errors import BbcError


@dataclass(frozen=True)
class Beat:
    """The heartbeat of one process.

    began, time  when it started and when it wrote this, seconds since 1970
    lease        seconds without a heartbeat after which it counts as dead
    shard        at work; None: none
    shard_files  files of that shard that are done
    totals       sums of all that it has done
    """

    host: str
    pid: int
    began: float
    time: float
    lease: float
    shard: int | None
    shard_files: int
    totals: Totals

    @property
    def lives(self) -> bool:
        """Whether it has written within its lease."""
        return time.time() - self.time < self.lease

    @property
    def speed(self) -> float:
        """Pixels a second."""
        return self.totals.pixels / max(self.time - self.began, 1e-3)


def all_beats(job: Job) -> list[Beat]:
    """Of every process that did not end in order: those at work, and those that died."""
    found = []
    for name in job.store.names(WORKERS):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, BbcError):
            record = json.loads(job.store.read(f"{WORKERS}/{name}"))
            found.append(Beat(**record | {"totals": totals_of(record["totals"])}))
    return found
