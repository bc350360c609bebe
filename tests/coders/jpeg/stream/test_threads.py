"""A scan that several threads write or read, each a part of it, has the same bytes and coefficients."""

import io

import numpy as np
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


def jpeg(mode="RGB", size=(70, 90), **options):
    file = io.BytesIO()
    Image.fromarray(tiny.picture(*size, 3)).convert(mode).save(file, "JPEG", **options)
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


def taken(found):
    arrays = [array.tobytes() for array in (*found.tables, *found.blocks)]
    return found._replace(tables=[], blocks=[]), arrays


@pytest.fixture
def ahead(monkeypatch):
    """MCUs that were decoded in parts of their own, for each part but the first of a scan."""
    mcus = []
    read = scan.ScanCoder._read_ahead

    def counted(self, *given):
        parts, kept = read(self, *given)
        mcus.extend(part.count for part in list(parts)[1:])
        return parts, kept

    monkeypatch.setattr(scan.ScanCoder, "_read_ahead", counted)
    return mcus


@pytest.mark.parametrize("threads", [2, 3, 7])
@pytest.mark.parametrize(
    "options", [{}, {"subsampling": 0, "quality": 99}, {"subsampling": 1}, {"mode": "L"}, {"optimize": True}]
)
def test_the_same_coefficients(options, threads, ahead):
    data = jpeg(**options)
    assert taken(split(data, threads=threads)) == taken(split(data))
    assert len(ahead) == threads - 1 and any(ahead)


def test_what_a_part_has_decoded_is_not_decoded_again(monkeypatch):
    read = scan.ScanCoder._read_ahead

    def marked(self, *given):
        parts, kept = read(self, *given)
        for block in range(parts[1].count * self.mcu_blocks()):
            parts[1].blocks[block * 64 + 63] = 9999
        return parts, kept

    monkeypatch.setattr(scan.ScanCoder, "_read_ahead", marked)
    for options in ({}, {"subsampling": 0}, {"mode": "L"}):
        blocks = np.concatenate(
            [plane.reshape(-1, 64) for plane in split(jpeg(size=(240, 320), **options), threads=2).blocks]
        )
        assert 0.4 < np.mean(blocks[:, 63] == 9999) < 0.6


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 2}])
def test_other_scans_are_read_by_one(options, ahead):
    data = jpeg(**options)
    assert taken(split(data, threads=4)) == taken(split(data)) and not ahead


def test_damaged_scans_are_read_as_by_one_thread(ahead):
    rng = np.random.default_rng(1)
    data = jpeg(quality=92)
    begin = data.index(b"\xff\xda") + 14
    for _ in range(60):
        damaged = bytearray(data)
        for at in rng.integers(begin, len(data), 1 + rng.integers(4)):
            damaged[at] = rng.integers(256)
        del damaged[int(rng.integers(begin, 2 * len(data))) :]
        one, several = (taken(split(bytes(damaged), threads=threads)) for threads in (1, 4))
        assert one == several
    assert len(ahead) > 60


@pytest.mark.parametrize("value", [1000, -32768])
def test_coefficients_without_a_code_are_an_error(value):
    found = split(jpeg())
    found.blocks[1][-1, -1] = value
    for threads in (1, 4):
        with pytest.raises(CorruptError, match="cannot be coded"):
            join(found.plain, found.scans, found.blocks, threads=threads)
