"""What is said of a file and of a run."""

import errno
import json

import pytest

from bbans_cli.cli.report import (
    FAILED,
    OK,
    SKIPPED,
    Report,
    Result,
    planned,
    printable,
    shown,
    to_json,
)
from bbans_cli.cli.task import Task
from bbans_cli.errors import (
    BbcError,
    CorruptError,
    InputError,
    LimitError,
    LossyError,
    ModelMismatchError,
    OutputExistsError,
    TruncatedError,
    UnsupportedError,
    code_of,
    describe,
)

GOOD = Result("a.png", "a.bbc", OK, 1000, 250, 20, 10, 600, 250, 1.5)
BAD = Result("b.png", "b.bbc", FAILED, error=InputError("damaged PNG"))
PASSED = Result("c.png", "c.bbc", SKIPPED, reason="c.bbc exists")


def said(capsys: pytest.CaptureFixture[str], *results: Result, **settings) -> str:
    report = Report(**settings)
    for result in results:
        report.add(result)
    report.finish(2.0)
    return capsys.readouterr().err


def test_silence_on_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, GOOD, PASSED) == ""


def test_one_line_for_a_failure_the_file_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, BAD) == "bbc: b.png: damaged PNG\n"
    assert said(capsys, BAD, verbosity=-1) == "bbc: b.png: damaged PNG\n"
    assert said(capsys, BAD, verbosity=-2) == ""


def test_a_failure_to_write_names_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    full = Result("b.png", "b.bbc", FAILED, error=OSError(errno.ENOSPC, "No space left on device", "b.bbc"))
    there = Result("b.png", "b.bbc", FAILED, error=OutputExistsError("exists already"))
    assert said(capsys, full, there) == "bbc: b.bbc: no space left on device\nbbc: b.bbc: exists already\n"


def test_warnings_unless_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    warned = Result("a.png", "a.bbc", warnings=["not kept: histogram"])
    assert said(capsys, warned) == "bbc: a.png: warning: not kept: histogram\n"
    assert said(capsys, warned, verbosity=-1) == ""


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, GOOD, PASSED, BAD, verbosity=1) == (
        "bbc: a.png -> a.bbc: 20x10, 1,000 -> 250 bytes (75.0 % saved), 3.333 bpd, 1.50 s\n"
        "bbc: c.png: skipped, c.bbc exists\n"
        "bbc: b.png: damaged PNG\n"
        "bbc: 1 file, 1,000 -> 250 bytes (75.0 % saved), 0.0001 Mpixel/s, 1 skipped, 1 failed\n"
    )


def test_nothing_is_saved_by_what_grew(capsys: pytest.CaptureFixture[str]) -> None:
    restored = Result("a.bbc", "a.png", OK, 250, 1000, 20, 10, 600, 250, 1.5)
    assert "saved" not in said(capsys, restored, verbosity=1)


def test_nothing_is_saved_by_a_thumbnail(capsys: pytest.CaptureFixture[str]) -> None:
    small = Result("a.bbc", "a.png", OK, 5000, 1000, 20, 10, note="decoded")
    assert "5,000 -> 1,000 bytes, 0.00 s, decoded" in said(capsys, small, verbosity=1)


def test_the_summary_does_not_repeat_a_lone_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, BAD, summary=True) == "bbc: b.png: damaged PNG\n"
    assert "2 failed" in said(capsys, BAD, BAD, summary=True)
    assert said(capsys, GOOD, summary=True, verbosity=-1) == ""


def test_tracebacks_only_when_very_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Traceback" not in said(capsys, BAD, verbosity=1)
    error = InputError("damaged PNG")
    try:
        raise error
    except InputError:
        assert "Traceback" in said(capsys, Result("b.png", status=FAILED, error=error), verbosity=2)


@pytest.mark.parametrize("results, status", [([], 0), ([GOOD, PASSED], 0), ([GOOD, BAD, GOOD], 1)])
def test_exit_status(results: list[Result], status: int) -> None:
    assert Report(results=results).return_code == status


