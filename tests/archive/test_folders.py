"""`bbc batch` from a folder to a folder, end to end."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from archives import batch, check_restored, command, environment, make, picture_file, rows

FAST = ("-1", "--shard-files", 4)


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    return tmp_path / "src", tmp_path / "dst", tmp_path / "job"


def test_plan_run_status_report_verify_restore(places, tmp_path: Path) -> None:
    src, dst, job = places
    made = make(src, 12)
    (src / "notes.txt").write_text("passed by")
    (src / "broken.png").write_bytes(b"no picture")
    assert batch("plan", *FAST, src, dst, job).startswith("13 files, ")
    assert "0 of 13 files" in batch("status", job, rc=75)
    assert batch("run", job, rc=1) == "bbc: broken.png: not a picture file that bbc knows\n"
    assert "13 of 13 files (100.0 %), 4 of 4 shards" in batch("status", job, rc=1)
    assert json.loads(batch("status", "--json", job, rc=1))["totals"]["ok"] == 12
    assert 'bbc_batch_files_total{status="ok"} 12\n' in batch("status", "--prometheus", job, rc=1)
    text = batch("report", job)
    assert "13 files planned, 0 open\n12 ok, 1 failed\n" in text and "failed input: broken.png: not a picture" in text
    assert sorted(row["key"] for row in rows(job)) == sorted([*made, "broken.png"])
    assert sorted(os.listdir(dst)) == ["d0", "d1", "d2"]  # nothing is left of temporary files
    assert batch("report", "--safe-to-delete", job) == ""
    assert batch("verify", job) == "12 outputs verified, 0 failed\n"
    assert sorted(batch("report", "--safe-to-delete", job).splitlines()) == sorted(made)
    said = batch("restore", job, tmp_path / "back", rc=1)
    assert "bbc: broken.png: has no output: not a picture" in said
    assert "12 files restored, 0 skipped, 0 failed, 1 without output\n" in said
    check_restored(made, tmp_path / "back")
    assert "0 files restored, 0 skipped, 12 failed" in batch("restore", job, tmp_path / "back", rc=1)
    assert "0 files restored, 12 skipped" in batch("restore", "--skip-existing", job, tmp_path / "back", rc=1)


def test_a_second_run_and_a_second_plan_read_no_picture(places) -> None:
    src, dst, job = places
    make(src, 8)
    batch("plan", *FAST, src, dst, job)
    batch("run", job)
    before = {path: path.stat().st_atime_ns for path in src.rglob("*.*") if path.is_file()}
    for path in before:
        path.chmod(0)
        os.utime(path, ns=(0, path.stat().st_mtime_ns))
    outputs = {path: path.stat().st_mtime_ns for path in dst.rglob("*.bbc")}
    batch("run", job)
    batch("plan", *FAST, src, dst, job)
    batch("run", job)
    assert {path.stat().st_atime_ns for path in before} == {0}
    assert {path: path.stat().st_mtime_ns for path in dst.rglob("*.bbc")} == outputs
    assert {(row["status"], row["code"]) for row in rows(job)} == {("skipped", "up-to-date")}
    for path in before:
        path.chmod(0o644)
    batch("plan", "-5", "--shard-files", 4, src, dst, job)
    batch("run", job)
    assert {row["status"] for row in rows(job)} == {"ok"}  # another level makes other outputs


def test_changed_sources_are_done_again_and_vanished_ones_are_named(places) -> None:
    src, dst, job = places
    made = make(src, 6)
    batch("plan", *FAST, src, dst, job)
    names = sorted(made)
    (src / names[0]).write_bytes(picture_file(99, names[0].rpartition(".")[2]))
    (src / names[1]).unlink()
    assert batch("run", job) == f"bbc: {names[1]}: is not there any more\n"
    found = {row["key"]: row for row in rows(job)}
    assert found[names[0]]["changed"] and found[names[0]]["status"] == "ok"
    assert found[names[1]]["status"] == "vanished"
    (src / names[2]).write_bytes(picture_file(98, names[2].rpartition(".")[2]))
    (src / names[3]).unlink()
    said = batch("plan", *FAST, src, dst, job)
    assert f"bbc: {names[3]}: is not there any more; its output stays\n" in said and names[1] not in said
    batch("run", job)
    found = {row["key"]: row for row in rows(job)}
    assert sorted(found) == [names[0], *names[2:]]
    assert [found[name]["code"] for name in sorted(found)] == ["up-to-date", "", "source-gone", *2 * ["up-to-date"]]


def test_what_is_safe_to_delete(places) -> None:
    src, dst, job = places
    names = sorted(make(src, 4))
    batch("plan", *FAST, src, dst, job)
    batch("run", job)
    for output in dst.rglob("*.bbc"):
        os.utime(output, ns=(0, 0))  # as if a second run had written it, the same bytes
    batch("verify", job)
    (src / names[0]).write_bytes(picture_file(7))
    output = next(path for path in dst.rglob("*.bbc") if path.stem == Path(names[1]).stem)
    output.write_bytes(output.read_bytes()[:-1])
    said = batch("report", "--safe-to-delete", "-v", job)
    assert f"bbc: {names[0]}: has changed since it was read\n" in said
    assert f"bbc: {names[1]}: its output is not the one that was verified\n" in said
    assert [line for line in said.splitlines() if not line.startswith("bbc:")] == names[2:]
    assert "2 outputs verified, 1 failed" not in batch("verify", job, rc=1)
    batch("restore", job, dst.parent / "back", rc=1)


def test_what_was_verified_stays_so_when_pictures_are_added(places) -> None:
    src, dst, job = places
    names = sorted(make(src, 6))
    batch("plan", *FAST, src, dst, job)
    batch("run", job)
    assert batch("verify", job) == "6 outputs verified, 0 failed\n"
    (src / "new.png").write_bytes(picture_file(77))
    for _ in range(2):
        batch("plan", *FAST, src, dst, job)
        batch("run", job)
        assert sorted(batch("report", "--safe-to-delete", job).splitlines()) == names
    (src / names[0]).write_bytes(picture_file(78, names[0].rpartition(".")[2]))  # changed: another output
    batch("plan", *FAST, "-f", src, dst, job)
    batch("run", job)
    assert batch("verify", "--new", job) == "2 outputs verified, 0 failed\n"
    assert batch("verify", "--new", job) == "0 outputs verified, 0 failed\n"
    assert sorted(batch("report", "--safe-to-delete", job).splitlines()) == [*names, "new.png"]
    for output in dst.rglob("*.bbc"):
        output.write_bytes(b"damaged")
    batch("verify", job, rc=1)
    assert batch("report", "--safe-to-delete", job) == ""


def test_a_source_of_which_something_is_lost_is_not_safe_to_delete(places) -> None:
    src, dst, job = places
    make(src, 2)
    (src / "a.bmp").write_bytes(picture_file(1, "bmp") + b"more")
    batch("plan", *FAST, src, dst, job)
    assert "a.bmp: warning: not kept" in batch("run", job)
    batch("verify", job)
    assert "a.bmp" not in batch("report", "--safe-to-delete", job)
    assert "a.bmp: its output lacks something that it has" in batch("report", "--safe-to-delete", "-v", job)


def test_collisions_end_the_plan(places) -> None:
    src, dst, job = places
    src.mkdir()
    (src / "a.png").write_bytes(picture_file(1))
    (src / "a.bmp").write_bytes(picture_file(2, "bmp"))
    said = batch("plan", src, dst, job, rc=2)
    assert "a.bbc (a.bmp, a.png); --full-names keeps them apart" in said and not job.exists()
    batch("plan", "-1", "--full-names", src, dst, job)
    batch("run", job)
    batch("restore", job, dst.parent / "back")
    assert sorted(os.listdir(dst.parent / "back")) == ["a.bmp", "a.png"]


def test_outputs_of_others_are_not_replaced(places) -> None:
    src, dst, job = places
    make(src, 1)
    target = dst / "d0/é 0/p0000.bbc"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    batch("plan", *FAST, src, dst, job)
    assert "exists and is not of this source; plan -f replaces it" in batch("run", job, rc=1)
    assert target.read_bytes() == b"mine" and rows(job)[0]["code"] == "exists"
    batch("plan", *FAST, "-f", src, dst, job)
    batch("run", job)
    assert target.read_bytes() != b"mine"


def test_failures_are_tried_again_when_asked(places) -> None:
    src, dst, job = places
    make(src, 5)
    (src / "x.png").write_bytes(b"broken")
    batch("plan", *FAST, src, dst, job)
    batch("run", job, rc=1)
    (src / "x.png").write_bytes(picture_file(50))
    batch("run", job, rc=1)
    batch("run", "--retry", "unavailable", job, rc=1)
    batch("run", "--retry-failed", job)
    assert {row["status"] for row in rows(job)} == {"ok"} and len(rows(job)) == 6


def test_tables(places, tmp_path: Path) -> None:
    src, dst, job = places
    make(src, 5)
    (src / "x.png").write_bytes(b"broken")
    batch("plan", *FAST, src, dst, job)
    batch("run", job, rc=1)
    batch("report", "--format", "sqlite", "-o", tmp_path / "t.sqlite", job)
    with sqlite3.connect(tmp_path / "t.sqlite") as table:
        counts = dict(table.execute("SELECT status, COUNT(*) FROM results GROUP BY status"))
    table.close()
    assert counts == {"ok": 5, "failed": 1}
    assert "needs -o FILE" in batch("report", "--format", "sqlite", job, rc=2)
    parquet = pytest.importorskip("pyarrow.parquet")
    batch("report", "--format", "parquet", "-o", tmp_path / "t.parquet", job)
    assert parquet.read_table(tmp_path / "t.parquet").column("key").to_pylist() == [row["key"] for row in rows(job)]


def test_shards_one_at_a_time(places) -> None:
    src, dst, job = places
    make(src, 8)
    batch("plan", *FAST, src, dst, job)
    batch("run", "--shard", 1, job)
    assert len(rows(job)) == 4
    assert "the plan has the shards 0 to 1" in batch("run", "--shard", 2, job, rc=2)
    batch("run", job)
    assert len(rows(job)) == 8


def test_a_killed_run_goes_on_and_two_at_once_do_no_harm(places, tmp_path: Path) -> None:
    src, dst, job = places
    made = make(src, 24, side=48)
    batch("plan", "-1", "--shard-files", 6, src, dst, job)
    for patience in (0.9, 1.3):
        victim = subprocess.Popen(command("run", job), env=environment())
        time.sleep(patience)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    both = [subprocess.Popen(command("run", job), env=environment()) for _ in range(2)]
    assert [each.wait(timeout=120) for each in both] == [0, 0]
    assert sorted(row["key"] for row in rows(job)) == sorted(made)
    batch("restore", job, tmp_path / "back")
    check_restored(made, tmp_path / "back")
    assert not list(job.glob("claims/*"))


KILLER = """
import os, signal
from bbans_cli import api
inner = api.PictureCodec.compress_file
def compress_file(self, data, *more, name="", **options):
    if "killer" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(self, data, *more, name=name, **options)
