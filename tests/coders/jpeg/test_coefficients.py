"""The coder of DCT coefficients: exact, bounded, the same everywhere, and unharmed by damaged payloads."""

import contextlib
import zlib

import numpy as np
import pytest
from tiny import integers

from bbans_cli import core
from bbans_cli.coders.context_mixing import TooLargeError
from bbans_cli.coders.jpeg import coefficient_start, coefficients
from bbans_cli.core import ffi, lib
from bbans_cli.errors import CorruptError, ModelMismatchError

TABLES = np.minimum(1 + np.add.outer(np.arange(8), np.arange(8)).reshape(64), 9) * np.ones((4, 1), np.int64)


def natural(seed, rows, columns, strength=60):
    """Blocks whose coefficients shrink with the frequency, as those of pictures do, with levels in common."""
    raw = integers(seed, 1 << 12, rows, columns, 64) - (1 << 11)
    plane = raw * strength // (1 + np.add.outer(np.arange(8), np.arange(8)).reshape(64)) ** 2 >> 11
    plane[:, :, 0] += np.arange(rows)[:, None] * 9 + np.arange(columns) * 5
    return plane.astype(np.int16)


def extremes(seed, rows, columns):
    return np.array([-32768, 32767, 0, 1], np.int16)[integers(seed, 4, rows, columns, 64)]


KINDS = {
    "natural": natural,
    "coarse": lambda seed, rows, columns: natural(seed, rows, columns, 5),
    "zeros": lambda seed, rows, columns: np.zeros((rows, columns, 64), np.int16),
    "extremes": extremes,
    "lowest": lambda seed, rows, columns: np.full((rows, columns, 64), -32768, np.int16),
    "highest": lambda seed, rows, columns: np.full((rows, columns, 64), 32767, np.int16),
    "noise": lambda seed, rows, columns: (integers(seed, 4096, rows, columns, 64) - 2048).astype(np.int16),
    "wild": lambda seed, rows, columns: integers(seed, 1 << 16, rows, columns, 64).astype(np.uint16).view(np.int16),
    "last": lambda seed, rows, columns: np.eye(64, dtype=np.int16)[np.full((rows, columns), 63)],
}
# Numbers of blocks and sampling factors of each component
GEOMETRIES = {
    "grey": ([(5, 7)], [(1, 1)]),
    "one block": ([(1, 1)], [(1, 1)]),
    "one block each": ([(1, 1)] * 3, [(1, 1)] * 3),
    "4:4:4": ([(5, 6)] * 3, [(1, 1)] * 3),
    "4:2:0": ([(5, 7), (3, 4), (3, 4)], [(2, 2), (1, 1), (1, 1)]),
    "4:2:0, whole MCUs": ([(6, 8), (3, 4), (3, 4)], [(2, 2), (1, 1), (1, 1)]),
    "4:2:2": ([(6, 6), (6, 3), (6, 3)], [(2, 1), (1, 1), (1, 1)]),
    "4:4:0": ([(6, 6), (3, 6), (3, 6)], [(1, 2), (1, 1), (1, 1)]),
    "4:1:1": ([(3, 9), (3, 3), (3, 3)], [(4, 1), (1, 1), (1, 1)]),
    "3x1 with 2x1": ([(4, 9), (4, 6), (4, 6)], [(3, 1), (2, 1), (2, 1)]),
    "more chroma": ([(3, 4), (6, 8), (3, 8)], [(1, 1), (2, 2), (2, 1)]),
    "two components": ([(4, 5), (2, 2)], [(3, 2), (1, 1)]),
    "CMYK": ([(3, 5)] * 4, [(1, 1)] * 4),
    "YCCK": ([(6, 6), (3, 3), (3, 3), (6, 6)], [(2, 2), (1, 1), (1, 1), (2, 2)]),
    "any four": ([(6, 4), (4, 3), (8, 1), (2, 4)], [(4, 3), (3, 2), (1, 4), (4, 1)]),
    "counts that do not follow from factors": ([(1, 9), (7, 2), (3, 3)], [(1, 4), (2, 1), (4, 4)]),
    "row": ([(1, 40)], [(1, 1)]),
    "column": ([(40, 1)], [(1, 1)]),
}
SMALL = GEOMETRIES["4:2:0"]
# The first byte of a payload of one segment: one less, and the start's number above
FIRST = {1: b"\0", 5: b"\x10"}


