"""The scripts: how they are started, and the parts of those that measure, without measuring."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from forked_bbc import folder_with_bbc

from bbans_cli.coders.neural.network_layout import EXTRA_COUNTS, INPUTS, OUTPUTS

SCRIPTS = Path(__file__).parents[2] / "scripts"
PROGRAMS = [path for path in sorted(SCRIPTS.glob("*/*.py")) if '__name__ == "__main__"' in path.read_text()]
OPTIONAL = ("constriction", "matplotlib", "mpmath", "torch")  # not installed for all tests
# those of atheris_target are libFuzzer's
WITHOUT_OPTIONS = {"atheris_target", "fit_elementary", "scan_sigmoid"}


def module_name(path: Path) -> str:
    return f"scripts.{path.parent.name}.{path.stem}"


@pytest.mark.parametrize("path", PROGRAMS, ids=module_name)
def test_the_docstring_says_how_to_start_it(path):
    assert f"python -m {module_name(path)}" in (ast.get_docstring(ast.parse(path.read_text())) or "")


# Runs each module with --help in a fork of a process that has imported what most of them import. Puts their output into
# a folder, and prints each name with its exit status.
START_ALL = """
import os, runpy, sys
import click, numpy, PIL.Image, bbans_cli.api

folder, *names = sys.argv[1:]
for name in names:
    child = os.fork()
    if child == 0:
        for fd in (1, 2):
            os.dup2(os.open(f"{folder}/{name}.{fd}", os.O_WRONLY | os.O_CREAT), fd)
        sys.argv = [name, "--help"]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        sys.exit()
    print(name, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
STARTED = [path for path in PROGRAMS if path.stem not in WITHOUT_OPTIONS]


def missing_package(path):
    text = path.read_text()
    return next((name for name in OPTIONAL if f"import {name}" in text and not importlib.util.find_spec(name)), None)


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """Of each program that can start here: exit status, output, errors."""
    folder = tmp_path_factory.mktemp("starts")
    names = [module_name(path) for path in STARTED if not missing_package(path)]
    command = [sys.executable, "-c", START_ALL, folder, *names]
    done = subprocess.run(command, cwd=SCRIPTS.parent, capture_output=True, text=True, check=True)
    said = dict(line.split() for line in done.stdout.splitlines())
    return {name: (said[name], *((folder / f"{name}.{fd}").read_text() for fd in (1, 2))) for name in names}


@pytest.mark.parametrize("path", STARTED, ids=module_name)
def test_it_starts(path, starts):
    if package := missing_package(path):
        pytest.skip(f"needs {package}")
    status, output, errors = starts[module_name(path)]
    assert status == "0" and output.lower().startswith("usage:"), errors


def row(codec, size, encode=1.0, verified=None):
    return {"codec": codec, "title": codec, "bytes": size, "encode": encode, "verified": verified, "decode": 0.5,
            "cpu": 1.5, "wall": encode + 0.5, "peak": 3 << 20}  # fmt: skip


def measured(*rows):
    return {"name": "kodak", "pictures": 2, "pixels": 2_000_000, "samples": 6_000_000, "timed_pictures": 1,
            "timed_pixels": 1_000_000, "threads": 1, "left_out": [], "missing": [], "rows": list(rows)}  # fmt: skip


def test_figures_follow_from_bytes_and_seconds(script):
    table = script("bench.table")
    title, columns, ours, theirs = table.lines(measured(row("bbc-5", 1_500_000, 2.0, 4.0), row("jxl-9", 2_000_000)))
    assert "2 pictures, 2.00 Mpixel" in title and "1 of them (1.00 Mpixel)" in title
    assert ours.split() == ["bbc-5", "1,500,000", "2.000", "0.7500", "0.500", "0.250", "2.000", "3"]
    assert theirs.split() == ["jxl-9", "2,000,000", "2.667", "1.0000", "1.000", "2.000", "3"]
    assert columns.split()[:2] == ["bytes", "bpd"]


def test_without_jpeg_xl_there_is_no_ratio(script):
    *_, ours = script("bench.table").lines(measured(row("bbc-5", 1_500_000)))
    assert ours.split() == ["bbc-5", "1,500,000", "2.000", "1.000", "2.000", "3"]


def test_a_busy_machine_is_reported(script):
    table = script("bench.table")
    assert table.busy({"sets": [measured(row("bbc-5", 1, 1.0))]}) == 1.0
    assert table.busy({"sets": [measured(row("bbc-5", 1, 2.5))]}) == 0.5


def test_tables_replace_the_text_between_their_comments(script):
    pages = script("common.pages")
    page = f"before\n{pages.begin('make x')}\nold\n{pages.END}\nafter {pages.begin('make y')} {pages.END}"
    once = pages.replace(page, "make x", "new")
    assert "old" not in once and "new" in once and once.startswith("before") and "after" in once
    assert pages.replace(once, "make x", "new") == once
    with pytest.raises(ValueError, match="lost a comment"):
        pages.replace(page, "make z", "new")


@pytest.mark.parametrize("command, page", [("make bench-markdown", "README.md"), ("make bench-bands", "docs/bands.md"),
                                           ("make weights-record", "weights/README.md")])  # fmt: skip
def test_pages_have_the_comments(script, command, page):
    assert "figures" in script("common.pages").replace((SCRIPTS.parent / page).read_text(), command, "figures")


def test_times_are_taken_on_the_largest_and_some_others(script, tmp_path):
    from PIL import Image

    sets = script("common.picture_sets")
    for i, side in enumerate([10, 20, 50, 20, 20, 20]):
        Image.new("RGB", (side, side)).save(tmp_path / f"{i}.png")
    files = sets.find(str(tmp_path)).files
    assert [path.name for path in sets.timed(files, 1)] == ["2.png"]
    assert [path.name for path in sets.timed(files, 2500 + 800)] == ["2.png", "0.png", "3.png"]
    assert sorted(sets.timed(files, 1e9)) == files


def test_pictures_are_converted_to_8_bit_arrays(script, tmp_path):
    from PIL import Image

    Image.new("I;16", (4, 3)).save(tmp_path / "deep.png")
    Image.new("P", (4, 3)).save(tmp_path / "palette.png")
    Image.new("L", (4, 3)).save(tmp_path / "grey.png")
    sets = script("common.picture_sets")
    found = sets.find(str(tmp_path))
    assert [path.name for path in found.left_out] == ["deep.png"]
    assert [sets.read(path).shape for path in found.files] == [(3, 4, 1), (3, 4, 3)]


def test_deep_pictures_keep_their_low_bits(script, tmp_path):
    from bbans_cli.pictures.picture import from_array
    from bbans_cli.pictures.png_write import write_png

    sets, pixels = script("common.picture_sets"), np.arange(4 * 5 * 3, dtype=np.uint16).reshape(4, 5, 3) * 1001
    (tmp_path / "deep.png").write_bytes(write_png(from_array(pixels))[0])
    with pytest.raises(Exception, match="no 8-bit pictures"):
        sets.find(str(tmp_path))
    (path,) = sets.find(str(tmp_path), with_deep=True).files
    assert sets.deep(path) and np.array_equal(sets.read(path), pixels)


def test_other_formats_round_trip(script):
    formats = script("bench.formats")
    pixels = np.random.default_rng(1).integers(0, 255, (9, 7, 3), np.uint8)
    for name in ("png", "webp-4"):
        codec = formats.make(name)
        assert np.array_equal(codec.decode(codec.encode(pixels, 1, False), 1), pixels)
    with pytest.raises(ValueError, match="no codec is called"):
        formats.make("gif")


def test_a_worker_codes_in_a_process_of_its_own(script):
    worker = script("bench.worker")
    pixels = np.zeros((40, 30, 3), np.uint8)
    with worker.Worker("png") as png:
        coded = png.code(pixels, 1, verified=True)
        assert 0 < coded.size < 200 and coded.verified is None and coded.encode > 0
        assert 5 << 20 < png.peak() < 1 << 30
    with pytest.raises(ValueError, match="no codec"):
        worker.Worker("gif")


def test_what_webp_drops_is_no_difference(script):
    same, rgba = script("bench.worker").same, np.arange(4 * 5 * 4, dtype=np.uint8).reshape(4, 5, 4)
    assert same(rgba, rgba) and not same(rgba[:, :, :3], rgba)
    rgba[:, :, 3] = 255
    assert same(rgba[:, :, :3], rgba) and not same(rgba[:, :, 1:], rgba)
    grey = rgba[:, :, :1]
    assert same(np.repeat(grey, 3, axis=2), grey) and not same(rgba[:, :, :3], grey)


def test_multiply_adds_are_those_of_the_layers(script):
    core = script("bench.core")

    class Model:
        hidden, layers, head = 32, 2, 16

    heads = 3 * (32 * 16 + 16 * OUTPUTS.size) + sum(EXTRA_COUNTS) * 16
    forward = INPUTS.size * 32 + 32 * 32 + heads
    assert core.macs(core.products(Model, 0)) == forward
    errors = forward - INPUTS.size * 32 - sum(EXTRA_COUNTS) * 16
    assert core.macs(core.products(Model, 1)) == pytest.approx(2 * forward + errors)
    assert core.macs(core.products(Model, 4)) == pytest.approx(forward + (forward + errors) / 4)


def test_two_builds_are_compared_by_bytes_and_time(tmp_path):
    """This build with itself, and with one that drops the metadata."""
    from PIL import Image

    Image.fromarray(np.arange(300, dtype=np.uint16).astype(np.uint8).reshape(10, 30)).save(
        tmp_path / "a.png", dpi=(72, 72)
    )
    bbc = str(tmp_path / "bbc")
    (tmp_path / "other").write_text(f'#!/bin/sh\n[ $1 = compress ] && set -- "$@" --strip\nexec {bbc} "$@"\n')
    (tmp_path / "other").chmod(0o755)
    command = [sys.executable, "-m", "scripts.bench.versions", "--levels", "1", "--runs", "1"]
    with folder_with_bbc(tmp_path, dict(os.environ)):
        for other, status, verdict in ((bbc, 0, "equal"), (str(tmp_path / "other"), 1, "DIFFERENT")):
            done = subprocess.run(
                [*command, other, str(tmp_path / "a.png")], cwd=SCRIPTS.parent, capture_output=True, text=True
            )
            assert (done.returncode, verdict in done.stdout) == (status, True), done.stdout + done.stderr


@pytest.mark.parametrize("name", ["medium", "fitted", "thumbnails"])
def test_logs_of_every_kind_of_training_are_drawn(script, tmp_path, name):
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    curves = script("training.plot_training")
    curves.plot(curves.read(SCRIPTS.parent / "weights" / f"{name}.log.jsonl"), name, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
