"""Stopped mid-way: no half file, nothing lost, and the shell sees which signal it was."""

import os
import signal
import subprocess
import sysconfig
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from exif_files import exif_block
from PIL import Image

import bbans_cli
from bbans_cli.cli import signals

BBC = os.path.join(sysconfig.get_path("scripts"), "bbc")
# Far more than is coded before the signal comes.
SIZE = 2000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that the model is good for: nothing that would be stored as it is, in no time."""
    path = tmp_path_factory.mktemp("pictures") / "large.ppm"
    y, x, c = np.ogrid[:SIZE, :SIZE, :3]
    grain = np.random.default_rng(1).integers(0, 8, (SIZE, SIZE, 3))
    pixels = (60 * np.sin(x / 97) + 60 * np.cos(y / 71 + c) + 120 + grain).astype(np.uint8)
    path.write_bytes(b"P6 %d %d 255\n" % (SIZE, SIZE) + pixels.tobytes())
    return path


def start(*args: str | Path, cwd: Path, **more) -> subprocess.Popen:
    return subprocess.Popen([BBC, *args], cwd=cwd, stderr=subprocess.PIPE, **more)


def wait_for_temporary_file(folder: Path) -> None:
    """Until the command has begun to work on a file."""
    end = time.monotonic() + 30
    while not list(folder.glob(".*.tmp")):
        assert time.monotonic() < end, "the command never began"
        time.sleep(0.01)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(signum: int, large: Path, tmp_path: Path) -> None:
    process = start("compress", "--rm", "-f", "-o", "out/", large, cwd=tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "large.bbc").write_bytes(b"old")
    wait_for_temporary_file(tmp_path / "out")
    process.send_signal(signum)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == -signum
    assert errors == b""
    assert os.listdir(tmp_path / "out") == ["large.bbc"]
    assert (tmp_path / "out" / "large.bbc").read_bytes() == b"old"
    assert large.exists()


def test_a_second_signal_at_once_is_no_message(large: Path, tmp_path: Path) -> None:
    process = start("compress", "-o", tmp_path / "a.bbc", large, cwd=tmp_path)
    wait_for_temporary_file(tmp_path)
    # Both are there when the process runs again.
    for signum in (signal.SIGSTOP, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCONT):
        process.send_signal(signum)
    _, errors = process.communicate(timeout=30)
    assert -process.returncode in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT) and errors == b""
    assert os.listdir(tmp_path) == []


def test_the_shell_sees_143(large: Path, tmp_path: Path) -> None:
    script = 'out=$1; bbc=$2; "$bbc" compress -o "$out"/ "$3" & trap "" TERM; wait $!; echo $?'
    process = subprocess.Popen(
        ["sh", "-c", script, "sh", tmp_path, BBC, large], stdout=subprocess.PIPE, start_new_session=True
    )
    wait_for_temporary_file(tmp_path)
    os.killpg(process.pid, signal.SIGTERM)
    assert process.communicate(timeout=30)[0] == b"143\n"
    assert os.listdir(tmp_path) == []


def test_an_interrupt_while_starting_up_is_no_traceback() -> None:
    # As if it came while modules are being imported.
    code = """
import os, signal, sys, types
from bbans_cli import __main__
sys.modules["bbans_cli.cli.main"] = types.ModuleType("main")
sys.modules["bbans_cli.cli.main"].__getattr__ = lambda name: os.kill(os.getpid(), signal.SIGINT)
__main__.main()
"""
    python = os.path.join(sysconfig.get_path("scripts"), "python")
    done = subprocess.run([python, "-c", code], capture_output=True)
    assert done.returncode == -signal.SIGINT and done.stderr == b""


@pytest.mark.parametrize(
    ("name", "module", "kind"),
    [
        ("bin/bbc", "", "SIG_DFL"),
        ("-m", "bbans_cli", "SIG_DFL"),
        ("-m", "other", "default_int_handler"),
        ("other", "", "default_int_handler"),
    ],
)
def test_an_interrupt_ends_the_command_from_the_first_import_on(name: str, module: str, kind: str) -> None:
    code = f"""