def planes_of(kind, sizes):
    return [KINDS[kind](seed, *size) for seed, size in enumerate(sizes)]


def check(planes, tables, factors=None, level=5):
    factors = factors or [(1, 1)] * len(planes)
    payload = coefficients.encode(planes, tables, factors, level)
    back = coefficients.decode(payload, [plane.shape[:2] for plane in planes], tables, factors, level)
    assert all(np.array_equal(a, b) for a, b in zip(planes, back, strict=True))
    return payload


@pytest.mark.parametrize(("sizes", "factors"), GEOMETRIES.values(), ids=GEOMETRIES)
@pytest.mark.parametrize("level", [1, 5])
def test_coefficients_come_back(level, sizes, factors):
    for kind in KINDS:
        check(planes_of(kind, sizes), TABLES[: len(sizes)], factors, level)


@pytest.mark.parametrize("level", [1, 5, 9])
@pytest.mark.parametrize("kind", ["natural", "extremes"])
def test_any_quantisers_do(kind, level):
    steps = 1 << integers(3, 16, 3, 64)
    check(planes_of(kind, SMALL[0]), steps, SMALL[1], level)
    check(planes_of(kind, SMALL[0]), np.full((3, 64), 65535), SMALL[1], level)


def test_level_9_takes_all_kinds():
    for kind in KINDS:
        check(planes_of(kind, SMALL[0]), TABLES[:3], SMALL[1], 9)


def test_zeros_cost_next_to_nothing():
    assert len(check(planes_of("zeros", [(30, 30)] * 3), TABLES[:3])) < 150


@pytest.mark.parametrize("level", [5, 9])
def test_runs_of_equal_blocks_cost_next_to_nothing(level):
    plane = natural(1, 60, 60)
    plane[10:50] = plane[9, 59]
    alone = len(coefficients.encode([np.concatenate([plane[:10], plane[50:]])], TABLES[:1], [(1, 1)], level))
    assert len(check([plane], TABLES[:1], level=level)) < alone + 100


def test_components_help_each_other():
    plane = natural(1, 12, 12)
    alone = len(coefficients.encode([plane], TABLES[:1], [(1, 1)]))
    assert len(check([plane] * 3, TABLES[:3])) < 2.2 * alone


def test_noise_hardly_grows():
    planes = planes_of("noise", [(16, 16)])
    assert len(check(planes, TABLES[:1])) < 1.08 * planes[0].size * 12 / 8


@pytest.mark.parametrize(("level", "known"), [(1, (1160, 3260908056)), (5, (1122, 813573384)), (9, (1095, 2791490348))])
def test_payloads_never_change(isa, level, known):
    # If this fails, files written before cannot be read any more.
    payload = coefficients.encode(planes_of("natural", SMALL[0]), TABLES[:3], SMALL[1], level)
    assert (len(payload), zlib.crc32(payload)) == known


@pytest.mark.parametrize("level", [1, 5, 9])
def test_instruction_sets_agree(isa, level):
    made = [planes_of(kind, [(12, 14), (6, 7), (6, 7)]) for kind in KINDS]
    payloads = [check(planes, TABLES[:3], SMALL[1], level) for planes in made]
    core.select_isa("base")
    assert payloads == [coefficients.encode(planes, TABLES[:3], SMALL[1], level) for planes in made]


@pytest.mark.parametrize("bits", [0, 8, 16])
@pytest.mark.parametrize("level", [1, 5])
def test_instruction_sets_agree_on_garbage(isa, bits, level):
    # Which leads to predictions that are not finite, where instructions may differ in what is the smaller of two.
    garbage, steps = (
        FIRST[level] + integers(7, 256, 6000).astype(np.uint8).tobytes(),
        1 << integers(8, max(1, bits), 3, 64),
    )
    found = coefficients.decode(garbage, [(9, 9)] * 3, steps, SMALL[1], level)
    core.select_isa("base")
    assert np.array_equal(found, coefficients.decode(garbage, [(9, 9)] * 3, steps, SMALL[1], level))


