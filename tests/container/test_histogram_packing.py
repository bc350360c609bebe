"""Lists of values: when they are made, and that they are undone exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbans_cli.container import histogram_packing
from bbans_cli.errors import CorruptError


def spread(step, count, dtype=np.uint16, pixels=10_000):
    return (np.arange(pixels) % count * step).astype(dtype).reshape(100, -1, 1)


@pytest.mark.parametrize(
    ("pixels", "found"),
    [
        (spread(32, 67), 67),
        (spread(1, 67), 67),
        (spread(1, 300), None),
        (spread(3, 300), 300),
        (spread(3, 80, np.uint8), 80),
        (spread(1, 80, np.uint8), None),
        (spread(32, 67, pixels=1000), None),
        (spread(0, 1), None),
    ],
)
def test_when_it_pays(pixels, found):
    table = histogram_packing.find(pixels)
    assert (None if table is None else len(table)) == found
    if found:
        numbers = histogram_packing.number(pixels, table)
        assert numbers.dtype == (np.uint8 if found <= 256 else np.uint16)
        assert np.array_equal(histogram_packing.restore(numbers, table), pixels)


@given(st.sets(st.integers(0, 65535), min_size=1, max_size=300))
def test_lists_come_back(members):
    table = np.array(sorted(members), np.uint16)
    assert np.array_equal(histogram_packing.from_bytes(histogram_packing.to_bytes(table), 16), table)


def test_damage():
    with pytest.raises(CorruptError, match="beyond the list"):
        histogram_packing.restore(np.array([[[2]]], np.uint8), np.array([5, 6], np.uint16))
    with pytest.raises(CorruptError, match="beyond the picture's depth"):
        histogram_packing.from_bytes(histogram_packing.to_bytes(np.array([3, 256])), 8)
    with pytest.raises(CorruptError, match="empty"):
        histogram_packing.from_bytes(b"", 8)
    with pytest.raises(CorruptError):
        histogram_packing.from_bytes(b"\x80", 8)