@pytest.mark.parametrize(
    "name, text",
    [
        ("two words", "two words"),
        ("a\nb", "a\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("ü\u202e", "ü\\u202e"),
        ("latin\udce9", "latin\\xe9"),
        ("-", "(standard input)"),
    ],
)
def test_names_play_no_tricks(name: str, text: str) -> None:
    assert shown(name) == text


def test_an_error_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    two = Result("a", status=FAILED, error=InputError("first\nsecond"))
    assert said(capsys, two) == "bbc: a: first\\nsecond\n"
    assert printable("a\tb") == "a\\tb"


@pytest.mark.parametrize(
    "error, code",
    [
        (BbcError("x"), "error"),
        (CorruptError("x"), "corrupt"),
        (TruncatedError("x"), "truncated"),
        (UnsupportedError("x"), "unsupported"),
        (ModelMismatchError("x"), "model-mismatch"),
        (InputError("x"), "input"),
        (LossyError("x"), "lossy"),
        (LimitError("x"), "limit"),
        (OutputExistsError("x"), "exists"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), "not-found"),
        (PermissionError(errno.EACCES, "Permission denied"), "permission"),
        (OSError(errno.EROFS, "Read-only file system"), "read-only"),
        (OSError(errno.ENOSPC, "No space left on device"), "no-space"),
        (OSError(errno.EIO, "Input/output error"), "io"),
        (MemoryError(), "memory"),
        (ZeroDivisionError("x"), "internal"),
    ],
)
def test_codes_are_a_promise(error: Exception, code: str) -> None:
    assert code_of(error) == code
    assert describe(error) and "\n" not in describe(error)


def test_errors_are_caught_as_what_they_are() -> None:
    for kind in (CorruptError, UnsupportedError, InputError):
        assert issubclass(kind, ValueError) and issubclass(kind, BbcError)
    assert issubclass(OutputExistsError, FileExistsError) and str(OutputExistsError("there")) == "there"


def test_json_has_every_key() -> None:
    keys = ["schema", "input", "output", "status", "in_bytes", "out_bytes", "width", "height", "bpd", "seconds"]
    for result in (GOOD, BAD, PASSED):
        assert list(json.loads(to_json(result)))[:12] == [*keys, "error", "warnings"]
    assert json.loads(to_json(GOOD))["bpd"] == 3.3333
    assert json.loads(to_json(BAD))["error"] == {"code": "input", "message": "damaged PNG"}


def test_a_file_that_is_no_picture_is_told_by_its_share(capsys: pytest.CaptureFixture[str]) -> None:
    jpeg = Result("a.jpg", "a.bbc", OK, 1000, 750, 20, 10, 600, 750, 1.5, kind="jpeg", file_bytes=1000)
    stored = Result("b.jpg", "b.bbc", OK, 9, 12, None, None, None, 12, 0.5, kind="file", file_bytes=9, notes=["why"])
    assert said(capsys, jpeg, stored, verbosity=1) == (
        "bbc: a.jpg -> a.bbc: 20x10, 1,000 -> 750 bytes (25.0 % saved), 0.750 of the file, 1.50 s\n"
        "bbc: b.jpg: why\n"
        "bbc: b.jpg -> b.bbc: 9 -> 12 bytes, 1.333 of the file, 0.50 s\n"
        "bbc: 2 files, 1,009 -> 762 bytes (24.5 % saved), 0.0001 Mpixel/s\n"
    )
    record = json.loads(to_json(jpeg))
    assert (record["kind"], record["share"], record["bpd"], record["notes"]) == ("jpeg", 0.75, None, [])
    assert json.loads(to_json(stored))["width"] is None


def test_notes_unless_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    noted = Result("a.jpg", "a.bbc", notes=["only stored: 12 bits"])
    assert said(capsys, noted) == "bbc: a.jpg: only stored: 12 bits\n"
    assert said(capsys, noted, verbosity=-1) == ""


def test_details_never_replace_a_key() -> None:
    result = Result("a", details={"input": "no", "mode": "rgb"})
    assert json.loads(to_json(result))["input"] == "a" and json.loads(to_json(result))["mode"] == "rgb"


def test_names_that_are_not_utf8_survive_json() -> None:
    assert json.loads(to_json(Result("latin\udce9")))["input"] == "latin\udce9"


def test_planned() -> None:
    assert planned(Task("a", "b", 5)).text == "a -> b"
    assert planned(Task("a", "b", skip="b exists")).reason == "b exists"
    assert planned(Task("a", "b", problem=InputError("x"))).status == FAILED


def test_a_closed_standard_error_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, text: str) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    for stream in (None, Full()):
        monkeypatch.setattr("sys.stderr", stream)
        report = Report()
        report.add(BAD)
        assert report.return_code == 1
