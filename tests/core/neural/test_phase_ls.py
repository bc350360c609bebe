"""Least squares by place: what they are, that they look at nothing that comes later, and equal bits everywhere."""

import zlib
from functools import cache

import float_least_squares
import numpy as np
import pytest
import tiny
from scans import inputs, least_squares

from bbans_cli.coders.neural import band_scan
from bbans_cli.coders.neural.band_scan import BandScan, ScanShape
from bbans_cli.coders.neural.neighbourhood import CHANNELS
from bbans_cli.reference import phase_ls
from bbans_cli.reference.neighbourhood import coding_planes, gather, normalise

NONE = (-1, -1)
# height, width, channels, first and last row; place in the grid, period
CASES = {
    "1x1": (1, 1, 3, 0, 1, NONE, 1),
    "1x90": (90, 1, 3, 0, 90, (2, 15), 4),
    "90x1": (1, 90, 3, 0, 1, (3, 1), 2),
    "2 columns": (60, 2, 3, 0, 60, (1, 7), 8),
    "3 columns, grey": (60, 3, 1, 2, 60, (0, 0), 8),
    "5 columns": (40, 5, 3, 0, 40, NONE, 1),
    "no period in a grid": (19, 34, 3, 0, 19, (5, 3), 1),
    "whole": (25, 34, 3, 0, 25, (3, 13), 8),
    "head": (25, 34, 3, 0, 11, (8, 4), 8),
    "tail": (25, 34, 3, 6, 25, (15, 9), 8),
    "tail without a grid": (25, 34, 3, 7, 25, NONE, 1),
    "grey": (25, 34, 1, 0, 25, (4, 4), 8),
    "grey tail without a grid": (25, 34, 1, 9, 25, NONE, 1),
    "longest period": (34, 40, 3, 0, 34, (7, 11), 16),
    "more pixels in a step than lanes": (42, 142, 3, 3, 41, (9, 2), 8),
    "flat": (24, 40, 3, 0, 24, (0, 8), 2),
    "noise": (24, 40, 3, 0, 24, (6, 5), 8),
    "black and white": (24, 40, 3, 0, 24, (1, 0), 8),
    "nothing": (10, 12, 3, 10, 10, (1, 2), 8),
}


NOISE = {"noise": 256, "black and white": 2}


