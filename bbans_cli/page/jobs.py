"""The work on one picture at a time, in a thread of its own, and the results of the last pictures.

The results lie in temporary files without names (O_TMPFILE), so that none stays behind however the page ends.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from bbans_cli import posix_calls
from bbans_cli.errors import BbcError, code_of, describe
from bbans_cli.progress import ShareProgress

# Bytes and number of the results that are kept; of more the oldest are removed. Tuned by hand, not recorded.
MOST_KEPT_BYTES, MOST_KEPT_JOBS = 1 << 30, 24
_PIECE_BYTES = 1 << 18


class BusyError(BbcError):
    """Another picture is at work."""

    code = "busy"


class CancelledError(BbcError):
    """The job was cancelled."""

    code = "cancelled"


def record(error: Exception) -> dict[str, str]:
    """An error for the browser: its code, and what it says."""
    code = code_of(error)
    said = {"internal": f"internal error: {type(error).__name__}: {error}", "memory": "not enough memory"}
    return {"code": code, "message": said.get(code) or describe(error)}


@dataclass(frozen=True)
class Stored:
    """A file for the browser, within the job's temporary file.

    start, size  in bytes
    kind         its media type
    download     the name under which it is saved; None: it is shown
    """

    start: int
    size: int
    kind: str
    download: str | None


@dataclass
class Job:
    """One picture: its name, how far the work on it is, and the results.

    state        "working", "done" or "failed"
    step, share  what is being done, in words, and how much of that is done, 0 to 1
    result       JSON, grows while the work goes on
    error        of a failed job: code and message
    files        what the browser can fetch, by name
    stop         set to cancel the job
    """

    id: str
    name: str
    level: int
    state: str = "working"
    step: str = "reading"
    share: float = 0.0
    result: dict[str, object] = field(default_factory=dict)
    error: dict[str, str] | None = None
    files: dict[str, Stored] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    _file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def begin(self, step: str) -> ShareProgress:
        """Begin a step. Returns its progress function, which raises CancelledError once the job is cancelled."""
        self.step, self.share = step, 0.0
        self.check()

        def progress(share: float) -> None:
            self.share = share
            self.check()

        return progress

    def check(self) -> None:
        """Raise CancelledError if the job is cancelled."""
        if self.stop.is_set():
            raise CancelledError("cancelled")

    def write(self, key: str, data: bytes, kind: str, download: str | None = None) -> None:
        """Add a file for the browser. kind, download: as `Stored` has them."""
        start = self.size
        self._file.write(data)
        self._file.flush()
        self.files[key] = Stored(start, len(data), kind, download)

    def pieces(self, key: str) -> Iterator[bytes]:
        """The file of that name in pieces, all of it even if the job is removed meanwhile."""
        stored = self.files[key]
        descriptor = os.dup(self._file.fileno())
        try:
            for at in range(0, stored.size, _PIECE_BYTES):
                yield posix_calls.read_at(descriptor, min(_PIECE_BYTES, stored.size - at), stored.start + at)
        finally:
            os.close(descriptor)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(stored.size for stored in self.files.values())

    def close(self) -> None:
        """Remove the files."""
        self._file.close()

    def status(self) -> dict[str, object]:
        """As JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "step": self.step,
            "share": round(self.share, 4),
            "error": self.error,
            "result": self.result,
        }


class Jobs:
    """All jobs of one run of the page, of which one works at a time. Call `close` at the end."""

    def __init__(self, work: Callable[[Job, bytes], None]) -> None:
        self._work = work
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, data: bytes, name: str, level: int) -> Job:
        """Begin a job. Raises BusyError while another one works."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise BusyError("another picture is at work")
            self._make_room()
            id = secrets.token_urlsafe(12)
            job = Job(id, name, level)
            self._jobs[id] = job
            self._thread = threading.Thread(target=self._run, args=(job, data), name="bbc-page", daemon=True)
            self._thread.start()
        return job

    def get(self, id: str) -> Job | None:
        """The job of an id, or None if it is not known any more."""
        return self._jobs.get(id)

    def close(self) -> None:
        """Cancel the job that works and remove all files. Does not wait for the thread, which ends with the process."""
        for job in list(self._jobs.values()):
            job.stop.set()
            job.close()

    def _run(self, job: Job, data: bytes) -> None:
        try:
            self._work(job, data)
            job.state = "done"
        except Exception as error:
            job.error = record(error)
            job.state = "failed"

    def _make_room(self) -> None:
        """Remove the oldest results until there is room for one more."""
        while self._jobs and (len(self._jobs) >= MOST_KEPT_JOBS or self._bytes() > MOST_KEPT_BYTES):
            self._jobs.popitem(last=False)[1].close()

    def _bytes(self) -> int:
        return sum(job.size for job in self._jobs.values())
