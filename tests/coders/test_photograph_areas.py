"""Photographs on screens are found to the pixel, and nothing else is taken for one."""

import numpy as np
import pytest
from jpeg_pictures import photo, through_jpeg
from mixing_pictures import screen

from bbans_cli.coders import photograph_areas
from bbans_cli.container import Region


def pasted(ground, *stamps):
    """A picture with others on it: (left, top, pixels)."""
    pixels = ground.copy()
    for left, top, stamp in stamps:
        pixels[top : top + stamp.shape[0], left : left + stamp.shape[1]] = stamp
    return pixels


def box(left, top, stamp):
    return Region(left, top, stamp.shape[1], stamp.shape[0])


SCREEN = screen(200, 240, seed=4)
PHOTO = photo(70, 90)


@pytest.mark.parametrize(("left", "top"), [(0, 0), (3, 5), (150, 130), (77, 64), (150, 0)])
@pytest.mark.parametrize("stamp", [PHOTO, through_jpeg(PHOTO, 60)], ids=["grain", "jpeg"])
def test_its_sides_are_found_to_the_pixel(left, top, stamp):
    assert photograph_areas.find(pasted(SCREEN, (left, top, stamp))) == [box(left, top, stamp)]


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels(channels):
    grey = np.full((200, 240, channels), 255, np.uint8)
    grey[:, :, : min(3, channels)] = SCREEN[:, :, : 1 if channels < 3 else 3]
    grey[20:90, 31:121, : 1 if channels < 3 else 3] = PHOTO[:, :, : 1 if channels < 3 else 3]
    assert photograph_areas.find(grey) == [box(31, 20, PHOTO)]


def test_several_beside_each_other():
    small = photo(48, 60, seed=9)
    stamps = [(10, 12, PHOTO), (108, 12, PHOTO[:, ::-1]), (10, 100, small)]
    assert photograph_areas.find(pasted(SCREEN, *stamps)) == [box(*stamp) for stamp in stamps]


def test_frames_and_captions():
    framed = pasted(np.full((100, 130, 3), 255, np.uint8), (20, 15, PHOTO))
    assert photograph_areas.find(framed) == [box(20, 15, PHOTO)]
    with_caption = np.concatenate([PHOTO, SCREEN[:40, :90]])
    assert photograph_areas.find(with_caption) == [box(0, 0, PHOTO)]


@pytest.mark.parametrize(
    "pixels",
    [
        SCREEN,
        PHOTO,
        photo(200, 240),
        screen(40, 20),
        pasted(SCREEN, (30, 40, PHOTO[:20, :20])),
        np.tile(np.indices((200, 240)).sum(axis=0)[:, :, None] % 2, 3).astype(np.uint8),
        np.repeat(np.arange(200, dtype=np.uint8)[:, None, None], 240, axis=1),
    ],
    ids=["screen", "photograph", "large photograph", "small", "icon", "pattern", "gradient"],
)
def test_pictures_without(pixels):
    assert photograph_areas.find(np.ascontiguousarray(pixels)) == []


def test_an_object_on_a_flat_ground_is_no_rectangle():
    y, x = np.indices((200, 240))
    disc = ((y - 100) ** 2 + (x - 120) ** 2 < 80**2)[:, :, None]
    assert photograph_areas.find(np.where(disc, photo(200, 240), 255).astype(np.uint8)) == []