@pytest.mark.parametrize("level", [1, 5])
def test_any_payload_gives_coefficients(level):
    planes = planes_of("natural", [(2, 3), (1, 2), (1, 2)])
    sizes = [plane.shape[:2] for plane in planes]
    payload = coefficients.encode(planes, TABLES[:3], SMALL[1], level)
    damaged = [payload[:i] for i in range(len(payload))]
    damaged += [payload[:i] + bytes([payload[i] ^ 0x55]) + payload[i + 1 :] for i in range(len(payload))]
    damaged += [b"", b"\xff" * 3000, bytes(100), integers(5, 256, 3000).astype(np.uint8).tobytes()]
    for bad in damaged:
        with contextlib.suppress(CorruptError, ModelMismatchError):
            found = coefficients.decode(bad, sizes, TABLES[:3], SMALL[1], level)
            assert [plane.shape for plane in found] == [(*size, 64) for size in sizes]


@pytest.mark.parametrize("byte", [0x00, 0x55, 0xAA, 0xFF])
@pytest.mark.parametrize("level", [1, 5])
def test_garbage_under_any_quantisers_gives_coefficients(byte, level):
    steps = 1 << integers(4, 16, 3, 64)
    garbage = FIRST[level] + bytes([byte]) * 200 + integers(6, 256, 5000).astype(np.uint8).tobytes()
    assert len(coefficients.decode(garbage, [(9, 9)] * 3, steps, SMALL[1], level)) == 3


@pytest.mark.parametrize("sizes", [[], [(1, 1)] * 5, [(0, 1)], [(1, 0)], [(1, 16385)], [(16385, 1)]])
def test_invalid_sizes_are_refused(sizes):
    with pytest.raises(CorruptError):
        coefficients.decode(b"", sizes, np.ones((len(sizes), 64), np.int64), [(1, 1)] * len(sizes))


@pytest.mark.parametrize("factors", [[(0, 1)], [(1, 5)], [(1, 1)] * 2, [(1,)]])
def test_invalid_factors_are_refused(factors):
    with pytest.raises(CorruptError):
        coefficients.decode(b"", [(1, 1)], TABLES[:1], factors)


def shape_of(columns, rows, bits=8, level=5):
    one = {"horizontal": [1], "vertical": [1], "tables": [[1] * 64]}
    return ffi.new(
        "bbc_coefficients_shape *",
        {"components": 1, "columns": [columns], "rows": [rows], "bucket_bits": bits, "level": level, **one},
    )


def test_invalid_quantisers_and_memories_are_refused():
    tables = TABLES[:3].copy()
    tables[2, 63] = 0
    with pytest.raises(CorruptError):
        coefficients.decode(b"", [(1, 1)] * 3, tables, [(1, 1)] * 3)
    for bits, valid in [(7, False), (8, True), (20, True), (21, False), (-1, False)]:
        assert (lib.bbc_coefficients_size(shape_of(1, 1, bits)) > 0) == valid


def test_sides_of_65535_pixels_are_valid():
    # In whole MCUs, with sampling factors up to 4
    for blocks in (8192, 8193, 8196):
        assert lib.bbc_coefficients_size(shape_of(blocks, 2))


def test_a_full_output_is_told():
    planes = planes_of("noise", [(8, 8)])
    with pytest.raises(TooLargeError):
        coefficients.encode(planes, TABLES[:1], [(1, 1)], max_bytes=1000)
    payload = coefficients.encode(planes, TABLES[:1], [(1, 1)])
    assert coefficients.encode(planes, TABLES[:1], [(1, 1)], max_bytes=len(payload) - 1) == payload
    with pytest.raises(TooLargeError):
        coefficients.encode(planes, TABLES[:1], [(1, 1)], max_bytes=len(payload) - 2)


def test_calls_beyond_the_end_do_nothing():
    flat = natural(1, 3, 3).reshape(-1)
    shape = shape_of(3, 3)
    memory, out = np.zeros(lib.bbc_coefficients_size(shape), np.uint8), np.zeros(2000, np.uint8)
    state = ffi.from_buffer(memory)
    lib.bbc_coefficients_begin(
        state, shape, coefficient_start.load(), ffi.NULL, ffi.from_buffer("uint8_t[]", out), out.size
    )
    planes = ffi.new("int16_t *[]", [ffi.from_buffer("int16_t[]", flat)])
    for blocks in (5, -1, 0, 100, 100):
        assert lib.bbc_coefficients_code(state, planes, blocks) == 0
    assert out[: lib.bbc_coefficients_end(state)].tobytes() == _in_one_call(shape, flat)


