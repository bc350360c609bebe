"""The causal neighbourhood: nothing is read before it is coded, and the C core reads just what the table says."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from scans import intervals, without_least_squares

from bbans_cli.coders.neural.neighbourhood import NEAREST, NORTH, NORTHWEST, REACH, SKEW, TAPS, WEST, locate
from bbans_cli.coders.neural.scan_shape import ScanShape

SIZES = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 7), (7, 12), (40, 11)]


def all_pixels(width, height, first_row=0):
    y, x = np.mgrid[first_row:height, :width]
    return x.ravel(), y.ravel()


def whole_picture(height, width, layers):
    return ScanShape(
        width=width, height=height, channels=3, first_row=0, last_row=height, hidden=16, layers=layers, head=16
    )


def test_taps_are_causal_and_near():
    assert len(set(TAPS)) == len(TAPS) == 28
    for dy, dx in TAPS:
        assert dy < 0 or dx < 0
        assert dx < -SKEW * dy or dy == 0
        assert abs(dx) <= REACH
    assert (TAPS[WEST], TAPS[NORTH], TAPS[NORTHWEST]) == ((0, -1), (-1, 0), (-1, -1))
    assert len(set(NEAREST)) == 12 and all(max(-TAPS[i][0], abs(TAPS[i][1])) <= 2 for i in NEAREST)


@pytest.mark.parametrize("width, height", SIZES)
@pytest.mark.parametrize("first_row", [0, 1, 2, 5])
def test_only_pixels_coded_earlier_are_read(width, height, first_row):
    if first_row >= height:
        first_row = height - 1
    x, y = all_pixels(width, height, first_row)
    columns, rows, known = locate(x, y, width, first_row)
    assert columns.min() >= 0 and columns.max() < width and rows.min() >= 0 and rows.max() < height
    earlier = columns + SKEW * rows < (x + SKEW * y)[:, None]
    assert np.all(earlier | ~known | (rows < first_row))
    unknown = ~known.all(1)
    assert np.array_equal(unknown, (x == 0) & (y == 0))
    assert not known[unknown].any()


def test_inside_taps_are_read_where_they_are():
    x, y = np.array([20]), np.array([10])
    columns, rows, _ = locate(x, y, 40)
    assert [(r - 10, c - 20) for r, c in zip(rows[0], columns[0], strict=True)] == list(TAPS)


@pytest.mark.parametrize("where", [(6, 15), (0, 0), (0, 3), (3, 0), (5, 30), (12, 15), (0, 30), (1, 29)])
def test_the_core_reads_the_taps_and_no_others(where):
    """One pixel changes a little: the intervals that change are its own and those of pixels with a tap on it.

    The network has no weights for the least squares, which see further (test_local_ls.py, test_phase_ls.py).
    """
    shape = whole_picture(height=13, width=31, layers=1)
    pixels = tiny.picture(13, 31, 3) // 4 + 90  # smooth: no input is clipped
    changed = pixels.copy()
    changed[where] += 3
    network = without_least_squares(shape)
    before, after = (intervals(shape, each, None, network) for each in (pixels, changed))
    differ = (before != after).any(axis=(0, 3))
    x, y = all_pixels(31, 13)
    columns, rows, known = locate(x, y, 31)
    read = ((rows == where[0]) & (columns == where[1]) & known).any(1).reshape(13, 31)
    read[where] = True
    assert np.array_equal(differ, read)


@pytest.mark.parametrize("batch", [0, 30])
@pytest.mark.parametrize("diagonal", [0, 1, 5, 17, 40, 60])
def test_pixels_not_yet_coded_change_nothing(batch, diagonal):
    """All pixels from a diagonal on become others: earlier intervals stay, and on the diagonal those of a channel
    depend on the channels before it alone."""
    shape = replace(whole_picture(height=13, width=31, layers=2), block=8, batch=batch, learning_rate=3e-3)
    order = [1, 0, 2]  # G, R, B of an RGB picture
    pixels = tiny.picture(13, 31, 3)
    other = tiny.integers(3, 256, 13, 31, 3).astype(np.uint8)
    y, x = np.mgrid[:13, :31]
    before = intervals(shape, pixels)
    for same in range(4):
        changed = np.where((x + SKEW * y >= diagonal)[..., None], other, pixels)
        here = x + SKEW * y == diagonal
        for channel in order[:same]:
            changed[here, channel] = pixels[here, channel]
        after = intervals(shape, changed)
        assert np.array_equal(before[:, x + SKEW * y < diagonal], after[:, x + SKEW * y < diagonal])
        assert np.array_equal(before[:, here, :same], after[:, here, :same])


def test_a_scan_from_a_later_row_sees_the_rows_above():
    """Its own pixels that are not coded yet change nothing there either."""
    shape = replace(whole_picture(height=13, width=31, layers=1), first_row=4)
    pixels = tiny.picture(13, 31, 3)
    y, x = np.mgrid[:13, :31]
    later = x + SKEW * y >= 30
    changed = pixels.copy()
    changed[4:] = np.where(later[4:, :, None], 255 - pixels[4:], pixels[4:])
    before, after = intervals(shape, pixels), intervals(shape, changed)
    assert np.array_equal(before[:, ~later], after[:, ~later])
    changed = pixels.copy()
    changed[3, 30] += 3
    after = intervals(shape, changed)
    assert (before != after).any()
