"""Damaged streams come back byte for byte, or are refused; damaged parts of a stream are found to be corrupt."""

import numpy as np
import pytest
from made_stream import Scan, make, make_frame, random_blocks

from bbans_cli.coders.jpeg.stream.join import frame as frame_of
from bbans_cli.coders.jpeg.stream.join import join
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.errors import CorruptError
from scripts.experiments import mutate_jpeg

FILES = mutate_jpeg.small_files()


@pytest.mark.parametrize("name", FILES)
def test_streams_that_are_cut_anywhere_come_back(name):
    data = FILES[name]
    outcomes = {mutate_jpeg.outcome(data[:size]) for size in range(0, len(data), 3)}
    assert outcomes == {"coded", "no JPEG stream", "no picture in it", "no scan that can be coded"}


@pytest.mark.parametrize("marker", [0xC0, 0xC4, 0xD9, 0xDA, 0xE1])
def test_streams_that_end_within_a_segment_come_back(marker):
    """Behind some data of a scan a marker, a length that may be too small, and some of what it promises."""
    data = min(FILES.values(), key=len)
    begin = data[: data.index(b"\xff\xda") + 40]
    for length in (0, 1, 2, 6, 8, 300):
        segment = bytes([0xFF, marker]) + length.to_bytes(2, "big") + b"\1\1\0\0\x3f\0\xff\xd9"
        outcomes = [mutate_jpeg.outcome(begin + segment[:size]) for size in range(len(segment) + 1)]
        assert not [outcome for outcome in outcomes if outcome.startswith("failed")]


def test_a_thousand_damaged_streams_come_back_or_are_refused():
    found = [(name, mutate_jpeg.outcome(data)) for name, data in mutate_jpeg.mutations(FILES, 1000, seed=11)]
    assert [each for each in found if each[1].startswith("failed")] == []
    assert sum(outcome == "coded" for _, outcome in found) > 500


def test_damaged_files_come_back():
    """Through the API, by one or more threads; a few, of which the last three have a frame header that a damaged
    segment hides."""
    damaged = [data for _, data in mutate_jpeg.mutations(FILES, 224, seed=1)]
    for number, data in enumerate([*damaged[:9], damaged[43], damaged[212], damaged[223]]):
        level, threads = mutate_jpeg.LEVELS[number % 3], mutate_jpeg.THREADS[number // 3 % 4]
        assert mutate_jpeg.outcome_of_file(data, level, threads) == f"coded at level {level}, threads: {threads}"


@pytest.mark.parametrize("name", FILES)
def test_one_damaged_byte_in_a_scan_costs_few_notes(name):
    """Sequential blocks of which the bits make no sense are noted one by one."""
    data = FILES[name]
    if b"\xff\xc2" in data:
        return
    begin = data.index(b"\xff\xda") + 14
    for at in range(begin + 40, len(data) - 40, 7):
        damaged = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
        if b"\xff" in (damaged[at : at + 1], data[at : at + 1], data[at - 1 : at]):
            continue
        stream = split(damaged)
        assert join(stream.plain, stream.scans, stream.blocks) == damaged[: stream.size]
        assert len(stream.scans) < 200


def test_dc_differences_that_make_no_sense_are_noted_in_progressive_scans_too():
    """The predictor stays, so that the blocks behind cost nothing."""
    frame = make_frame(2, 64, 48, [(1, 1)])
    blocks = random_blocks(frame)
    blocks[0][:, :, 1:] = 0
    data = make(frame, blocks, [Scan([0], 0, 0, 0, 1), Scan([0], 0, 0, 1, 0)])
    begin = data.index(b"\xff\xda") + 10
    coded = 0
    for at in range(begin, begin + 30):
        damaged = data[:at] + bytes([data[at] ^ 0x11]) + data[at + 1 :]
        stream = split(damaged)
        assert join(stream.plain, stream.scans, stream.blocks) == damaged[: stream.size]
        coded += stream.scans[1] & 1  # of the first record
    assert coded >= 28


@pytest.mark.parametrize("part", ["plain", "scans", "blocks"])
def test_damaged_parts_give_a_stream_or_a_corrupt_error(part):
    for number, (_, data) in enumerate(mutate_jpeg.mutations(FILES, 300, seed=12)):
        try:
            stream = split(data)
        except Exception:
            continue
        rng = np.random.default_rng(number)
        plain, scans, blocks = stream.plain, stream.scans, [array.copy() for array in stream.blocks]
        if part == "plain":
            plain = mutate_jpeg.mutate(plain, rng)
        elif part == "scans":
            scans = mutate_jpeg.mutate(b"  " + scans * int(rng.integers(1, 4)), rng)[int(rng.integers(0, 4)) :]
        else:
            blocks[0][...] = rng.integers(-32768, 32768, blocks[0].shape)
        try:
            join(plain, scans, blocks)
            frame_of(plain, scans)
        except CorruptError:
            pass


@pytest.mark.parametrize("scans", [b"", b"\0\x02", b"\0\x81", b"\0\x01\x05", b"\0" + b"\xff" * 20, b"\xff\xff\x7f"])
def test_scans_that_nobody_wrote_are_corrupt(scans):
    stream = split(FILES["baseline"])
    with pytest.raises(CorruptError):
        join(stream.plain, scans, stream.blocks)
        frame_of(stream.plain, scans)


def test_blocks_of_another_size_are_corrupt():
    stream = split(FILES["baseline"])
    with pytest.raises(CorruptError, match="sizes of the frame"):
        join(stream.plain, stream.scans, stream.blocks[:1])
