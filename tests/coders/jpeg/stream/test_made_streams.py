"""Streams with sampling factors, scans and codings that Pillow does not write."""

import io

import numpy as np
import pytest
from made_stream import Scan, make, make_frame, progressive_scans, random_blocks, scan_bytes
from PIL import Image

from bbans_cli.coders.jpeg.stream.join import join
from bbans_cli.coders.jpeg.stream.layout import layout
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.core import lib

FACTORS = {
    "grey": [(1, 1)],
    "grey, factors 2x2": [(2, 2)],
    "4:2:0": [(2, 2), (1, 1), (1, 1)],
    "4:1:1": [(4, 1), (1, 1), (1, 1)],
    "4:1:0": [(4, 4), (1, 1), (1, 1)],
    "luma subsampled": [(1, 1), (2, 2), (2, 2)],
    "ratios that are no integers": [(3, 2), (2, 1), (1, 3)],
    "four components": [(1, 1), (1, 2), (3, 1), (1, 4)],
    "two components": [(2, 1), (1, 2)],
}
PROGRESSIVE = 2


def assert_comes_back(data, blocks=None, notes=None):
    """The stream comes back; it has these blocks, and `scans` of at most so many bytes."""
    stream = split(data)
    assert join(stream.plain, stream.scans, stream.blocks) == data[: stream.size]
    if blocks is not None:
        assert all(np.array_equal(*pair) for pair in zip(stream.blocks, blocks, strict=True))
    if notes is not None:
        assert len(stream.scans) <= notes
    return stream


def own_blocks(blocks, frame):
    """Blocks as they are after scans of single components: those beyond the component are zero."""
    found = [array.copy() for array in blocks]
    for array, (rows, columns) in zip(found, layout(frame, frame.height).own, strict=True):
        array[rows:] = 0
        array[:, columns:] = 0
    return found


@pytest.mark.parametrize("factors", FACTORS.values(), ids=FACTORS)
@pytest.mark.parametrize("interval", [0, 2])
class TestSampling:
    def test_interleaved(self, factors, interval):
        frame = make_frame(0, 67, 41, factors)
        blocks = random_blocks(frame)
        if len(factors) == 1:
            blocks = own_blocks(blocks, frame)
        assert_comes_back(make(frame, blocks, [Scan(range(len(factors)), interval=interval)]), blocks, 5)

    def test_a_scan_for_each_component(self, factors, interval):
        frame = make_frame(1, 67, 41, factors)
        blocks = own_blocks(random_blocks(frame), frame)
        scans = [Scan([c], interval=interval) for c in range(len(factors))]
        assert_comes_back(make(frame, blocks, scans), blocks, 20)

    def test_partly_interleaved(self, factors, interval):
        frame = make_frame(0, 67, 41, factors)
        blocks = random_blocks(frame)
        blocks[-1:] = own_blocks(blocks, frame)[-1:]
        scans = [Scan([len(factors) - 1], interval=interval)]
        if len(factors) > 1:
            if len(factors) == 2:
                blocks = own_blocks(blocks, frame)
            scans.append(Scan(range(len(factors) - 1), interval=2 * interval))
        assert_comes_back(make(frame, blocks, scans), blocks, 20)

    def test_progressive(self, factors, interval):
        frame = make_frame(PROGRESSIVE, 67, 41, factors)
        blocks = random_blocks(frame)
        scans = progressive_scans(len(factors), interval)
        for array, own in zip(blocks, own_blocks(blocks, frame), strict=True):
            array[..., 1:] = own[..., 1:]
            if len(factors) == 1:
                array[...] = own
        assert_comes_back(make(frame, blocks, scans), blocks, 200)


def test_pillow_reads_what_is_made():
    frame = make_frame(0, 64, 48, FACTORS["4:2:0"])
    blocks = random_blocks(frame)
    for process, scans in ((0, [Scan(range(3))]), (PROGRESSIVE, progressive_scans(3))):
        frame = make_frame(process, 64, 48, FACTORS["4:2:0"])
        Image.open(io.BytesIO(make(frame, blocks, scans))).load()


