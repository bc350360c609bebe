"""Sizes of the lowest rows of a band: beside a plain loop, whatever is asked for first."""

import math

import numpy as np
import pytest
import tiny

from bbans_cli.coders.neural.row_sizes import UNITS, RowSizes


def size_of_row(pixels, y):
    """By the definition, sample by sample."""
    samples = pixels.astype(int)
    if samples.shape[2] == 3:
        red, green, blue = np.moveaxis(samples, 2, 0)
        samples = np.stack([green, red - green, blue - green], axis=2)
    total = 0
    for x in range(1, samples.shape[1]):
        for west, north, northwest, own in zip(
            samples[y, x - 1], samples[y - 1, x], samples[y - 1, x - 1], samples[y, x], strict=True
        ):
            median = sorted((west, north, west + north - northwest))[1]
            total += round(UNITS * math.log2(1 + abs(int(own - median))))
    return total


@pytest.mark.parametrize("channels", [1, 3])
def test_sizes_are_those_of_the_residuals(channels):
    pixels = tiny.picture(75, 20, channels)
    sums = np.cumsum([size_of_row(pixels, y) for y in range(74, 0, -1)])
    assert [RowSizes(pixels).of(rows) for rows in range(75)] == [0, *sums]
    first, then = RowSizes(pixels), RowSizes(pixels)
    assert first.of(74) == sums[-1] and then.of(3) == sums[2] and then.of(40) == sums[39] and then.of(74) == sums[-1]


def test_the_least_number_of_rows_of_a_size():
    pixels = tiny.picture(75, 20, 3)
    sizes = RowSizes(pixels)
    for rows in (1, 2, 31, 32, 33, 70, 74):
        size = sizes.of(rows)
        assert RowSizes(pixels).rows(size) == rows and RowSizes(pixels).rows(size - 0.5) == rows
        assert RowSizes(pixels).rows(size + 0.5) == min(rows + 1, 74)
    assert sizes.rows(0) == 1 and sizes.rows(math.inf) == 74


def test_the_largest_residuals_have_a_size():
    extreme = np.zeros((2, 2, 3), np.uint8)
    extreme[0, 0] = 255, 0, 0
    extreme[1, 1] = 0, 255, 255
    assert RowSizes(extreme).of(1) == size_of_row(extreme, 1)
    extreme[0, 1], extreme[1, 0], extreme[1, 1] = (0, 255, 0), (0, 255, 0), (255, 0, 0)
    assert RowSizes(extreme).of(1) == size_of_row(extreme, 1) == 2 * 16 * 8 + round(16 * math.log2(511))
