"""TIFF files of less common kinds: what is taken, what is refused by name, and that nothing is lost in silence."""

import io
import struct

import numpy as np
import pytest
from made_tiff import BELOW, PIXELS, REDUCED, SMALL, page, text, tiff
from PIL import Image
from sample_pictures import picture, same

from bbans_cli.api import PictureCodec
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture, write_picture
from bbans_cli.pictures.tiff_tags import ASCII, LONG, RATIONAL, SHORT, Value, integers

CODEC = PictureCodec(level=1)


# ---- depths


@pytest.mark.parametrize("depth", [3, 5, 7, 9, 10, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("mode", ["grey", "rgb"])
def test_any_depth_comes_back(mode, depth):
    rng = np.random.default_rng(depth)
    shape = (5, 7, 3 if mode == "rgb" else 1)
    pixels = rng.integers(0, 1 << depth, shape).astype(np.uint8 if depth <= 8 else np.uint16)
    given = Picture(pixels, mode, depth)
    read = read_picture(tiff(page(pixels, bits=depth)))
    assert same(read, given)
    file = CODEC.decompress_file(CODEC.compress(read, 1), "tiff", 1).data
    assert same(read_picture(file), given)


def test_libtiff_reads_12_bits_as_we_write_them():
    pixels = np.random.default_rng(1).integers(0, 4096, (5, 8, 1)).astype(np.uint16)
    image = Image.open(io.BytesIO(write_picture(Picture(pixels, "grey", 12), "tiff")[0]))
    assert np.array_equal(np.array(image), pixels[:, :, 0])


# ---- several directories


def test_a_thumbnail_is_not_taken_for_the_picture():
    for data in (
        tiff(SMALL, page()),
        tiff(page(), SMALL),
        tiff(SMALL, below={tag.SUB_FILES: page()}),
        tiff(page(), below={tag.SUB_FILES: SMALL}),
    ):
        read = read_picture(data)
        assert np.array_equal(read.pixels, PIXELS) and read.lost == ["thumbnail"]


def test_directories_without_a_width_are_named():
    jpeg = ({tag.JPEG_OFFSET: integers(LONG, 8), tag.JPEG_SIZE: integers(LONG, 2)}, b"")
    empty = ({tag.MAKE: text(b"Maker")}, b"")
    assert read_picture(tiff(page(), jpeg, empty, empty)).lost == ["thumbnail", "2 directories without pixels"]


def test_two_widths_are_damage():
    data = tiff(page(more={tag.MAKE: text(b"abc")}))
    at = data.rindex(struct.pack("<HHI", tag.MAKE, ASCII, 4))
    with pytest.raises(InputError, match="ImageLength"):
        read_picture(data[:at] + struct.pack("<HHII", tag.HEIGHT, LONG, 1, 3) + data[at + 12 :])


def test_masks_and_exif_thumbnails_are_named():
    mask = page(PIXELS[:, :, :1] >> 7, {tag.NEW_SUBFILE_TYPE: integers(LONG, 4)}, 1, 4)
    exif_thumbnail = page(PIXELS[:2, :3], {tag.JPEG_OFFSET: integers(LONG, 8), tag.JPEG_SIZE: integers(LONG, 2)})
    assert read_picture(tiff(page(), SMALL, mask, exif_thumbnail)).lost == ["2 thumbnails", "transparency mask"]


def test_what_the_first_directory_says_of_a_picture_below_it():
    first = (SMALL[0] | {tag.MAKE: text(b"Maker"), tag.ORIENTATION: integers(SHORT, 6)}, SMALL[1])
    read = read_picture(tiff(first, below={tag.SUB_FILES: page()}))
    exif = Image.Exif()
    exif.load(dict(read.metadata)[kinds.EXIF])
    assert dict(exif) == {tag.MAKE: "Maker"}


def test_it_must_be_clear_which_picture_is_meant():
    with pytest.raises(UnsupportedError, match="2 pages in one file"):
        read_picture(tiff(page(), below={tag.SUB_FILES: page()}))
    with pytest.raises(UnsupportedError, match="not clear which one is meant"):
        read_picture(tiff(SMALL, SMALL))
    with pytest.raises(UnsupportedError, match="not clear which one is meant"):
        read_picture(tiff(page(PIXELS, REDUCED), page(PIXELS[:2])))


@pytest.mark.parametrize(
    ("make", "photometric", "name"),
    [(b"NIKON CORPORATION", 32803, r" \(Nikon NEF\)"), (b"SONY", 32803, r" \(Sony ARW\)"), (b"", 34892, "")],
)
def test_camera_raw_is_refused_by_name(make, photometric, name):
    raw = page(PIXELS[:, :, :1], photometric=photometric)
    first = (SMALL[0] | {tag.MAKE: text(make)}, SMALL[1])
    with pytest.raises(UnsupportedError, match=f"^camera raw{name} is not supported$"):
        read_picture(tiff(first, below={tag.SUB_FILES: raw}))


def test_dng_and_cr2_are_refused_by_name():
    with pytest.raises(UnsupportedError, match=r"camera raw \(DNG\)"):
        read_picture(tiff(page(more={50706: Value(1, 4, b"\1\4\0\0")})))
    data = tiff(page())
    with pytest.raises(UnsupportedError, match=r"camera raw \(Canon CR2\)"):
        read_picture(data[:8] + b"CR\2\0" + data[12:])
    with pytest.raises(UnsupportedError, match="camera raw is not read"):
        read_picture(b"FUJIFILMCCD-RAW 0201")


@pytest.mark.parametrize(
    "more",
    [
        {tag.DESCRIPTION: text(b"ImageJ=1.53\nimages=5\nslices=5\n"), tag.COMPRESSION: integers(SHORT, 32773)},
        {tag.DESCRIPTION: text(b'{"shape": [5, 6, 10, 3]}')},
        {33629: integers(RATIONAL, *range(10))},
        {32997: integers(LONG, 5)},
    ],
)
def test_planes_behind_the_first_are_seen(more):
    with pytest.raises(UnsupportedError, match="5 planes in one file"):
        read_picture(tiff(page(more=more), more=bytes(4 * PIXELS.size)))


def test_bytes_behind_the_end_and_photoshop_layers_are_named():
    layers = {tag.LAYERS: Value(7, 5, b"Adobe")}
    assert read_picture(tiff(page(more=layers), more=b"more data")).lost == [
        "Photoshop layers",
        "9 bytes after the end",
    ]
    assert read_picture(tiff(page(), more=bytes(3))).lost == []


@pytest.mark.parametrize("hole", [0, 2, 7, 300])
def test_bytes_that_no_tag_points_to_are_named(hole):
    values, strip = page(more={tag.STRIP_SIZES: integers(LONG, PIXELS.size), tag.MAKE: text(b"Maker of the picture")})
    data = tiff((values, strip + b"x" * hole), below=BELOW)
    assert read_picture(data).lost == ([f"{hole + hole % 2} bytes that no tag points to"] if hole else [])
    assert read_picture(tiff((values, strip + bytes(hole)), below=BELOW)).lost == []
    if hole < 180:  # a copy
        assert read_picture(tiff((values, strip + strip[:hole]), below=BELOW)).lost == []
        assert read_picture(tiff((values, strip), below=BELOW, more=strip[:hole])).lost == []


# ---- kinds of pixels


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("fill_order", [1, 2])
def test_fax(compression, fill_order):
    pixels = np.zeros((40, 61), bool)
    pixels[10:30, 5:50] = True
    pixels[12:20, ::7] = False
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "TIFF", compression=compression)
    data = bytearray(out.getvalue())
    if fill_order == 2:
        directory = tag.first_directory(bytes(data))
        (at,), (size,) = directory.numbers(tag.STRIP_OFFSETS), directory.numbers(tag.STRIP_SIZES)
        strip = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data[at : at + size])
        values = {number: directory.value(number) for number in directory.fields}
        values[tag.FILL_ORDER] = integers(SHORT, 2)
        data = tiff((values, strip))
    read = read_picture(bytes(data))
    assert (read.mode, read.depth) == ("grey", 1) and np.array_equal(read.pixels[:, :, 0], pixels)