def picture(name):
    height, width, channels = CASES[name][:3]
    if name in NOISE:
        values = NOISE[name]
        return (tiny.integers(5, values, height, width, channels) * (255 // (values - 1))).astype(np.uint8)
    return np.full((height, width, channels), 77, np.uint8) if name == "flat" else tiny.picture(height, width, channels)


def maps(pixels, first, last, grid, period):
    return phase_ls.maps(coding_planes(pixels), first, last, pixels.shape[2], grid, period)


@cache
def expected(name):
    return maps(picture(name), *CASES[name][3:])


def by_the_core(pixels, first, last, grid, period):
    height, width, channels = pixels.shape
    return least_squares(
        ScanShape(width, height, channels, first, last, 16, 1, 16, 0, 0, 0.0, 1, *grid, period), pixels
    )


@pytest.mark.parametrize("name", CASES)
def test_equal_bits_with_the_reference(isa, name):
    assert by_the_core(picture(name), *CASES[name][3:]).tobytes() == expected(name).tobytes()


@pytest.mark.slow
def test_equal_bits_where_solutions_are_furthest_apart():
    """From 65,536 pixels on it is 8,192 from one to the next."""
    pixels = tiny.picture(270, 285, 1)
    assert by_the_core(pixels, 0, 270, NONE, 1).tobytes() == maps(pixels, 0, 270, NONE, 1).tobytes()


@pytest.mark.parametrize("name", CASES)
def test_it_is_ridge_regression(name):
    """By normal equations in float64, as docs/format.md has them. The first weights in noise are large and far off."""
    pixels, (first, last, grid, period) = picture(name), CASES[name][3:]
    planes = float_least_squares.planes_of(pixels)
    exact = float_least_squares.maps(planes, first, last, pixels.shape[2], None if grid == NONE else grid, period)
    found = expected(name)
    assert found.shape == (last - first, pixels.shape[1], 27)
    apart = np.abs(found.reshape(-1, 27) - exact)[:, 9:]
    assert np.all(apart[:, :3] < (0.3 if name in NOISE else 0.002))
    assert np.all(apart[:, 3:6] < 1e-4)
    assert np.all(apart[:, 6:] < (0.005 if name in NOISE else 0.001))


@pytest.mark.parametrize("name", ["tail", "grey", "noise"])
def test_pinned_bits(name):
    """These least squares are part of the format: for these pictures they may never give other bits."""
    assert zlib.crc32(expected(name)[..., 9:].astype("<f4").tobytes()) == PINNED[name]


PINNED = {"tail": 464305382, "grey": 3068291782, "noise": 204794921}


def made(side):
    """R - G and B - G are those of the row above, or their negatives: which, only the place in squares of 8 tells."""
    sign = np.tile(2 * tiny.integers(31, 2, 8, 8) - 1, (side // 8, side // 8))
    green = tiny.picture(side, side, 1)[..., 0] // 4 + 96
    apart = np.empty((2, side, side), int)
    apart[:, 0] = tiny.integers(30, 64, 2, side) - 32
    for row in range(1, side):
        apart[:, row] = sign[row] * apart[:, row - 1]
    return np.stack([green + apart[0], green, green + apart[1]], axis=2).astype(np.uint8)


def test_a_period_is_learned():
    """R and B are predicted far better by place; G, which has no period, neither better nor worse."""
    pixels = made(160)
    planes = float_least_squares.planes_of(pixels)
    residual = planes.reshape(3, -1).T - float_least_squares.context(planes, 0, 160)[1]

    def errors(grid, period):
        said = band_scan.least_squares(pixels, grid, period)[..., 9:12]
        return np.abs(residual.reshape(said.shape) - said)[120:].mean((0, 1))

    without, by_place = errors((0, 0), 1), errors((0, 0), 8)
    assert np.all(by_place[1:] < without[1:] / 6) and by_place[0] == without[0]
    assert np.array_equal(without, errors(NONE, 1))


def test_only_the_place_in_the_period_counts():
    pixels = tiny.picture(30, 40, 3)
    here = by_the_core(pixels, 0, 30, (3, 6), 8)
    assert np.array_equal(here, by_the_core(pixels, 0, 30, (11, 14), 8))
    for other in ((4, 6), (3, 7)):
        assert not np.array_equal(here, by_the_core(pixels, 0, 30, other, 8))


@pytest.mark.parametrize("first", [0, 5])
@pytest.mark.parametrize("step", [0, 1, 5, 30, 31, 50, 62])
def test_pixels_not_yet_coded_change_nothing(step, first):
    """Others from a step on, but for the first channels of that step: what is said of the pixels before stays, and in
    that step of the channels up to the next. Of some later ones it does not."""
    pixels, other = tiny.picture(15, 33, 3), tiny.integers(3, 256, 15, 33, 3).astype(np.uint8)
    y, x = np.mgrid[:15, :33]
    steps, at = x + 4 * y, step + 4 * first
    before = by_the_core(pixels, first, 15, (5, 2), 8)
    for same in range(4):
        changed = np.where(((steps >= at) & (y >= first))[..., None], other, pixels)
        here = (steps == at) & (y >= first)
        for channel in CHANNELS[:same]:
            changed[here, channel] = pixels[here, channel]
        after = by_the_core(changed, first, 15, (5, 2), 8)
        earlier, now = (steps < at)[first:], (steps == at)[first:]
        assert np.array_equal(before[earlier], after[earlier])
        stays = [*range(9), *range(9, min(10 + same, 12)), *range(12, 27)]
        assert np.array_equal(before[now][:, stays], after[now][:, stays])
        assert not np.array_equal(before, after)


def test_rows_above_a_tail_are_read_but_not_learned_from():
    pixels = tiny.picture(20, 33, 3)
    other = pixels.copy()
    other[:8] = 255 - other[:8]
    before, after = (maps(each, 12, 20, (1, 1), 8) for each in (pixels, other))
    assert np.array_equal(before, after)  # no neighbour is more than four rows above
    other[8] += 1
    assert not np.array_equal(before, maps(other, 12, 20, (1, 1), 8))


def test_a_grey_picture_has_one_channel():
    """Predictions and errors of the others are 0, the sizes of the errors those of none, deviations fixed."""
    pixels = tiny.picture(25, 34, 1)
    said = expected("grey")
    assert not said[..., [10, 11, 22, 23, 25, 26]].any()
    assert (said[..., [13, 14]] == -1.5).all()
    y, x = (a.ravel() for a in np.mgrid[:25, :34])
    activity = normalise(gather(coding_planes(pixels), x, y, 0))[2][:, 0].reshape(25, 34)
    for k in (16, 17, 19, 20):
        assert np.allclose(said[..., k], np.log(0.25 / activity) / 2, atol=1e-5)


@pytest.mark.parametrize("threads", [2, 3, 7])
@pytest.mark.parametrize("period, channels", [(1, 3), (8, 3), (16, 3), (8, 1)])
def test_threads_change_no_bit(threads, period, channels):
    """Solving is shared by place, sums by place and by row; outputs see what comes of them."""
    shape = ScanShape(120, 50, channels, 2, 49, 16, 1, 16, 0, 0, 0.0, 1, 5, 6, period)
    network, _, pixels = inputs(shape)
    one, many = (BandScan(shape, network, None, pixels).intervals(n, lambda done: None) for n in (1, threads))
    assert np.array_equal(one, many)
