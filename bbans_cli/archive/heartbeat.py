"""What a process has done so far, for `bbc batch status` and for monitoring: a JSON file in the job's folder."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from dataclasses import asdict, dataclass, field

from bbans_cli.archive import claims, metrics, process
from bbans_cli.archive.beats import Beat
from bbans_cli.archive.job import WORKERS, Job
from bbans_cli.archive.rows import Result, Totals
from bbans_cli.errors import BbcError


@dataclass
class Heartbeat:
    """Writes the sums of this process to the job's folder, from a thread.

    lease    seconds without a heartbeat after which the process counts as dead
    metrics  a file on this machine that gets the same as Prometheus text; None: none
    """

    job: Job
    lease: float = claims.LEASE
    metrics: str | None = None
    totals: Totals = field(default_factory=Totals)
    shard: int | None = None
    shard_files: int = 0
    began: float = field(default_factory=time.time)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Write at once, and then at every interval, in a thread, until `stop`."""
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def begin(self, shard: int | None) -> None:
        """A shard begins; None: none is at work."""
        with self._lock:
            self.shard, self.shard_files = shard, 0

    def add(self, row: Result) -> None:
        """Count a file."""
        with self._lock:
            self.totals.add(row)
            self.shard_files += 1

    def stop(self) -> None:
        """The process ends in order: its file goes, since the results have the sums."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        with contextlib.suppress(BbcError, OSError):
            self._write_metrics()
            self.job.store.remove(self._name)

    @property
    def _name(self) -> str:
        return f"{WORKERS}/{process.this().name}.json"

    def beat(self) -> Beat:
        """What is written now."""
        own = process.this()
        with self._lock:
            return Beat(
                own.host, own.pid, self.began, time.time(), self.lease, self.shard, self.shard_files, self.totals
            )

    def _beat(self) -> None:
        while True:
            # Without a heartbeat status and metrics lack a process; no result depends on them.
            with contextlib.suppress(BbcError, OSError):
                self.job.store.write(self._name, json.dumps(asdict(self.beat())).encode(), lasting=False)
                self._write_metrics()
            if self._stop.wait(claims.interval(self.job, self.lease)):
                return

    def _write_metrics(self) -> None:
        if self.metrics is None:
            return
        text = metrics.of_process(self.beat())
        temporary = f"{self.metrics}.{os.getpid()}.tmp"
        with open(temporary, "w") as file:
            file.write(text)
        os.replace(temporary, self.metrics)
