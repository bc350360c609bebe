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
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bbans_cli.archive import claims, extras
from bbans_cli.archive.dask_worker import Task, do_shard
from bbans_cli.archive.job import Job
from bbans_cli.archive.rows import Totals
from bbans_cli.errors import BbcError, InputError, describe

LOCAL = "local"
_ADDRESS = re.compile(r"(\w+://)?[^/]+:\d+")
# Shards for each core that the scheduler has at a time: no core waits for this process, and the scheduler needs little
# memory.
_AHEAD = 2
# Seconds between two looks at which shards are done, and between two at how many cores there are.
_POLL = 0.1
_COUNT_CORES = 5.0
# Times that a shard is handed out, if it fails by an error that is not of bbc: a worker's death that Dask gave up on.
# Also times that the scheduler may go away without any shard done in between.
_TRIES = 20
# Dask's own work beside the tasks, done less often: by default stacks are sampled every 10 ms for the dashboard, ticks
# come every 20 ms, and the machine's load is read every 0.5 s, which takes some per cent of a core in each process.
SETTINGS = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
}
# A worker of this machine logs no tracebacks of connections that end, as they do when the cluster is closed. It reads
# its level from the environment, before it gets any settings.
_QUIET = {"distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical"}
# Seconds that a scheduler may be away.
PATIENCE = 600.0


class NoSchedulerError(BbcError):
    """There is no Dask scheduler at the address, or it went away and did not come back."""

    code = "unavailable"


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
        """Work until all is done, or the scheduler is gone. Shards that are not finished are in `todo` then."""
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
            # Dask must not give up on a shard before its files are done in processes of their own, after two deaths.
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
        dask.config.set(SETTINGS | _QUIET),
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
    # It would log tracebacks of connections that end, of which `say` tells in a line.
    for name in ("distributed", "distributed.client"):  # Dask gives the latter a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)
    until = time.monotonic() + patience
    while True:
        try:
            # A client that cannot connect leaves threads behind: try the port first.
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
