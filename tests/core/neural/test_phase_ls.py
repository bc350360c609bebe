"""Phase-conditioned least squares: what they are, that they read nothing that comes later, equal bits everywhere."""

import zlib
from functools import cache

import float_least_squares
import numpy as np
import pytest
import tiny
from scans import inputs, least_squares, small_scan

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.neural import band_scan
from bbans_cli.coders.neural.band_scan import BandScan
from bbans_cli.coders.neural.network_layout import LEAST_SQUARES
from bbans_cli.reference import phase_ls
from bbans_cli.reference.neighbourhood import coding_planes, gather, normalise

NONE = (-1, -1)
PHASED = slice(LEAST_SQUARES["phase_prediction"].start, LEAST_SQUARES.size)  # what depends on them
# height, width, channels, first and last row; position in the grid, period, curve of linear light
CASES = {
    "1x1": (1, 1, 3, 0, 1, NONE, 1),
    "1x90": (90, 1, 3, 0, 90, (2, 15), 4),
    "90x1": (1, 90, 3, 0, 1, (3, 1), 2),
    "2 columns": (60, 2, 3, 0, 60, (1, 7), 8),
    "3 columns, grey": (60, 3, 1, 2, 60, (0, 0), 8),
    "5 columns": (40, 5, 3, 0, 40, NONE, 1),
    "no period in a grid": (19, 34, 3, 0, 19, (5, 3), 1),
    "whole": (25, 34, 3, 0, 25, (3, 13), 8),
    "latent rows": (25, 34, 3, 0, 11, (8, 4), 8),
    "initial-bits rows": (25, 34, 3, 6, 25, (15, 9), 8),
    "initial-bits rows without a grid": (25, 34, 3, 7, 25, NONE, 1),
    "grey": (25, 34, 1, 0, 25, (4, 4), 8),
    "grey initial-bits rows without a grid": (25, 34, 1, 9, 25, NONE, 1),
    "longest period": (34, 40, 3, 0, 34, (7, 11), 16),
    "more pixels in a diagonal than lanes": (42, 142, 3, 3, 41, (9, 2), 8),
    "flat": (24, 40, 3, 0, 24, (0, 8), 2),
    "noise": (24, 40, 3, 0, 24, (6, 5), 8),
    "black and white": (24, 40, 3, 0, 24, (1, 0), 8),
    "nothing": (10, 12, 3, 10, 10, (1, 2), 8),
    "mosaic": (31, 34, 3, 0, 31, (1, 0), 2),
    "mosaic in linear light": (31, 34, 3, 0, 31, (1, 0), 2, 1),
    "mosaic in linear light after a tone curve": (31, 34, 3, 0, 31, (1, 0), 2, 6),
    "initial-bits rows in linear light": (31, 34, 3, 6, 31, (0, 5), 2, 1),
    "grey in linear light": (31, 34, 1, 0, 31, (0, 1), 2, 2),
    "noise in linear light": (24, 40, 3, 0, 24, (6, 5), 2, 16),
    "too small for a weight in linear light": (9, 7, 3, 0, 9, (0, 0), 2, 1),
}


NOISE = {"noise": 256, "noise in linear light": 256, "black and white": 2}


