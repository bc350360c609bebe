"""The whole bbc on aarch64, under qemu-user: the same bytes as here; each reads the other's. See `make test-arm`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
ARM = os.environ.get("BBC_ARM")
SAMPLE = ROOT / "samples" / "roman-colosseum.png"

pytestmark = pytest.mark.skipif(ARM is None, reason="no aarch64 Python is prepared: make test-arm")


def here(*words, **environment):
    return [sys.executable, "-m", *words], environment


def arm(*words, **environment):
    """A Python module's command line on aarch64."""
    python = next(Path(ARM, "root/usr/bin").glob("python3.*"))
    paths = f"{ARM}/tree:{ARM}/site"
    environment |= {"QEMU_LD_PREFIX": f"{ARM}/root", "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    return ["qemu-aarch64-static", str(python), "-m", *words], environment


def run(command, folder):
    words, environment = command
    done = subprocess.run(words, cwd=folder, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Pieces of the sample photograph: a thumbnail, and one with latents above a tail and learning."""
    folder = tmp_path_factory.mktemp("arm")
    with Image.open(SAMPLE) as picture:
        for name, width, height in (("64x64", 64, 64), ("200x150", 200, 150)):
            piece = picture.convert("RGB").crop((100, 80, 100 + width, 80 + height))
            piece.save(folder / f"{name}.ppm")
        piece.save(folder / "once.jpg", quality=92, subsampling=2)
        with Image.open(folder / "once.jpg") as once:
            once.save(folder / "once.ppm")
    return folder


def test_it_does_run_on_aarch64(tmp_path):
    assert "aarch64" in run(arm("bbans_cli", "--version", "-v"), tmp_path)
    assert "aarch64" not in run(here("bbans_cli", "--version", "-v"), tmp_path)


@pytest.mark.parametrize(
    "isa, name, level, threads",
    [
        ("neon", "64x64", 9, 2),
        ("neon", "200x150", 1, 2),
        ("neon", "200x150", 5, 1),
        ("base", "64x64", 1, 1),
        ("neon", "once", 5, 1),
    ],
)
def test_the_same_bytes_and_each_reads_the_other(pictures, isa, name, level, threads):
    how = [f"-{level}", f"-T{threads}", "-f", "--no-verify"]
    run(here("bbans_cli", "compress", f"{name}.ppm", "-o", "here.bbc", *how), pictures)
    run(arm("bbans_cli", "compress", f"{name}.ppm", "-o", "arm.bbc", *how, BBC_ISA=isa), pictures)
    assert (pictures / "here.bbc").read_bytes() == (pictures / "arm.bbc").read_bytes()
    assert ("jpeg" if name == "once" else "neural") in run(here("bbans_cli", "info", "here.bbc"), pictures)
    run(arm("bbans_cli", "decompress", "here.bbc", "-o", "arm.ppm", "-f", BBC_ISA=isa), pictures)
    run(here("bbans_cli", "decompress", "arm.bbc", "-o", "here.ppm", "-f"), pictures)
    original = (pictures / f"{name}.ppm").read_bytes()
    assert (pictures / "arm.ppm").read_bytes() == (pictures / "here.ppm").read_bytes() == original


@pytest.mark.parametrize("level", [1, 5, 9])
def test_a_jpeg_file_has_the_same_bytes_and_each_restores_the_others(pictures, level):
    how = [f"-{level}", "-f", "--no-verify"]
    run(here("bbans_cli", "compress", "once.jpg", "-o", "here.bbc", *how), pictures)
    run(arm("bbans_cli", "compress", "once.jpg", "-o", "arm.bbc", *how, BBC_ISA="neon"), pictures)
    assert (pictures / "here.bbc").read_bytes() == (pictures / "arm.bbc").read_bytes()
    run(arm("bbans_cli", "decompress", "here.bbc", "-o", "arm.jpg", "-f", BBC_ISA="neon"), pictures)
    run(here("bbans_cli", "decompress", "arm.bbc", "-o", "here.jpg", "-f"), pictures)
    original = (pictures / "once.jpg").read_bytes()
    assert (pictures / "arm.jpg").read_bytes() == (pictures / "here.jpg").read_bytes() == original


def test_the_cores_own_tests_pass_there():
    """NEON against the plain reference, and golden files; a choice, as numpy is slow under qemu."""
    names = ("arith/test_fma", "arith/test_gemm", "neural/test_latents", "neural/test_band_scan")
    tests = [f"core/{name}.py" for name in names] + ["golden/test_golden.py"]
    words = ["pytest", "-q", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-p", "no:cacheprovider"]
    choice = ["-k", "neon and not grey and not wide"]
    said = run(arm(*map(str, words), *choice, *(str(ROOT / "tests" / test) for test in tests)), ARM)
    assert "passed" in said and "failed" not in said and "skipped" not in said
