"""Files that are made to take time or memory: but for the picture that they declare, neither is more than some constant
times their size, and what is declared has limits."""

import io
import struct
import time
import tracemalloc
import zlib
from dataclasses import replace

import numpy as np
import pytest
from jpeg_file import file as jpeg_file
from made_tiff import page, tiff
from PIL import Image

import bbans_cli
from bbans_cli import api, container
from bbans_cli.coders import context_mixing, memory
from bbans_cli.coders.files import file_coder, jpeg_search, jpeg_tree
from bbans_cli.coders.files.jpeg_tree import Branch, Copy, Node
from bbans_cli.coders.jpeg import coefficients
from bbans_cli.container import DEEP, FEW_COLOURS, FITTED, NEURAL, Band, Part
from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import half_of_memory
from bbans_cli.container.byte_reader import varint
from bbans_cli.errors import CorruptError, InputError, LimitError, UnsupportedError
from bbans_cli.limits import MAX_METADATA_ITEMS
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.read_write import read_picture
from bbans_cli.pictures.tiff_tags import LONG, SHORT, Value, integers

FILE = jpeg_file()
MEGABYTE = 1 << 20
SECONDS = 20  # of processor time, for what takes tens of milliseconds


@pytest.fixture(autouse=True)
def soon():
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS


@pytest.fixture
def peak():
    """How many bytes numpy and Python have taken at most since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def picture(coder, payload, width, height, settings=b"", channels=1, band_rows=None):
    bands = [Band(payload, 0, 0)] * -(-height // (band_rows or height))
    id = bytes(4) if coder in (NEURAL, FITTED) else b""
    part = Part(coder, channels, 8, id, settings, band_rows or height, bands)
    return container.to_bytes(container.Container(width, height, "grey" if channels == 1 else "rgb", 8, [part]))


# ---- payloads that end


@pytest.mark.parametrize("coder, settings", [(FEW_COLOURS, b"\x08"), (DEEP, b"\x08")])
@pytest.mark.parametrize("size", [100, 3000])
def test_samples_are_not_decoded_from_nothing(coder, settings, size):
    """A megapixel is declared: the decoder stops where the payload does."""
    payload = np.random.default_rng(size).bytes(size)
    done = []
    with pytest.raises(CorruptError, match="a payload ends before what it codes"):
        codec = api.PictureCodec()
        codec.verify_file(picture(coder, payload, 1 << 10, 1 << 10, settings), 1, lambda share: done.append(share))
    assert len(done) < 1 << 8 or done[-1] < 0.9


@pytest.mark.parametrize("coder", [FEW_COLOURS, DEEP])
def test_a_payload_that_is_cut_is_an_error(coder):
    """At once, or, where the zeros behind its end stand for all that is left, by the checksum."""
    planes = np.random.default_rng(1).integers(0, 256, (64, 64, 1), np.uint8)
    part = context_mixing.encode(coder, planes, 8)
    (band,) = part.bands
    for size in (0, len(band.payload) // 4, len(band.payload) - 30):
        cut = replace(part, bands=[band._replace(payload=band.payload[:size])])
        with pytest.raises(CorruptError):
            context_mixing.decode(cut, 64, 64)


def test_coefficients_are_not_decoded_from_nothing():
    blocks, tables = np.random.default_rng(2).integers(-9, 9, (12, 12, 64), np.int16), [np.full(64, 9)]
    coded = coefficients.encode([blocks], tables, [(1, 1)], 1)
    for size in ((12, 12), (512, 512)):
        with pytest.raises(CorruptError, match="a payload ends before what it codes"):
            coefficients.decode(coded[: len(coded) // 2], [size], tables, [(1, 1)], 1)


@pytest.mark.parametrize("shape", [(300, 200, 3), (64, 64, 1), (1, 1, 4)])
def test_what_is_flat_to_its_end_still_comes_back(shape):
    """Its code is nearly all zeros at the end."""
    planes = np.zeros(shape, np.uint8)
    planes[0, 0] = 7
    for coder in (FEW_COLOURS, DEEP):
        part = context_mixing.encode(coder, planes, 8)
        assert np.array_equal(context_mixing.decode(part, shape[1], shape[0]), planes)


# ---- pictures that are declared


@pytest.mark.parametrize(
    "coder, settings", [(FEW_COLOURS, b"\x14"), (DEEP, b"\x14"), (NEURAL, b"\x03"), (FITTED, b"\0")]
)
def test_a_large_picture_takes_no_memory_before_the_limit_is_asked(coder, settings, peak):
    data = picture(coder, b"abc", 1 << 14, 1 << 14, settings)
    for work in (api.PictureCodec(max_memory=200 * MEGABYTE).verify_file, api.PictureCodec(max_memory=1).verify_file):
        with pytest.raises(LimitError, match="needs about .* of memory, above the limit of .*; --max-memory sets it"):
            work(data, 1)
    assert peak() < MEGABYTE


def test_narrow_bands_have_a_limit_of_rows():
    for coder, settings in ((NEURAL, b"\x03"), (FITTED, b"\0")):
        data = picture(coder, b"abc", 1, (1 << 28) + 1, settings)
        with pytest.raises((UnsupportedError, LimitError)):
            api.PictureCodec(max_pixels=1 << 40, max_memory=1 << 60).verify_file(data, 1)


def test_every_verb_of_the_python_functions_has_the_limit():
    photo = np.random.default_rng(4).integers(0, 256, (40, 50, 3), np.uint8)
    data = bbans_cli.compress(photo, level=1)
    for work in (
        lambda: bbans_cli.compress(photo, max_memory=1000),
        lambda: bbans_cli.decompress(data, max_memory=1000),
        lambda: bbans_cli.restore(data, max_memory=1000),
        lambda: bbans_cli.code_lengths(data, max_memory=1000),
        lambda: bbans_cli.thumbnail(data, max_memory=1000),
    ):
        with pytest.raises(LimitError, match="--max-memory"):
            work()
    assert np.array_equal(bbans_cli.decompress(data, max_memory=1 << 30), photo)
    assert half_of_memory() > 1 << 28


def test_the_estimate_is_above_what_is_taken(peak):
    for array in (np.zeros((700, 800, 3), np.uint8), np.arange(100 * 90, dtype=np.uint16).reshape(100, 90)):
        data = bbans_cli.compress(array, level=1, verify=False)
        estimate = memory.of_picture(container.picture_from_bytes(data), 1)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        bbans_cli.decompress(data, threads=1)
        assert peak() - before < estimate


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "BMP", "TIFF", "PPM", "WEBP"])
def test_picture_files_are_asked_for_their_memory_too(file_format):
    out = io.BytesIO()
    options = {"lossless": True} if file_format == "WEBP" else {}
    Image.new("P" if file_format == "GIF" else "RGB", (500, 400)).save(out, file_format, **options)
    assert read_picture(out.getvalue()).width == 500
    with pytest.raises(LimitError, match="--max-memory"):
        read_picture(out.getvalue(), max_memory=100_000)


# ---- metadata


def test_a_million_items_are_refused():
    items = b"\x10\0" * (MAX_METADATA_ITEMS + 1)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    section = b"\1" + varint(len(items)) + deflate.compress(items) + deflate.flush()
    with pytest.raises(CorruptError, match="more than 65,536 items"):
        kinds.unpack(section)
    with pytest.raises(UnsupportedError, match="--strip drops them"):
        kinds.pack([(kinds.EXIF, b"")] * (MAX_METADATA_ITEMS + 1))


def test_text_of_a_png_that_unpacks_to_gigabytes(peak):
    text = zlib.compress(bytes(60 << 20), 1)
    out = io.BytesIO()
    Image.new("L", (2, 2)).save(out, "PNG")
    data = out.getvalue()
    chunk = b"zTXta\0\0" + text
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    found = read_picture(data[:33] + 9 * framed + data[33:])
    assert len(found.metadata) == 1 and found.lost
    assert peak() < 320 * MEGABYTE


# ---- TIFF


def test_tiles_that_are_larger_than_the_picture():
    """Each of them unpacks to a hundred megabytes, from the same bytes."""
    packed = zlib.compress(bytes(10_000), 9)
    for rows, columns in ((1, 1 << 27), (1 << 14, 1 << 14)):
        entries = {
            tag.WIDTH: integers(LONG, 1), tag.HEIGHT: integers(LONG, 900), tag.BITS: integers(SHORT, 8),
            tag.COMPRESSION: integers(SHORT, 8), tag.PHOTOMETRIC: integers(SHORT, 1),
            tag.TILE_WIDTH: integers(LONG, columns), tag.TILE_HEIGHT: integers(LONG, rows),
            tag.TILE_OFFSETS: integers(LONG, *[8] * 900), tag.TILE_SIZES: integers(LONG, *[len(packed)] * 900),
        }  # fmt: skip
        with pytest.raises(InputError, match="impossible size of strips or tiles"):
            read_picture(_raw_tiff(packed, entries))


def test_strips_as_long_as_the_file():
    """Thousands of strips that all have the same bytes, of which each row needs a few."""
    height, filler = 4000, bytes(2 << 20)
    entries = {
        tag.WIDTH: integers(LONG, 3), tag.HEIGHT: integers(LONG, height), tag.BITS: integers(SHORT, 8),
        tag.PHOTOMETRIC: integers(SHORT, 1), tag.ROWS_PER_STRIP: integers(LONG, 1),
        tag.FILL_ORDER: Value(SHORT, 1 << 19, struct.pack("<H", 2) * (1 << 19)),
        tag.STRIP_OFFSETS: integers(LONG, *[8] * height), tag.STRIP_SIZES: integers(LONG, *[len(filler)] * height),
    }  # fmt: skip
    assert read_picture(_raw_tiff(filler, entries)).height == height


def _raw_tiff(pixels, entries):
    """A little-endian TIFF with these bytes at offset 8 and those tags."""
    at = 8 + len(pixels) + len(pixels) % 2
    body, start = tag.Tree(entries, {}).to_bytes(at)
    return b"II*\0" + struct.pack("<I", start) + pixels + bytes(len(pixels) % 2) + body


# ---- JPEG files


def stored(tree, parts, size):
    first = container.FilePart(container.BYTES, b"", file_coder.pack_tree(tree))
    return container.StoredFile(size, 0, None, [first, *parts])


def real_tree():
    """The tree of a JPEG file, and the parts of its coefficients."""
    file, _ = file_coder.encode(FILE, "", 1)
    return jpeg_search.find(FILE, 1 << 20)[0], file.parts[1:]


def test_a_thousand_copies_of_a_stream_are_no_more_than_the_file(peak):
    tree, parts = real_tree()
    tree.items += [Copy(0)] * 20_000
    tree.gaps += [b""] * 20_000
    with pytest.raises(CorruptError, match="more bytes than the file has"):
        file_coder.decode(stored(tree, parts, 10_000))
    assert peak() < 256 * MEGABYTE


def test_a_frame_of_65535_by_65535_takes_no_memory(peak):
    tree, parts = real_tree()
    branch = tree.first
    plain = bytearray(branch.plain.gaps[0])
    for node in (branch.plain,):
        for number, gap in enumerate(node.gaps):
            at = gap.find(b"\xff\xc0\0\x11\x08")
            if at >= 0:
                node.gaps[number] = gap[: at + 5] + b"\xff\xff\xff\xff" + gap[at + 9 :]
    assert plain
    with pytest.raises(CorruptError, match="more blocks than the file has bits"):
        file_coder.decode(stored(tree, parts, len(FILE)))
    with pytest.raises(LimitError, match="--max-memory"):
        file_coder.decode(stored(tree, parts, 1 << 33), max_memory=1 << 34)
    assert peak() < 64 * MEGABYTE


def test_more_scans_than_any_stream_has():
    tree, parts = real_tree()
    branch = tree.first
    changed = Branch(branch.scans[:1] + branch.scans[1:] * 200, branch.plain, branch.tables)
    scan = b"\xff\xda\0\x08\1\x0a\0\0\x3f\0"
    changed.plain.gaps[-1] = changed.plain.gaps[-1][:-2] + scan * 300 + b"\xff\xd9"
    tree.items[0] = changed
    with pytest.raises(CorruptError):
        file_coder.decode(stored(tree, parts, 1 << 20))


def test_thousands_of_small_streams_take_no_square_of_time():
    small = FILE[FILE.index(b"\xff\xd8", 2) :]
    small = small[: small.index(b"\xff\xd9") + 2]
    data = small * 400 + bytes(4 << 20)
    node, _ = jpeg_search.find(data, 1 << 20)
    assert len(node.items) >= 399 and len(jpeg_tree.to_bytes(node)[1]) < len(data)


def test_a_file_of_a_terabyte_is_not_begun(peak):
    listed = stored(Node(gaps=[b"x" * 1000]), [], 1 << 40)
    with pytest.raises(LimitError, match="4,096.0 GiB of memory"):
        file_coder.decode(listed)
    with pytest.raises(LimitError):
        api.PictureCodec().verify_file(container.to_bytes(listed), 1)
    assert peak() < 8 * MEGABYTE


def test_a_run_of_frames_in_a_gif_and_loops_in_a_tiff():
    out = io.BytesIO()
    Image.new("P", (2, 2)).save(out, "GIF")
    with pytest.raises(UnsupportedError, match="an animation"):
        block = out.getvalue()[out.getvalue().index(b",") : -1]
        read_picture(out.getvalue()[:-1] + block * 100_000 + b";")
    data = bytearray(tiff(page(np.zeros((2, 2, 1), np.uint8), None, 1, 1)))
    start = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[start : start + 2], "little")
    data[start + 2 + 12 * count : start + 6 + 12 * count] = data[4:8]
    assert read_picture(bytes(data)).width == 2
