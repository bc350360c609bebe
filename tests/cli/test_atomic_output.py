"""Publishing: nobody sees half a file, nobody's file is lost."""

import errno
import os
import stat
from pathlib import Path

import pytest

from bbans_cli.cli import atomic_output, fileio
from bbans_cli.cli.atomic_output import CollisionError, DirectOutput, NotRemovedError, TempOutput
from bbans_cli.errors import BbcError, OutputExistsError


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(atomic_output, "_published", set())
    return tmp_path


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch):
    """Lets a test call `abandon_all`, which otherwise is for good."""
    monkeypatch.setattr(atomic_output, "_abandoned", False)


def put(target: str, data: bytes = b"new", force: bool = False, sync: bool = False) -> None:
    with TempOutput(target) as output:
        output.write(data)
        output.publish(None, force, sync)


def test_temporary_until_published_under_a_name_beside_the_target() -> None:
    os.mkdir("t")
    with TempOutput("t/photo.bbc") as output:
        output.write(b"half")
        (name,) = os.listdir("t")
        assert name.startswith(".photo.bbc.") and name.endswith(".tmp")
        assert stat.S_IMODE(os.stat(f"t/{name}").st_mode) == 0o600
        output.publish(None, force=False, sync=True)
    assert os.listdir("t") == ["photo.bbc"]
    assert Path("t/photo.bbc").read_bytes() == b"half"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_is_not_published_vanishes(error: type[BaseException]) -> None:
    with pytest.raises(error), TempOutput("a.bbc") as output:
        output.write(b"half")
        raise error
    assert os.listdir() == []


def test_a_file_that_came_meanwhile_is_not_replaced() -> None:
    with pytest.raises(OutputExistsError), TempOutput("a.bbc") as output:
        Path("a.bbc").write_bytes(b"theirs")
        output.publish(None, force=False, sync=False)
    assert os.listdir() == ["a.bbc"] and Path("a.bbc").read_bytes() == b"theirs"


def test_force_replaces() -> None:
    Path("a.bbc").write_bytes(b"old")
    put("a.bbc", force=True)
    assert os.listdir() == ["a.bbc"] and Path("a.bbc").read_bytes() == b"new"


@pytest.mark.parametrize("force", [False, True])
def test_what_was_published_is_not_replaced_under_another_name(force: bool) -> None:
    Path("a.bbc").write_bytes(b"old")
    put("a.bbc", force=True)
    os.link("a.bbc", "A.bbc")  # as a file system shows it that takes both names for one
    with pytest.raises(CollisionError, match="output of another input"):
        put("A.bbc", b"of A.bmp", force=force)
    assert sorted(os.listdir()) == ["A.bbc", "a.bbc"] and Path("a.bbc").read_bytes() == b"new"
    put("b.bbc", force=force)


def test_another_file_with_the_inode_of_what_was_published_is_replaced() -> None:
    """Once another process has replaced an output, the number of its inode may be that of any other file."""
    put("a.bbc")
    os.rename("a.bbc", "b.bbc")
    os.utime("b.bbc", ns=(1, 1))
    put("b.bbc", b"newer", force=True)
    assert Path("b.bbc").read_bytes() == b"newer"


def test_force_replaces_a_link_and_not_what_it_points_at() -> None:
    Path("theirs").write_bytes(b"old")
    os.symlink("theirs", "a.bbc")
    put("a.bbc", force=True)
    assert Path("theirs").read_bytes() == b"old" and not os.path.islink("a.bbc")


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_file_systems_without_links(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def link(path: str, target: str) -> None:
        raise OSError(number, "no links here", path)

    monkeypatch.setattr(os, "link", link)
    put("a.bbc")
    assert os.listdir() == ["a.bbc"] and Path("a.bbc").read_bytes() == b"new"
    atomic_output._published.clear()
    with pytest.raises(OutputExistsError):
        put("a.bbc", b"newer")
    assert os.listdir() == ["a.bbc"] and Path("a.bbc").read_bytes() == b"new"

    def replace(path: str, target: str) -> None:
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError, match="broken disk"):
        put("b.bbc")
    assert os.listdir() == ["a.bbc"]


