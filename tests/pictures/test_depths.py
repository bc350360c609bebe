"""Samples of any depth from 1 to 16 bits and of any maximum value come back as they were, in a format that exists."""

import io

import numpy as np
import pytest
from PIL import Image
from sample_pictures import CHANNELS, same

import bbans_cli
from bbans_cli import container
from bbans_cli.api import PictureCodec
from bbans_cli.coders import decode_picture
from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import varint
from bbans_cli.errors import CorruptError, InputError, UnsupportedError
from bbans_cli.pictures.picture import Picture, with_maximum
from bbans_cli.pictures.read_write import read_picture, write_picture

CODEC = PictureCodec(level=1)
MAXIMA = [1, 2, 3, 5, 7, 15, 16, 100, 127, 200, 255, 256, 1000, 1023, 4095, 10000, 16383, 32767, 40000, 65535]


def of_maximum(mode, top, height=9, width=14):
    """Noise over the whole range in the upper half, one colour below."""
    rng = np.random.default_rng(top)
    shape = (height, width, CHANNELS[mode])
    pixels = rng.integers(0, top + 1, shape).astype(np.uint8 if top < 256 else np.uint16)
    pixels[0, 0] = top
    pixels[height // 2 :] = pixels[1, 1]
    depth, maximum = with_maximum(top)
    return Picture(pixels, mode, depth, maximum=maximum)


@pytest.mark.parametrize("top", MAXIMA)
@pytest.mark.parametrize(
    ("mode", "file_format"), [("grey", "pgm"), ("rgb", "ppm"), ("grey+alpha", "pam"), ("rgba", "pam")]
)
def test_any_maximum_comes_back(mode, file_format, top):
    given = of_maximum(mode, top)
    file, lost = write_picture(given, file_format)
    assert same(read_picture(file), given) and not lost
    packed = CODEC.compress_file(file, 1).data
    assert CODEC.decompress_file(packed, file_format, 1).data == file
    restored = CODEC.decompress_file(packed, None, 1, read_back=True)
    in_png = top in ((1, 3, 15, 255, 65535) if mode == "grey" else (255, 65535))
    assert restored.file_format == ("png" if in_png else file_format)
    assert same(read_picture(restored.data), given)
    head = container.read_head(packed)
    assert (head.mode, head.depth) == (mode, given.depth)
    if not in_png:
        assert restored.data == file
        with pytest.raises(UnsupportedError, match=f"^PNG cannot hold .*; {file_format.upper()} can$"):
            CODEC.decompress_file(packed, "png", 1)


def test_pillow_reads_rgb_of_few_bits_as_written():
    """A PNG of RGB with 4 bits does not exist: what comes instead is a file that others read."""
    given = of_maximum("rgb", 15)
    file = CODEC.decompress_file(CODEC.compress(given, 1), None, 1).data
    read = np.array(Image.open(io.BytesIO(file)))
    assert np.array_equal(read, np.round(given.pixels / 15 * 255).astype(np.uint8))


def test_the_maximum_is_kept_and_seen_in_the_api():
    file = b"P5 3 1 1000\n" + np.array([0, 1000, 7], ">u2").tobytes()
    packed = bbans_cli.compress(file)
    assert bbans_cli.decompress(packed).tolist() == [[0, 1000, 7]]
    restored, suffix = bbans_cli.restore(packed)
    assert (read_picture(restored).maximum, suffix) == (1000, ".pgm")


@pytest.mark.parametrize(
    ("item", "depth"),
    [(varint(256), 8), (varint(255), 8), (varint(127), 8), (b"\x80", 8), (b"\xc8\x01\0", 8), (varint(0), 1), (b"", 8)],
)
def test_a_maximum_that_does_not_fit_is_corrupt(item, depth):
    packed = container.to_bytes(
        container.Container(
            1, 1, "grey", depth, container.picture_from_bytes(grey_dot(depth)).parts, [(kinds.MAXIMUM, item)]
        )
    )
    with pytest.raises(CorruptError, match="maximum"):
        decode_picture.decode(container.picture_from_bytes(packed))


def grey_dot(depth, value=0):
    return CODEC.compress(Picture(np.array([[[value]]], np.uint8 if depth <= 8 else np.uint16), "grey", depth), 1)


def test_samples_above_the_maximum_are_corrupt():
    parts = container.picture_from_bytes(grey_dot(16, 1025)).parts
    for depth, items in ((10, []), (16, [(kinds.MAXIMUM, varint(40000))]), (11, [(kinds.MAXIMUM, varint(1024))])):
        file = container.Container(1, 1, "grey", depth, parts, items)
        if depth == 16:
            assert decode_picture.decode(file).maximum == 40000
        else:
            with pytest.raises(CorruptError, match="a sample above the maximum"):
                decode_picture.decode(file)


def test_cmyk_arrays():
    given = np.random.default_rng(1).integers(0, 256, (20, 30, 4), np.uint8)
    given[:, :, 1] = given[:, :, 2] = given[:, :, 0]
    packed = bbans_cli.compress(given, mode="cmyk")
    assert np.array_equal(bbans_cli.decompress(packed), given)
    restored, suffix = bbans_cli.restore(packed)
    image = Image.open(io.BytesIO(restored))
    assert suffix == ".tiff" and image.mode == "CMYK" and np.array_equal(np.array(image), given)
    assert container.read_head(bbans_cli.compress(given)).mode == "rgba"
    deep = given.astype(np.uint16) * 257
    assert np.array_equal(bbans_cli.decompress(bbans_cli.compress(deep, mode="cmyk")), deep)
    with pytest.raises(InputError, match="is no cmyk picture"):
        bbans_cli.compress(given[:, :, :3], mode="cmyk")


@pytest.mark.parametrize("pixels", [3, 700 * 900])
def test_deep_samples_of_photographs_and_packed_ones(pixels):
    """12 bits through every way that 16 bits go: few values (a table of values), and noise in the high bits."""
    rng = np.random.default_rng(5)
    side = (1, 3) if pixels == 3 else (90, 80)
    given = (np.add.outer(np.arange(side[0]), np.arange(side[1])) * 7 % 4096 + rng.integers(0, 9, side)) % 4096
    picture = Picture(given.astype(np.uint16)[:, :, None], "grey", 12)
    assert same(CODEC.decompress(CODEC.compress(picture, 1), 1), picture)
    few = Picture((given % 5 * 800).astype(np.uint16)[:, :, None], "grey", 12)
    assert same(CODEC.decompress(CODEC.compress(few, 1), 1), few)


@pytest.mark.parametrize(
    "start",
    [
        b"P5\n# one line\n# caf\xc3\xa9\n2 1\n255\n",
        b"P7\n# one line\n# caf\xc3\xa9\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n",
    ],
)
def test_comments_come_back(start):
    data = start + b"ab"
    read = read_picture(data)
    assert [item[:12] for _, item in read.metadata] == [b"tEXtComment\0", b"iTXtComment\0"]
    assert write_picture(read, "pam" if start[1:2] == b"7" else "pgm") == (data, [])
    assert read_picture(write_picture(read)[0]).metadata == read.metadata


def test_comments_among_plain_samples_are_named():
    assert read_picture(b"P2\n2 1\n255\n1 # here\n2\n").lost == ["comment among the samples"]
    assert read_picture(b"P2\n# there\n2 1\n255\n1\n2\n").lost == []
