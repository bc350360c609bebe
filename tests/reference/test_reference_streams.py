"""The second writer of JPEG streams, made from docs/format.md alone, writes what the first one does."""

import numpy as np
import pytest
from made_stream import Scan, coder_of, header, make, make_frame, progressive_scans, random_blocks, scan_head
from odd_streams import ODD, jpeg

from bbans_cli.coders.jpeg.stream import join as first
from bbans_cli.coders.jpeg.stream.jpeg_stream import NotCodableError
from bbans_cli.coders.jpeg.stream.scan_records import ScanRecord, pack
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.coders.jpeg.stream.standard_tables import STANDARD_TABLES
from bbans_cli.coders.jpeg.stream.stuffing import Departures
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


def joined(decoder, plain, scans, blocks):
    """The stream that a decoder makes; None where it says that it is corrupt."""
    try:
        return decoder.join(plain, scans, blocks)
    except CorruptError:
        return None


@pytest.mark.parametrize("name", ["progressive restarts", "progressive"])
def test_damaged_scans_give_what_the_core_gives(name):
    stream = split(mutate_jpeg.small_files()[name])
    found = []
    for seed in range(60):
        scans = mutate_jpeg.mutate(b"  " + stream.scans, np.random.default_rng(seed))[2:]
        found.append(joined(join, stream.plain, scans, stream.blocks))
        assert found[-1] == joined(first, stream.plain, scans, stream.blocks), seed
    assert None in found


def random_notes(random, blocks):
    """Notes of each kind, with fields that make sense, but for some; positions that ascend, but for some."""

    def position():
        return leb128(int(random.choice([1, 1, 2, 3, blocks // 4, 0], p=[0.3, 0.2, 0.2, 0.2, 0.06, 0.04])))

    def number(most):
        return leb128(int(random.integers(0, most + 1)))

    def interval():
        flags = int(random.integers(0, 32)) if random.random() < 0.97 else 40
        fields = [number(3), number(4), bytes([int(random.integers(0, 256))]), number(3)]
        fields.append(bytes([int(random.integers(0, 11))]))
        return bytes([flags]) + b"".join(field for i, field in enumerate(fields) if flags >> i & 1)

    def raw():
        bits = int(random.integers(0, 20))
        return leb128(bits) + random.bytes(-(-bits // 8))

    fields = [interval, lambda: b"", lambda: number(4), lambda: b"", raw]
    notes = []
    for kind, field in enumerate(fields):
        count = int(random.integers(0, 4)) if random.random() < 0.5 else 0
        one = b"".join(position() + field() for _ in range(count))
        notes.append(random.bytes(count) if kind == lib.BBC_STREAM_LITERALS else one)
    return notes


SCANS = {
    "sequential": (0, Scan([0])),
    "sequential, several components": (0, Scan([0, 1], interval=2)),
    "DC": (2, Scan([0, 1], 0, 0, 0, 1)),
    "DC again": (2, Scan([0], 0, 0, 1, 0, interval=3)),
    "AC": (2, Scan([0], 1, 63, 0, 1, interval=4)),
    "AC again": (2, Scan([0], 1, 63, 1, 0)),
}


@pytest.mark.parametrize("name", SCANS)
def test_random_notes_give_what_the_core_gives(name):
    """Repeated positions, notes that are left over, fields without sense: errors to both."""
    process, scan = SCANS[name]
    frame = make_frame(process, 24, 16, [(2, 1), (1, 1)])
    blocks, codes, random = random_blocks(frame), [], np.random.default_rng(7)
    for number in range(150):
        notes = random_notes(random, 12)
        coder, _, policy = coder_of(frame, scan)
        data = coder.write(notes, policy, blocks, 1 << 16)
        size = 0 if data is None else len(data)
        scans = pack(0, [ScanRecord(size, policy, notes, Departures())], [scan.interval])
        plain = header(frame) + scan_head(frame, scan) + b"\xff\xd9"
        if data is not None:
            assert joined(join, plain, scans, blocks) == joined(first, plain, scans, blocks) is not None, number
        else:
            with pytest.raises(CorruptError) as refused:
                join.join(plain, scans, blocks)
            assert "do not have their size" not in str(refused.value), (number, notes)
        codes.append(data is None)
    assert 10 < sum(codes) < 140


def test_a_position_has_one_note_of_a_kind():
    frame, scan = make_frame(0, 24, 16, [(1, 1)]), Scan([0])
    blocks = random_blocks(frame)
    for notes, good in [((2, 1, 1, 1), True), ((2, 1, 0, 1), False), ((0, 1, 5, 1), True), ((0, 1, 6, 1), False)]:
        given = [leb128(*notes) if kind == lib.BBC_STREAM_ZERO_RUNS else b"" for kind in range(lib.BBC_STREAM_KINDS)]
        coder, _, policy = coder_of(frame, scan)
        data = coder.write(given, policy, blocks, 1 << 16)
        assert (data is not None) == good
        scans = pack(0, [ScanRecord(len(data or b""), policy, given, Departures())], [0])
        plain = header(frame) + scan_head(frame, scan) + b"\xff\xd9"
        assert (joined(join, plain, scans, blocks) is not None) == good


def test_tables_of_the_standard():
    ours = [huffman.DC_LUMINANCE, huffman.DC_CHROMINANCE, huffman.AC_LUMINANCE, huffman.AC_CHROMINANCE]
    assert sorted(ours) == sorted(STANDARD_TABLES.values())
    assert zigzag()[:12] == [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25] and sorted(zigzag()) == list(range(64))


def test_no_code_is_longer_than_sixteen_bits():
    counts = {symbol: 2**symbol for symbol in range(30)}
    table = huffman.optimal(counts)
    assert sum(table[:16]) == 30 and len(huffman.codes(table)) == 30
    assert sum(count / 2 ** (length + 1) for length, count in enumerate(table[:16])) < 1
