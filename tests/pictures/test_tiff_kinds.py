"""TIFF files of less common kinds: what is taken, what is refused by name, and that nothing is lost in silence."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from made_tiff import PIXELS, REDUCED, SMALL, page, text, tiff
from PIL import Image
from sample_pictures import picture, same

from bbans_cli.api import PictureCodec
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture, write_picture
from bbans_cli.pictures.tiff_tags import ASCII, LONG, RATIONAL, SHORT, Tree, Value, integers

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


# ---- tags

RICH = {
    tag.MAKE: text(b"Maker"),
    269: text(b"a document"),
    tag.DESCRIPTION: text(b"two\0strings"),
    tag.X_RESOLUTION: integers(RATIONAL, 300, 7),
    tag.Y_RESOLUTION: integers(RATIONAL, 72, 1),
    tag.UNIT: integers(SHORT, 2),
    306: text(b"2020:01:02 03:04:05"),
    33723: Value(7, 4, b"\x1c\x02\x78\0"),
    33550: Value(12, 3, struct.pack("<3d", 0.5, 0.5, 0)),
    40000: Value(11, 1, struct.pack("<f", 0.1)),
    40001: Value(10, 1, struct.pack("<ii", -1, 3)),
    40002: Value(8, 2, struct.pack("<hh", -1, 3)),
}
INTEROPERABILITY = Tree({1: text(b"R98")}, {})
CAMERA = Tree({33434: integers(RATIONAL, 1, 250), 37500: Value(7, 6, b"Nikon\0")}, {40965: INTEROPERABILITY})
PLACE = Tree({1: text(b"N"), 2: integers(RATIONAL, 1, 1, 2, 1, 3, 1)}, {})
BELOW = {tag.EXIF: CAMERA, tag.GPS: PLACE}


def tags_of(data):
    """Every tag of a TIFF as Pillow reads it, those that describe the storage left out."""
    exif = Image.open(io.BytesIO(data)).getexif()
    found = {number: value for number, value in exif.items() if number not in tag.STORAGE}
    return found | {number: exif.get_ifd(number) for number in (tag.EXIF, tag.GPS, 40965)}


def test_every_tag_comes_back_in_tiff_and_in_png():
    data = tiff(page(more=RICH), below=BELOW)
    packed = CODEC.compress_file(data, 1)
    assert not packed.warnings
    restored = CODEC.decompress_file(packed.data, "tiff", 1)
    given, back = tags_of(data), tags_of(restored.data)
    pointers = {tag.EXIF, tag.GPS, 40965}
    assert {k: v for k, v in given.items() if k not in pointers} == {k: v for k, v in back.items() if k not in pointers}
    assert not restored.warnings
    for number in (33434, 37500):
        assert given[tag.EXIF][number] == back[tag.EXIF][number]
    assert given[tag.GPS] == back[tag.GPS] != {} and given[40965] == back[40965] != {}
    png = Image.open(io.BytesIO(CODEC.decompress_file(packed.data, None, 1).data))
    in_png = png.getexif()
    assert in_png[tag.MAKE] == "Maker" and in_png.get_ifd(tag.GPS) == given[tag.GPS]
    assert in_png[33550] == (0.5, 0.5, 0.0) and in_png[33723] == b"\x1c\x02\x78\0"


def test_a_file_keeps_the_byte_order_of_its_tags():
    # Numbers in values of type UNDEFINED have it: ImageJ's, and some makers' notes.
    for order, start in ((">", b"MM\0*"), ("<", b"II*\0")):
        values = {number: value.in_order("<", order) for number, value in RICH.items()}
        body, at = Tree(values, {}).to_bytes(8, order)
        block = start + struct.pack(order + "I", at) + body
        for bits in (8, 12, 16):
            given = picture("rgb", 16)
            given = Picture((given.pixels >> 16 - bits).astype(np.uint8 if bits == 8 else np.uint16), "rgb", bits)
            data, lost = write_picture(replace(given, metadata=[(kinds.EXIF, block)]), "tiff")
            directory = tag.first_directory(data)
            assert data.startswith(start) and not lost
            assert {number: directory.value(number) for number in RICH} == values
            assert np.array_equal(read_picture(data).pixels, given.pixels)


@pytest.mark.parametrize(("across", "unit"), [((300, 1), 2), ((11811, 100), 3), ((1, 1), 1), ((72000000, 1000000), 2)])
def test_resolution_comes_back_as_it_was(across, unit):
    more = {
        tag.X_RESOLUTION: integers(RATIONAL, *across),
        tag.Y_RESOLUTION: integers(RATIONAL, *across),
        tag.UNIT: integers(SHORT, unit),
    }
    back = tag.first_directory(write_picture(read_picture(tiff(page(more=more))), "tiff")[0])
    assert {number: back.value(number) for number in more} == more


NOTE = b"a note whose offsets count from the start of the file"


def note_in(data, start=0):
    """Where the maker's note is in a TIFF, or in the EXIF block that begins at `start`."""
    directory = tag.first_directory(data[start:])
    below = tag.Directory(data[start:], directory.number(tag.EXIF), directory.order)
    assert below.value(tag.MAKER_NOTE).data == NOTE
    return below.fields[tag.MAKER_NOTE][2]


