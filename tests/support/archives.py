"""Small archives and the command `bbc batch` on them, for the tests of bbans_cli/archive."""

import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli.pictures.equality import equal_pixels
from bbans_cli.pictures.read_write import read_picture

SUFFIXES = ("png", "jpg", "bmp", "tiff")

# Imports take most of the time of a command on a small archive: commands are forked from a process that has done them.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["bbans_cli.cli.main", "bbans_cli.archive.shard", "bbans_cli.archive.report", "bbans_cli.pictures.read_write"]
    + ["numpy", "PIL.Image", "s3fs", "sshfs"]
)


def picture_file(seed: int, suffix: str = "png", side: int = 24) -> bytes:
    """A small picture's file, with grain."""
    y, x, c = np.ogrid[:side, :side, :3]
    grain = np.random.default_rng(seed).integers(0, 8, (side, side, 3))
    pixels = (60 * np.sin(x / 9 + seed) + 60 * np.cos(y / 7 + c) + 120 + grain).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, {"jpg": "JPEG"}.get(suffix, suffix.upper()))
    return file.getvalue()


def make(folder: Path, count: int, side: int = 24) -> dict[str, bytes]:
    """Write pictures below a folder, of several formats, some names with a space and an accent; name -> bytes."""
    made = {}
    for number in range(count):
        suffix = SUFFIXES[number % len(SUFFIXES)]
        name = f"d{number % 3}/é {number % 2}/p{number:04d}.{suffix}"
        made[name] = picture_file(number, suffix, side)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made[name])
    return made


def environment(**more: str) -> dict[str, str]:
    """The package under test first, as it is in this process."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([p for p in sys.path if p])} | more


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "bbans_cli", "batch", *map(str, args)]


def batch(*args: object, rc: int = 0, env: dict[str, str] | None = None) -> str:
    """Run `bbc batch` in a process of its own; what it prints on both streams."""
    env = env or environment()
    if env["PYTHONPATH"] == environment()["PYTHONPATH"]:
        found, said = _forked(["batch", *map(str, args)], env)
    else:  # what such a path brings is there only if Python starts
        done = subprocess.run(
            command(*args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, timeout=1800
        )
        found, said = done.returncode, done.stdout
    assert found == rc, f"exit status {found}: {said}"
    assert "Traceback" not in said, said
    return said


def _forked(words: list[str], env: dict[str, str]) -> tuple[int, str]:
    with tempfile.NamedTemporaryFile() as file:
        child = _FORKS.Process(target=_run, args=(words, env, file.name))
        child.start()
        child.join(1800)
        code = child.exitcode
        child.kill()
        return (-1 if code is None else code), Path(file.name).read_text()


def _run(words: list[str], env: dict[str, str], output: str) -> None:
    """In the fork: as `python -m bbans_cli WORDS`, with this environment and both streams into a file."""
    os.environ.clear()
    os.environ.update(env)
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    if "fsspec.config" in sys.modules:
        from fsspec import config

        config.conf.clear()
        config.set_conf_env(config.conf)
    from bbans_cli.cli import main

    sys.exit(main.run(words))


def rows(job: object) -> list[dict[str, object]]:
    """The report of a job."""
    return [json.loads(line) for line in batch("report", "--format", "jsonl", job).splitlines()]


def same_pictures(one: bytes, other: bytes) -> bool:
    return equal_pixels(read_picture(one), read_picture(other))


def check_restored(made: dict[str, bytes], folder: Path) -> None:
    """JPEG files byte for byte, others as equal pictures, all of them and nothing else."""
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == sorted(made)
    for name, data in made.items():
        back = (folder / name).read_bytes()
        assert back == data if name.endswith(".jpg") else same_pictures(back, data), name


def upload(folder: Path, url: str, env: dict[str, str]) -> None:
    """Write the files below a folder to a store."""
    code = (
        "import sys, pathlib; from bbans_cli.archive.stores import open_store; s = open_store(sys.argv[2]);"
        "r = pathlib.Path(sys.argv[1]);"
        "[s.write(str(p.relative_to(r)), p.read_bytes()) for p in r.rglob('*') if p.is_file()]"
    )
    subprocess.run([sys.executable, "-c", code, folder, url], env=env, check=True)
