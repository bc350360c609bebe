"""Local least squares: what they are, that they look at nothing that comes later, and equal bits everywhere."""

import zlib

import float_least_squares
import numpy as np
import pytest
import tiny
from scans import least_squares, small_scan

from bbans_cli.coders.neural.network_layout import LEAST_SQUARES
from bbans_cli.reference import local_ls
from bbans_cli.reference.neighbourhood import coding_planes

PREDICTION = LEAST_SQUARES["local_prediction"]
OTHERS = slice(LEAST_SQUARES["local_gain"].start, local_ls.COLUMNS)
# height, width, channels, first and last row
CASES = {
    "1x1": (1, 1, 3, 0, 1),
    "1x9": (9, 1, 3, 0, 9),
    "9x1": (1, 9, 3, 0, 1),
    "2 columns": (14, 2, 3, 0, 14),
    "3 columns, grey": (14, 3, 1, 2, 14),
    "5 columns": (40, 5, 3, 0, 40),
    "whole": (19, 34, 3, 0, 19),
    "latent rows": (19, 34, 3, 0, 11),
    "initial-bits rows": (19, 34, 3, 7, 19),
    "grey": (19, 34, 1, 0, 19),
    "as many blocks in a wave as lanes": (16, 64, 3, 0, 16),
    "more": (40, 142, 3, 3, 40),
    "noise": (24, 40, 3, 0, 24),
    "nothing": (10, 12, 3, 10, 10),
}


def picture(name):
    height, width, channels, first, last = CASES[name]
    if name == "noise":
        return tiny.integers(5, 256, height, width, channels).astype(np.uint8), first, last
    return tiny.picture(height, width, channels), first, last


def by_the_reference(pixels, first, last):
    return local_ls.least_squares(coding_planes(pixels), first, last, pixels.shape[2])


@pytest.mark.parametrize("name", CASES)
def test_equal_bits_with_the_reference(isa, name):
    pixels, first, last = picture(name)
    shape = small_scan(
        width=pixels.shape[1], height=pixels.shape[0], channels=pixels.shape[2], first_row=first, last_row=last
    )
    assert (
        least_squares(shape, pixels)[..., : local_ls.COLUMNS].tobytes()
        == by_the_reference(pixels, first, last).tobytes()
    )


@pytest.mark.parametrize("name", CASES)
def test_it_is_ridge_regression(name):
    """By normal equations in float64, over windows as docs/format.md has them."""
    pixels, first, last = picture(name)
    found = by_the_reference(pixels, first, last)
    expected = float_least_squares.local(float_least_squares.planes_of(pixels), first, last, pixels.shape[2])
    assert found.shape == expected.shape == (last - first, pixels.shape[1], local_ls.COLUMNS)
    assert np.allclose(found[..., PREDICTION], expected[..., PREDICTION], rtol=1e-4, atol=0.01)
    assert np.allclose(found[..., OTHERS], expected[..., OTHERS], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["initial-bits rows", "grey", "noise"])
def test_pinned_bits(name):
    """The local least squares are part of the format: for these pictures they may never give other bits."""
    assert zlib.crc32(by_the_reference(*picture(name)).astype("<f4").tobytes()) == PINNED[name]


PINNED = {"initial-bits rows": 3705379200, "grey": 3684045294, "noise": 1744185450}


def test_linear_dependence_is_learned():
    """Rows that are means of the row above, and channels that follow from each other: what is left is rounding."""
    green = np.empty((40, 60))
    green[:2] = tiny.integers(1, 256, 2, 60)
    for row in range(2, 40):
        green[row] = (np.roll(green[row - 1], 1) + np.roll(green[row - 1], -1)) / 2
    red = 255 - green // 2
    pixels = np.stack([red, green, 0.25 * red + 0.5 * green], axis=2).round().astype(np.uint8)
    planes = float_least_squares.planes_of(pixels)
    base = float_least_squares.neighbourhood(planes, 0, 40)[1]
    residual = planes.reshape(3, -1).T - base
    predicted = local_ls.conditional(
        by_the_reference(pixels, 0, 40).reshape(-1, local_ls.COLUMNS), residual.astype(np.float32), base
    )
    settled = (slice(12, None), slice(5, -5))
    before, after = (np.abs(e).reshape(40, 60, 3)[settled].mean((0, 1)) for e in (residual, residual - predicted))
    assert np.all(after < before / 3) and np.all(after[1:] < 0.6)


def test_what_lies_farther_away_in_a_grey_picture_is_learned():
    """Rows that are the third row above, one column to the side: none of the six nearest pixels says so."""
    grey = np.empty((60, 90, 1), np.uint8)
    grey[:3] = tiny.integers(1, 256, 3, 90, 1)
    for row in range(3, 60):
        grey[row] = np.roll(grey[row - 3], 1, axis=0)
    colours = np.repeat(grey, 3, axis=2)
    residual = grey[..., 0] - float_least_squares.neighbourhood(coding_planes(grey), 0, 60)[1][:, 0].reshape(60, 90)
    wrong, with_six = (np.abs(residual - by_the_reference(p, 0, 60)[..., 0])[30:, 5:-5].mean() for p in (grey, colours))
    assert wrong < 5 and with_six > 30


@pytest.mark.parametrize("first", [0, 5])
@pytest.mark.parametrize("diagonal", [0, 1, 3, 4, 30, 31, 50, 62])
def test_pixels_not_yet_coded_change_nothing(diagonal, first):
    """Other pixels from a diagonal on: up to that diagonal nothing changes; later, something does."""
    pixels = tiny.picture(15, 33, 3)
    y, x = np.mgrid[:15, :33]
    diagonal += 4 * first
    later = (x + 4 * y >= diagonal) & (y >= first)
    other = np.where(later[..., None], tiny.integers(3, 256, 15, 33, 3), pixels).astype(np.uint8)
    before, after = by_the_reference(pixels, first, 15), by_the_reference(other, first, 15)
    known = (x + 4 * y <= diagonal)[first:]
    assert np.array_equal(before[known], after[known])
    assert not np.array_equal(before, after)


def test_the_latent_rows_see_no_initial_bits_row():
    pixels = tiny.picture(20, 33, 3)
    other = pixels.copy()
    other[12:] = 7
    assert np.array_equal(by_the_reference(pixels, 0, 12), by_the_reference(other, 0, 12))
    assert np.array_equal(by_the_reference(pixels, 0, 12), by_the_reference(pixels[:12], 0, 12))


def test_rows_above_the_first_are_read_but_not_learned_from():
    pixels = tiny.picture(20, 33, 3)
    other = pixels.copy()
    other[:10] = 255 - other[:10]
    before, after = by_the_reference(pixels, 12, 20), by_the_reference(other, 12, 20)
    assert np.array_equal(before, after)  # no neighbour is more than two rows above
    other[10] += 1
    assert not np.array_equal(before, by_the_reference(other, 12, 20))


def test_predictions_are_values_that_a_pixel_can_have():
    given = np.float32([[-400, 900, np.nan, 4, -4, 4, 0, 0, 0], [1, 2, 3, 0, 0, 0, 0, 0, 0]])
    base = np.int32([[10, 20, 30], [10, 20, 30]])
    residual = np.float32([[5, 5, 5], [5, 5, 5]])
    found = local_ls.conditional(given, residual, base)
    assert found.tolist() == [[-10, 235, -30], [1, 2, 3]]