@pytest.mark.parametrize("zeros", [0, 99, 40_000])
def test_a_makers_note_keeps_its_place(zeros):
    values, strip = page(more={tag.MAKE: text(b"a maker of cameras")})
    data = tiff((values, strip + bytes(zeros)), below={tag.EXIF: Tree({tag.MAKER_NOTE: Value(7, len(NOTE), NOTE)}, {})})
    place = note_in(data)
    assert place > zeros
    packed = CODEC.compress_file(data, 1)
    png = CODEC.decompress_file(packed.data, "png", 1).data
    assert note_in(png, png.index(b"eXIf") + 4) == place and not packed.warnings
    for given in (packed.data, CODEC.compress_file(png, 1).data):
        restored = CODEC.decompress_file(given, "tiff", 1, read_back=True)
        assert note_in(restored.data) == place and not restored.warnings
        assert read_picture(restored.data).lost == [] and np.array_equal(read_picture(restored.data).pixels, PIXELS)


def test_a_makers_note_that_cannot_keep_its_place_is_named():
    def file(zeros, *further):
        values, strip = page()
        exif = Tree({tag.MAKER_NOTE: Value(7, len(NOTE), NOTE)}, {})
        return tiff((values, strip + bytes(zeros)), *further, below={tag.EXIF: exif})

    read = read_picture(file(70_000))
    assert read.lost == ["the place of MakerNote, from which its offsets may count"]
    assert note_in(write_picture(read, "tiff")[0]) > 8
    first, second = (dict(read_picture(file(zeros)).metadata)[kinds.EXIF] for zeros in (0, 2))
    pages = replace(read_picture(tiff(page(), page())), metadata=[(kinds.EXIF, first), (kinds.PAGE, b"\1")])
    assert write_picture(replace(pages, metadata=[*pages.metadata, (kinds.EXIF, first)]), "tiff")[1] == []
    data, lost = write_picture(replace(pages, metadata=[*pages.metadata, (kinds.EXIF, second)]), "tiff")
    assert lost == read.lost and note_in(data) == note_in(first)


def test_exif_of_either_byte_order_becomes_tags():
    values = {number: value.in_order("<", ">") for number, value in RICH.items()}
    values[282] = RICH[282].in_order("<", ">")
    place = Tree({number: value.in_order("<", ">") for number, value in PLACE.values.items()}, {})
    body, start = Tree(values, {tag.GPS: place}).to_bytes(8, ">")
    block = b"MM\0*" + struct.pack(">I", start) + body
    data, lost = write_picture(picture("grey", 8, metadata=[(kinds.EXIF, block)]), "tiff")
    exif = Image.Exif()
    exif.load(block)
    found = tags_of(data)
    assert not lost and len(exif) == len(RICH) + 1
    assert {number: exif[number] for number in RICH} == {number: found[number] for number in RICH}
    assert exif.get_ifd(tag.GPS) == found[tag.GPS]


def test_one_damaged_tag_costs_that_tag():
    values = RICH | {269: Value(ASCII, 1 << 20, struct.pack("<I", 1 << 30))}
    read = read_picture(tiff(page(more=values)))
    assert read.lost == ["damaged DocumentName"] and np.array_equal(read.pixels, PIXELS)
    with pytest.raises(InputError, match=r"tag 258 \(BitsPerSample\) lies outside the file"):
        read_picture(tiff(page(more={tag.BITS: Value(SHORT, 9999, struct.pack("<I", 1 << 30))})))


def test_two_texts_for_one_tag_are_not_silently_one():
    items = [
        (kinds.CHUNK, b"tEXtAuthor\0one"),
        (kinds.CHUNK, b"tEXtAuthor\0two"),
        (kinds.XMP, b"<a/>"),
        (kinds.XMP, b"<b/>"),
    ]
    assert write_picture(picture("grey", 8, metadata=items), "tiff")[1] == ["text", "XMP"]
