"""Public suites of odd and broken files, from the folder that BBC_DATA names: kept whole, or refused in one line."""

import io
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sample_pictures import read_pypng, same

from bbans_cli import container
from bbans_cli.coders import decode_picture, encode_picture
from bbans_cli.errors import BbcError
from bbans_cli.pictures.read_write import read_picture, write_picture

DATA = Path(os.environ.get("BBC_DATA", "."), "robust")


def files(folder, pattern="*"):
    found = sorted((DATA / folder).glob(pattern))
    if not found:
        reason = f"BBC_DATA names no folder with robust/{folder}"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")]
    return [pytest.param(path, id=path.name) for path in found]


def one_line(error):
    return "\n" not in str(error.value) and str(error.value)


def fields(data):
    """What Pillow finds beside the pixels."""
    image = Image.open(io.BytesIO(data))
    image.load()
    named = ("dpi", "gamma", "chromaticity", "srgb", "icc_profile", "exif", "xmp", "transparency", "interlace")
    return {name: image.info.get(name) for name in named[:-1]}, image.text


@pytest.mark.parametrize("path", files("pngsuite", "[!x]*.png"))
def test_pngsuite_comes_back(path, least):
    """Through the whole .bbc and out again, read by pypng and by Pillow."""
    data = path.read_bytes()
    given = read_picture(data)
    packed = container.to_bytes(encode_picture.encode(given))
    restored = decode_picture.decode(container.picture_from_bytes(packed))
    assert same(restored, given) and not given.lost
    written, lost = write_picture(restored)
    assert not lost
    (pixels, header), (expected, expected_header) = read_pypng(written), read_pypng(data)
    assert np.array_equal(pixels, expected)
    assert header == expected_header
    assert fields(written) == fields(data)


@pytest.mark.parametrize("path", files("pngsuite", "x*.png"))
def test_broken_pngsuite_is_refused(path):
    with pytest.raises(BbcError) as error:
        read_picture(path.read_bytes())
    assert one_line(error)


# What imagecodecs reads and bbc refuses. It stops after the last pixel, where libpng has an error at what follows.
STRICTER = {
    "4f14b7aab3a41855378c5517342598b9.png": "more transparencies than colours: libpng drops them all, Pillow none",
    "c-94e1bdbb03c42581d8407602634636ea.png": "no end",
    "c-c53911b0385c34a8204c30fdc14ea5cc.png": "no end",
    "c-m1-8f2b481b7fd9bd745e620b7c01a18df2.png": "no end",
    "c-m1-1fc0c0de88608a9445d6f98a544b5abc.png": "a damaged critical chunk in place of the end",
    "c-m1-a4842373fc20cc42b8e023a329761915.png": "a damaged critical chunk in place of the end",
    "m1-1fc0c0de88608a9445d6f98a544b5abc.png": "a damaged critical chunk in place of the end",
}


@pytest.mark.parametrize("path", files("malformed_png"))
def test_malformed_png_is_refused_or_read_as_libpng_does(path):
    imagecodecs = pytest.importorskip("imagecodecs")
    data = path.read_bytes()
    try:
        read = read_picture(data)
    except BbcError as error:
        assert "\n" not in str(error)
        if path.name not in STRICTER:
            with pytest.raises((ValueError, RuntimeError)):
                imagecodecs.png_decode(data)
        return
    assert path.name not in STRICTER
    expected = imagecodecs.png_decode(data)
    assert np.array_equal(shown(read), expected.reshape(read.height, read.width, -1))


def shown(picture):
    """Pixels as libpng hands them out when asked for colours: palettes and low depths expanded, keys as alpha."""
    pixels = picture.pixels
    if picture.palette is not None:
        colours = np.zeros((256, 4), np.uint8)
        given = np.frombuffer(picture.palette, np.uint8).reshape(-1, 3)
        colours[:, 3] = 255
        colours[: len(given), :3] = given
        alphas = np.frombuffer(picture.transparency or b"", np.uint8)
        colours[: len(alphas), 3] = alphas
        return colours[pixels[:, :, 0]][:, :, : 4 if len(alphas) else 3]
    if picture.depth < 8:
        pixels = pixels * np.uint8(255 // ((1 << picture.depth) - 1))
    if picture.transparency is not None:
        key = np.frombuffer(picture.transparency, ">u2") & ((1 << picture.depth) - 1)
        most = 65535 if picture.depth == 16 else 255
        alpha = np.where(np.all(picture.pixels == key, axis=2), 0, most).astype(pixels.dtype)
        pixels = np.concatenate([pixels, alpha[:, :, None]], axis=2)
    return pixels


@pytest.mark.parametrize("path", files("malformed_jpg"))
def test_malformed_jpg_is_refused(path):
    with pytest.raises(BbcError) as error:
        read_picture(path.read_bytes())
    assert one_line(error)


@pytest.mark.parametrize("path", files("malformed_jpg"))
def test_malformed_jpg_with_pixels_is_refused_or_read_as_libjpeg_does(path):
    imagecodecs = pytest.importorskip("imagecodecs")
    data = path.read_bytes()
    try:
        read = read_picture(data, pixels=True)
    except BbcError as error:
        assert "\n" not in str(error)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = imagecodecs.jpeg8_decode(data)
    if read.mode == "cmyk" and b"Adobe" in data:
        expected = 255 - expected  # Adobe stores them inverted, and libjpeg hands them out so
    assert np.array_equal(read.pixels, expected.reshape(read.pixels.shape))
