"""bbans_cli/posix_calls.py alone calls what POSIX has and other systems lack; without any of it the package works.

What is missing here is taken away on Linux. That says nothing of how another system does what it has.
"""

import io
import os
import platform
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PIL import Image

from bbans_cli import posix_calls

PACKAGE = Path(posix_calls.__file__).parent
# What Python's documentation marks as available on Unix alone
MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
NAMES = {
    "os": set(
        "O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC O_TMPFILE chown copy_file_range fchdir fchmod"
        " fchown fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getuid initgroups kill killpg lchown"
        " lockf mkfifo mknod nice openpty pathconf posix_fadvise posix_spawn pread preadv pwrite sched_getaffinity"
        " sendfile setgid setsid setuid statvfs sysconf uname wait wait3 wait4".split()
    ),
    "signal": set(
        "SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 alarm pause"
        " pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigwait".split()
    ),
}
ALLOWED = {("cli/signals.py", "os.kill")}  # of the process itself, which Windows can do too

WITHOUT = f"""
import os, signal, sys, tempfile
import click, numpy as np, PIL.Image, safetensors, tqdm, cffi
import concurrent.futures.thread, multiprocessing, subprocess, zlib
for name in {sorted(MODULES)}:
    sys.modules[name] = None
for module, names in {NAMES}.items():
    for name in names - {{"kill"}}:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)
"""

PYTHON_FUNCTIONS = """
import bbans_cli
pixels = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3) % 50
for level in (1, 5):
    assert np.array_equal(bbans_cli.decompress(bbans_cli.compress(pixels, level=level)), pixels)
PIL.Image.fromarray(pixels).save("a.png")
"""

COMMAND = """
from bbans_cli.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def test_no_other_module_calls_what_posix_alone_has():
    calls = re.compile("|".join(rf"\b{module}\.(?:{'|'.join(names)})\b" for module, names in NAMES.items()))
    imports = re.compile(rf"^\s*(?:import|from) (?:{'|'.join(MODULES)})\b", re.M)
    found = set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        names = [each[0] for pattern in (calls, imports) for each in pattern.finditer(text)]
        found |= {(path.relative_to(PACKAGE).as_posix(), name.strip()) for name in names}
    assert {each for each in found if each[0] != "posix_calls.py"} == ALLOWED


def run(tmp_path, program, *arguments):
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-c", WITHOUT + program, *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_round_trip_without_posix(tmp_path):
    run(tmp_path, PYTHON_FUNCTIONS)
    picture = (tmp_path / "a.png").read_bytes()
    run(tmp_path, COMMAND, "compress", "-1", "--rm", "a.png")
    assert not (tmp_path / "a.png").exists()
    run(tmp_path, COMMAND, "decompress", "a.bbc")
    with Image.open(tmp_path / "a.png") as found, Image.open(io.BytesIO(picture)) as given:
        assert found.tobytes() == given.tobytes()


def test_what_stands_for_what_is_missing(monkeypatch, tmp_path):
    for name in ("sched_getaffinity", "sysconf", "fchmod", "fchown", "O_DIRECTORY", "pread"):
        monkeypatch.delattr(os, name)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.setattr(os, "supports_fd", set())
    assert posix_calls.processors() == 1 and posix_calls.memory() == 8 << 30
    path = tmp_path / "a"
    path.write_bytes(b"")
    with path.open("r+b") as file:
        posix_calls.set_mode(file.fileno(), 0o600)
        posix_calls.set_owner(file.fileno(), 0, 0)
        posix_calls.set_times(file.fileno(), str(path), (10**9, 2 * 10**9))
        with pytest.raises(OSError, match="cannot read at a position"):
            posix_calls.read_at(file.fileno(), 1, 0)
    assert path.stat().st_mtime == 2.0
    posix_calls.sync_folder(str(tmp_path / "missing"))


def test_on_posix_the_calls_are_made(tmp_path):
    assert posix_calls.OPEN_FLAGS == os.O_CLOEXEC | os.O_NOCTTY
    assert set(posix_calls.STOPPING) == {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    assert posix_calls.SIGPIPE == signal.SIGPIPE
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    with path.open("r+b") as file:
        posix_calls.set_mode(file.fileno(), 0o604)
        assert posix_calls.read_at(file.fileno(), 9, 1) == b"bc"
    assert path.stat().st_mode & 0o777 == 0o604
    with pytest.raises(FileNotFoundError):
        posix_calls.sync_folder(str(tmp_path / "missing"))
    ended = subprocess.Popen(["true"])
    assert posix_calls.lives(os.getpid())
    ended.wait()
    assert not posix_calls.lives(ended.pid)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="memory is kept otherwise without glibc")
@pytest.mark.parametrize("asked", [False, True])
def test_large_blocks_go_back_to_the_system(asked):
    """Even if a block of that size was freed before, which makes glibc keep such blocks, and a small one lies above."""
    work = f"""
        import os, numpy
        from bbans_cli import posix_calls
        if {asked}:
            posix_calls.give_back_memory()
        numpy.ones(20 << 20, numpy.uint8)
        large = numpy.ones(10 << 20, numpy.uint8)
        above = numpy.ones(100_000, numpy.uint8)
        pages = lambda: int(open("/proc/self/statm").read().split()[1])
        before = pages()
        del large
        print((before - pages()) * os.sysconf("SC_PAGE_SIZE") > 8 << 20)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(work)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(asked)
