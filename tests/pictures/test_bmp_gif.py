"""BMP of 2 bits, with bit fields of any width, run-length encoded; GIF of one picture. Against Pillow where it can."""

import io
import struct

import numpy as np
import pytest
from made_bmp_gif import bmp, colours, gif, padded, sub_blocks
from PIL import Image
from sample_pictures import picture, read_damaged, same

from bbans_cli.api import PictureCodec
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import BbcError, InputError, UnsupportedError
from bbans_cli.pictures import gif_read
from bbans_cli.pictures.picture import Picture, pack_rows
from bbans_cli.pictures.read_write import read_picture, write_picture

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("height", [5, -5])
def test_palettes(bits, height):
    pixels = RNG.integers(0, 1 << bits, (5, 7, 1), np.uint8)
    rows = pack_rows(pixels, bits)
    palette = colours(1 << bits)
    data = bmp(padded(rows if height > 0 else rows[::-1]), 7, height, bits, palette=palette)
    read = read_picture(data)
    assert (read.mode, read.depth) == ("palette", bits) and np.array_equal(read.pixels, pixels)
    assert read.palette == np.frombuffer(palette, np.uint8).reshape(-1, 4)[:, 2::-1].tobytes()
    assert read.metadata == [(kinds.CHUNK, b"pHYs" + struct.pack(">IIB", 2835, 3000, 1))] and not read.lost
    if bits != 2:
        assert np.array_equal(np.array(Image.open(io.BytesIO(data)).convert("RGB")), rgb_of(read))


def rgb_of(read):
    return np.frombuffer(read.palette, np.uint8).reshape(-1, 3)[read.pixels[:, :, 0]]


