"""Mosaics of colours: found where a picture was interpolated from one, nowhere else; and worth bytes."""

import os
from pathlib import Path

import numpy as np
import pytest
import tiny
from mosaics import interpolated
from PIL import Image

from bbans_cli.coders.neural import coder, levels, mosaic
from bbans_cli.coders.neural.settings import band_codec

DEV = Path(os.environ.get("BBC_DATA", "none"), "dev")


def photograph(height, width, scale=1):
    """A smooth picture with noise, (height, width, 3) int."""
    y, x = np.mgrid[:height, :width]
    shade = 90 + 50 * np.sin(x / 17)[..., None] * np.cos(y[..., None] / 23 + np.arange(3))
    noise = tiny.integers(7, 9, height, width, 3) - 4
    return np.round(scale * (shade + noise)).astype(int)


@pytest.mark.parametrize("dtype, scale", [(np.uint8, 1), (np.uint16, 240)])
@pytest.mark.parametrize("top, left", [(0, 0), (1, 0), (3, 5)])
def test_a_mosaic_is_found_wherever_it_begins(dtype, scale, top, left):
    picture = photograph(120, 90, scale)
    assert mosaic.found(interpolated(picture)[top:, left:].astype(dtype))
    assert not mosaic.found(picture[top:, left:].astype(dtype))


def test_none_is_found_in_grey_and_in_what_is_small_or_flat():
    picture = interpolated(photograph(120, 90)).astype(np.uint8)
    for other in (picture[..., :1], picture[:7], picture[:, :7], np.full_like(picture, 9)):
        assert not mosaic.found(other)


@pytest.mark.skipif(not DEV.is_dir(), reason="needs BBC_DATA, a folder with dev/photos and dev/camera")
@pytest.mark.parametrize("name", ["photos", "camera"])
def test_cameras_alone_have_one(name):
    """Of some pictures for development: simulated cameras, and photographs scaled down."""
    for path in sorted((DEV / name).iterdir())[::5]:
        with Image.open(path) as picture:
            assert mosaic.found(np.asarray(picture)) == (name == "camera")


def test_a_picture_with_a_mosaic_has_a_grid():
    small, large = (interpolated(photograph(*sides)).astype(np.uint8) for sides in ((80, 90), (130, 140)))
    for picture in (small, large):
        _, settings, name = levels.prepare(picture, 5)
        assert settings.mosaic and settings.grid == (0, 0) and name == "camera" and not mosaic.halved(picture)
    assert not levels.prepare(small[:60, :60], 5)[1].mosaic  # a thumbnail


@pytest.mark.parametrize("level, plain", [(5, 6), (9, 5)])
def test_deep_pictures_with_a_mosaic_learn_slowly(level, plain):
    """Their weights were trained for them; other deep pictures in colour learn at a high rate."""
    for picture, rate_index in ((interpolated(photograph(96, 96, 240)), 2), (photograph(96, 96, 240), plain)):
        settings = levels.prepare(picture.astype(np.uint16), level)[1]
        assert (settings.mosaic, settings.rate_index) == (rate_index == 2, rate_index)


def test_linear_light_is_found_where_colours_were_interpolated_in_it():
    """A mosaic's samples as they are, and those that sRGB's curve made of them afterwards."""
    share, curved = linear_and_curved()
    for high, dtype, low_bits in ((65535, np.uint16, 8), (255, np.uint8, 0)):
        assert mosaic.curve(np.round(high * curved).astype(dtype), low_bits) in (1, 2)
        assert mosaic.curve(np.round(high * share).astype(dtype), low_bits) == 0


@pytest.mark.parametrize("contrast", [3, 6, 9])
def test_a_tone_curve_is_found(contrast):
    """Contrast raised after sRGB's curve by the inverse of the curve of that number, about."""
    samples = np.arange(65536) / 65535
    undone = samples + contrast / 8 * samples * (1 - samples) * (1 - 2 * samples)
    toned = np.interp(linear_and_curved()[1], undone, samples)
    assert abs(mosaic.curve(np.round(65535 * toned).astype(np.uint16), 8) - 1 - contrast) <= 1


def linear_and_curved():
    """A mosaic interpolated in linear light, shares of the range, and that with sRGB's curve."""
    share = interpolated(photograph(96, 96, 40) ** 2 // 520).clip(0, 65535) / 65535
    return share, np.where(share <= 0.0031308, share * 12.92, 1.055 * share ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("level", [1, 5, 9])
def test_halved_colours_learn_as_other_pictures_do(level):
    """Samples of colours in every second column, and means of two between: phases of two, but no linear light."""
    picture = photograph(520, 510)
    brightness, colours = picture[..., 1:2], picture[:, ::2, ::2] - picture[:, ::2, 1:2]
    between = np.round((colours + np.roll(colours, -1, axis=1)) / 2).astype(int)
    whole = brightness + np.stack([colours, between], axis=2).reshape(520, 510, 2)
    halved = np.dstack([whole[..., 0], picture[..., 1], whole[..., 1]]).clip(0, 255).astype(np.uint8)
    settings = levels.prepare(halved, level)[1]
    assert settings.mosaic and not settings.light and mosaic.halved(halved)
    assert settings.rate_index == levels.LEVELS[level].settings.rate_index


def test_by_two_least_squares_predict_better():
    picture = interpolated(photograph(96, 96)).astype(np.uint8)
    samples, settings, _ = levels.prepare(picture, 5)
    model = coder.weights.by_name("medium")

    def length(mosaic):
        one = coder.replace(settings, mosaic=mosaic, light=0)
        return band_codec(samples.shape, model, one).initial_bits_rows(0).code_length(samples)

    assert length(True) < 0.97 * length(False)
