"""The coder of DCT coefficients: exact, bounded, the same everywhere, and unharmed by damaged payloads."""

import zlib

import numpy as np
import pytest
from tiny import integers

from bbans_cli import core
from bbans_cli.coders.context_mixing import TooLargeError
from bbans_cli.coders.jpeg import coefficients
from bbans_cli.core import ffi, lib
from bbans_cli.errors import CorruptError

TABLES = np.minimum(1 + np.add.outer(np.arange(8), np.arange(8)).reshape(64), 9) * np.ones((3, 1), np.int64)


def natural(seed, rows, columns, strength=60):
    """Blocks whose coefficients shrink with the frequency, as those of pictures do, with levels in common."""
    raw = integers(seed, 1 << 12, rows, columns, 64) - (1 << 11)
    plane = raw * strength // (1 + np.add.outer(np.arange(8), np.arange(8)).reshape(64)) ** 2 >> 11
    plane[:, :, 0] += np.arange(rows)[:, None] * 9 + np.arange(columns) * 5
    return plane.astype(np.int16)


def extremes(seed, rows, columns):
    return np.array([-2048, 2047, 0, 1], np.int16)[integers(seed, 4, rows, columns, 64)]


KINDS = {
    "natural": natural,
    "coarse": lambda seed, rows, columns: natural(seed, rows, columns, 5),
    "zeros": lambda seed, rows, columns: np.zeros((rows, columns, 64), np.int16),
    "extremes": extremes,
    "lowest": lambda seed, rows, columns: np.full((rows, columns, 64), -2048, np.int16),
    "highest": lambda seed, rows, columns: np.full((rows, columns, 64), 2047, np.int16),
    "noise": lambda seed, rows, columns: (integers(seed, 4096, rows, columns, 64) - 2048).astype(np.int16),
    "last": lambda seed, rows, columns: np.eye(64, dtype=np.int16)[np.full((rows, columns), 63)],
}
SIZES = {
    "grey": [(5, 7)],
    "one block": [(1, 1)],
    "one block each": [(1, 1)] * 3,
    "4:4:4": [(5, 6)] * 3,
    "4:2:0": [(5, 7), (3, 4), (3, 4)],
    "4:2:2": [(6, 6), (6, 3), (6, 3)],
    "4:4:0": [(6, 6), (3, 6), (3, 6)],
    "row": [(1, 40)],
    "column": [(40, 1)],
}


def planes_of(kind, sizes):
    return [KINDS[kind](seed, *size) for seed, size in enumerate(sizes)]


def check(planes, tables):
    payload = coefficients.encode(planes, tables)
    back = coefficients.decode(payload, [plane.shape[:2] for plane in planes], tables)
    assert all(np.array_equal(a, b) for a, b in zip(planes, back, strict=True))
    return payload


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_coefficients_come_back(kind, sizes):
    check(planes_of(kind, sizes), TABLES[: len(sizes)])


@pytest.mark.parametrize("kind", ["natural", "extremes"])
def test_any_quantisers_do(kind):
    steps = 1 << integers(3, 16, 3, 64)
    check(planes_of(kind, SIZES["4:2:0"]), steps)
    check(planes_of(kind, SIZES["4:2:0"]), np.full((3, 64), 65535))


def test_zeros_cost_next_to_nothing():
    assert len(check(planes_of("zeros", [(30, 30)] * 3), TABLES)) < 150


def test_components_help_each_other():
    plane = natural(1, 12, 12)
    alone = len(coefficients.encode([plane], TABLES[:1]))
    assert len(check([plane] * 3, TABLES)) < 2.2 * alone


def test_noise_hardly_grows():
    planes = planes_of("noise", [(16, 16)])
    assert len(check(planes, TABLES[:1])) < 1.08 * planes[0].size * 12 / 8


def test_payloads_never_change(isa):
    # If this fails, files written before cannot be read any more.
    payload = coefficients.encode(planes_of("natural", SIZES["4:2:0"]), TABLES)
    assert (len(payload), zlib.crc32(payload)) == (1136, 3686877545)


@pytest.mark.parametrize("kind", KINDS)
def test_instruction_sets_agree(isa, kind):
    planes = planes_of(kind, [(12, 14), (6, 7), (6, 7)])
    payload = check(planes, TABLES)
    core.select_isa("base")
    assert coefficients.encode(planes, TABLES) == payload


@pytest.mark.parametrize("bits", [0, 8, 16])
def test_instruction_sets_agree_on_garbage(isa, bits):
    # Which leads to predictions that are not finite, where instructions may differ in what is the smaller of two.
    garbage, steps = integers(7, 256, 6000).astype(np.uint8).tobytes(), 1 << integers(8, max(1, bits), 3, 64)
    found = coefficients.decode(garbage, [(9, 9)] * 3, steps)
    core.select_isa("base")
    assert np.array_equal(found, coefficients.decode(garbage, [(9, 9)] * 3, steps))