@pytest.mark.parametrize(
    ("bits", "masks"),
    [
        (16, (0x7C00, 0x3E0, 0x1F)),
        (16, (0xF800, 0x7E0, 0x1F)),
        (16, (0xF00, 0xF0, 0xF, 0xF000)),
        (16, (0x7C00, 0x3E0, 0x1F, 0x8000)),
        (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
        (32, (0x3FF00000, 0xFFC00, 0x3FF)),
        (32, (0x1FFC0000, 0x3FF80, 0x7F)),
        (32, (0x3FF, 0xFFC00, 0x3FF00000, 0xC0000000)),
    ],
)
def test_bit_fields_of_any_width(bits, masks):
    dtype = np.dtype("<u2" if bits == 16 else "<u4")
    every = sum(masks)
    words = (RNG.integers(0, 1 << bits, (4, 6)).astype(dtype) & dtype.type(every)).astype(dtype)
    size = 56 if len(masks) == 4 else 40
    data = bmp(padded(words.view(np.uint8).reshape(4, -1)), 6, 4, bits, 3, masks, size=size)
    read = read_picture(data)
    widths = [mask.bit_count() for mask in masks]
    assert read.mode == ("rgba" if len(masks) == 4 else "rgb") and read.depth == (8 if max(widths) <= 8 else 16)
    for place, (mask, width) in enumerate(zip(masks, widths, strict=True)):
        given = (words & mask) >> ((mask & -mask).bit_length() - 1)
        assert np.array_equal(read.pixels[:, :, place] >> (read.depth - width), given)
        assert read.pixels[given == (1 << width) - 1, place].tolist() == [(1 << read.depth) - 1] * int(
            np.sum(given == (1 << width) - 1)
        )
    kept = dict((data[:4], data[4:]) for kind, data in read.metadata)
    assert kept.get(b"sBIT", bytes([read.depth] * len(masks))) == bytes(widths)
    assert not read.lost


def test_555_is_as_pillow_has_it():
    words = RNG.integers(0, 1 << 15, (4, 6)).astype("<u2")
    data = bmp(padded(words.view(np.uint8).reshape(4, -1)), 6, 4, 16)
    assert np.array_equal(read_picture(data).pixels, np.array(Image.open(io.BytesIO(data))))


def test_bits_without_a_colour_are_named():
    words = np.full((2, 2), 0xFFFF, "<u2")
    assert read_picture(bmp(padded(words.view(np.uint8)), 2, 2, 16)).lost == ["bits of pixels that no colour has"]


RUNS_8 = b"\3\1\2\2\0\0" + b"\0\3\5\6\7\0\2\4\0\0" + b"\0\1"
RUNS_4 = b"\3\x12\2\x34\0\0" + b"\0\5\x56\x78\x90\0\0\0\0\1"


def test_run_length_encoding():
    read = read_picture(bmp(RUNS_8, 5, 2, 8, 1, palette=colours(256)))
    assert read.pixels[:, :, 0].tolist() == [[5, 6, 7, 4, 4], [1, 1, 1, 2, 2]] and not read.lost
    read = read_picture(bmp(RUNS_4, 5, 2, 4, 2, palette=colours(16)))
    assert read.pixels[:, :, 0].tolist() == [[5, 6, 7, 8, 9], [1, 2, 1, 3, 4]] and not read.lost


def test_pixels_that_runs_leave_out_are_named():
    read = read_picture(bmp(b"\1\1\0\2\2\1\1\7\0\1", 5, 2, 8, 1, palette=colours(256)))
    assert read.pixels[:, :, 0].tolist() == [[0, 0, 0, 7, 0], [1, 0, 0, 0, 0]]
    assert read.lost == ["which pixels were left out"]
    with pytest.raises(InputError, match="truncated BMP"):
        read_picture(bmp(b"\1\1", 5, 2, 8, 1, palette=colours(256)))


def test_runs_beyond_a_row_are_damage():
    with pytest.raises(InputError, match="beyond its row"):
        read_picture(bmp(b"\6\1\0\1", 5, 1, 8, 1, palette=colours(256)))


def test_what_lies_before_the_pixels():
    rows, palette = padded(RNG.integers(0, 256, (2, 12), np.uint8)), colours(9)
    read = read_picture(bmp(rows, 4, 2, 24, palette=palette, used=9))
    suggested = np.frombuffer(palette, np.uint8).reshape(-1, 4)[:, 2::-1].tobytes()
    assert (kinds.CHUNK, b"PLTE" + suggested) in read.metadata and not read.lost
    assert read_picture(bmp(rows, 4, 2, 24, palette=b"gap", used=0)).lost == ["3 bytes before the pixels"]
    assert read_picture(bmp(rows, 4, 2, 24, palette=colours(300), used=300)).lost == ["suggested palette"]
    pixels = padded(np.zeros((2, 4), np.uint8))
    assert read_picture(bmp(pixels, 4, 2, 8, palette=b"\1" * 1028, used=257)).lost == ["4 bytes before the pixels"]


def test_a_short_palette_in_tiff_reads_back():
    given = picture("palette", 8, palette=bytes(range(30)))
    given.pixels[:] %= 10
    codec = PictureCodec(level=1)
    packed = codec.compress(given, 1)
    assert codec.decompress_file(packed, "tiff", 1, read_back=True).file_format == "tiff"


def test_os2_headers():
    pixels = RNG.integers(0, 16, (3, 4, 1), np.uint8)
    palette = bytes(RNG.integers(0, 256, 48, np.uint8))
    head = struct.pack("<IHHHH", 12, 4, 3, 1, 4) + palette
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(head)) + head + padded(pack_rows(pixels, 4))
    read = read_picture(data)
    assert np.array_equal(read.pixels, pixels)
    assert np.array_equal(rgb_of(read), np.array(Image.open(io.BytesIO(data)).convert("RGB")))


def test_what_bmp_says_beside_its_pixels():
    rows = padded(RNG.integers(0, 256, (2, 12), np.uint8))
    assert read_picture(bmp(rows, 4, 2, 24, behind=b"secret")).lost == ["6 bytes after the end"]
    calibrated = bmp(rows, 4, 2, 24, size=108)
    assert read_picture(calibrated).lost == []
    calibrated = calibrated[:80] + b"\1" + calibrated[81:]
    assert read_picture(calibrated).lost == ["calibrated colours"]
    head = bytearray(bmp(rows, 4, 2, 24, size=124, behind=b"a profile"))
    head[70:74] = b"DEBM"
    head[126:134] = struct.pack("<II", 124 + len(rows), 9)
    read = read_picture(bytes(head))
    assert (kinds.ICC, b"ICC profile\0a profile") in read.metadata and not read.lost


@pytest.mark.parametrize(
    ("bits", "compression", "message"),
    [
        (0, 4, r"compression 4 \(JPEG\)"),
        (0, 5, r"compression 5 \(PNG\)"),
        (64, 0, "64 bits"),
        (24, 4, "is not supported"),
    ],
)
def test_other_bmp_is_not_supported(bits, compression, message):
    with pytest.raises(UnsupportedError, match=message):
        read_picture(bmp(bytes(64), 2, 2, bits, compression))


