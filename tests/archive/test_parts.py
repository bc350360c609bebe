"""The parts of `bbc batch` by themselves: tries, claims, the pipeline, plans of any size."""

import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from bbans_cli.archive import claims, pipeline, planning, process, retry, rows
from bbans_cli.archive import job as job_files
from bbans_cli.archive.folder_store import FolderStore
from bbans_cli.archive.job import Job, Settings, weights_id
from bbans_cli.archive.metrics import of_job
from bbans_cli.archive.store import Entry
from bbans_cli.coders import weights_folder
from bbans_cli.errors import CorruptError, InputError

SETTINGS = Settings("in", "out", 5, False, False, False, False, 1 << 30, "0.1.0", "abcd")


class Flaky:
    """Raises the errors it is given, one a call, and then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_transient_errors_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.0)
    flaky = Flaky(TimeoutError(), OSError("slow down"), RuntimeError("reset"))
    assert retry.call(flaky) == "done" and flaky.calls == 4
    with pytest.raises(retry.UnavailableError, match="slow down"):
        retry.call(Flaky(*[OSError("slow down")] * 10))


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "no"), PermissionError("denied"), InputError("no"), OSError(28, "")]
)
def test_permanent_errors_are_not_tried_again(error: Exception) -> None:
    flaky = Flaky(error)
    with pytest.raises(type(error)):
        retry.call(flaky)
    assert flaky.calls == 1


def job_of(folder: Path, count: int, files: int = 4) -> Job:
    job = Job(str(folder))
    entries = (Entry(f"d/{number:06d}.png", 10, f"v{number}") for number in reversed(range(count)))
    planning.make(job, SETTINGS, entries, planning.ShardSize(files))
    return job


def test_a_claim_is_taken_over_from_the_dead_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(tmp_path, 8)
    first = claims.take(job, 0, "")
    assert first is not None and first.lost == 0
    assert claims.take(job, 0, "") is None
    first.add(rows.Result("d/000000.png", sha256="x"))
    first.write()
    own = process.this()
    monkeypatch.setattr(process, "this", lambda: replace(own, host="other"))
    assert claims.take(job, 0, "") is None  # of another machine, and not old
    monkeypatch.setattr(process.Process, "is_dead", lambda self: self.host == own.host)
    second = claims.take(job, 0, "")
    assert second is not None and (second.lost, second.alone) == (1, False) and "d/000000.png" in second.finished
    second.release(finished=False)
    third = claims.take(job, 0, "")
    assert third is not None and third.lost == 1  # who stopped in order is not to blame
    (tmp_path / "claims/000000").write_bytes(b'{"proc')
    assert claims.take(job, 0, "").lost == 1


def test_a_stale_claim_and_one_of_the_same_run_are_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(tmp_path, 8)
    own = process.this()
    monkeypatch.setattr(process, "this", lambda: replace(own, host="other"))
    assert claims.take(job, 0, "run", lease=0.05) and claims.take(job, 1, "run")
    monkeypatch.setattr(process, "this", lambda: own)
    assert claims.take(job, 1, "another run") is None
    assert claims.take(job, 1, "run").lost == 1
    time.sleep(0.1)
    assert claims.take(job, 0, "").lost == 1


def test_this_process_lives_and_one_that_ended_does_not() -> None:
    own = process.this()
    assert not own.is_dead() and not replace(own, host="elsewhere", pid=1 << 30).is_dead()
    assert replace(own, pid=1 << 22).is_dead()
    if own.began:
        assert replace(own, began="1").is_dead()  # the number was given again


def test_the_pipeline_reads_one_ahead_and_loses_nothing() -> None:
    lock, held, most = threading.Lock(), 0, 0

    def load(item: int) -> tuple[int] | pipeline.Done[int]:
        nonlocal held, most
        if item % 10 == 3:
            return pipeline.Done(-item)
        with lock:
            held += 1
            most = max(most, held)
        return (item,)

    def work(loaded: tuple[int], threads: int) -> int | pipeline.Done[int]:
        time.sleep(0.002)
        return pipeline.Done(1000 + loaded[0]) if loaded[0] % 10 == 7 else loaded[0]

    def store(value: int) -> int:
        nonlocal held
        with lock:
            held -= 1
        return value

    stages = pipeline.Stages(load, work, store, lambda item: 1)
    found = list(pipeline.run(range(100), stages, 3, threading.Event()))
    held -= 10
    expected = [-i if i % 10 == 3 else 1000 + i if i % 10 == 7 else i for i in range(100)]
    assert sorted(found) == sorted(expected)
    # Three at work or waiting to be written, one read ahead, one coded and one being written; ten more ended early.
    assert most <= 6 + 10
    stop = threading.Event()
    some = [stop.set() or value for value in pipeline.run(range(100), stages, 1, stop)]
    assert 0 < len(some) < 10


def test_a_plan_is_in_order_and_in_shards(tmp_path: Path) -> None:
    job = job_of(tmp_path, 10)
    plan = job.plan()
    assert (plan.files, plan.bytes, len(plan.shards)) == (10, 100, 3)
    keys = [row.key for number in plan.shards for row in job.shard(number)]
    assert keys == [f"d/{number:06d}.png" for number in range(10)]
    assert job.shard(0)[0] == rows.Planned("d/000000.png", 10, "v0", "d/000000.bbc")
    sized = planning.make(job, SETTINGS, (Entry(f"{n}.png", 100, "") for n in range(6)), planning.ShardSize(500, 250))
    assert (sized.first, sized.last) == (3, 5)


def test_names_need_not_be_utf8(tmp_path: Path) -> None:
    job = Job(str(tmp_path))
    key = "d/\udcff\n.png"
    planning.make(job, SETTINGS, [Entry(key, 1, "v")], planning.ShardSize())
    assert job.shard(0)[0].key == key
    job.write_results(0, [job.shard(0)[0].result()])
    assert job.results(0)[0].key == key


@pytest.mark.parametrize(
    ("key", "content", "read"),
    [
        ("plan.json", b"[]", lambda job: job.plan()),
        ("plan.json", b'{"schema": 1}', lambda job: job.plan()),
        ("plan/000000.jsonl", b'{"key": "a"}', lambda job: job.shard(0)),
        ("plan/000000.jsonl", b"[]", lambda job: job.shard(0)),
        ("done/000000.jsonl", b'{"totals": {}}\n{"key"', lambda job: job.results(0)),
        ("done/000000.jsonl", b"{}", lambda job: job.totals(0)),
    ],
)
def test_damage_of_a_file_of_the_job_is_named(tmp_path: Path, key: str, content: bytes, read) -> None:
    job = job_of(tmp_path, 4)
    job.store.write(key, content)
    with pytest.raises(CorruptError, match=f"^{key} of the job is damaged"):
        read(job)


# Plans, and dies by SIGKILL once the listing has filled a file. Prints what files are open then.
PLAN_AND_DIE = """
import os, signal, sys
from bbans_cli.archive import planning
from bbans_cli.archive.job import Job, Settings
from bbans_cli.archive.store import Entry

