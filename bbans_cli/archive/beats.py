"""Signs of life of the processes that work on a job, as heartbeat.py writes them."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass

from bbans_cli.archive.job import WORKERS, Job
from bbans_cli.archive.rows import Totals
from bbans_cli.errors import BbcError


@dataclass(frozen=True)
class Beat:
    """One process: since when, when it last wrote, its sums, the shard at hand and how far that is."""

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
    """The processes that have written and did not end in order; those that died are among them."""
    found = []
    for name in job.store.names(WORKERS):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, BbcError):
            record = json.loads(job.store.read(f"{WORKERS}/{name}"))
            totals = Totals()
            vars(totals).update(record.pop("totals"))
            found.append(Beat(**record, totals=totals))
    return found