def picture(name):
    height, width, channels = CASES[name][:3]
    if name in NOISE:
        values = NOISE[name]
        return (tiny.integers(5, values, height, width, channels) * (255 // (values - 1))).astype(np.uint8)
    return np.full((height, width, channels), 77, np.uint8) if name == "flat" else tiny.picture(height, width, channels)


def by_the_reference(pixels, first, last, grid, period, light=0):
    return phase_ls.least_squares(coding_planes(pixels), first, last, pixels.shape[2], grid, period, light=light)


@cache
def expected(name):
    return by_the_reference(picture(name), *CASES[name][3:])


def by_the_core(pixels, first, last, grid, period, light=0):
    height, width, channels = pixels.shape
    return least_squares(
        small_scan(
            width=width,
            height=height,
            channels=channels,
            first_row=first,
            last_row=last,
            grid=grid,
            period=period,
            light=light,
        ),
        pixels,
    )


@pytest.mark.parametrize("name", CASES)
def test_equal_bits_with_the_reference(isa, name):
    assert by_the_core(picture(name), *CASES[name][3:]).tobytes() == expected(name).tobytes()


@pytest.mark.slow
def test_equal_bits_where_solutions_are_furthest_apart():
    """From 65,536 pixels on it is 8,192 from one to the next."""
    pixels = tiny.picture(270, 285, 1)
    assert by_the_core(pixels, 0, 270, NONE, 1).tobytes() == by_the_reference(pixels, 0, 270, NONE, 1).tobytes()


@pytest.mark.parametrize("name", [name for name in CASES if name != "noise in linear light"])
def test_it_is_ridge_regression(name):
    """By normal equations in float64, as docs/format.md has them. The first weights in noise are large and far off, in
    linear light by more than a value; the smaller ridge of a mosaic costs digits, most in grey."""
    mosaic = CASES[name][6] == 2
    pixels, (first, last, grid, period, *light) = picture(name), CASES[name][3:]
    planes = float_least_squares.planes_of(pixels)
    exact = float_least_squares.least_squares(
        planes, first, last, pixels.shape[2], None if grid == NONE else grid, period, *light
    )
    found = expected(name)
    assert found.shape == (last - first, pixels.shape[1], LEAST_SQUARES.size)
    apart = np.abs(found.reshape(exact.shape) - exact)
    errors = slice(LEAST_SQUARES["local_error_size"].start, LEAST_SQUARES.size)
    assert np.all(apart[:, LEAST_SQUARES["phase_prediction"]] < (0.3 if name in NOISE else 0.1 if mosaic else 0.002))
    assert np.all(apart[:, LEAST_SQUARES["phase_half_log_sigma"]] < (3e-4 if mosaic else 1e-4))
    assert np.all(apart[:, errors] < (0.005 if name in NOISE else 0.03 if mosaic else 0.001))


@pytest.mark.parametrize("name", ["initial-bits rows", "grey", "noise", "mosaic in linear light"])
def test_pinned_bits(name):
    """These least squares are part of the format: for these pictures they may never give other bits."""
    assert zlib.crc32(expected(name)[..., PHASED].astype("<f4").tobytes()) == PINNED[name]


PINNED = {
    "initial-bits rows": 464305382,
    "grey": 3462408966,
    "noise": 204794921,
    "mosaic in linear light": 384756726,
}


def made(side):
    """R - G and B - G are those of the row above, or their negatives: which, only the phase in squares of 8 tells."""
    sign = np.tile(2 * tiny.integers(31, 2, 8, 8) - 1, (side // 8, side // 8))
    green = tiny.picture(side, side, 1)[..., 0] // 4 + 96
    apart = np.empty((2, side, side), int)
    apart[:, 0] = tiny.integers(30, 64, 2, side) - 32
    for row in range(1, side):
        apart[:, row] = sign[row] * apart[:, row - 1]
    return np.stack([green + apart[0], green, green + apart[1]], axis=2).astype(np.uint8)


def test_a_period_is_learned():
    """R and B are predicted far better by phase; G, which has no period, neither better nor worse."""
    pixels = made(160)
    planes = float_least_squares.planes_of(pixels)
    residual = planes.reshape(3, -1).T - float_least_squares.neighbourhood(planes, 0, 160)[1]

    def errors(grid, period):
        predicted = band_scan.least_squares(pixels, grid, period)[..., LEAST_SQUARES["phase_prediction"]]
        return np.abs(residual.reshape(predicted.shape) - predicted)[120:].mean((0, 1))

    without, phased = errors((0, 0), 1), errors((0, 0), 8)
    assert np.all(phased[1:] < without[1:] / 6) and phased[0] == without[0]
    assert np.array_equal(without, errors(NONE, 1))


def test_in_a_mosaic_g_has_phases_too():
    """Squares of 2x2 equal pixels: which neighbour a pixel equals, only column and row modulo 2 tell."""
    pixels = np.kron(tiny.integers(30, 100, 64, 64), np.ones((2, 2), int)).astype(np.uint8)[..., None]
    planes = float_least_squares.planes_of(pixels)
    residual = planes.reshape(3, -1).T - float_least_squares.neighbourhood(planes, 0, 128)[1]

    def error(period):
        predicted = band_scan.least_squares(pixels, (0, 0), period)[..., LEAST_SQUARES["phase_prediction"]]
        return np.abs(residual.reshape(predicted.shape) - predicted)[95::2, :, 0].mean()

    assert error(2) < error(8) / 4


def test_only_the_phase_counts():
    pixels = tiny.picture(30, 40, 3)
    here = by_the_core(pixels, 0, 30, (3, 6), 8)
    assert np.array_equal(here, by_the_core(pixels, 0, 30, (11, 14), 8))
    for other in ((4, 6), (3, 7)):
        assert not np.array_equal(here, by_the_core(pixels, 0, 30, other, 8))


@pytest.mark.parametrize("first", [0, 5])
@pytest.mark.parametrize("diagonal", [0, 1, 5, 30, 31, 50, 62])
def test_pixels_not_yet_coded_change_nothing(diagonal, first):
    """Other pixels from a diagonal on, but for the first channels of that diagonal: nothing before it changes, and
    in it no prediction of the channels up to the next. Later, something changes."""
    pixels, other = tiny.picture(15, 33, 3), tiny.integers(3, 256, 15, 33, 3).astype(np.uint8)
    y, x = np.mgrid[:15, :33]
    diagonals, at = x + 4 * y, diagonal + 4 * first
    before = by_the_core(pixels, first, 15, (5, 2), 8)
    for same in range(4):
        changed = np.where(((diagonals >= at) & (y >= first))[..., None], other, pixels)
        here = (diagonals == at) & (y >= first)
        for channel in CHANNELS[:same]:
            changed[here, channel] = pixels[here, channel]
        after = by_the_core(changed, first, 15, (5, 2), 8)
        earlier, now = (diagonals < at)[first:], (diagonals == at)[first:]
        assert np.array_equal(before[earlier], after[earlier])
        changes = LEAST_SQUARES.columns("phase_prediction")[same + 1 :]
        stays = [column for column in range(LEAST_SQUARES.size) if column not in changes]
        assert np.array_equal(before[now][:, stays], after[now][:, stays])
        assert not np.array_equal(before, after)


def test_rows_above_the_first_are_read_but_not_learned_from():
    pixels = tiny.picture(20, 33, 3)
    other = pixels.copy()
    other[:8] = 255 - other[:8]
    before, after = (by_the_reference(each, 12, 20, (1, 1), 8) for each in (pixels, other))
    assert np.array_equal(before, after)  # no neighbour is more than four rows above
    other[8] += 1
    assert not np.array_equal(before, by_the_reference(other, 12, 20, (1, 1), 8))


def test_a_grey_picture_has_one_channel():
    """Predictions and errors of the others are 0, the sizes of the errors those of none, half_log_sigmas fixed."""
    pixels = tiny.picture(25, 34, 1)
    named = {field.name: expected("grey")[..., field.slice] for field in LEAST_SQUARES}
    for name in ("phase_prediction", "phase_error_west", "phase_error_north"):
        assert not named[name][..., 1:].any()
    assert (named["phase_half_log_sigma"][..., 1:] == -1.5).all()
    y, x = (a.ravel() for a in np.mgrid[:25, :34])
    activity = normalise(gather(coding_planes(pixels), x, y, 0))[2][:, 0].reshape(25, 34)
    for name in ("local_error_size", "phase_error_size"):
        for channel in (1, 2):
            assert np.allclose(named[name][..., channel], np.log(0.25 / activity) / 2, atol=1e-5)


@pytest.mark.parametrize("threads", [2, 3, 7])
@pytest.mark.parametrize("period, channels", [(1, 3), (2, 3), (8, 3), (16, 3), (2, 1), (8, 1)])
def test_threads_change_no_bit(threads, period, channels):
    """Threads share solutions by phase, sums by phase and by row; outputs depend on both."""
    shape = small_scan(width=120, height=50, channels=channels, first_row=2, last_row=49, grid=(5, 6), period=period)
    network, _, pixels = inputs(shape)
    one, many = (BandScan(shape, network, None, pixels).intervals(n, lambda done: None) for n in (1, threads))
    assert np.array_equal(one, many)
