"""What must answer at once imports next to nothing."""

import io
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from exif_files import exif_block, jpeg
from PIL import Image
from processes import processor_time

import bbans_cli
from bbans_cli.container import BYTES, FilePart, JpegSummary, StoredFile, metadata, to_bytes

BBC = os.path.join(sysconfig.get_path("scripts"), "bbc")
HEAVY = {
    "numpy",
    "PIL",
    "torch",
    "tqdm",
    "cffi",
    "safetensors",
    "bbans_cli._core",
    "fsspec",
    "distributed",
    "sqlite3",
    "zarr",
    "numcodecs",
    "imageio",
    "starlette",
    "uvicorn",
    "imagecodecs",
    "asyncio",
}
# Runs the command in this interpreter's way and prints what of HEAVY was imported.
PROBE = f"""
import sys
from bbans_cli.cli import main
status = main.run(sys.argv[1:])
print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)
sys.exit(status)
"""


def size_of(file: Path | io.BytesIO) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "a.bbc"
    path.write_bytes(bbans_cli.compress(np.zeros((8, 8, 3), np.uint8)))
    return path


@pytest.fixture
def packed_preview(tmp_path: Path) -> Path:
    path = tmp_path / "c.bbc"
    path.write_bytes(bbans_cli.compress(np.zeros((16, 24, 3), np.uint8), level=1, preview=256))
    return path


@pytest.fixture
def packed_file(tmp_path: Path) -> Path:
    """A .bbc file that holds a file, as its header says without its parts."""
    path = tmp_path / "b.bbc"
    parts = [FilePart(BYTES, b"", b"")]
    path.write_bytes(to_bytes(StoredFile(9, 0, JpegSummary(0, 3, 1, 1), parts, [(metadata.SUFFIX, b".jpg")])))
    return path


def imported(*args: str | Path, **more) -> str:
    done = subprocess.run([sys.executable, "-c", PROBE, *args], capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize("args", [["--help"], ["compress", "--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(args: list[str]) -> None:
    assert imported(*args) == "[]"


def test_info_imports_nothing_heavy(packed: Path, packed_file: Path) -> None:
    assert imported("info", packed) == "[]"
    assert imported("info", "--json", packed, packed_file) == "[]"


def test_a_thumbnail_of_a_preview_imports_neither_numpy_nor_the_core(packed_preview: Path) -> None:
    target = packed_preview.with_suffix(".png")
    assert imported("thumbnail", packed_preview, target) == "['PIL']"
    with Image.open(target) as small:
        assert small.size == (24, 16)


def test_a_dry_run_imports_nothing_heavy(packed: Path, packed_file: Path) -> None:
    assert imported("decompress", "-n", packed, packed_file) == "[]"
    (packed_file.parent / "b.jpg").write_bytes(b"\xff\xd8\xff")
    assert imported("compress", "-n", "--skip-existing", packed_file.parent / "b.jpg") == "[]"


def test_completion_imports_nothing_heavy() -> None:
    words = {"_BBC_COMPLETE": "bash_complete", "COMP_WORDS": "bbc compress --s", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", BBC], capture_output=True, text=True, env=os.environ | words
    )
    assert "plain,--skip-existing" in done.stdout
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "click" in names and not HEAVY & names


def test_coding_does_not_import_torch(tmp_path: Path) -> None:
    (tmp_path / "a.ppm").write_bytes(b"P6 2 1 255\nabcdef")
    assert "torch" not in imported("compress", tmp_path / "a.ppm")
    assert "torch" not in imported("verify", tmp_path / "a.bbc")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_help_onto_a_full_disk_is_one_line(unbuffered: str) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    with open("/dev/full", "wb") as full:
        environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run([BBC, "--help"], stdout=full, stderr=subprocess.PIPE, env=environment)
    assert (done.returncode, done.stderr) == (1, b"bbc: no space left on device\n")


def test_the_package_is_light() -> None:
    code = f"import sys, bbans_cli; sys.exit(bool({HEAVY!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.fixture
def packed_jpeg(tmp_path: Path) -> Path:
    """A .bbc file of a JPEG file with a thumbnail in its EXIF data."""
    small = np.zeros((16, 24, 3), np.uint8)
    path = tmp_path / "d.bbc"
    path.write_bytes(bbans_cli.compress(jpeg(np.zeros((32, 48, 3), np.uint8), exif_block(6, small)), level=5))
    return path


@pytest.mark.parametrize("kind", ["preview", "exif"])
def test_what_file_managers_call_imports_no_more_than_it_needs(
    kind: str, packed_preview: Path, packed_jpeg: Path, tmp_path: Path
) -> None:
    source, target = packed_preview if kind == "preview" else packed_jpeg, tmp_path / "small.png"
    words = [sys.executable, "-X", "importtime", "-m", "bbans_cli", "thumbnail", "--size", "64", source, target]
    done = subprocess.run(words, capture_output=True, text=True)
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0 and size_of(target) == ((24, 16) if kind == "preview" else (16, 24))
    assert {"click", "numpy", "bbans_cli._core", "PIL"} & names == (
        {"PIL"} if kind == "preview" else {"bbans_cli._core"}
    )


@pytest.mark.alone
def test_help_answers_at_once() -> None:
    # Processor time: what the clock shows as well on a machine that is not busy with something else. That can make it
    # longer too, never shorter: the least of several runs is what it takes.
    assert any(processor_time(BBC, "--help") < 0.15 for _ in range(40))


@pytest.mark.alone
@pytest.mark.parametrize(("verb", "times"), [("info", 1.5), ("preview", 1.3), ("exif", 2.5)])
def test_others_take_little_more_than_help(verb: str, times: float, packed_preview: Path, packed_jpeg: Path) -> None:
    """docs/viewers.md has the seconds; a ratio holds on every machine."""
    words = {
        "info": ["info", packed_preview],
        "preview": ["thumbnail", packed_preview, "-"],
        "exif": ["thumbnail", packed_jpeg, "-"],
    }
    assert any(processor_time(BBC, *words[verb]) < times * processor_time(BBC, "--help") for _ in range(40))
