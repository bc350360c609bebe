"""Stacks: several pages of equal shape in one TIFF become one .bbc file, an array, and the same pages again."""

import io
import shutil
import struct
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from made_tiff import PIXELS, REDUCED, SMALL, page, text, tiff
from PIL import Image
from sample_pictures import picture, same

import bbans_cli
from bbans_cli import container
from bbans_cli.api import PictureCodec
from bbans_cli.cli import info
from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import varint
from bbans_cli.errors import CorruptError, InputError, LimitError, UnsupportedError
from bbans_cli.pictures import pages as stacks
from bbans_cli.pictures import tiff_read
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.picture import Picture, from_array, from_items
from bbans_cli.pictures.read_write import read_picture, write_picture
from bbans_cli.pictures.tiff_tags import LONG, RATIONAL, SHORT, Tree, Value, integers

CODEC = PictureCodec(level=1)
PAGES = np.random.default_rng(4).integers(0, 256, (3, 6, 10, 3), np.uint8)


def tags_of_pages(data):
    """(pixels, page name) of each page as Pillow sees them."""
    image = Image.open(io.BytesIO(data))
    found = []
    for number in range(image.n_frames):
        image.seek(number)
        found.append((np.array(image), image.tag_v2.get(285)))
    return found


def test_pages_come_back(tmp_path):
    names = (b"one", b"two", b"two")
    data = tiff(*(page(each, {285: text(name)}) for each, name in zip(PAGES, names, strict=True)))
    packed = CODEC.compress_file(data, 1)
    assert not packed.warnings and not packed.lossy and (packed.width, packed.height) == (10, 6)
    restored = CODEC.decompress_file(packed.data, None, 1, read_back=True)
    assert restored.file_format == "tiff" and not restored.warnings
    for given, back in zip(tags_of_pages(data), tags_of_pages(restored.data), strict=True):
        assert np.array_equal(given[0], back[0]) and given[1] == back[1]
    if not shutil.which("tiffinfo"):
        pytest.skip("needs libtiff's tools")
    (tmp_path / "a.tif").write_bytes(restored.data)
    shown = subprocess.run(["tiffinfo", "a.tif"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert shown.count("PageName: two") == 2 and shown.count("multi-page") == 3 and shown.count("TIFF Directory") == 3


def test_what_pages_have_in_common_is_stored_once():
    of_pages = [[(kinds.XMP, b"a")], [(kinds.XMP, b"a")], [(kinds.XMP, b"b")], []]
    joined = stacks.join(of_pages)
    assert joined == [(kinds.XMP, b"a"), (kinds.PAGE, b"\2"), (kinds.XMP, b"b"), (kinds.PAGE, b"\3")]
    assert stacks.split(joined, 4) == of_pages


@pytest.mark.parametrize("shape", [(3, 6, 10, 3), (2, 5, 7, 1), (4, 3, 3, 4), (2, 4, 4, 2)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_arrays_of_pages(shape, dtype):
    array = np.random.default_rng(1).integers(0, 256, shape).astype(dtype)
    back = bbans_cli.decompress(bbans_cli.compress(array, level=1))
    assert back.dtype == dtype and np.array_equal(back, array if shape[3] > 1 else array[..., 0])
    assert np.array_equal(bbans_cli.decompress(bbans_cli.compress(array[:1], level=1)), back[0])
    with pytest.raises(InputError):
        bbans_cli.compress(array[:0])


def test_rows_of_stacks_are_refused():
    with pytest.raises(UnsupportedError, match="rows of a stack"):
        bbans_cli.decompress(bbans_cli.compress(PAGES, level=1), rows=(0, 2))


def test_info_says_the_pages():
    content = container.picture_from_bytes(bbans_cli.compress(PAGES, level=1))
    assert info.words(content, 999).startswith("10x6 rgb, 3 pages, 8 bits, 999 bytes")
    assert info.details(content, 999)["pages"] == 3


@pytest.mark.parametrize("file_format", ["png", "webp", "bmp", "ppm", "pam"])
def test_other_formats_refuse_pages(file_format):
    with pytest.raises(UnsupportedError, match="cannot hold RGB of 8 bits in 3 pages; TIFF can"):
        write_picture(from_array(PAGES), file_format)


def test_pages_that_make_no_stack_are_refused():
    grey, deep = PAGES[0, :, :, :1], page(PAGES[0].astype(np.uint16), bits=16)
    for other, words in (
        (page(PAGES[1, :5]), "2 pages of different sizes"),
        (page(grey), "2 pages of different kinds"),
        (deep, "2 pages of different kinds"),
    ):
        with pytest.raises(UnsupportedError, match=words):
            read_picture(tiff(page(PAGES[0]), other))
    with pytest.raises(LimitError, match="3 pages of 10x6 is 180 pixels"):
        read_picture(tiff(*map(page, PAGES)), max_pixels=179)


def test_a_thumbnail_beside_pages_is_named():
    data = tiff(page(PAGES[0]), page(PAGES[1]), (SMALL[0] | REDUCED, SMALL[1]))
    read = read_picture(data)
    assert read.pages == 2 and read.lost == ["thumbnail"] and np.array_equal(read.pixels, PAGES[:2].reshape(12, 10, 3))


def test_an_imagej_file_with_a_directory_for_each_plane_is_a_stack():
    first = {tag.DESCRIPTION: text(b"ImageJ=1.53\nimages=3\n")}
    read = read_picture(tiff(page(PAGES[0], first), page(PAGES[1]), page(PAGES[2])))
    assert read.pages == 3 and len(stacks.split(read.metadata, 3)[1]) == 0


def imagej(planes, description, order=">", rows=6, further=b"", more=None):
    """A stack as ImageJ writes it: one directory, that of the first of (pages, h, w, c) planes; `rows` to a strip."""
    pixels = planes.reshape(-1, planes.shape[2], planes.shape[3])
    height, width, channels = planes.shape[1:]
    strip = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    size, sizes = len(strip) // len(planes) // height, [min(rows, height - top) for top in range(0, height, rows)]
    values = page(pixels[:height].astype(np.uint8), bits=8)[0] | (more or {})
    values |= {
        tag.HEIGHT: integers(SHORT, height),
        tag.BITS: integers(SHORT, *[8 * planes.itemsize] * channels),
        tag.DESCRIPTION: text(description),
        tag.ROWS_PER_STRIP: integers(SHORT, rows),
        tag.STRIP_SIZES: integers(LONG, *(count * size for count in sizes)),
        tag.X_RESOLUTION: integers(RATIONAL, 5, 2),
        tag.Y_RESOLUTION: integers(RATIONAL, 5, 2),
        tag.UNIT: integers(SHORT, 1),
        50838: integers(LONG, 12, 10),
        50839: Value(
            1, 22, b"IJIJinfo" + struct.pack(order + "I", 1) + "hello".encode("utf-16" + "lb"[order == ">"] + "e")
        ),
    }
    starts = np.cumsum([0, *sizes[:-1]]) * size
    directory = Tree(values | {tag.STRIP_OFFSETS: integers(LONG, *[0] * len(sizes))}, {})
    length = len(directory.in_order("<", order).to_bytes(8, order)[0])
    values[tag.STRIP_OFFSETS] = integers(LONG, *(8 + length + int(start) for start in starts))
    body, at = Tree(values, {}).in_order("<", order).to_bytes(8, order)
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(order + "I", at) + body + strip + further


IMAGEJ = b"ImageJ=1.54f\nimages=3\nslices=3\nloop=false\n"


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_planes_of_an_imagej_stack_of_one_directory(order, dtype, channels):
    planes = (PAGES.astype(dtype) * (257 if dtype == np.uint16 else 1))[..., :channels]
    data = imagej(planes, IMAGEJ, order, rows=4)
    read = read_picture(data)
    assert (read.pages, read.lost) == (3, []) and np.array_equal(read.pixels.reshape(planes.shape), planes)
    restored = CODEC.decompress_file(CODEC.compress_file(data, 1).data, None, 1, read_back=True)
    assert restored.file_format == "tiff" and not restored.warnings
    with tifffile.TiffFile(io.BytesIO(data)) as given, tifffile.TiffFile(io.BytesIO(restored.data)) as back:
        assert back.imagej_metadata == given.imagej_metadata and given.imagej_metadata["Info"] == "hello"
        assert np.array_equal(back.asarray(), given.asarray()) and len(back.pages) == 3
        assert back.series[0].axes == given.series[0].axes
        assert {each.tags["XResolution"].value for each in back.pages} == {(5, 2)}
        assert ["ImageDescription" in each.tags for each in back.pages] == [True, False, False]


def test_planes_that_are_not_there():
    assert read_picture(imagej(PAGES, IMAGEJ, further=b"more")).lost == ["4 bytes after the end"]
    with pytest.raises(InputError, match="truncated TIFF"):
        read_picture(imagej(PAGES, IMAGEJ.replace(b"images=3", b"images=4")))
    with pytest.raises(LimitError, match="3 pages of 10x6 is 180 pixels"):
        read_picture(imagej(PAGES, IMAGEJ), max_pixels=179)
    with pytest.raises(UnsupportedError, match="more than 65,536 planes"):
        read_picture(imagej(PAGES, IMAGEJ.replace(b"images=3", b"images=70000")))


def test_metadata_of_thousands_of_pages_have_a_limit(monkeypatch):
    monkeypatch.setattr(tiff_read, "MAX_METADATA_BYTES", 1000)
    names = [bytes([65 + number]) * 300 for number in range(4)]
    assert read_picture(tiff(*(page(PAGES[0], {285: text(names[0])}) for _ in range(9)))).pages == 9
    with pytest.raises(UnsupportedError, match="more than 1,000 bytes of metadata"):
        read_picture(tiff(*(page(PAGES[0], {285: text(name)}) for name in names)))


@pytest.mark.parametrize(
    "items",
    [
        [(kinds.PAGES, varint(1))],
        [(kinds.PAGES, varint(4))],
        [(kinds.PAGES, b"\x83\0")],
        [(kinds.PAGES, varint(3)), (kinds.PAGE, varint(3))],
        [(kinds.PAGES, varint(3)), (kinds.PAGE, varint(2)), (kinds.PAGE, varint(2))],
        [(kinds.PAGES, varint(3)), (kinds.PAGE, b"")],
        [(kinds.COLOURS, b"\2")],
        [(kinds.COLOURS, b"")],
    ],
)
def test_pages_and_colours_that_make_no_sense_are_corrupt(items):
    with pytest.raises(ValueError):
        from_items(PAGES.reshape(18, 10, 3), "rgb", 8, items)
    given = from_array(PAGES.reshape(18, 10, 3))
    packed = container.to_bytes(replace(container.picture_from_bytes(CODEC.compress(given, 1)), metadata=items))
    with pytest.raises(CorruptError):
        bbans_cli.decompress(packed)


# ---- other colours


@pytest.mark.parametrize(("photometric", "name"), [(6, "YCbCr"), (8, "CIE Lab"), (9, "ICC Lab"), (10, "ITU Lab")])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_that_are_not_rgb_are_kept_as_they_are(photometric, name, bits):
    pixels = PIXELS.astype(np.uint16) * 257 if bits == 16 else PIXELS
    more = {tag.SUBSAMPLING: integers(SHORT, 1, 1)} if photometric == 6 else {}
    read = read_picture(tiff(page(pixels, more, bits, photometric)))
    assert read.colours == photometric and np.array_equal(read.pixels, pixels)
    restored = CODEC.decompress_file(CODEC.compress(read, 1), None, 1, read_back=True)
    assert restored.file_format == "tiff" and same(read_picture(restored.data), read)
    directory = tag.first_directory(restored.data)
    assert directory.number(tag.PHOTOMETRIC) == photometric
    assert directory.numbers(tag.SUBSAMPLING, (1, 1)) == (1, 1)
    with pytest.raises(UnsupportedError, match=f"PNG cannot hold RGB of {bits} bits whose channels are {name}; TIFF"):
        write_picture(read, "png")


def test_subsampled_colours_are_refused():
    for more in ({}, {tag.SUBSAMPLING: integers(SHORT, 2, 1)}):
        with pytest.raises(UnsupportedError, match="subsampled"):
            read_picture(tiff(page(more=more, photometric=6)))


def test_cmyk_of_16_bits():
    given = Picture(picture("rgba", 16).pixels, "cmyk", 16)
    read = read_picture(tiff(page(given.pixels.byteswap(), bits=16, photometric=5)))
    assert same(read, given)
    restored = CODEC.decompress_file(CODEC.compress(read, 1), None, 1, read_back=True)
    assert restored.file_format == "tiff" and same(read_picture(restored.data), given)
    array = bbans_cli.decompress(bbans_cli.compress(given.pixels, mode="cmyk", level=1))
    assert np.array_equal(array, given.pixels)