def test_damaged_payloads_give_values_in_range():
    planes = planes_of("natural", [(2, 3), (1, 2), (1, 2)])
    sizes = [plane.shape[:2] for plane in planes]
    payload = coefficients.encode(planes, TABLES)
    damaged = [payload[:i] for i in range(len(payload))]
    damaged += [payload[:i] + bytes([payload[i] ^ 0x55]) + payload[i + 1 :] for i in range(len(payload))]
    damaged += [b"", b"\xff" * 3000, bytes(100), integers(5, 256, 3000).astype(np.uint8).tobytes()]
    for bad in damaged:
        for plane in coefficients.decode(bad, sizes, TABLES):
            assert plane.min() >= -2048 and plane.max() <= 2047


@pytest.mark.parametrize("byte", [0x00, 0x55, 0xAA, 0xFF])
def test_garbage_under_any_quantisers_gives_values_in_range(byte):
    steps = 1 << integers(4, 16, 3, 64)
    garbage = bytes([byte]) * 200 + integers(6, 256, 5000).astype(np.uint8).tobytes()
    for plane in coefficients.decode(garbage, [(9, 9)] * 3, steps):
        assert plane.min() >= -2048 and plane.max() <= 2047


@pytest.mark.parametrize(
    "sizes",
    [[], [(1, 1)] * 2, [(1, 1)] * 4, [(0, 1)], [(1, 0)], [(1, 8193)], [(8193, 1)]]
    + [[(4, 4), (1, 4), (1, 4)], [(4, 4), (4, 4), (2, 4)], [(4, 4), (5, 4), (5, 4)], [(5, 5), (2, 2), (2, 2)]],
)
def test_invalid_sizes_are_refused(sizes):
    with pytest.raises(CorruptError):
        coefficients.decode(b"", sizes, np.ones((len(sizes), 64), np.int64))


def test_invalid_quantisers_and_memories_are_refused():
    tables = TABLES.copy()
    tables[2, 63] = 0
    with pytest.raises(CorruptError):
        coefficients.decode(b"", [(1, 1)] * 3, tables)
    shape = ffi.new("bbc_coefficients_shape *", {"components": 1, "columns": [1], "rows": [1], "tables": [[1] * 64]})
    for bits, valid in [(7, False), (8, True), (20, True), (21, False), (-1, False)]:
        shape.bucket_bits = bits
        assert (lib.bbc_coefficients_size(shape) > 0) == valid


def test_values_beyond_the_range_are_refused():
    for value in (-2049, 2048):
        with pytest.raises(ValueError, match="beyond"):
            coefficients.encode([np.full((1, 1, 64), value, np.int16)], TABLES[:1])


def test_a_full_output_is_told():
    planes = planes_of("noise", [(8, 8)])
    with pytest.raises(TooLargeError):
        coefficients.encode(planes, TABLES[:1], max_bytes=1000)
    payload = coefficients.encode(planes, TABLES[:1])
    assert coefficients.encode(planes, TABLES[:1], max_bytes=len(payload)) == payload
    with pytest.raises(TooLargeError):
        coefficients.encode(planes, TABLES[:1], max_bytes=len(payload) - 1)


def test_calls_beyond_the_end_do_nothing():
    flat = natural(1, 3, 3).reshape(-1)
    shape = ffi.new("bbc_coefficients_shape *", {"components": 1, "columns": [3], "rows": [3], "tables": [[1] * 64]})
    shape.bucket_bits = 8
    memory, out = np.zeros(lib.bbc_coefficients_size(shape), np.uint8), np.zeros(2000, np.uint8)
    state = ffi.from_buffer(memory)
    lib.bbc_coefficients_begin(state, shape, ffi.NULL, ffi.from_buffer("uint8_t[]", out), out.size)
    for blocks in (5, -1, 0, 100, 100):
        assert lib.bbc_coefficients_code(state, ffi.from_buffer("int16_t[]", flat), blocks) == 0
    assert out[: lib.bbc_coefficients_end(state)].tobytes() == _in_one_call(shape, flat)


def _in_one_call(shape, flat):
    memory, out = np.zeros(lib.bbc_coefficients_size(shape), np.uint8), np.zeros(2000, np.uint8)
    state = ffi.from_buffer(memory)
    lib.bbc_coefficients_begin(state, shape, ffi.NULL, ffi.from_buffer("uint8_t[]", out), out.size)
    assert lib.bbc_coefficients_code(state, ffi.from_buffer("int16_t[]", flat), 9) == 0
    return out[: lib.bbc_coefficients_end(state)].tobytes()


def test_progress_counts_all_blocks():
    seen = []
    coefficients.encode(planes_of("natural", [(20, 11)]), TABLES[:1], seen.append)
    assert sum(seen) == 220
    assert len(seen) > 1
