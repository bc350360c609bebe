"""`make check-load` and `make check-damage` in small; the figures that count are those of the commands."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def load(*args, module="load"):
    return subprocess.run(
        [sys.executable, "-m", f"scripts.{module}.check", *args], cwd=ROOT, capture_output=True, text=True
    )


@pytest.mark.slow
def test_a_large_picture_in_bounded_memory():
    """At the fast level 20 Mpixel took 191 and 210 MB, to compress and to decompress; 3.5 bytes a pixel more fail."""
    sizes = ("--mpixel", "20", "--megabytes", "280")
    done = load("picture", *sizes, "--levels", "1", "--threads", "2", "--no-verify")
    assert done.returncode == 0 and "pixels equal" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_a_large_jpeg_file_in_bounded_memory():
    done = load("jpeg", "--mpixel", "1.2", "--levels", "1", "--no-verify")
    assert done.returncode == 0 and "bytes, equal" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_a_batch_leaves_no_files_open():
    done = load("batch", "--files", "120")
    assert done.returncode == 0 and done.stdout.count("open files") == 2, done.stdout + done.stderr


@pytest.mark.slow
def test_processes_at_once_on_one_folder():
    done = load("together", "--processes", "3", "--files", "4")
    assert done.returncode == 0 and "pixels equal" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_kill_at_random_moments():
    done = load("kill", "--moments", "8")
    assert done.returncode == 0 and "kills in" in done.stdout, done.stdout + done.stderr


def test_damage_of_one_file():
    done = load("--minutes", "0.01", "tests/golden/good-few-colours-palette.bbc", module="damage")
    assert done.returncode == 0 and done.stdout.endswith("0 faults\n"), done.stdout + done.stderr