def leb128(*numbers):
    out = bytearray()
    for number in numbers:
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)
    return bytes(out)


def band_scans(policy=None, notes=None):
    """Progressive scans of a grey picture; policy and notes are those of the AC scans."""
    first, again = {"first": 1, "last": 63, "low": 1}, {"first": 1, "last": 63, "high": 1}
    options = {"policy": policy or {}, "notes": notes or {}}
    return [Scan([0], 0, 0), Scan([0], **first, **options), Scan([0], **again, **options)]


@pytest.mark.parametrize("run_limit", [1, 2, 7])
def test_encoders_that_end_runs_early_by_habit_need_no_notes(run_limit):
    frame = make_frame(PROGRESSIVE, 200, 120, FACTORS["grey"])
    blocks = own_blocks(random_blocks(frame), frame)
    blocks[0][::3, :, 1:] = 0
    data = make(frame, blocks, band_scans({"run_limit": run_limit}))
    assert data != make(frame, blocks, band_scans())
    assert_comes_back(data, blocks, 30)


def test_end_of_band_runs_that_end_early_now_and_then_are_noted():
    frame = make_frame(PROGRESSIVE, 200, 120, FACTORS["grey"])
    blocks = own_blocks(random_blocks(frame), frame)
    blocks[0][::3, :, 1:] = 0
    splits = {lib.BBC_STREAM_SPLITS: leb128(2, 3, 80, 5, 1, 1)}
    data = make(frame, blocks, band_scans(notes=splits))
    assert data != make(frame, blocks, band_scans())
    assert_comes_back(data, blocks, 60)


@pytest.mark.parametrize("process", [0, PROGRESSIVE])
def test_zero_runs_before_the_end_of_a_block_are_noted(process):
    """One to four of them, also up to the last coefficient and beyond."""
    frame = make_frame(process, 80, 64, FACTORS["grey"])
    blocks = own_blocks(random_blocks(frame), frame)
    blocks[0][2:4, :, 20:] = 0
    blocks[0][5, :, 63] = 0
    blocks[0][6, :, 1:] = 0
    runs = {lib.BBC_STREAM_ZERO_RUNS: leb128(*(number for i in range(79) for number in (1, 1 + i % 4)))}
    scans = band_scans(notes=runs) if process else [Scan([0], notes=runs)]
    data = make(frame, blocks, scans)
    assert len(data) > len(make(frame, blocks, band_scans() if process else [Scan([0])]))
    assert_comes_back(data, blocks, 800)


@pytest.mark.parametrize("process", [0, PROGRESSIVE])
@pytest.mark.parametrize("interval", [0, 3])
def test_padding_by_zeros_is_found(process, interval):
    frame = make_frame(process, 80, 64, FACTORS["4:2:0"])
    blocks = random_blocks(frame)
    scans = progressive_scans(3, interval) if process else [Scan(range(3), interval=interval)]
    for array, own in zip(blocks, own_blocks(blocks, frame), strict=True):
        array[..., 1:] = own[..., 1:]
    zeros = [Scan(**{**vars(scan), "policy": {"padding": 0}}) for scan in scans]
    data = make(frame, blocks, zeros)
    assert data != make(frame, blocks, scans)
    assert_comes_back(data, blocks, 5 * len(scans) + 1)


def test_a_scan_that_is_there_twice_comes_back():
    frame = make_frame(0, 80, 64, FACTORS["4:2:0"])
    one, other = random_blocks(frame, 3), random_blocks(frame, 8)
    scan = Scan(range(3))
    data = make(frame, one, [scan, scan])
    assert_comes_back(data, one, 10)
    data = make(frame, one, [scan])[:-2] + scan_bytes(frame, other, scan) + b"\xff\xd9"
    assert_comes_back(data, other, 10)
