"""Claims of shards, with which two workers do not do the same work, and a dead worker's results are used.

Claims save work. They are not needed for correctness, so they rely on no locks of a store, and on clocks only roughly.
A claim is renewed with the results so far. It may be taken over if its process has ended (known on the same machine),
if it was not renewed for the time of a lease, or if the same run of Dask hands out its shard once more.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import asdict, dataclass, field

from bbans_cli.archive import process
from bbans_cli.archive.folder_store import FolderStore
from bbans_cli.archive.job import CLAIMS, Job, lines
from bbans_cli.archive.rows import Result, result_of
from bbans_cli.errors import BbcError

LEASE = 300.0  # seconds after which a claim that was not renewed is stale
# Renewals in a lease, and seconds between two at most in a folder, where a renewal costs little.
_RENEWALS = 5
_MOST_IN_FOLDER = 5.0
# Deaths of workers with a shard after which its files are done one at a time, in processes of their own (isolated.py).
MOST_DEATHS = 2


@dataclass
class Claim:
    """A claim of this process.

    number    of the shard
    run_id    of the run of Dask that hands out the shard; "" without Dask
    lost      workers that died with this shard
    finished  results of those workers, and of this one, by key
    lease     seconds after which the claim is stale unless it is renewed
    """

    job: Job
    number: int
    run_id: str
    lost: int = 0
    finished: dict[str, Result] = field(default_factory=dict)
    lease: float = LEASE
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    @property
    def alone(self) -> bool:
        """Whether each file is to be done in a process of its own: one of them may kill its worker."""
        return self.lost >= MOST_DEATHS

    def add(self, row: Result) -> None:
        """Keep a file's result with the claim."""
        with self._lock:
            self.finished[row.key] = row

    def keep(self) -> None:
        """Renew the claim, in a thread, until it is released."""
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._thread.start()

    def _renew(self) -> None:
        while not self._stop.wait(interval(self.job, self.lease)):
            # A claim that cannot be renewed becomes stale, and then another worker does the same work: no damage.
            with contextlib.suppress(BbcError, OSError):
                self.write()

    def write(self, released: bool = False) -> None:
        """Write the claim, renewed or released, to the job's store."""
        self.job.store.write(_name(self.number), self.to_bytes(released), lasting=False)

    def to_bytes(self, released: bool = False) -> bytes:
        """The claim as JSON lines: itself, then the results so far."""
        head = {
            "process": asdict(process.this()),
            "run": self.run_id,
            "lost": self.lost,
            "time": time.time(),
            "lease": self.lease,
            "released": released,
        }
        with self._lock:
            rows = [row.to_line() for row in self.finished.values()]
        return "".join(text + "\n" for text in [json.dumps(head), *rows]).encode()

    def release(self, finished: bool) -> None:
        """Stop renewing. That of a shard that is not finished stays, with the results so far, for the next worker."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        with contextlib.suppress(BbcError, OSError):
            if finished:
                self.job.store.remove(_name(self.number))
            else:
                self.write(released=True)


def take(job: Job, number: int, run_id: str, lease: float = LEASE) -> Claim | None:
    """Claim a shard; None if somebody seems to be at work on it."""
    claim = Claim(job, number, run_id, lease=lease)
    if job.store.create(_name(number), claim.to_bytes()):
        return claim
    try:
        head, *rows = lines(job.store.read(_name(number)))
        owner = process.Process(**head["process"])  # type: ignore[arg-type]
        released, late = bool(head["released"]), time.time() - float(str(head["time"])) > float(str(head["lease"]))
        same_run = bool(run_id) and head["run"] == run_id and owner != process.this()
        if not (released or late or same_run or owner.is_dead()):
            return None
        claim.lost = int(str(head["lost"])) + (not released)
        claim.finished = {row.key: row for row in map(result_of, rows)}
    except FileNotFoundError:
        pass  # finished or released since `create`
    except (BbcError, KeyError, TypeError, ValueError):
        claim.lost = 1  # half a claim: its writer died with it
    claim.write()
    return claim


def interval(job: Job, lease: float) -> float:
    """Seconds between two renewals of a claim or of a heartbeat."""
    longest = lease / _RENEWALS
    return min(longest, _MOST_IN_FOLDER) if isinstance(job.store, FolderStore) else longest


def _name(number: int) -> str:
    return f"{CLAIMS}/{number:06d}"
