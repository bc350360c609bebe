"""Tags of TIFF files: every one comes back, in TIFF and in PNG, or its loss is named."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest
from made_tiff import BELOW, PIXELS, PLACE, page, text, tiff
from PIL import Image
from sample_pictures import picture

from bbans_cli.api import PictureCodec
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import InputError
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture, write_picture
from bbans_cli.pictures.tiff_tags import ASCII, RATIONAL, SHORT, Tree, Value, integers

CODEC = PictureCodec(level=1)


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
