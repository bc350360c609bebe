"""The colours of JPEG files, undone exactly."""

import io

import numpy as np
import pytest
import tiny
from PIL import Image

from bbans_cli import container
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural.settings import Settings
from bbans_cli.errors import CorruptError, UnsupportedError


def jpeg(planes, quality=85, subsampling=2):
    file = io.BytesIO()
    Image.fromarray(planes).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file


def decoded(file, mode="RGB"):
    picture = Image.open(file)
    picture.draft(mode, picture.size)
    assert picture.mode == mode
    return np.asarray(picture)


def bright(height, width):
    """Colours of which many are clipped after JPEG."""
    return np.clip(tiny.picture(height, width, 3).astype(int) * 3 - 250, 0, 255).astype(np.uint8)


PICTURES = {"photo": tiny.picture(90, 70, 3), "clipped": bright(80, 95), "line": tiny.picture(1, 50, 3)}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("quality", [30, 85, 97])
def test_what_a_jpeg_decoder_wrote_is_found_and_comes_back(name, subsampling, quality):
    file = jpeg(PICTURES[name], quality, subsampling)
    colours, truth = decoded(file), decoded(file, "YCbCr")[:, :, [1, 0, 2]]
    assert np.array_equal(ycbcr.to_rgb(truth), colours)
    found = ycbcr.from_rgb(colours)
    assert np.array_equal(ycbcr.to_rgb(found), colours)
    unclipped = np.all((colours > 0) & (colours < 255), axis=2)
    assert np.array_equal(found[unclipped], truth[unclipped])


def test_all_of_ycbcr_comes_back():
    """Every 7th of the 2^24 triples, most of which are clipped, as one picture decodes to the same colours again."""
    numbers = np.arange(0, 1 << 24, 7)
    triples = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], 1).astype(np.uint8)[:, None]
    colours = ycbcr.to_rgb(triples)
    reference = triples.astype(np.int64)[:, 0] - [128, 0, 128]
    cb, y, cr = reference.T
    half = 1 << 15
    red, blue = y + (91881 * cr + half >> 16), y + (116130 * cb + half >> 16)
    green = y + (-22554 * cb - 46802 * cr + half >> 16)
    assert np.array_equal(colours[:, 0], np.clip(np.stack([red, green, blue], 1), 0, 255))
    for row in colours[::5003]:
        found = ycbcr.from_rgb(row[None])
        assert found is not None and np.array_equal(ycbcr.to_rgb(found)[0], row)


def test_about_a_quarter_of_all_colours_are_jpegs():
    colours = tiny.integers(4, 254, 1, 4000, 3).astype(np.uint8) + 1
    share = np.mean([ycbcr.from_rgb(colours[:, i : i + 1]) is not None for i in range(4000)])
    assert 0.2 < share < 0.27


def test_one_other_pixel_and_it_is_no_jpeg():
    colours = decoded(jpeg(PICTURES["photo"])).copy()
    for value in range(1, 255):
        colours[40, 30] = (value, 3, 200)
        if ycbcr.from_rgb(colours[40:41, 30:31]) is None:
            break
    assert ycbcr.from_rgb(colours) is None and ycbcr.from_rgb(colours[:40]) is not None


def test_grey_is_left_alone():
    assert ycbcr.from_rgb(tiny.picture(9, 9, 1)) is None


def test_clipped_noise_comes_back_or_is_given_up():
    corners = (tiny.integers(5, 2, 400, 400, 3) * 255).astype(np.uint8)
    found = ycbcr.from_rgb(corners)
    assert found is None or np.array_equal(ycbcr.to_rgb(found), corners)


def test_it_is_worth_a_bit_a_pixel(model):
    """Coded as R, G, B the same picture takes more, by what the colours that cannot be would have taken."""
    colours = decoded(jpeg(tiny.integers(7, 256, 96, 96, 3).astype(np.uint8), 95, 0))
    part = neural_coder.encode(colours, 1, 1)
    other = colours.copy()
    other[0, 0] = next(c for c in ((i, 3, 200) for i in range(1, 255)) if ycbcr.from_rgb(np.uint8([[c]])) is None)
    plain = neural_coder.encode(other, 1, 1)
    assert Settings.from_bytes(part.settings).ycbcr and not Settings.from_bytes(plain.settings).ycbcr
    assert len(plain.bands[0].payload) - len(part.bands[0].payload) > 96 * 96 / 8
    assert np.array_equal(neural_coder.decode(part, 96, 96, 3, 1), colours)


def test_bands_and_damage(model, monkeypatch):
    monkeypatch.setattr(neural_coder, "BAND_PIXELS", 40 * 20)
    colours = decoded(jpeg(tiny.picture(50, 40, 3)))
    part = neural_coder.encode(colours, 5, 1)
    assert len(part.bands) == 3 and np.array_equal(neural_coder.decode(part, 40, 50, 3, 2), colours)
    wrong = container.Part(
        part.coder, 3, 8, part.model_id, bytes([part.settings[0] & ~32]) + part.settings[1:], part.band_rows, part.bands
    )
    with pytest.raises(CorruptError):
        neural_coder.decode(wrong, 40, 50, 3, 1)
    with pytest.raises(UnsupportedError):
        neural_coder.decode(part, 40, 50, 1, 1)
