"""A job's open shards, on the workers of a Dask cluster. Dask hands out shards; all else is as on one machine.

Nothing is lost if a worker or the scheduler dies: what is not finished is handed out again, by this process, and what
the dead worker had done is taken over from its claim.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bbans_cli.archive import claims, extras
from bbans_cli.archive.heartbeat import Heartbeat
from bbans_cli.archive.job import Job
from bbans_cli.archive.rows import Totals
from bbans_cli.archive.shard import Retry, Worker
from bbans_cli.errors import BbcError, InputError, describe

LOCAL = "local"
_ADDRESS = re.compile(r"(\w+://)?[^/]+:\d+")
# Shards that are at the scheduler for each core: none waits for this process, and its memory stays small.
_AHEAD = 2
# Seconds between two looks at what is done, and at how many cores there are.
_POLL = 0.1
_COUNT_CORES = 5.0
# Times that a shard is handed out again after an error that is none of ours: a worker's death that Dask gave up on.
# Also how often the scheduler may go away without any shard done in between.
_TRIES = 20
# Dask's own work beside the tasks, less often: stacks sampled every 10 ms for the dashboard, ticks every 20 ms and
# looks at the machine every 0.5 s take some per cent of a core in each worker and in the scheduler.
SETTINGS = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
}
# Seconds that a scheduler may be away.
PATIENCE = 600.0


class NoSchedulerError(BbcError):
    """There is no Dask scheduler at the address, or it went away and did not come back."""

    code = "unavailable"


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


@dataclass(frozen=True)
class Cluster:
    """Where to run.

    address   of a scheduler; the path of the file that it wrote; "local": as many workers as `workers` on this machine
    threads   cores for each shard; 0: one
    patience  seconds that the scheduler may be away; None: PATIENCE
    """

    address: str
    workers: int = 1
    threads: int = 0
    lease: float = claims.LEASE
    patience: float | None = None


class _Future(Protocol):
    key: str

    @property
    def status(self) -> str: ...
    def result(self) -> object: ...
    def exception(self) -> BaseException: ...
    def release(self) -> None: ...


class _Client(Protocol):
    status: str

    def submit(self, function: Callable[..., object], *args: object, **options: object) -> _Future: ...
    def nthreads(self) -> Mapping[str, int]: ...
    def close(self, timeout: float = ...) -> object: ...


@dataclass
class _Dispatcher:
    """Hands out shards through one client after another until none is left."""

    job: Job
    cluster: Cluster
    task: Task
    run_id: str
    todo: deque[int]
    finished: Callable[[int, Totals], None]
    tick: Callable[[], None]
    tries: dict[int, int] = field(default_factory=dict)
    cores: int = 1
    counted: float = -_COUNT_CORES

    def work(self, client: _Client) -> None:
        """Until all is done, or the scheduler is gone: then what was not finished is in `todo` again."""
        pending: dict[_Future, int] = {}
        try:
            while self.todo or pending:
                if client.status != "running":
                    return
                self._hand_out(client, pending)
                for future in [future for future in pending if future.status != "pending"]:
                    self._take(future, pending.pop(future))
                self.tick()
                time.sleep(_POLL)
        finally:
            self.todo.extendleft(sorted(pending.values(), reverse=True))
            for future in pending:
                with contextlib.suppress(Exception):
                    future.release()

    def _hand_out(self, client: _Client, pending: dict[_Future, int]) -> None:
        if time.monotonic() - self.counted > _COUNT_CORES and self.todo:
            self.cores, self.counted = max(sum(client.nthreads().values()), 1), time.monotonic()
        while self.todo and len(pending) < self.cores * _AHEAD:
            number = self.todo.popleft()
            tries = self.tries.get(number, 0)
            self.tries[number] = tries + 1
            # The name says what it is on Dask's dashboard. A further try needs another one: Dask remembers failures.
            name = f"{self.task.verb}-shard-{number:06d}-{self.run_id[:8]}-{tries}"
            options = (self.job.url, number, self.task, self.cluster.threads or 1, self.run_id, self.cluster.lease)
            # A shard that kills its workers does its files alone after two deaths; Dask must not give up before.
            pending[client.submit(do_shard, *options, key=name, pure=False, retries=0)] = number

    def _take(self, future: _Future, number: int) -> None:
        if future.status == "finished":
            record = future.result()
            assert isinstance(record, Totals) or record is None
            if record is None:
                self.todo.append(number)  # somebody else has it; ask again later
            else:
                self.finished(number, record)
            return
        error = future.exception() if future.status == "error" else None
        if isinstance(error, BbcError) and error.code != "unavailable":
            raise error
        if self.tries[number] >= _TRIES:
            raise BbcError(f"shard {number} failed {_TRIES} times, the last time with {type(error).__name__}: {error}")
        self.todo.append(number)


def run(
    job: Job,
    shards: Sequence[int],
    cluster: Cluster,
    task: Task,
    finished: Callable[[int, Totals], None],
    tick: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Have the shards done.

    finished  gets each shard with its sums
    tick      called now and then
    say       gets lines for the user

    Raises MissingExtraError, NoSchedulerError, and what a worker raises that concerns the whole job.
    """
    dispatcher = _Dispatcher(job, cluster, task, uuid.uuid4().hex, deque(shards), finished, tick)
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(_local(cluster)) if cluster.address == LOCAL else cluster.address
        idle = 0
        while left := len(dispatcher.todo):
            client = _connect(address, PATIENCE if cluster.patience is None else cluster.patience)
            try:
                dispatcher.work(client)
            except (OSError, RuntimeError) as error:
                if isinstance(error, BbcError) or idle == _TRIES:
                    raise
            finally:
                with contextlib.suppress(Exception):
                    client.close(timeout=5)
            idle = idle + 1 if len(dispatcher.todo) == left else 0
            if dispatcher.todo:
                say("warning: the scheduler is gone; waiting for it to come back")
                time.sleep(1)