def entries():
    for number in range(20_000):
        yield Entry(f"{number:0400}.png", 1, "v")
    for name in os.listdir("/proc/self/fd"):
        if os.path.lexists(f"/proc/self/fd/{name}"):
            print(os.readlink(f"/proc/self/fd/{name}"), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

settings = Settings("in", "out", 5, False, False, False, False, 1 << 30, "0.1.0", "abcd")
planning.make(Job(sys.argv[1]), settings, entries(), planning.ShardSize())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_plan_leaves_nothing_however_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    command = [sys.executable, "-c", PLAN_AND_DIE, tmp_path / "job"]
    done = subprocess.run(command, env=os.environ | {"TMPDIR": str(folder)}, stdout=subprocess.PIPE, text=True)
    assert done.returncode == -signal.SIGKILL
    assert any(line.startswith(f"{folder}/") and line.endswith("(deleted)") for line in done.stdout.splitlines())
    assert list(folder.iterdir()) == []


def test_memory_of_a_plan_does_not_grow_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m scripts.bench.archive memory` measures a million."""
    monkeypatch.setattr(job_files, "_AT_ONCE", 1)  # else the peak depends on which threads meet
    peaks = []
    for count in (500, 4000):
        tracemalloc.start()
        job = job_of(tmp_path / str(count), count, files=100)
        for number in job.plan().shards:
            job.write_results(number, [row.result() for row in job.shard(number)])
        totals, finished = job.all_totals(job.plan())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (totals.files, finished) == (count, count // 100)
    print(peaks)
    assert peaks[1] - peaks[0] < 1 << 17  # 37 bytes an entry


def test_the_exit_status_says_whether_to_try_again() -> None:
    def status(*found: rows.Result) -> int:
        totals = rows.Totals()
        for row in found:
            totals.add(row)
        return totals.exit_status

    fine, gone = rows.Result("a"), rows.Result("b", status=rows.VANISHED, code="not-found")
    away = rows.Result("c", status=rows.FAILED, code=rows.UNAVAILABLE)
    assert status(fine, gone) == 0 and status(fine, away) == 75
    assert status(fine, away, rows.Result("d", status=rows.FAILED, code="input")) == 1


def test_prometheus_text_is_well_formed() -> None:
    totals = rows.Totals()
    totals.add(rows.Result("a", status=rows.FAILED, code="input"))
    for line in of_job(totals, 1, 1, 1, []).splitlines():
        assert line.startswith("# ") or len(line.split()) == 2 and float(line.split()[1]) >= 0


def test_a_folder_shows_no_half_written_object(tmp_path: Path) -> None:
    store = FolderStore(str(tmp_path))
    store.write("a", b"1")
    seen = set()
    writers = [
        threading.Thread(target=lambda n=n: [store.write("a", b"%d" % n * 5000) for _ in range(30)]) for n in (1, 2)
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen.add(store.read("a"))
    assert seen <= {b"1", b"1" * 5000, b"2" * 5000}
    assert [entry.key for entry in store.entries()] == ["a"]


def test_a_level_is_made_with_all_networks_that_it_may_code_with() -> None:
    """Other weights make other bytes: all networks of a level count, those for thumbnails and mosaics too."""
    of_levels = [weights_id(level).split("+") for level in (1, 5, 9)]
    ids = [path.stem.rpartition("-")[2] for path in weights_folder.packaged().glob("*.safetensors")]
    assert [len(networks) for networks in of_levels] == [2, 3, 3] and sorted(sum(of_levels, [])) == sorted(ids)
