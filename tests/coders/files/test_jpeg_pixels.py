"""Pixels of stored JPEG files are those that Pillow reads, whoever decodes them."""

import io

import numpy as np
import pytest
from jpeg_pictures import photo
from PIL import Image

from bbans_cli.coders.files import file_coder, jpeg_pixels
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import InputError, LimitError
from bbans_cli.limits import MAX_PIXELS

BY_CORE = {
    "4:4:4": ("RGB", {"subsampling": 0}),
    "4:2:2": ("RGB", {"subsampling": 1}),
    "4:2:0": ("RGB", {"subsampling": 2}),
    "progressive": ("RGB", {"progressive": True}),
    "grey": ("L", {}),
    "restarts": ("RGB", {"restart_marker_blocks": 3}),
}
BY_PILLOW = {"CMYK": ("CMYK", {})}


def file(mode, height=45, width=70, **options):
    out = io.BytesIO()
    Image.fromarray(photo(height, width)).convert(mode).save(out, "JPEG", **{"quality": 90, "dpi": (72, 72), **options})
    return out.getvalue()


def decode(data, max_pixels=MAX_PIXELS):
    return jpeg_pixels.decode(file_coder.encode(data, "", 1)[0], Bounds(max_pixels))


@pytest.mark.parametrize("name", BY_CORE | BY_PILLOW)
def test_pixels_are_those_of_pillow(name):
    mode, options = (BY_CORE | BY_PILLOW)[name]
    data = file(mode, **options)
    picture, note = decode(data)
    expected = np.atleast_3d(np.array(Image.open(io.BytesIO(data))))
    assert np.array_equal(picture.pixels, expected.reshape(picture.pixels.shape))
    assert picture.mode == {"L": "grey", "RGB": "rgb", "CMYK": "cmyk"}[mode]
    assert note == ("" if name in BY_CORE else "pixels decoded by Pillow")
    assert len(picture.metadata) == 1  # the resolution


def test_components_that_are_red_green_and_blue():
    """An Adobe segment in place of JFIF's says that colours were not transformed."""
    data = file("RGB", subsampling=0)
    data = data[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0" + data[20:]
    picture, note = decode(data)
    assert np.array_equal(picture.pixels, np.array(Image.open(io.BytesIO(data)))) and note


def test_bytes_before_the_picture_are_left_to_pillow():
    with pytest.raises(InputError, match="holds a file without pixels that can be read"):
        decode(b"before " + file("RGB"))


@pytest.mark.parametrize("data", [b"no picture", b"\xff\xd8\xff\xd9", file("RGB")[:200]])
def test_files_without_pixels(data):
    with pytest.raises(InputError, match="holds a file without pixels that can be read"):
        decode(data)


def test_files_that_pillow_does_not_read_are_not_called_damaged():
    data = file("RGB")
    frame = data.index(b"\xff\xc0")
    with pytest.raises(InputError, match="no JPEG that Pillow reads: damaged, or of a rare kind"):
        decode(data[:frame] + data[frame:].replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c", 1))


def test_a_limit():
    with pytest.raises(LimitError):
        decode(file("CMYK"), 45 * 70 - 1)
