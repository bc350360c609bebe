"""A pixel's place in a grid of 16 pixels: which row of the weights it sees, and how the rows learn."""

from dataclasses import replace

import float_model
import numpy as np
import pytest
import tiny
from agreement import check_bits, frequencies
from scans import inputs, intervals, small_scan

from bbans_cli.coders.neural.band_scan import BandScan
from bbans_cli.reference.network import Net

STATIC = small_scan(width=37, height=21, first_row=2, layers=2, block=8)
GRID = replace(STATIC, grid_x=3, grid_y=14, period=8)
LEARNING = replace(GRID, batch=64, learning_rate=1e-3)


def phase(shape, network):
    return Net(network, shape.hidden, shape.layers, shape.head).phase


def learned(shape):
    """The weights as learning leaves them, and the last gradient."""
    network, modulation, pixels = inputs(shape)
    work = BandScan(shape, network, modulation, pixels)
    gradient = work.keep_gradient()
    work.intervals(1, lambda done: None)
    return work.weights(), gradient


@pytest.mark.parametrize("row", [0, 7, 15, 16, 26, 31, 32, 34])
def test_a_row_is_for_the_pixels_that_lie_there(row):
    network, _, pixels = inputs(GRID)
    before = intervals(GRID, pixels, None, network)
    phase(GRID, network)[row] += np.float32(0.5)
    after = intervals(GRID, pixels, None, network)
    y, x = np.mgrid[:21, :37]
    x, y = x + 3, y + 14
    there = x % 16 == row if row < 16 else y % 16 == row - 16 if row < 32 else (x % 2 + y % 2 * 2) == row - 32
    assert np.array_equal((before != after).any(axis=(0, 3)), there & (y >= 14 + 2))


def test_without_a_grid_no_row_is_seen():
    network, _, pixels = inputs(STATIC)
    before = intervals(STATIC, pixels)
    assert not np.array_equal(before, intervals(GRID, pixels))
    phase(STATIC, network)[:] = 0
    assert np.array_equal(before, intervals(replace(GRID, period=1), pixels, None, network))
    phase(STATIC, network)[:] = np.nan
    assert np.array_equal(before, intervals(STATIC, pixels, None, network))


@pytest.mark.parametrize("first", [0, 5])
def test_bits_are_those_of_the_formulas(two_levels, first):
    pixels = tiny.picture(20, 37, 3)
    expected = float_model.pixel_bits(two_levels, pixels, first, 20, None, (9, 14))
    check_bits(frequencies(two_levels, pixels, None, first, (9, 14)), expected)


def test_rows_learn_in_a_grid_alone():
    network = inputs(LEARNING)[0]
    assert (phase(LEARNING, learned(LEARNING)[0]) != phase(LEARNING, network)).all(axis=1).all()
    without, gradient = learned(replace(LEARNING, grid_x=-1, grid_y=-1, period=1))
    assert not (without == network).all()
    assert np.array_equal(phase(LEARNING, without), phase(LEARNING, network))
    assert not phase(LEARNING, gradient).any()


def test_the_rows_share_the_gradient_of_the_bias():
    gradient = Net(learned(LEARNING)[1], 16, 2, 16)
    for part in (gradient.phase[:16], gradient.phase[16:32], gradient.phase[32:]):
        assert np.allclose(part.sum(0), gradient.trunk[0].bias, atol=1e-5)


@pytest.mark.parametrize("x, y", [(-2, 0), (0, -2), (16, 0), (0, 16), (-1, 0), (3, -1)])
def test_impossible_places_are_refused(x, y):
    shape = replace(GRID, grid_x=x, grid_y=y, period=1)
    with pytest.raises(ValueError):
        BandScan(shape, *inputs(GRID))
