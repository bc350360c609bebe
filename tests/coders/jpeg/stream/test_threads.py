"""A scan that several threads write, each a part of it, has the same bytes."""

import io

import pytest
import tiny
from PIL import Image

from bbans_cli.coders.jpeg.stream import scan
from bbans_cli.coders.jpeg.stream.join import join
from bbans_cli.coders.jpeg.stream.optimal_tables import join_and_leave_out, put_in
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.errors import CorruptError


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(scan, "PART_MCUS", 3)


@pytest.fixture
def parts(monkeypatch):
    """How many parts were written so far."""
    calls = []
    write = scan.ScanCoder._write_parts

    def counted(self, count, *given):
        calls.append(count)
        return write(self, count, *given)

    monkeypatch.setattr(scan.ScanCoder, "_write_parts", counted)
    return calls


def jpeg(mode="RGB", **options):
    file = io.BytesIO()
    Image.fromarray(tiny.picture(70, 90, 3)).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("threads", [2, 3, 7])
@pytest.mark.parametrize(
    "options", [{}, {"subsampling": 0, "quality": 99}, {"subsampling": 1}, {"mode": "L"}, {"mode": "CMYK"}]
)
def test_the_same_bytes(options, threads, parts):
    data = jpeg(**options)
    found = split(data)
    assert join(found.plain, found.scans, found.blocks, threads=threads) == data
    assert parts == [threads]


def test_symbols_are_counted_by_all_threads(parts):
    data = jpeg(optimize=True)
    found = split(data)
    alone, shared = (join_and_leave_out(found.plain, found.scans, found.blocks, threads) for threads in (1, 3))
    assert shared == alone and len(alone.omitted) == 4 and parts == [3]
    assert put_in(alone.plain, [], found.scans, found.blocks, 3) == alone.plain


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 2}])
def test_other_scans_are_written_by_one(options, parts):
    data = jpeg(**options)
    found = split(data)
    assert join(found.plain, found.scans, found.blocks, threads=4) == data and not parts


def test_notes_are_written_by_one(parts):
    data = jpeg()
    damaged = data[: len(data) * 3 // 4]
    found = split(damaged)
    assert join(found.plain, found.scans, found.blocks, threads=4) == damaged[: found.size] and not parts


@pytest.mark.parametrize("value", [1000, -32768])
def test_coefficients_without_a_code_are_an_error(value):
    found = split(jpeg())
    found.blocks[1][-1, -1] = value
    for threads in (1, 4):
        with pytest.raises(CorruptError, match="cannot be coded"):
            join(found.plain, found.scans, found.blocks, threads=threads)
