"""The second writer of JPEG streams, made from docs/format.md alone, writes what the first one does."""

import numpy as np
import pytest
from made_stream import Scan, make, make_frame, progressive_scans, random_blocks
from odd_streams import ODD, jpeg

from bbans_cli.coders.jpeg.stream.jpeg_stream import NotCodableError
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.coders.jpeg.stream.standard_tables import STANDARD_TABLES
from bbans_cli.core import lib
from bbans_cli.errors import CorruptError
from bbans_cli.reference.jpeg.coefficient_shape import zigzag
from bbans_cli.reference.jpeg.stream import huffman, join
from scripts.experiments import mutate_jpeg

FACTORS = {
    "grey, factors 2x2": [(2, 2)],
    "4:2:0": [(2, 2), (1, 1), (1, 1)],
    "ratios that are no integers": [(3, 2), (2, 1), (1, 3)],
    "four components": [(1, 1), (1, 2), (3, 1), (1, 4)],
}


def assert_comes_back(data):
    stream = split(data)
    layout = join.layout(stream.plain, stream.scans)
    assert layout.sizes == [own.shape[:2] for own in stream.blocks]
    assert layout.factors == [component.factors for component in stream.components]
    assert all(np.array_equal(*pair) for pair in zip(layout.quantisers, stream.tables, strict=True))
    assert join.join(stream.plain, stream.scans, stream.blocks) == data[: stream.size]


@pytest.mark.parametrize("name", ODD)
def test_odd_streams(name):
    assert_comes_back(ODD[name][0])


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("quality", [3, 100])
def test_usual_streams(options, quality):
    assert_comes_back(jpeg(40, 56, quality=quality, **options))


@pytest.mark.parametrize("interval", [0, 2])
@pytest.mark.parametrize("factors", FACTORS.values(), ids=FACTORS)
def test_sampling_factors_and_scans(factors, interval):
    every = range(len(factors))
    for process, scans in [
        (0, [Scan(every, interval=interval)]),
        (1, [Scan([c], interval=interval) for c in every]),
        (2, progressive_scans(len(factors), interval)),
    ]:
        frame = make_frame(process, 67, 41, factors)
        assert_comes_back(make(frame, random_blocks(frame), scans))


def leb128(*numbers):
    return b"".join(bytes([number & 127 | 128] * (number > 127) + [number >> 7 or number]) for number in numbers)


@pytest.mark.parametrize("process", [0, 2])
@pytest.mark.parametrize("run_limit", [1, 7, 0x7FFF])
def test_choices_of_encoders(process, run_limit):
    """Zeros before the end of a block, runs that end early, runs that never get long, another padding."""
    frame = make_frame(process, 80, 64, [(1, 1)])
    blocks = random_blocks(frame)
    blocks[0][2:4, :, 20:] = 0
    blocks[0][5, :, 63] = 0
    blocks[0][6:, :, 1:] = 0
    runs = {lib.BBC_STREAM_ZERO_RUNS: leb128(*(number for i in range(50) for number in (1, 1 + i % 4)))}
    notes = runs | {lib.BBC_STREAM_SPLITS: leb128(2, 3, 50, 5, 1, 1)}
    policy = {"padding": 0, "run_limit": run_limit}
    first, again = {"first": 1, "last": 63, "low": 1}, {"first": 1, "last": 63, "high": 1}
    scans = [Scan([0], notes=runs, policy={"padding": 0})]
    if process:
        scans = [Scan([0], 0, 0)] + [Scan([0], **band, notes=notes, policy=policy) for band in (first, again)]
    assert_comes_back(make(frame, blocks, scans))


def test_damaged_streams():
    coded = 0
    for _, data in mutate_jpeg.mutations(mutate_jpeg.small_files(), 80, seed=5):
        try:
            stream = split(data)
        except NotCodableError:
            continue
        coded += 1
        assert join.join(stream.plain, stream.scans, stream.blocks) == data[: stream.size]
    assert coded > 40


def test_damaged_scans_give_a_stream_or_a_corrupt_error():
    stream = split(mutate_jpeg.small_files()["progressive restarts"])
    for seed in range(60):
        scans = mutate_jpeg.mutate(b"  " + stream.scans, np.random.default_rng(seed))[2:]
        try:
            join.join(stream.plain, scans, stream.blocks)
        except CorruptError:
            pass


def test_tables_of_the_standard():
    ours = [huffman.DC_LUMINANCE, huffman.DC_CHROMINANCE, huffman.AC_LUMINANCE, huffman.AC_CHROMINANCE]
    assert sorted(ours) == sorted(STANDARD_TABLES.values())
    assert zigzag()[:12] == [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25] and sorted(zigzag()) == list(range(64))


def test_no_code_is_longer_than_sixteen_bits():
    counts = {symbol: 2**symbol for symbol in range(30)}
    table = huffman.optimal(counts)
    assert sum(table[:16]) == 30 and len(huffman.codes(table)) == 30
    assert sum(count / 2 ** (length + 1) for length, count in enumerate(table[:16])) < 1