import signal, sys
sys.argv, sys.orig_argv = [{name!r}], ["python", {name!r}, {module!r}]
class Look:
    def find_spec(self, module, *more):
        if module == "bbans_cli.errors":
            print(signal.getsignal(signal.SIGINT) is signal.{kind})
sys.meta_path.insert(0, Look())
import bbans_cli
"""
    python = os.path.join(sysconfig.get_path("scripts"), "python")
    done = subprocess.run([python, "-c", code], capture_output=True)
    assert (done.stdout, done.stderr) == (b"True\n", b"")


def test_what_was_done_before_the_signal_stays(large: Path, tmp_path: Path) -> None:
    (tmp_path / "small.ppm").write_bytes(b"P6 1 1 255\nabc")
    args = ["compress", "-j1", "--rm", "-o", tmp_path, tmp_path / "small.ppm", large]
    process = start(*args, cwd=tmp_path)
    end = time.monotonic() + 30
    while (tmp_path / "small.ppm").exists() and time.monotonic() < end:
        time.sleep(0.01)
    wait_for_temporary_file(tmp_path)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
    assert os.listdir(tmp_path) == ["small.bbc"]


def test_a_signal_that_the_parent_ignores_is_ignored(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ppm")
    ignore = "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    python = os.path.join(sysconfig.get_path("scripts"), "python")
    process = subprocess.Popen([python, "-c", ignore, BBC, "compress", "pipe.ppm"], cwd=tmp_path)
    # Opening blocks until the command has opened the other end, which is after it settled its signals.
    with open(tmp_path / "pipe.ppm", "wb") as pipe:
        process.send_signal(signal.SIGHUP)
        pipe.write(b"P6 1 1 255\nabc")
    assert process.wait(timeout=30) == 0
    assert (tmp_path / "pipe.bbc").exists()


@pytest.mark.alone  # beside other tests it ended with status 1 once or twice, for a reason not yet found
def test_a_signal_while_waiting_for_input(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ppm")
    process = start("compress", "pipe.ppm", cwd=tmp_path)
    with open(tmp_path / "pipe.ppm", "wb"):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT and errors == b""
    assert os.listdir(tmp_path) == ["pipe.ppm"]


def test_a_signal_is_found_behind_the_error_of_a_lock() -> None:
    """threading.Condition fails with "release unlocked lock" where Interrupted passes by at a bad moment."""
    try:
        try:
            raise signals.Interrupted(signal.SIGINT)
        finally:
            threading.Lock().release()
    except RuntimeError as error:
        stop = signals.behind(error)
    assert stop is not None and stop.signum == signal.SIGINT
    assert signals.behind(RuntimeError()) is None


@pytest.mark.parametrize("args", ["compress -c -1 a.ppm", "info --map - -1 a.ppm", "info --exif a.bbc"])
def test_a_reader_that_leaves_ends_the_command_by_sigpipe(args: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    (tmp_path / "a.ppm").write_bytes(b"P6 64 64 255\n" + pixels.tobytes())
    Image.fromarray(pixels[:4, :4]).save(tmp_path / "a.png", exif=exif_block(3))
    (tmp_path / "a.bbc").write_bytes(bbans_cli.compress(tmp_path / "a.png"))
    reading, writing = os.pipe()
    os.close(reading)
    process = start(*args.split(), cwd=tmp_path, stdout=writing)
    os.close(writing)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGPIPE and errors == b""


def test_a_signal_that_somebody_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_arrived", None)
    monkeypatch.setattr(signals, "_when", 0.0)
    signals.check()
    with pytest.raises(signals.Interrupted):
        signals._raise(signal.SIGTERM, None)
    with pytest.raises(signals.Interrupted) as again:
        signals.check()
    assert again.value.signum == signal.SIGTERM
    signals._pass(signal.SIGINT, None)  # the first may still be cleaning up
    monkeypatch.setattr(signals, "_when", time.monotonic() - 2)
    with pytest.raises(signals.Interrupted):
        signals._pass(signal.SIGINT, None)
