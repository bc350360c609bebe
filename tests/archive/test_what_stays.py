"""What `bbc batch` keeps and names: outputs whose sources are gone, files that have a name already, damage."""

import os
import threading
from pathlib import Path

import pytest
from archives import batch, check_restored, make, picture_file, rows

FAST = ("-1", "--shard-files", 2)


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    return tmp_path / "src", tmp_path / "dst", tmp_path / "job"


def archived(places, count: int) -> dict[str, bytes]:
    """Pictures that are planned, compressed and verified."""
    made = make(places[0], count)
    batch("plan", *FAST, *places)
    batch("run", places[2])
    batch("verify", places[2])
    return made


def test_outputs_of_deleted_sources_are_kept_verified_and_restored(places, tmp_path: Path) -> None:
    src, dst, job = places
    made = archived(places, 4)
    safe = batch("report", "--safe-to-delete", job).splitlines()
    assert sorted(safe) == sorted(made)
    for name in safe:
        (src / name).unlink()
    for number in range(2):  # also what an earlier plan than the last one had
        made[f"new{number}.png"] = picture_file(50 + number)
        (src / f"new{number}.png").write_bytes(made[f"new{number}.png"])
        said = batch("plan", *FAST, *places)
        assert said.count("is not there any more; its output stays") == (0 if number else 4)
        assert f"{5 + number} files, " in said and "of 4 only the outputs are left" in said
        batch("run", job)
    assert sorted(row["key"] for row in rows(job) if row["code"] == "source-gone") == sorted(safe)
    assert batch("verify", "--new", job) == "2 outputs verified, 0 failed\n"
    assert batch("verify", job) == "6 outputs verified, 0 failed\n"
    assert sorted(batch("report", "--safe-to-delete", job).splitlines()) == ["new0.png", "new1.png"]
    batch("restore", job, tmp_path / "back")
    check_restored(made, tmp_path / "back")
    next(dst.rglob("p0000.bbc")).unlink()
    batch("plan", *FAST, *places)
    assert "p0000.png: is not there any more, and so is its output" in batch("run", job, rc=1)


def test_a_job_is_of_one_source_and_one_destination(places, tmp_path: Path) -> None:
    src, dst, job = places
    archived(places, 1)
    make(tmp_path / "card2", 1)
    before = {path: path.read_bytes() for path in dst.rglob("*.bbc")}
    said = batch("plan", "-1", tmp_path / "card2", dst, job, rc=1)
    assert said == f"bbc: {job} is the job of {src} to {dst}; another source or destination needs another job\n"
    (next((tmp_path / "card2").rglob("*.png"))).write_bytes(picture_file(9))
    batch("plan", "-1", tmp_path / "card2", dst, tmp_path / "job2")
    assert "exists and is not of this source" in batch("run", tmp_path / "job2", rc=1)
    assert {path: path.read_bytes() for path in dst.rglob("*.bbc")} == before


def test_another_file_of_a_verified_name_does_not_replace_the_output(places) -> None:
    """The first one may have been deleted as safe: cameras begin anew with IMG_0001."""
    src, dst, job = places
    (name,) = archived(places, 1)
    output = next(dst.rglob("*.bbc"))
    before = output.read_bytes()
    (src / name).write_bytes(picture_file(9))
    batch("plan", *FAST, *places)
    said = batch("run", job, rc=1)
    assert "exists and was verified, and is of an earlier file of this name; plan -f replaces it" in said
    assert output.read_bytes() == before
    batch("run", "--retry", "exists", job, rc=1)
    assert output.read_bytes() == before
    batch("plan", *FAST, "-f", *places)
    batch("run", job)
    assert output.read_bytes() != before


def test_a_line_break_forges_no_name(places) -> None:
    src, _, job = places
    src.mkdir()
    (src / "x\nb.png").write_bytes(picture_file(1))
    (src / "b.png").write_bytes(picture_file(2)[:100])
    batch("plan", *FAST, *places)
    batch("run", job, rc=1)
    batch("verify", job)
    said = batch("report", "--safe-to-delete", job)
    assert said == "bbc: x\\nb.png: has a line break in its name and is left out; -0 lists it\n"
    assert batch("report", "--safe-to-delete", "-0", job) == "x\nb.png\0"


