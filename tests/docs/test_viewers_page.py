"""Runs the examples of docs/viewers.md that are marked for it, as a reader would type them.

They run in a folder with `photo.bbc`, `shot.bbc` and the repository's `share`.
"""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shell import environment

import bbans_cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/viewers.md").read_text()
BLOCKS = re.findall(r"^```sh tested([^\n]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def version_of(program: str) -> str:
    return subprocess.run([program, "-version"], capture_output=True, text=True).stdout


def run(needs: str, script: str, folder: Path) -> str:
    missing = [program for program in needs.split() if not shutil.which(program)]
    if "convert" in needs and not missing and "ImageMagick" not in version_of("convert"):
        missing = ["ImageMagick's convert"]  # GraphicsMagick and others have a program of that name too
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    pixels = (np.indices((32, 48)).sum(0)[:, :, None] + [0, 40, 80]).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "shot.jpg")
    for name, source in (("photo", pixels), ("shot", folder / "shot.jpg")):
        (folder / f"{name}.bbc").write_bytes(bbans_cli.compress(source, level=1))
    (folder / "share").symlink_to(ROOT / "share")
    settings = environment(folder) | {"SHELL": "/bin/sh"}
    for name in ("LESSOPEN", "LESSCLOSE", "XDG_CONFIG_HOME"):
        settings.pop(name, None)
    done = subprocess.run(["sh", "-eu", "-c", script], cwd=folder, env=settings, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("needs, script", [block for block in BLOCKS if "less" in block[0]])
def test_less_shows_what_info_says(needs: str, script: str, tmp_path: Path) -> None:
    assert run(needs, script, tmp_path).startswith("photo.bbc: 48x32 rgb, 8 bits")


@pytest.mark.parametrize("needs, script", [block for block in BLOCKS if "convert" in block[0]])
def test_imagemagick_reads_pictures_and_jpeg_files(needs: str, script: str, tmp_path: Path) -> None:
    run(needs, script, tmp_path)
    with Image.open(tmp_path / "small.png") as image, Image.open(tmp_path / "small.webp") as other:
        assert (image.size, other.size) == ((24, 16), (48, 32))


def test_both_are_among_the_examples() -> None:
    assert [needs.split() for needs, _ in BLOCKS] == [["convert"], ["less"], ["less", "lesspipe"]]
