"""The second decoder of JPEG coefficients decodes what the first one encodes, and garbage to the same coefficients."""

import zlib

import numpy as np
import pytest
from made_stream import make_frame, random_blocks

from bbans_cli.coders.jpeg import coefficients
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.reference.jpeg import coefficients as second

# Sampling factors, quantisers, by what coefficients are multiplied
PICTURES = {
    "grey": ([(1, 1)], 16, 1),
    "4:2:0": ([(2, 2), (1, 1), (1, 1)], 8, 1),
    "4:2:2, fine": ([(2, 1), (1, 1), (1, 1)], 1, 300),
    "four components": ([(1, 1), (1, 2), (3, 1), (1, 4)], 3, 2),
    "largest of all": ([(1, 1)], 65535, 820),
}


def picture(factors, quantiser, times, width=24, height=16):
    blocks = [(own * times).astype(np.int16) for own in random_blocks(make_frame(0, width, height, factors))]
    tables = [np.minimum(np.arange(64) * quantiser // 8 + quantiser, 65535) for _ in factors]
    return blocks, tables


def assert_equal(found, expected):
    assert [array.dtype for array in found] == [np.int16] * len(expected)
    assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.parametrize("level", [1, 5, 9])
@pytest.mark.parametrize("name", PICTURES)
def test_coefficients_come_back(name, level):
    factors, quantiser, times = PICTURES[name]
    blocks, tables = picture(factors, quantiser, times)
    payload = coefficients.encode(blocks, tables, factors, level)
    done = []
    found = second.decode(payload, [own.shape[:2] for own in blocks], tables, factors, level, done.append)
    assert_equal(found, blocks)
    assert sum(done) == sum(own.size for own in blocks) // 64


@pytest.mark.parametrize("level", [1, 5, 9])
def test_garbage_gives_the_same_coefficients(level):
    """No decision of a damaged payload is left out: those of large values, which no picture has, are among them."""
    random = np.random.default_rng(level)
    for _ in range(5):
        count = int(random.integers(1, 5))
        sizes = [(int(rows), int(columns)) for rows, columns in random.integers(1, 3, (count, 2))]
        factors = [(int(across), int(down)) for across, down in random.integers(1, 5, (count, 2))]
        tables = [random.integers(1, 1 << int(random.integers(1, 17)), 64) for _ in sizes]
        payload = bytes([0 if level == 1 else 16]) + random.bytes(int(random.integers(0, 200)))
        expected = coefficients.decode(payload, sizes, tables, factors, level)
        assert_equal(second.decode(payload, sizes, tables, factors, level), expected)


@pytest.mark.parametrize("level", [1, 5])
def test_segments(level, monkeypatch):
    factors = [(2, 2), (1, 1), (1, 1)]
    blocks, tables = picture(factors, 8, 1, 16, 64)
    monkeypatch.setattr(coefficients, "SEGMENT_NONZERO", 30)
    payload = coefficients.encode(blocks, tables, factors, level)
    assert payload[0] % 16 == 1  # two of them
    assert_equal(second.decode(payload, [own.shape[:2] for own in blocks], tables, factors, level), blocks)


SUMS = 2 * zlib.crc32(b"\x01\x02\0").to_bytes(4, "little")


@pytest.mark.parametrize(
    ("payload", "sizes", "level", "message"),
    [
        (b"\x10", [(1, 1)], 1, "a start of another level"),
        (b"\0", [(1, 1)], 5, "a start of another level"),
        (b"\x01\x02\0" + SUMS, [(2, 1)], 1, "a segment without rows"),
        (b"\x01\x01\0" + bytes(8), [(2, 1)], 1, "the checksum of a segment does not match"),
        (b"\0", [(1, 1 << 15)], 1, "a picture that no JPEG file holds"),
        (b"", [(1, 1)], 1, "truncated"),
    ],
)
def test_what_is_corrupt(payload, sizes, level, message):
    with pytest.raises(CorruptError, match=message):
        second.decode(payload, sizes, [np.ones(64)], [(1, 1)], level)


def test_levels_of_newer_versions():
    with pytest.raises(UnsupportedError, match="level 7"):
        second.decode(b"\0", [(1, 1)], [np.ones(64)], [(1, 1)], 7)
