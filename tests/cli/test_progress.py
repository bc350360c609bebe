"""The bar: on a terminal only, moving within a file and across files."""

import io

import pytest

from bbans_cli.cli.progress import Progress
from bbans_cli.cli.task import Task


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


TASKS = [Task("a.png", size=300), Task("b.png", size=100)]


def test_no_terminal_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, show in ((io.StringIO(), True), (Terminal(), False), (None, True)):
        monkeypatch.setattr("sys.stderr", stream)
        progress = Progress(TASKS, show)
        progress.at(TASKS[0], 0.5)
        with progress.paused():
            progress.finish(TASKS[0])
        progress.close()
        assert stream is None or stream.getvalue() == ""


def test_files_count_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    progress = Progress(TASKS, True)
    progress._bar.delay = 0
    seen = []
    for task, share in ((TASKS[0], 0.5), (TASKS[1], 0.5), (TASKS[0], 0.25), (TASKS[0], 7.0)):
        progress.at(task, share)
        seen.append(progress._bar.n)
    assert seen == [150, 200, 200, 350]
    progress.finish(TASKS[1])
    assert progress._bar.n == progress._bar.total == 400
    progress._bar.refresh()
    assert "1/2 files" in terminal.getvalue() and "100%" in terminal.getvalue()
    progress.close()
    # The last thing drawn is nothing: the bar is gone.
    assert terminal.getvalue().rstrip("\r").endswith(" ")


def test_standard_input_has_no_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    task = Task("-")
    progress = Progress([task], True)
    progress.at(task, 0.5)
    assert progress._bar.n == 0.5
    progress.close()


def test_quick_runs_draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    progress = Progress(TASKS, True)
    for task in TASKS:
        with progress.paused():
            pass
        progress.finish(task)
    progress.close()
    assert terminal.getvalue().strip() == ""