@contextlib.contextmanager
def _local(cluster: Cluster) -> Iterator[str]:
    with extras.needed("dask", "--dask"):
        import dask
        from distributed import LocalCluster
    with (
        dask.config.set(SETTINGS),
        LocalCluster(
            n_workers=cluster.workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as started,
    ):
        yield str(started.scheduler_address)


def _connect(address: str, patience: float) -> _Client:
    with extras.needed("dask", "--dask"):
        import dask
        from distributed import Client
    dask.config.set(SETTINGS)
    # What it would say of connections that end, with tracebacks, `say` says in a line.
    for name in ("distributed", "distributed.client"):  # Dask gives the latter a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)
    until = time.monotonic() + patience
    while True:
        try:
            # A client that finds nobody leaves threads behind: look first.
            where = _scheduler(address)
            host, _, port = where.rpartition("://")[2].partition("?")[0].rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
            client: _Client = Client(where, timeout=30, set_as_default=False)
            return client
        except OSError as error:
            if time.monotonic() > until:
                raise NoSchedulerError(f"there is no Dask scheduler at {address}: {describe(error)}") from error
            time.sleep(1)


def _scheduler(address: str) -> str:
    """An address, or the one in a scheduler's file. Raises InputError."""
    if os.path.isfile(address):
        with open(address) as file, contextlib.suppress(ValueError, KeyError, TypeError):
            return str(json.load(file)["address"])
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"{address} is no file and no address of a Dask scheduler, such as tcp://host:8786")
    return address


# Heartbeats of this process by job, with the number of shards at work: a worker may have several threads.
_beats: dict[str, tuple[Heartbeat, int]] = {}
_beats_lock = threading.Lock()


@contextlib.contextmanager
def _beating(job: Job, lease: float) -> Iterator[Heartbeat]:
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
    """On a worker: do one shard. None if another process is at it."""
    job = Job(url)
    plan = job.plan()
    with _beating(job, lease) as heartbeat:
        worker = Worker(job, plan, threads, run_id, lease, heartbeat)
        if task.verb == "verify":
            return worker.verify(number, task.share, task.seed, task.new)
        job.check_maker(plan.settings)
        return worker.compress(number, task.retry)