def _in_one_call(shape, flat):
    memory, out = np.zeros(lib.bbc_coefficients_size(shape), np.uint8), np.zeros(2000, np.uint8)
    state = ffi.from_buffer(memory)
    lib.bbc_coefficients_begin(
        state, shape, coefficient_start.load(), ffi.NULL, ffi.from_buffer("uint8_t[]", out), out.size
    )
    planes = ffi.new("int16_t *[]", [ffi.from_buffer("int16_t[]", flat)])
    assert lib.bbc_coefficients_code(state, planes, 9) == 0
    return out[: lib.bbc_coefficients_end(state)].tobytes()


def segmented(monkeypatch, count):
    """Encodes in about `count` segments, with one and with three threads: equal bytes."""
    planes = [natural(1, 32, 9), natural(2, 16, 5), natural(3, 16, 5)]
    monkeypatch.setattr(coefficients, "SEGMENT_NONZERO", sum(map(np.count_nonzero, planes)) // count + 1)
    payload = coefficients.encode(planes, TABLES[:3], SMALL[1])
    assert coefficients.encode(planes, TABLES[:3], SMALL[1], threads=3) == payload
    return planes, payload


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_segments_are_the_same_for_any_number_of_threads(monkeypatch, count):
    planes, payload = segmented(monkeypatch, count)
    assert payload[0] == count - 1 | 1 << 4
    for threads in (1, 2, 20):
        sizes = [plane.shape[:2] for plane in planes]
        found = coefficients.decode(payload, sizes, TABLES[:3], SMALL[1], threads=threads)
        assert all(np.array_equal(a, b) for a, b in zip(planes, found, strict=True))


def test_damaged_segments_are_refused_or_decoded(monkeypatch):
    planes, payload = segmented(monkeypatch, 4)
    sizes = [plane.shape[:2] for plane in planes]
    damaged = [payload[:i] for i in range(0, len(payload), 29)]
    damaged += [
        payload[:i] + bytes([payload[i] ^ flip]) + payload[i + 1 :] for i in range(12) for flip in (1, 127, 255)
    ]
    for bad in damaged:
        with contextlib.suppress(CorruptError, ModelMismatchError):
            assert len(coefficients.decode(bad, sizes, TABLES[:3], SMALL[1])) == 3


@pytest.mark.parametrize("start", [b"", b"\0", b"\x1f", b"\x11\0\0", b"\x11\x05\0", b"\x11\x01\x05"])
def test_segments_that_cannot_be_are_refused(start):
    with pytest.raises(CorruptError):
        coefficients.decode(start, [(5, 7), (3, 4), (3, 4)], TABLES[:3], SMALL[1])


def test_a_start_that_is_not_here():
    with pytest.raises(ModelMismatchError, match="the start of the coefficients 9"):
        coefficients.decode(b"\x90", [(5, 7), (3, 4), (3, 4)], TABLES[:3], SMALL[1])


def test_progress_counts_all_blocks():
    seen = []
    coefficients.encode(planes_of("natural", [(20, 11)]), TABLES[:1], [(1, 1)], progress=seen.append)
    assert sum(seen) == 220
    assert len(seen) > 1


@pytest.mark.parametrize("side, level, expected", [(100, 5, 2), (3500, 5, 3), (3500, 1, 8), (10000, 5, 8)])
def test_as_many_segments_at_a_time_as_memory_is_for(side, level, expected):
    """Eight segments of a square picture without subsampling, eight threads."""
    blocks = side // 8
    segment = [np.broadcast_to(np.zeros(64, np.int16), (max(1, blocks // 8), blocks, 64))] * 3
    tables, factors = [np.ones(64, int)] * 3, [(1, 1)] * 3
    assert coefficients._at_once([segment] * 8, tables, factors, level, 8) == expected