@pytest.mark.parametrize(
    ("extra", "alpha"), [(0, "unspecified"), (1, "premultiplied"), (None, "undeclared"), (2, None)]
)
@pytest.mark.parametrize("mode", ["grey+alpha", "rgba"])
def test_kinds_of_alpha(mode, extra, alpha):
    pixels = picture(mode, 8).pixels
    more = {} if extra is None else {tag.EXTRA: integers(SHORT, extra)}
    data = tiff(page(pixels, more, photometric=1 if mode == "grey+alpha" else 2))
    read = read_picture(data)
    assert (read.mode, read.alpha) == (mode, alpha) and np.array_equal(read.pixels, pixels)
    packed = CODEC.compress_file(data, 1).data
    restored = CODEC.decompress_file(packed, None, 1, read_back=True)
    assert restored.file_format == ("tiff" if alpha else "png")
    assert same(read_picture(restored.data), read)
    if alpha:
        for name in ("png", "webp", "pam"):
            with pytest.raises(UnsupportedError, match=f"{alpha} alpha; TIFF can"):
                write_picture(read, name)


def test_extra_samples_of_no_channel_are_named():
    read = read_picture(tiff(page(more={tag.EXTRA: integers(SHORT, 1)})))
    assert read.mode == "rgb" and read.lost == ["ExtraSamples (of a channel that is not there)"]


