"""Where the encoder finds the grid of blocks of a picture that was a JPEG file."""

import io

import numpy as np
import pytest
import tiny
from PIL import Image

from bbans_cli.coders.neural import block_grid


def through_jpeg(height, width, quality=40):
    noise = tiny.integers(3, 90, height, width, 3).astype(np.uint8)
    picture = Image.fromarray(np.clip(tiny.picture(height, width, 3).astype(int) + noise - 45, 0, 255).astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling=0)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("left, top", [(0, 0), (1, 0), (5, 3), (7, 7), (8, 6)])
def test_a_cropped_jpeg_has_the_grid_of_the_whole(left, top):
    picture = through_jpeg(200, 240)[top:, left:]
    assert block_grid.origin(picture) == (left % 8, top % 8)
    assert block_grid.origin(np.ascontiguousarray(picture[:, :, :1])) == (left % 8, top % 8)


def test_a_picture_that_was_no_jpeg_counts_as_uncropped():
    assert block_grid.origin(tiny.integers(1, 256, 200, 240, 3).astype(np.uint8)) == (0, 0)


def test_small_pictures_have_no_grid_unless_borders_are_clear():
    assert block_grid.origin(tiny.integers(1, 256, 60, 60, 3).astype(np.uint8)) == (-1, -1)
    assert block_grid.origin(through_jpeg(70, 70, 10)[3:, 2:]) == (2, 3)


@pytest.mark.parametrize("height, width", [(1, 1), (1, 500), (500, 1), (31, 33), (33, 31), (7, 7)])
def test_pictures_of_any_size_are_looked_at(height, width):
    assert block_grid.origin(np.full((height, width, 3), 9, np.uint8)) == (-1, -1)
