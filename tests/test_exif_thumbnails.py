"""Thumbnails in the EXIF data of JPEG files: their pixels without the rest of the file, as Pillow would decode them."""

import io
from dataclasses import replace

import numpy as np
import pytest
from exif_files import exif_block, jpeg
from jpeg_pictures import photo
from PIL import Image

import bbans_cli
from bbans_cli import container, thumbnails
from bbans_cli.coders.files import exif_thumbnail
from bbans_cli.pictures import exif, small_png


def coded(level=1, orientation=1, small=None, **options):
    """A .bbc file of a JPEG file whose EXIF data has a thumbnail, which Pillow saves with these options."""
    block = exif_block(orientation, photo(36, 52) if small is None else small, **options)
    return bbans_cli.compress(jpeg(photo(40, 56), block), level=level)


def found(data):
    return exif_thumbnail.of_file(container.from_bytes(data))


def by_pillow(data):
    """The pixels of the thumbnail's file."""
    with Image.open(io.BytesIO(bbans_cli.preview(data).data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("level", [1, 5, 9])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_pixels_are_those_that_pillow_decodes(level, subsampling):
    data = coded(level, subsampling=subsampling)
    small = found(data)
    assert (small.width, small.height, small.orientation) == (52, 36, 1)
    assert np.array_equal(np.frombuffer(small.rgb, np.uint8).reshape(36, 52, 3), by_pillow(data))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 9), (33, 17)])
def test_odd_sizes_and_grey(height, width):
    for small in (photo(height, width), photo(height, width)[:, :, 0]):
        data = coded(small=small)
        assert np.array_equal(np.frombuffer(found(data).rgb, np.uint8).reshape(height, width, 3), by_pillow(data))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_without_pillow(orientation):
    data = coded(orientation=orientation)
    quick, turned = bbans_cli.thumbnail(data), thumbnails.thumbnail(data, size=4096, file_format="webp")
    assert (quick.width, quick.height) == (turned.width, turned.height)
    assert (quick.width, quick.height) == ((36, 52) if orientation in exif.TURNED else (52, 36))
    numbers = np.arange(2 * 3 * 3, dtype=np.uint8)
    width, height, pixels = small_png.turned(3, 2, numbers.tobytes(), orientation)
    image = Image.fromarray(numbers.reshape(2, 3, 3))
    exif_data = Image.Exif()
    exif_data[274] = orientation
    image.info["exif"] = exif_data.tobytes()
    from PIL import ImageOps

    upright = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(np.frombuffer(pixels, np.uint8).reshape(height, width, 3), upright)


def test_smaller_ones_and_other_formats_are_made_of_the_same_pixels():
    data = coded(5)
    whole, half = bbans_cli.thumbnail(data), bbans_cli.thumbnail(data, 26)
    assert whole.origin == half.origin == "exif" and (half.width, half.height) == (26, 18)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(whole.data))), by_pillow(data))
    for file_format, name in (("jpg", "JPEG"), ("webp", "WEBP")):
        assert Image.open(io.BytesIO(bbans_cli.thumbnail(data, file_format=file_format).data)).format == name


@pytest.mark.parametrize("options", [{"progressive": True}, {"comment": b"a comment"}, {"optimize": True}])
def test_what_is_not_covered_comes_another_way(options):
    data = coded(5, **options)
    made = bbans_cli.thumbnail(data)
    assert made.origin == "exif"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(made.data))), by_pillow(data))
    assert (found(data) is None) == ("progressive" in options)


def test_damaged_thumbnails_are_as_pillow_decodes_them():
    file = jpeg(photo(40, 56), exif_block(1, photo(36, 52)))
    start = file.index(b"\xff\xd8\xff", 2)
    for at in range(700, 1000, 60):
        broken = bytearray(file)
        broken[start + at] ^= 0x55
        data = bbans_cli.compress(bytes(broken), level=1)
        small = found(data)
        if small is not None:
            pixels = np.frombuffer(small.rgb, np.uint8).reshape(small.height, small.width, 3)
            assert np.array_equal(pixels, by_pillow(data)), at
        assert bbans_cli.thumbnail(data).width


def test_files_without_one_and_parts_that_are_missing():
    assert found(bbans_cli.compress(jpeg(photo(40, 56)), level=1)) is None
    assert found(bbans_cli.compress(b"\xff\xd8\xff no picture")) is None
    stored = container.from_bytes(coded())
    assert exif_thumbnail.of_file(replace(stored, parts=stored.parts[:2])) is None
