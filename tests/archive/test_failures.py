"""Workers, the scheduler and the store fail while an archive is compressed: nothing is lost, nothing is done by halves.

`make check-archive` runs the same with 2,000 pictures and five dead workers.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import servers
from archives import batch, check_restored, command, environment, make, upload
from http_proxy import Proxy

PICTURES = int(os.environ.get("BBC_ARCHIVE_PICTURES", "50"))
DEATHS = 5 if PICTURES > 1000 else 1
SHARD = 40 if PICTURES > 1000 else 6
SIDE = 32 if PICTURES > 1000 else 96
SECONDS = 10 if PICTURES > 1000 else 2  # that the store answers with errors


class Cluster:
    """A scheduler and two workers as processes, which start again when they die, as those of a supervisor do."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env, self.folder = env, folder
        self.port = servers.free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.processes = {name: self.start(name) for name in ("scheduler", "worker-1", "worker-2")}
        self.starts = Counter(self.processes.keys())
        self.guard = threading.Thread(target=self.watch)
        self.guard.start()

    def start(self, name: str) -> subprocess.Popen[bytes]:
        words = ["worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name]
        if name == "scheduler":
            words = ["scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        with open(self.folder / f"{name}.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words], env=self.env, cwd=self.folder, stdout=log, stderr=log
            )

    def watch(self) -> None:
        while not self.stopping.wait(0.2):
            with self.lock:
                for name, process in self.processes.items():
                    if process.poll() is not None:
                        self.processes[name] = self.start(name)
                        self.starts[name] += 1

    def kill(self, name: str) -> None:
        with self.lock:
            self.processes[name].send_signal(signal.SIGKILL)
            self.processes[name].wait()

    def stop(self) -> None:
        self.stopping.set()
        self.guard.join()
        for process in self.processes.values():
            process.kill()
            process.wait()


def wait_until_something_is_done(proxy: Proxy, run: subprocess.Popen[bytes]) -> None:
    while run.poll() is None and proxy.requests["PUT", "out"] < SHARD:
        time.sleep(0.1)


def make_trouble(cluster: Cluster, proxy: Proxy, run: subprocess.Popen[bytes], chance: random.Random) -> list[str]:
    """Each kind of failure at a random moment; those that came while the run was at work."""
    events = [f"worker-{chance.randint(1, 2)}" for _ in range(DEATHS)]
    events.insert(chance.randint(0, DEATHS), "scheduler")
    events.insert(chance.randint(0, DEATHS), "store")
    came = []
    for event in events:
        time.sleep(chance.uniform(0.5, 1 if DEATHS == 1 else 8))
        if run.poll() is not None:
            break
        if event == "store":
            proxy.fail_for(SECONDS)
        else:
            cluster.kill(event)
        came.append(event)
        print(f"{time.monotonic():.1f}: {event}", flush=True)
    return came


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_nothing_is_lost(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    pytest.importorskip("s3fs")
    made = make(tmp_path / "src", PICTURES, SIDE)
    chance = random.Random(os.environ.get("BBC_ARCHIVE_SEED", "1"))
    with (
        servers.seaweedfs(tmp_path / "weed") as weed,
        Proxy(
            weed.port, lambda path: path.split("/")[2].split("?")[0] if path.count("/") > 1 else ""
        ).running() as proxy,
    ):
        env = environment(**servers.s3_settings(proxy.port))
        upload(tmp_path / "src", "s3://archive/in", env)
        places = ("s3://archive/in", "s3://archive/out", "s3://archive/job")
        print(batch("plan", "-1", "--shard-files", SHARD, *places, env=env))
        cluster = Cluster(env, tmp_path)
        try:
            began = time.monotonic()
            run = subprocess.Popen(command("run", "--dask", cluster.address, "--lease", 20, places[2]), env=env)
            wait_until_something_is_done(proxy, run)
            came = make_trouble(cluster, proxy, run, chance)
            assert run.wait(timeout=2000 if DEATHS > 1 else 300) == 0
            print(f"{time.monotonic() - began:.0f} s, {came}, {proxy.errors} errors, starts {dict(cluster.starts)}")
            assert came.count("scheduler") == 1 and came.count("store") == 1 and len(came) == DEATHS + 2
        finally:
            cluster.stop()
        report = [json.loads(line) for line in batch("report", "--format", "jsonl", places[2], env=env).splitlines()]
        assert sorted(row["key"] for row in report) == sorted(made)
        assert {row["code"] for row in report} <= {"", "up-to-date"} and all(row["kept"] for row in report)
        batch("restore", places[2], tmp_path / "back", env=env)
        check_restored(made, tmp_path / "back")
        proxy.requests.clear()
        batch("run", places[2], env=env)
        batch("plan", "-1", "--shard-files", SHARD, *places, env=env)
        batch("run", places[2], env=env)
        print(dict(proxy.requests))
        assert proxy.requests["GET", "in"] == 0 and proxy.requests["PUT", "out"] == 0
