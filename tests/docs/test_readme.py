"""Runs the examples of the README that are marked for it, as a reader would type them.

A block is marked by the words after its language: ```sh tested`, and what programs it needs beside the usual:
```sh tested parallel`. It runs in a folder with `photo.png`, `shot.jpg` and, below `photos/`, four more pictures, one
of them in a folder of its own and one with a space in its name.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from forked_bbc import folder_with_bbc
from PIL import Image
from shell import environment

from bbans_cli.pictures.picture import from_array
from bbans_cli.pictures.read_write import write_picture

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```sh tested([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(README.read_text()) if README.exists() else []


@pytest.fixture
def album(tmp_path: Path) -> Path:
    y, x, c = np.ogrid[:40, :60, :3]
    for seed, name in enumerate(["photo", "photos/a", "photos/b", "photos/two words", "photos/trip/d"]):
        grain = np.random.default_rng(seed).integers(0, 8, (40, 60, 3))
        pixels = (60 * np.sin(x / 9 + seed) + 60 * np.cos(y / 7 + c) + 120 + grain).astype(np.uint8)
        path = tmp_path / "album" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(write_picture(from_array(pixels))[0])
    Image.fromarray(pixels).save(tmp_path / "album" / "shot.jpg")
    return tmp_path / "album"


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    """A folder with a `bbc` that starts at once; tests/cli has what matters at its start."""
    folder = tmp_path_factory.mktemp("bin")
    with folder_with_bbc(folder, environment(folder)):
        yield folder


@pytest.mark.parametrize("needs, script", blocks())
def test_example(needs: str, script: str, album: Path, forked: Path) -> None:
    missing = [program for program in needs.split() if not shutil.which(program)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    settings = environment(album.parent)
    settings["PATH"] = f"{forked}{os.pathsep}{settings['PATH']}"
    done = subprocess.run(["sh", "-eu", "-c", script], cwd=album, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    made = sorted(album.rglob("*.bbc"))
    assert made
    subprocess.run(["bbc", "verify", *made], env=settings, check=True)


def test_batches_are_among_the_examples() -> None:
    if not README.exists():
        pytest.skip("there is no README")
    scripts = "".join(script for _, script in blocks())
    assert "xargs" in scripts and "parallel" in scripts
