"""Runs the shell scripts of tests/cases against the installed command; cases/README.md says how they are written."""

import os
import subprocess
from pathlib import Path

import pytest
from forked_bbc import folder_with_bbc
from shell import CASES, environment

UPDATE = os.environ.get("BBC_UPDATE_CASES") == "1"
SKIPPED = 77
# Cases about how the command starts and what its process has: it is started there as usual, in the others forked
# (tests/support/forked_bbc.py).
STARTED = {
    "disk-full": "a limit of the shell",
    "disk-full-real": "a file system of its own",
    "environment": "variables that count while modules are imported",
    "pipes-closed": "streams that are closed",
    "progress": "the terminal's processes",
    "status-copied": "the umask, which is read while modules are imported",
    "terminal": "the terminal's processes",
    "unreadable": "another user",
    "version": "variables that count while modules are imported",
}
# Those of them that start it many times and see what shorter ones see in part
SLOW = {"disk-full-real", "environment", "pipes-closed", "progress", "terminal", "unreadable", "version"}


def expectation(script: Path, kind: str) -> bytes:
    path = script.with_suffix(f".{kind}")
    return path.read_bytes() if path.exists() else b"0\n" if kind == "exit" else b""


def update(script: Path, kind: str, came: bytes) -> None:
    path = script.with_suffix(f".{kind}")
    path.unlink(missing_ok=True)
    if came != expectation(script, kind):
        path.write_bytes(came)


def case(script: Path):
    return pytest.param(script, marks=pytest.mark.slow if script.stem in SLOW else (), id=script.stem)


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    """A folder with a `bbc` that starts at once."""
    folder = tmp_path_factory.mktemp("bin")
    with folder_with_bbc(folder, environment(folder)):
        yield folder


@pytest.mark.parametrize("script", [case(script) for script in sorted(CASES.glob("*.sh"))])
def test_case(script: Path, tmp_path: Path, forked: Path) -> None:
    scratch, home = tmp_path / "scratch", tmp_path / "home"
    scratch.mkdir()
    home.mkdir()
    # One thread: with more, lines about several files come in the order in which these end.
    variables = environment(home) | {"BBC_THREADS": "1"}
    if script.stem not in STARTED:
        variables["PATH"] = f"{forked}{os.pathsep}{variables['PATH']}"
    done = subprocess.run(
        ["sh", "-eu", script], cwd=scratch, env=variables, capture_output=True, stdin=subprocess.DEVNULL
    )
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.decode().strip())
    came = {"exit": b"%d\n" % done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    if UPDATE:
        for kind, data in came.items():
            update(script, kind, data)
    # All three at once: the error messages are what explains a wrong exit status.
    assert came == {kind: expectation(script, kind) for kind in came}


def test_every_expectation_has_a_script() -> None:
    strays = [path.name for path in CASES.iterdir() if path.is_file() and path.suffix not in (".sh", ".md")]
    assert [name for name in strays if not (CASES / name).with_suffix(".sh").exists()] == []