def test_a_failing_link_is_an_error_that_names_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(path: str, target: str) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded", path)

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(OSError) as caught:
        put("a.bbc")
    assert caught.value.filename == "a.bbc" and os.listdir() == []


def test_status_is_copied() -> None:
    Path("a.png").touch()
    os.chmod("a.png", 0o4751)
    os.utime("a.png", ns=(10**18, 10**18 + 123_456_789))
    with TempOutput("a.bbc") as output:
        output.publish(os.stat("a.png"), force=False, sync=False)
    came = os.stat("a.bbc")
    assert stat.S_IMODE(came.st_mode) == 0o751
    assert came.st_mtime_ns == os.stat("a.png").st_mtime_ns


@pytest.mark.parametrize("mode, expected", [(0o664, 0o644), (0o660, 0o600), (0o646, 0o646), (0o604, 0o604)])
def test_another_group_gains_nothing(monkeypatch: pytest.MonkeyPatch, mode: int, expected: int) -> None:
    def fchown(descriptor: int, user: int, group: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", fchown)
    Path("a.png").touch()
    os.chmod("a.png", mode)
    with TempOutput("a.bbc") as output:
        output.publish(os.stat("a.png"), force=False, sync=False)
    assert stat.S_IMODE(os.stat("a.bbc").st_mode) == expected


def test_sync_reaches_the_disk_before_and_after_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        seen.append(("folder" if folder else "file", os.path.exists("a.bbc")))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    put("a.bbc", sync=True)
    assert seen == [("file", False), ("folder", True)]
    put("b.bbc")
    assert len(seen) == 2


def test_after_the_stop_nothing_is_left_and_nothing_gets_out(stopped: None) -> None:
    first = TempOutput("a.bbc")
    first.write(b"half")
    atomic_output.abandon_all()
    assert os.listdir() == []
    with pytest.raises(BbcError, match="stopped"), first:
        first.publish(None, force=False, sync=False)
    with pytest.raises(BbcError, match="stopped"):
        TempOutput("b.bbc")
    assert os.listdir() == []


def test_folders_are_made() -> None:
    put("t/u/a.bbc")
    assert Path("t/u/a.bbc").read_bytes() == b"new"


def test_an_input_is_removed_only_if_it_is_what_was_read() -> None:
    Path("a").write_bytes(b"12345")
    _, status = fileio.read("a", 5)
    os.symlink("a", "b")
    with pytest.raises(NotRemovedError, match="symbolic link"):
        atomic_output.remove_input("b", status)
    Path("c").write_bytes(b"12345")
    with pytest.raises(NotRemovedError, match="changed"):
        atomic_output.remove_input("c", status)
    with pytest.raises(NotRemovedError, match="changed"):
        atomic_output.remove_input("a", None)
    with Path("a").open("ab") as file:
        file.write(b"6")
    with pytest.raises(NotRemovedError, match="changed"):
        atomic_output.remove_input("a", status)
    _, status = fileio.read("a", 6)
    atomic_output.remove_input("a", status)
    assert sorted(os.listdir()) == ["b", "c"]


def test_special_files() -> None:
    os.mkfifo("pipe")
    Path("file").touch()
    assert [name for name in ("pipe", "file", ".", "missing", "/dev/null") if atomic_output.is_special(name)] == [
        "pipe",
        "/dev/null",
    ]
    with DirectOutput("/dev/null") as output:
        output.write(b"gone")
        output.publish(None, force=False, sync=False)


def test_errors_name_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    with pytest.raises(OSError) as caught:
        TempOutput("file/a.bbc")
    assert caught.value.filename == "file/a.bbc"