@pytest.mark.parametrize("table", ["text", "jsonl", "sqlite"])
def test_a_report_replaces_no_file_unasked(places, tmp_path: Path, table: str) -> None:
    job = places[2]
    archived(places, 1)
    path = tmp_path / "report"
    path.write_bytes(b"mine")
    said = batch("report", "--format", table, "-o", path, job, rc=1)
    assert said == f"bbc: {path}: exists already; -f replaces it\n" and path.read_bytes() == b"mine"
    batch("report", "--format", table, "-f", "-o", path, job)
    assert path.read_bytes() not in (b"", b"mine")


def test_a_report_goes_into_a_pipe(places, tmp_path: Path) -> None:
    archived(places, 1)
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    batch("report", "-o", pipe, places[2])
    reader.join()
    assert found[0].startswith(b"1 files planned, 0 open\n") and pipe.is_fifo()
    assert "is no file" in batch("report", "--format", "sqlite", "-o", "/dev/null", places[2], rc=1)


def test_what_verify_finds_damaged_is_named_and_made_again(places) -> None:
    _, dst, job = places
    archived(places, 2)
    output = next(dst.rglob("*.bbc"))
    good, status = output.read_bytes(), output.stat()
    output.write_bytes(good[:50] + bytes([good[50] ^ 1]) + good[51:])
    os.utime(output, ns=(status.st_atime_ns, status.st_mtime_ns))  # a disk that has lost a bit
    batch("verify", job, rc=1)
    assert f"verify corrupt: {output.relative_to(dst).with_suffix('.png')}: " in batch("report", job)
    batch("plan", *FAST, *places)
    batch("run", job)
    assert output.read_bytes() == good
    assert batch("verify", job) == "2 outputs verified, 0 failed\n"


def test_open_shards_are_no_success(places, tmp_path: Path) -> None:
    src, _, job = places
    make(src, 4)
    batch("plan", *FAST, *places)
    batch("run", "--shard", 0, job)
    assert "2 files restored, 0 skipped, 0 failed, 0 without output; 1 shards are open\n" in batch(
        "restore", job, tmp_path / "back", rc=75
    )
    (job / "claims").mkdir(exist_ok=True)
    batch("run", "--shard", 0, "--shard", 1, "--no-wait", job)
    done = job / "done/000001.jsonl"
    done.write_bytes(b"")
    damaged = "done/000001.jsonl of the job is damaged; once it is removed, bbc batch run does its pictures again\n"
    for verb in (["verify", job], ["restore", "-f", job, tmp_path / "back"], ["report", job], ["run", job]):
        assert damaged in batch(*verb, rc=1)
    done.unlink()
    batch("run", job)
    done.write_bytes(b"[" * 100_000)
    assert damaged in batch("verify", job, rc=1)


def test_lost_lines_of_a_job_are_noticed(places) -> None:
    job = places[2]
    archived(places, 4)
    done = job / "done/000001.jsonl"
    first, _, *more = done.read_bytes().splitlines(keepends=True)
    done.write_bytes(first + b"".join(more))
    assert "done/000001.jsonl of the job is damaged" in batch("verify", job, rc=1)
    done.unlink()
    plan = job / "plan/000001.jsonl"
    plan.write_bytes(b"")
    assert "results of 2 files, and 4 were planned; plan again" in batch("run", job, rc=1)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--retry", "unavalable", "unavalable is no status or code"),
        ("--lease", "nan", "nan is not finite"),
        ("--metrics", "/nonexistent/metrics", "cannot be written"),
    ],
)
def test_what_run_cannot_do_is_said(places, option: str, value: str, said: str) -> None:
    make(places[0], 1)
    batch("plan", *FAST, *places)
    assert said in batch("run", option, value, places[2], rc=1 if option == "--metrics" else 2)


def test_names_that_are_folders_or_files(places) -> None:
    src, dst, job = places
    make(src, 1)
    (dst / "d0/é 0/p0000.bbc").mkdir(parents=True)
    batch("plan", *FAST, *places)
    assert "a folder has the name of the output, d0/é 0/p0000.bbc" in batch("run", job, rc=1)
    (src / "file").write_bytes(b"")
    assert "ot a directory" in batch("plan", src / "file", dst, job.with_name("job2"), rc=1)