api.PictureCodec.compress_file = compress_file
"""


def test_a_file_that_kills_its_worker_does_not_stop_the_others(places, tmp_path: Path) -> None:
    src, dst, job = places
    made = make(src, 4)
    (src / "d0/killer.png").write_bytes(picture_file(3))
    (tmp_path / "sitecustomize.py").write_text(KILLER)
    env = environment()
    env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{env['PYTHONPATH']}"
    batch("plan", *FAST, src, dst, job)
    batch("run", job, rc=-signal.SIGKILL, env=env)
    batch("run", job, rc=-signal.SIGKILL, env=env)
    assert "d0/killer.png: ended its process by signal SIGKILL" in batch("run", job, rc=1, env=env)
    assert {row["key"]: row["status"] for row in rows(job)} == dict.fromkeys(made, "ok") | {"d0/killer.png": "crashed"}
    batch("run", "--retry-failed", job)
    assert {row["status"] for row in rows(job)} == {"ok"}


def test_errors_are_one_line(places, tmp_path: Path) -> None:
    src, dst, job = places
    assert batch("run", job, rc=1) == f"bbc: {job} holds no plan; `bbc batch plan` makes one\n"
    assert "no such file or directory" in batch("plan", src, dst, job, rc=1)
    make(src, 1)
    batch("plan", src, dst, job)
    plan = json.loads((job / "plan.json").read_text())
    plan["settings"]["weights"] = "0" * 8
    (job / "plan.json").write_text(json.dumps(plan))
    assert "install the same everywhere, or plan again" in batch("run", job, rc=1)
    (job / "plan.json").write_text("{")
    assert batch("status", job, rc=1) == "bbc: plan.json of the job is damaged\n"
    assert "is no number of bytes" in batch("plan", "--shard-bytes", "x", src, dst, job, rc=2)
    assert "is no share" in batch("verify", "--sample", "0", job, rc=2)


def test_a_stopped_run_leaves_its_results_to_the_next(places) -> None:
    src, dst, job = places
    make(src, 60, side=64)  # so many that the run has not ended when the signal comes, on a busy machine too
    batch("plan", "-1", "--shard-files", 60, src, dst, job)
    run = subprocess.Popen(command("run", "-T1", job), env=environment())
    until = time.monotonic() + 60
    while len(list(dst.rglob("*.bbc"))) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=60) == -signal.SIGTERM
    claim = (job / "claims/000000").read_text().splitlines()
    head = json.loads(claim[0])
    assert head["released"] and head["lost"] == 0 and len(claim) > 1
    batch("run", job)
    assert len(rows(job)) == 60


def test_metrics(places, tmp_path: Path) -> None:
    src, dst, job = places
    make(src, 3)
    batch("plan", *FAST, src, dst, job)
    batch("run", "--metrics", tmp_path / "bbc.prom", job)
    text = (tmp_path / "bbc.prom").read_text()
    assert 'bbc_batch_files_total{status="ok"} 3\n' in text and "# TYPE bbc_batch_in_bytes_total counter" in text
    shutil.rmtree(dst)
