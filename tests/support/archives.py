"""Small archives and the command `bbc batch` on them, for the tests of bbans_cli/archive."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli import api
from bbans_cli.pictures.read_write import read_picture

SUFFIXES = ("png", "jpg", "bmp", "tiff")


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
    """Run `bbc batch`; what it prints on both streams."""
    done = subprocess.run(
        command(*args),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env or environment(),
        timeout=1800,
    )
    assert done.returncode == rc, f"exit status {done.returncode}: {done.stdout}"
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def rows(job: object) -> list[dict[str, object]]:
    """The report of a job."""
    return [json.loads(line) for line in batch("report", "--format", "jsonl", job).splitlines()]


def same_pictures(one: bytes, other: bytes) -> bool:
    return api._equal_pixels(read_picture(one), read_picture(other))


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
