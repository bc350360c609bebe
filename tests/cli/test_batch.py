"""One task at a time: the order of reading, publishing and removing, and that nothing stops the others."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bbans_cli
from bbans_cli import container, posix_calls, reading
from bbans_cli.api import Outcome
from bbans_cli.cli import atomic_output, batch
from bbans_cli.cli.report import FAILED, OK, SKIPPED, Result
from bbans_cli.cli.task import Task
from bbans_cli.cli.verb_work import Options
from bbans_cli.errors import InputError, LossyError, TrailingBytesError, code_of


class Turner:
    """Stands for the coder: turns the bytes round."""

    error: Exception | None = None
    keep_going = False
    outcome = Outcome(b"", 2, 1, 6, 3)

    def look(self, front: bytes, name: str) -> None:
        pass

    def compress_file(self, data: bytes, threads: int, progress, name: str) -> Outcome:
        if self.error:
            raise self.error
        progress(0.5)
        self.name = name
        return replace(self.outcome, data=data[::-1])

    def decompress_file(self, data: bytes, file_format: str | None, threads: int, progress, read_back: bool) -> Outcome:
        return replace(self.outcome, data=f"{file_format} {read_back}".encode())

    def verify_file(self, data: bytes, threads: int, progress) -> Outcome:
        return self.outcome


def turner(**more) -> Turner:
    """One whose outcome is that of a JPEG file, but for some fields."""
    coder = Turner()
    coder.outcome = replace(Outcome(b"", 2, 1, 6, 3, kind="jpeg"), **more)
    return coder


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(atomic_output, "_published", set())
    # What the Turner turns back need not be .bbc files.
    monkeypatch.setattr(container, "check_magic", lambda front: None)
    Path("a.png").write_bytes(b"abc")


def do(task: Task, verb: str = "compress", coder: Turner | None = None, **options) -> Result:
    return batch.do_one(task, Options(verb, 1000, coder or Turner(), **options), 1, lambda share: None)


def test_done() -> None:
    result = do(Task("a.png", "a.bbc"), coder=turner(kind="picture", warnings=["not kept: colour"]))
    assert (result.status, result.in_bytes, result.out_bytes, result.width, result.height) == (OK, 3, 3, 2, 1)
    assert result.bpd == 4.0 and result.warnings == ["not kept: colour"]
    assert Path("a.bbc").read_bytes() == b"cba" and Path("a.png").exists()


def test_the_input_goes_after_the_output_came(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    sync, link, unlink = posix_calls.sync_folder, os.link, os.unlink
    monkeypatch.setattr(posix_calls, "sync_folder", lambda folder: (steps.append("sync"), sync(folder)))
    monkeypatch.setattr(os, "link", lambda old, new: (steps.append("publish"), link(old, new)))
    monkeypatch.setattr(os, "unlink", lambda path: (steps.append(f"unlink {path[-4:]}"), unlink(path)))
    assert do(Task("a.png", "a.bbc"), remove=True).status == OK
    assert steps == ["publish", "unlink .tmp", "sync", "unlink .png"]
    assert os.listdir() == ["a.bbc"]


@pytest.mark.parametrize("error", [InputError("damaged"), MemoryError(), ZeroDivisionError("bug"), OSError(5, "I/O")])
def test_failures_leave_everything_as_it_was(error: Exception) -> None:
    coder = Turner()
    coder.error = error
    result = do(Task("a.png", "a.bbc"), coder=coder, remove=True)
    assert result.status == FAILED and result.error is error
    assert os.listdir() == ["a.png"]


def test_an_input_that_changes_meanwhile_is_kept() -> None:
    class Slow(Turner):
        def compress_file(self, data: bytes, threads: int, progress, name: str) -> Outcome:
            with Path("a.png").open("ab") as file:
                file.write(b"more")
            return super().compress_file(data, threads, progress, name)

    result = do(Task("a.png", "a.bbc"), coder=Slow(), remove=True)
    assert isinstance(result.error, atomic_output.NotRemovedError)
    assert Path("a.png").read_bytes() == b"abcmore" and Path("a.bbc").read_bytes() == b"cba"


def test_an_output_that_comes_meanwhile_is_kept() -> None:
    class Slow(Turner):
        def compress_file(self, data: bytes, threads: int, progress, name: str) -> Outcome:
            Path("a.bbc").write_bytes(b"theirs")
            return super().compress_file(data, threads, progress, name)

    assert do(Task("a.png", "a.bbc"), coder=Slow(), remove=True).status == FAILED
    assert Path("a.bbc").read_bytes() == b"theirs" and Path("a.png").exists()


@pytest.mark.parametrize("ours", [True, False])
def test_an_output_that_comes_meanwhile_is_skipped_if_that_was_asked_for(ours: bool) -> None:
    class Slow(Turner):
        def compress_file(self, data: bytes, threads: int, progress, name: str) -> Outcome:
            Path("a.bbc").write_bytes(b"theirs")
            return super().compress_file(data, threads, progress, name)

    asked = []
    task = Task("a.png", "a.bbc", is_output=lambda *names: asked.append(names) or ours)
    result = do(task, coder=Slow(), remove=True)
    assert asked == [("a.png", "a.bbc")]
    assert (result.status, result.reason) == ((SKIPPED, "a.bbc exists") if ours else (FAILED, ""))
    assert ours or str(result.error) == "exists already and did not come from a.png; -f replaces it"
    assert Path("a.bbc").read_bytes() == b"theirs" and Path("a.png").exists()


@pytest.mark.parametrize(("remove", "ours"), [(True, True), (True, False), (False, True)])
def test_an_input_that_another_command_has_done_and_removed_is_skipped(remove: bool, ours: bool) -> None:
    os.unlink("a.png")
    Path("a.bbc").write_bytes(b"theirs")
    result = do(Task("a.png", "a.bbc", is_output=lambda *names: ours), remove=remove)
    if remove and ours:
        assert (result.status, result.reason, result.error) == (SKIPPED, "a.bbc exists, and the input is gone", None)
    else:
        assert result.status == FAILED and isinstance(result.error, FileNotFoundError)
    assert Path("a.bbc").read_bytes() == b"theirs"


def test_an_input_that_is_gone_when_it_is_to_be_removed_is_done() -> None:
    class Slow(Turner):
        def compress_file(self, data: bytes, threads: int, progress, name: str) -> Outcome:
            os.unlink("a.png")
            return super().compress_file(data, threads, progress, name)

    result = do(Task("a.png", "a.bbc"), coder=Slow(), remove=True)
    assert (result.status, result.error) == (OK, None) and "the output was written" in result.notes[0]
    assert Path("a.bbc").read_bytes() == b"cba"


def test_an_input_that_vanished_leaves_no_output() -> None:
    os.unlink("a.png")
    result = do(Task("a.png", "new/a.bbc"))
    assert isinstance(result.error, FileNotFoundError) and result.error.filename == "a.png"
    assert os.listdir() == []


def test_lossy_pictures_are_passed_by_where_they_were_met() -> None:
    coder = Turner()
    coder.error = LossyError("this JPEG is lossy")
    assert do(Task("a.png", "a.bbc"), coder=coder).status == FAILED
    met = do(Task("a.png", "a.bbc", found=True), coder=coder)
    assert met.status == SKIPPED and met.error is None and met.reason == "this JPEG is lossy"


def test_what_the_plan_settled_is_not_begun() -> None:
    problem = InputError("no")
    assert do(Task("a.png", "a.bbc", problem=problem)).error is problem
    assert do(Task("a.png", "a.bbc", skip="a.bbc exists")).status == SKIPPED
    assert os.listdir() == ["a.png"]


@pytest.mark.parametrize("given, expected", [("tiff", "tiff"), (None, "None")])
def test_the_format_of_an_output_is_the_plans(given: str | None, expected: str) -> None:
    do(Task("a.png", "a.ppm", file_format=given), "decompress", remove=True)
    assert Path("a.ppm").read_text() == f"{expected} True"


def test_a_jpeg_file_that_is_asked_for_is_the_file_itself() -> None:
    part = container.FilePart(container.BYTES, b"", b"")
    Path("a.bbc").write_bytes(container.to_bytes(container.StoredFile(0, 0, None, [part])))
    do(Task("a.bbc", "a.jpg", file_format="jpg"), "decompress", turner())
    assert Path("a.jpg").read_text() == "None False"
    Path("b.bbc").write_bytes(bbans_cli.compress(np.zeros((1, 2), np.uint8)))
    result = do(Task("b.bbc", "b.jpg", file_format="jpg"), "decompress")
    assert result.status == FAILED and "holds a picture, not a JPEG file" in str(result.error)
    assert not Path("b.jpg").exists()


def test_the_coder_gets_the_base_name() -> None:
    coder = Turner()
    do(Task("./a.png", "a.bbc"), coder=coder)
    assert coder.name == "a.png"


def test_a_file_that_is_no_picture_has_a_share_in_place_of_bits() -> None:
    Path("a.jpg").write_bytes(b"123456")
    for verb, source, target in (("compress", "a.jpg", "a.bbc"), ("decompress", "a.png", "b.jpg")):
        result = do(Task(source, target), verb, turner(notes=["only stored: 12 bits"], file_bytes=6))
        assert (result.kind, result.bpd, result.notes) == ("jpeg", None, ["only stored: 12 bits"])
        assert result.share == 3 / 6
    # What --strip left out is no part of the file that the .bbc file holds; of pixels there is no file.
    assert do(Task("a.jpg", "c.bbc"), coder=turner(lossy=True, file_bytes=5)).share == 3 / 5
    assert do(Task("a.png", "b.png"), "decompress", turner(lossy=True)).share is None


@pytest.mark.parametrize("verb", ["compress", "decompress"])
@pytest.mark.parametrize("kind", ["jpeg", "picture"])
def test_an_input_stays_if_it_could_not_come_back(kind: str, verb: str) -> None:
    for number, loss in enumerate(({"lossy": True}, {"warnings": ["not kept: colour"]})):
        result = do(Task("a.png", f"a{number}.bbc"), verb, turner(kind=kind, **loss), remove=True)
        assert isinstance(result.error, atomic_output.NotRemovedError)
        assert Path("a.png").exists() and Path(f"a{number}.bbc").exists()
    assert do(Task("a.png", "b.bbc"), verb, turner(kind=kind), remove=True).status == OK
    assert not Path("a.png").exists()


def test_an_input_goes_in_spite_of_losses_if_that_is_meant() -> None:
    lossy = turner(lossy=True, warnings=["not kept: colour"])
    assert do(Task("a.png", "a.bbc"), coder=lossy, remove=True, remove_anyway=True).status == OK
    assert os.listdir() == ["a.bbc"]


def test_what_cannot_be_removed_is_told_with_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def unlink(path: str) -> None:
        if path == "a.png":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        os.remove(path)

    monkeypatch.setattr(os, "unlink", unlink)
    result = do(Task("a.png", "a.bbc"), coder=turner(), remove=True)
    assert str(result.error) == "the output was written and the input kept: permission denied"
    assert code_of(result.error) == "not-removed" and sorted(os.listdir()) == ["a.bbc", "a.png"]


@pytest.mark.parametrize("anyway", [False, True])
def test_bytes_after_the_end_are_a_failure_that_writes_and_keeps_the_input(anyway: bool) -> None:
    result = do(Task("a.png", "b.png"), "decompress", turner(surplus=3), remove=True, remove_anyway=anyway)
    assert result.warnings == ["3 bytes after the end of the .bbc file, ignored"]
    assert isinstance(result.error, TrailingBytesError) and sorted(os.listdir()) == ["a.png", "b.png"]
    result = do(Task("a.png"), "verify", turner(surplus=1))
    assert result.warnings == ["1 byte after the end of the .bbc file, ignored"] and result.status == FAILED


def test_files_too_large_to_be_a_picture_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_BYTES_BESIDE_PIXELS", 0)
    Path("a.png").write_bytes(bytes(8001))
    result = do(Task("a.png", "a.bbc"))
    assert result.status == FAILED and "more than 8,000 bytes" in str(result.error)