@pytest.mark.parametrize(
    "data",
    [
        bmp(RUNS_8, 5, 2, 8, 1, palette=colours(256)),
        bmp(bytes(48), 4, 3, 32, 3, (0xFF, 0xFF00, 0xFF0000, 255 << 24), size=124),
    ],
)
def test_damaged_bmp(data):
    for size in range(len(data) - 1):
        with pytest.raises(BbcError):
            read_picture(data[: size if data[28] == 32 or size < len(data) - 2 else 40])
    read_damaged(data, 300)


# ---- GIF


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("count", [2, 4, 16, 200, 256])
def test_gif(count, interlace):
    pixels = RNG.integers(0, count, (37, 23), np.uint8)
    pixels[0, :2] = 0, count - 1
    palette = RNG.integers(0, 256, (count, 3), np.uint8)
    data = gif(pixels, palette.tobytes(), interlace=interlace)
    read = read_picture(data)
    assert np.array_equal(read.pixels[:, :, 0], pixels) and not read.lost and not read.metadata
    assert np.array_equal(rgb_of(read), palette[pixels])
    codec = PictureCodec(level=1)
    restored = codec.decompress_file(codec.compress_file(data, 1).data, None, 1)
    assert restored.file_format == "png"
    assert np.array_equal(np.array(Image.open(io.BytesIO(restored.data)).convert("RGB")), palette[pixels])


def test_what_gif_says_beside_its_pixels():
    pixels = RNG.integers(0, 4, (5, 6), np.uint8)
    blocks = b"\x21\xf9\4\1\0\0\2\0" + b"\x21\xfe" + sub_blocks(b"a comment")
    blocks += b"\x21\xff\x0bXMP DataXMP<x:xmpmeta/>" + gif_read.XMP_END
    blocks += b"\x21\xff\x0bICCRGBG1012" + sub_blocks(b"profile" * 99)
    blocks += b"\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0" + b"\x21\xff\x0bUNKNOWN 1.0" + sub_blocks(b"data")
    read = read_picture(gif(pixels, bytes(range(12)), blocks) + b"behind")
    assert read.transparency == b"\xff\xff\0"
    assert read.metadata == [
        (kinds.CHUNK, b"tEXtComment\0a comment"),
        (kinds.XMP, b"<x:xmpmeta/>"),
        (kinds.ICC, b"ICC profile\0" + b"profile" * 99),
    ]
    assert read.lost == ["loop", "application block", "6 bytes after the end"]


def test_what_gif_says_of_animations_is_named():
    pixels = RNG.integers(0, 4, (5, 6), np.uint8)
    data = gif(pixels, bytes(range(12)), b"\x21\xf9\4\x08\x05\0\0\0")
    assert read_picture(data).lost == ["delay", "disposal"]
    assert read_picture(data[:11] + b"\3" + data[12:]).lost == ["background", "delay", "disposal"]


def test_animations_and_partial_pictures_are_refused():
    pixels = RNG.integers(0, 4, (5, 6), np.uint8)
    frames = [Image.fromarray(pixels * 60), Image.fromarray(pixels.T.reshape(5, 6) * 60)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(UnsupportedError, match="an animation of 2 frames"):
        read_picture(out.getvalue())
    data = gif(pixels, bytes(range(12)))
    with pytest.raises(UnsupportedError, match="does not fill its screen"):
        read_picture(data[:6] + b"\7\0" + data[8:])


def test_damaged_gif():
    data = gif(RNG.integers(0, 4, (5, 6), np.uint8), bytes(range(12)))
    for size in range(6, len(data) - 2):
        with pytest.raises(BbcError):
            read_picture(data[:size])
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[rng.integers(6, len(data))] ^= int(rng.integers(1, 256))
        try:
            read_picture(bytes(damaged))
        except BbcError:
            pass


def test_sbit_goes_through_png():
    given = Picture(picture("rgb", 16).pixels & 0xFFC0, "rgb", 16, metadata=[(kinds.CHUNK, b"sBIT\x0a\x0a\x0a")])
    assert same(read_picture(write_picture(given)[0]), given)


def test_a_bmp_has_no_resolution_but_that_of_the_picture():
    for items, per_metre in (
        ([], (0, 0)),
        ([(kinds.CHUNK, b"pHYs" + struct.pack(">IIB", 2835, 3000, 1))], (2835, 3000)),
        ([(kinds.CHUNK, b"pHYs" + struct.pack(">IIB", 30000000, 3, 1))], (30000000, 3)),
    ):
        data, lost = write_picture(picture("rgb", 8, metadata=items), "bmp")
        assert struct.unpack_from("<ii", data, 38) == per_metre and not lost