def test_cmyk():
    image = Image.fromarray(picture("rgba", 8, 20, 30).pixels, "CMYK")
    out = io.BytesIO()
    image.save(out, "TIFF", compression="tiff_lzw", icc_profile=b"a profile")
    packed = CODEC.compress_file(out.getvalue(), 1).data
    restored = CODEC.decompress_file(packed, None, 1, read_back=True)
    back = Image.open(io.BytesIO(restored.data))
    assert (back.format, back.mode, back.info["icc_profile"]) == ("TIFF", "CMYK", b"a profile")
    assert np.array_equal(np.array(back), np.array(image))


@pytest.mark.parametrize("order", ["<", ">"])
def test_big_tiff(order):
    values, strip = page(more={tag.MAKE: text(b"Maker"), 40000: Value(12, 2, struct.pack("<2d", 0.5, -1.25))})
    values |= {tag.STRIP_OFFSETS: Value(16, 1, struct.pack("<Q", 16)), 40001: Value(16, 1, struct.pack("<Q", 7))}
    at = 16 + len(strip)
    table, tail = b"", b""
    for number, value in sorted(values.items()):
        value = value.in_order("<", order)
        field = value.data.ljust(8, b"\0")
        if len(value.data) > 8:
            field = struct.pack(order + "Q", at + 8 + 20 * len(values) + 8 + len(tail))
            tail += value.data
        table += struct.pack(order + "HHQ", number, value.kind, value.count) + field
    start = (b"II" if order == "<" else b"MM") + struct.pack(order + "HHHQ", 43, 8, 0, at)
    data = start + strip + struct.pack(order + "Q", len(values)) + table + bytes(8) + tail
    read = read_picture(data)
    assert np.array_equal(read.pixels, PIXELS) and not read.lost
    exif = Image.Exif()
    exif.load(dict(read.metadata)[kinds.EXIF])
    assert dict(exif) == {tag.MAKE: "Maker", 40000: (0.5, -1.25), 40001: 7}


def test_thousands_of_overlapping_directories_are_refused():
    data = bytearray(b"II*\0\x08\0\0\0" + bytes(70_000))
    for at in range(8, 60_000, 8):
        data[at : at + 2], data[at + 2 + 12 * 64 : at + 6 + 12 * 64] = struct.pack("<H", 64), struct.pack("<I", at + 8)
    with pytest.raises((UnsupportedError, InputError), match="TIFF"):
        read_picture(bytes(data))


def test_offsets_of_big_tiff_beyond_all_files_are_damage():
    for at in (1 << 63, (1 << 64) - 1):
        with pytest.raises(InputError, match="directory lies outside"):
            read_picture(b"II" + struct.pack("<HHHQ", 43, 8, 0, at) + bytes(99))
    with pytest.raises(InputError, match="directory lies outside"):
        read_picture(b"II" + struct.pack("<HHHQQ", 43, 8, 0, 16, (1 << 64) - 1) + bytes(99))


def test_a_colour_map_of_8_bit_values():
    given = picture("palette", 8)
    colours = np.frombuffer(given.palette, np.uint8).reshape(-1, 3).T.ravel().tolist()
    read = read_picture(tiff(page(given.pixels, {tag.COLOUR_MAP: integers(SHORT, *colours)}, photometric=3)))
    assert read.palette == given.palette
