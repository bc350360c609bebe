"""Previews, headers and thumbnails from Python: what is in a file, which comes first, which way up."""

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from exif_files import exif_block, jpeg, png
from jpeg_pictures import photo
from PIL import Image
from sample_pictures import picture

import bbans_cli
from bbans_cli import api, container
from bbans_cli.coders import decode_picture, encode_picture
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import CorruptError, InputError, LimitError, TruncatedError
from bbans_cli.pictures import exif, previews
from bbans_cli.pictures.picture import from_array


def with_quadrants(height=24, width=36):
    """Red above left, green above right, blue below left, white below right."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[: height // 2, : width // 2] = 255, 0, 0
    pixels[: height // 2, width // 2 :] = 0, 255, 0
    pixels[height // 2 :, : width // 2] = 0, 0, 255
    return pixels


def corners(thumbnail):
    """r, g, b, w: the nearest colour of each corner, row by row."""
    image = Image.open(io.BytesIO(thumbnail.data)).convert("RGB")
    right, below = image.width - 3, image.height - 3
    names = {(255, 0, 0): "r", (0, 255, 0): "g", (0, 0, 255): "b", (255, 255, 255): "w"}
    found = [image.getpixel(place) for place in ((2, 2), (right, 2), (2, below), (right, below))]
    return "".join(
        names[min(names, key=lambda name: sum(abs(a - b) for a, b in zip(name, p, strict=True)))] for p in found
    )


def test_a_preview_fits_and_changes_no_pixel():
    source = png(photo(75, 100))
    plain, data = bbans_cli.compress(source, level=1), bbans_cli.compress(source, level=1, preview=64)
    kept = bbans_cli.preview(data)
    assert kept.origin == "preview" and kept.file_format == "webp" and bbans_cli.preview(plain) is None
    assert len(kept.data) <= previews.most_bytes(len(plain))
    assert max(Image.open(io.BytesIO(kept.data)).size) <= 64
    assert np.array_equal(bbans_cli.decompress(data), bbans_cli.decompress(plain))
    one, other = container.from_bytes(plain), container.from_bytes(data)
    assert replace(other, metadata=[item for item in other.metadata if item[0] != kinds.PREVIEW]) == one
    assert bbans_cli.restore(data) == bbans_cli.restore(plain)


def test_without_a_preview_equal_pictures_give_equal_bytes():
    assert bbans_cli.compress(png(photo(40, 40)), level=1) == bbans_cli.compress(png(photo(40, 40)), level=1, preview=0)


def test_what_fits_is_the_best_that_fits():
    source = from_array(photo(300, 400))
    sizes = [len(previews.make(source, 256, most)) for most in (600, 1500, 4000, 40000)]
    assert sizes == sorted(sizes) and sizes[-1] > sizes[0]
    assert all(size <= most for size, most in zip(sizes, (600, 1500, 4000, 40000), strict=True))
    assert previews.make(source, 256, 40) is None


def test_a_reader_that_does_not_know_previews_decodes_the_picture(monkeypatch: pytest.MonkeyPatch):
    data = bbans_cli.compress(png(photo(60, 70)), level=1, preview=64)
    monkeypatch.setattr(kinds, "PREVIEW", 1000)  # no kind of this number was ever written
    picture = decode_picture.decode(container.picture_from_bytes(data))
    assert np.array_equal(picture.pixels, photo(60, 70))
    assert [kind for kind, _ in picture.metadata] == [24]
    assert Image.open(io.BytesIO(bbans_cli.restore(data)[0])).size == (70, 60)


@pytest.mark.parametrize(
    ("orientation", "wanted"),
    [
        (1, "rgbw"),
        (2, "grwb"),
        (3, "wbgr"),
        (4, "bwrg"),
        (5, "rbgw"),
        (6, "brwg"),
        (7, "wgbr"),
        (8, "gwrb"),
        (9, "rgbw"),
    ],
)
def test_thumbnails_are_the_right_way_up(orientation, wanted):
    block = exif_block(orientation)
    plain = bbans_cli.compress(png(with_quadrants(), block), level=1)
    kept = bbans_cli.compress(png(with_quadrants(), block), level=1, preview=32)
    small = with_quadrants(16, 24)
    of_exif = bbans_cli.compress(png(with_quadrants(), exif_block(orientation, small)), level=1)
    files = {"decoded": plain, "preview": kept, "exif": of_exif}
    for origin, data in files.items():
        made = bbans_cli.thumbnail(data, 24)
        assert (made.origin, corners(made)) == (origin, wanted)
        assert (made.width, made.height) == ((16, 24) if orientation in exif.TURNED else (24, 16))


def test_of_a_jpeg_file_the_thumbnail_of_exif_comes_without_the_picture(monkeypatch: pytest.MonkeyPatch):
    small = with_quadrants(16, 24)
    data = bbans_cli.compress(jpeg(with_quadrants(), exif_block(6, small)), level=1, preview=256)
    assert [kind for kind, _ in bbans_cli.header(data).metadata] == [kinds.SUFFIX]
    made = bbans_cli.thumbnail(data, 21)
    assert (made.origin, corners(made), made.width, made.height) == ("exif", "brwg", 14, 21)
    larger = bbans_cli.compress(jpeg(with_quadrants(), exif_block(6, small)), level=1, preview=257)
    assert bbans_cli.thumbnail(larger).origin == "preview" and corners(bbans_cli.thumbnail(larger)) == "brwg"


def test_jpeg_files_without_a_thumbnail_get_a_preview_or_are_decoded():
    file = jpeg(with_quadrants(), exif_block(3))
    data = bbans_cli.compress(file, level=1, preview=64)
    made = bbans_cli.thumbnail(data)
    assert (made.origin, corners(made)) == ("preview", "wbgr")
    assert bbans_cli.restore(data) == (file, ".jpg")
    made = bbans_cli.thumbnail(bbans_cli.compress(file, level=1))
    assert (made.origin, corners(made), made.width) == ("decoded", "wbgr", 36)


def test_a_damaged_thumbnail_of_exif_is_as_good_as_none():
    block = exif_block(1, photo(60, 80))[:-700] + bytes(700)
    data = bbans_cli.compress(jpeg(with_quadrants(), block), level=1)
    made = bbans_cli.thumbnail(data)
    assert (made.origin, corners(made)) == ("decoded", "rgbw")


def test_a_jpeg_file_that_pillow_does_not_decode_has_a_thumbnail():
    data = bbans_cli.compress(jpeg(with_quadrants())[:-2], level=1)
    made = bbans_cli.thumbnail(data)
    assert (made.origin, corners(made)) == ("decoded", "rgbw")


def test_large_pictures_without_a_preview_are_not_decoded():
    data = bbans_cli.compress(photo(20, 30), level=1)
    with pytest.raises(LimitError, match="no preview in it, and 600 pixels are above the limit of 599"):
        bbans_cli.thumbnail(data, max_pixels=599)
    assert bbans_cli.thumbnail(data, max_pixels=600).origin == "decoded"
    with pytest.raises(InputError, match="holds a file, not a picture"):
        bbans_cli.thumbnail(bbans_cli.compress(b"\xff\xd8\xff no picture"))


@pytest.mark.parametrize("item", [b"", b"\1", b"\1RIFF\4\0\0\0WEBPxx", b"\0RIFF\4\0\0\0WEBP", b"\1GIF89a"])
def test_a_damaged_preview_is_as_good_as_none(item):
    content = container.picture_from_bytes(bbans_cli.compress(photo(20, 30), level=1))
    data = container.to_bytes(replace(content, metadata=[(kinds.PREVIEW, item)]))
    assert bbans_cli.thumbnail(data).origin == "decoded"


@pytest.mark.parametrize(
    ("mode", "depth"),
    [("grey", 1), ("grey", 16), ("palette", 4), ("grey+alpha", 8), ("rgb", 16), ("rgba", 8), ("rgba", 16)],
)
def test_pictures_of_every_mode_have_previews(mode, depth):
    source = picture(mode, depth, height=40, width=50)
    packed = api.PictureCodec(level=1, preview=64).compress(source, 1)
    made = bbans_cli.thumbnail(packed)
    assert (made.origin, made.width, made.height) == ("preview", 50, 40)
    for file_format, name in (("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")):
        assert Image.open(io.BytesIO(bbans_cli.thumbnail(packed, file_format=file_format).data)).format == name
    plain = container.to_bytes(encode_picture.encode(source, level=1))
    assert np.array_equal(bbans_cli.decompress(packed), bbans_cli.decompress(plain))


def test_colours_are_those_of_the_profile():
    # A profile with red and blue exchanged would show; Pillow makes none. Its own sRGB changes nothing.
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    Image.fromarray(with_quadrants()).save(out, "PNG", icc_profile=profile)
    assert corners(bbans_cli.thumbnail(bbans_cli.compress(out.getvalue(), level=1))) == "rgbw"
    out = io.BytesIO()
    Image.fromarray(with_quadrants()).save(out, "PNG", icc_profile=b"no profile")
    assert corners(bbans_cli.thumbnail(bbans_cli.compress(out.getvalue(), level=1))) == "rgbw"


def test_headers_are_read_without_the_picture(tmp_path):
    data = bbans_cli.compress(png(photo(20, 30), exif_block(8)), level=1)
    path = tmp_path / "a.bbc"
    path.write_bytes(data)
    for source in (data, path, str(path), data[:-10]):
        head = bbans_cli.header(source)
        assert (head.kind, head.width, head.height, head.mode, head.depth) == ("picture", 30, 20, "rgb", 8)
        assert head.orientation == 8 and head.exif[:2] in (b"II", b"MM") and head.icc is head.xmp is None
    head = bbans_cli.header(bbans_cli.compress(jpeg(photo(20, 30)), level=1))
    assert (head.kind, head.width, head.height, head.mode, head.depth) == ("jpeg", 30, 20, "rgb", 8)
    assert head.suffix == ".jpg"
    with pytest.raises(TruncatedError):
        bbans_cli.header(data[:20])
    with pytest.raises(CorruptError):
        bbans_cli.header(b"no .bbc file")


@pytest.mark.parametrize("size", range(0, 140, 3))
def test_cut_and_odd_exif_blocks_have_no_thumbnail(size):
    block = exif_block(6, np.zeros((8, 8, 3), np.uint8))
    assert exif.thumbnail(block) is not None
    assert exif.thumbnail(block[:size]) is None and exif.orientation(block[:8]) == 1
    assert exif.thumbnail(bytes(size)) is None


def test_a_header_imports_neither_numpy_nor_pillow(tmp_path):
    path = tmp_path / "a.bbc"
    path.write_bytes(bbans_cli.compress(photo(20, 30), level=1))
    code = (
        "import sys, bbans_cli; bbans_cli.header(sys.argv[1]); bbans_cli.preview(sys.argv[1]);"
        "sys.exit(str({'numpy', 'PIL', 'bbans_cli._core'} & set(sys.modules) or '') or 0)"
    )
    subprocess.run([sys.executable, "-c", code, path], check=True)
