"""PNM, TIFF, BMP, WebP and what is refused; against Pillow and, where it is there, libtiff."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from sample_pictures import picture, read_damaged, same

from bbans_cli.container import metadata as kinds
from bbans_cli.errors import BbcError, InputError, LimitError, LossyError, UnsupportedError
from bbans_cli.pictures import tiff_tags
from bbans_cli.pictures.detect import detect
from bbans_cli.pictures.read_write import read_picture, write_picture


def saved(image, name, **more):
    out = io.BytesIO()
    image.save(out, name, **more)
    return out.getvalue()


def pillow(mode, size=(13, 7)):
    rng = np.random.default_rng(1)
    image = Image.frombytes("RGBA", size, rng.bytes(4 * size[0] * size[1]))
    return image.convert("P", palette=Image.Palette.ADAPTIVE) if mode == "P" else image.convert(mode)


def pixels_of(image):
    array = np.array(image).astype(np.uint8)
    return array.reshape(image.height, image.width, -1)


# ---- PNM


@pytest.mark.parametrize("file_format", ["pgm", "ppm", "pam"])
@pytest.mark.parametrize("kind", [("grey", 1), ("grey", 2), ("grey", 4), ("grey", 8), ("grey", 16)])
def test_grey_pnm_round_trip(kind, file_format):
    given = picture(*kind)
    written, lost = write_picture(given, file_format)
    assert same(read_picture(written), given) and not lost


@pytest.mark.parametrize("file_format", ["ppm", "pam"])
@pytest.mark.parametrize("depth", [8, 16])
def test_colour_pnm_round_trip(depth, file_format):
    given = picture("rgb", depth)
    assert same(read_picture(write_picture(given, file_format)[0]), given)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("mode", ["grey+alpha", "rgba"])
def test_pam_keeps_alpha(mode, depth):
    given = picture(mode, depth)
    assert same(read_picture(write_picture(given, "pam")[0]), given)


@pytest.mark.parametrize(("mode", "depth"), [("1", 1), ("L", 8), ("RGB", 8)])
def test_pillow_and_pnm_agree(mode, depth):
    image = pillow(mode)
    read = read_picture(saved(image, "PPM"))
    assert np.array_equal(read.pixels, pixels_of(image)) and read.depth == depth
    again = Image.open(io.BytesIO(write_picture(read, "ppm")[0]))
    assert np.array_equal(pixels_of(again), pixels_of(image))


def test_pbm_black_is_zero():
    assert read_picture(b"P4 3 1\n\xa0").pixels.ravel().tolist() == [0, 1, 0]
    assert read_picture(b"P1\n# a comment\n3 1\n1 01\n").pixels.ravel().tolist() == [0, 1, 0]


def test_plain_pnm():
    assert read_picture(b"P2 2 2 15 1 2 3 # four\n15").pixels.ravel().tolist() == [1, 2, 3, 15]
    read = read_picture(b"P3 1 1\n65535\n1 2 65535\n")
    assert (read.mode, read.depth, read.pixels.ravel().tolist()) == ("rgb", 16, [1, 2, 65535])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"P5 2 1 65536\n" + bytes(4), InputError, "a maximum value of 65,536 does not exist"),
        (b"P5 2 1 15\n\x01\x10", InputError, "above the maximum of 15"),
        (b"P2 2 1 255 1 256", InputError, "above the maximum"),
        (b"P2 2 1 255 1", InputError, "2 numbers are needed, 1 found"),
        (b"P5 2 2 255\nabc", InputError, "need 4 bytes of pixels, have 3"),
        (b"P5 0 2 255\n", InputError, "no pixels"),
        (b"P5 2 x", InputError, "header makes no sense"),
        (b"P5 1 1 255\naP5 1 1 255\nb\nP5 1 1 255\nc", UnsupportedError, "3 pictures in one file"),
        (b"P5 1 1 255\naxyz", InputError, "3 bytes after the last pixel"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 9\nMAXVAL 255\nTUPLTYPE X\nENDHDR\n", UnsupportedError, "type 'X'"),
        (b"P7\nWIDTH 1\n", InputError, "does not end"),
        (b"P5 30000 30000 255\n", LimitError, "above the limit"),
    ],
)
def test_bad_pnm(data, error, message):
    with pytest.raises(error, match=message):
        read_picture(data)


# ---- TIFF

COMPRESSIONS = [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P"])
def test_reads_what_pillow_writes(mode, compression):
    image = pillow(mode, (61, 47))
    read = read_picture(saved(image, "TIFF", compression=compression))
    assert np.array_equal(read.pixels, pixels_of(image))
    assert (read.palette is not None) == (mode == "P")
    if mode == "P":
        colours = np.frombuffer(read.palette, np.uint8).reshape(-1, 3)[read.pixels[:, :, 0]]
        assert np.array_equal(colours, np.array(image.convert("RGB")))


def test_16_bit_grey_as_pillow_writes_it():
    given = picture("grey", 16)
    image = Image.fromarray(given.pixels[:, :, 0])
    for compression in COMPRESSIONS:
        assert np.array_equal(read_picture(saved(image, "TIFF", compression=compression)).pixels, given.pixels)


TIFF_KINDS = [("grey", 1), ("grey", 2), ("grey", 4), ("grey", 8), ("grey", 16), ("palette", 4), ("palette", 8)]
TIFF_KINDS += [(mode, depth) for mode in ("grey+alpha", "rgb", "rgba") for depth in (8, 16)]


@pytest.mark.parametrize("size", [(1, 1), (7, 13), (300, 1100)])
@pytest.mark.parametrize("kind", TIFF_KINDS)
def test_tiff_round_trip(kind, size):
    given = picture(*kind, *size)
    assert same(read_picture(write_picture(given, "tiff")[0]), given)


@pytest.mark.parametrize("kind", [kind for kind in TIFF_KINDS if kind[1] >= 8 and kind[0] != "palette"])
def test_libtiff_reads_what_we_write(kind):
    imagecodecs = pytest.importorskip("imagecodecs")
    given = picture(*kind, 300, 700)
    read = imagecodecs.tiff_decode(write_picture(given, "tiff")[0])
    assert np.array_equal(read.reshape(given.pixels.shape), given.pixels)


@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
def test_lzw_of_16_bit_colour(order, predictor):
    """Pillow would narrow it: the strip is made with its LZW, the tags by hand."""
    given = picture("rgb", 16, 20, 30)
    samples = given.pixels
    if predictor == 2:
        samples = np.diff(samples, axis=1, prepend=np.zeros_like(samples[:, :1]))
    rows = samples.astype(order + "u2").view(np.uint8).reshape(20, -1)
    tags = tiff_tags.first_directory(saved(Image.fromarray(rows), "TIFF", compression="tiff_lzw"))
    (offset,), (size,) = tags.numbers(tiff_tags.STRIP_OFFSETS), tags.numbers(tiff_tags.STRIP_SIZES)
    strip = tags.data[offset : offset + size] + b"\0" * (size % 2)
    entries = [(256, 30), (257, 20), (258, 16), (259, 5), (262, 2), (273, 8), (277, 3), (278, 20), (279, size)]
    entries.append((317, predictor))
    table = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in entries)
    start = b"II*\0" if order == "<" else b"MM\0*"
    data = start + struct.pack(order + "I", 8 + len(strip)) + strip + struct.pack(order + "H", len(entries)) + table
    assert np.array_equal(read_picture(data + bytes(4)).pixels, given.pixels)


def tiff_with(data, tag, value):
    """`data`, little-endian, with the value of a SHORT or LONG tag replaced."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            return data[: entry + 8] + struct.pack("<I", value) + data[entry + 12 :]
    raise KeyError(tag)


@pytest.mark.parametrize(
    ("tag", "value", "message"),
    [
        (tiff_tags.COMPRESSION, 7, r"compression 7 \(JPEG\) is not supported"),
        (tiff_tags.PHOTOMETRIC, 4, "photometric interpretation 4 .* is not supported"),
        (tiff_tags.PHOTOMETRIC, 6, "YCbCr with subsampled colours is not supported"),
        (tiff_tags.BITS, 32, r"samples of \[32\] bits are not supported"),
        (tiff_tags.CHANNELS, 3, "3 channels of 8 bits is not supported"),
    ],
)
def test_tiff_that_cannot_be_kept(tag, value, message):
    with pytest.raises(UnsupportedError, match=message):
        read_picture(tiff_with(write_picture(picture("grey", 8), "tiff")[0], tag, value))


def test_tiff_white_is_zero():
    given = picture("grey", 2)
    written = tiff_with(write_picture(given, "tiff")[0], tiff_tags.PHOTOMETRIC, 0)
    assert np.array_equal(read_picture(written).pixels, 3 - given.pixels)


def test_tiff_pages_of_different_sizes_are_counted():
    image = pillow("L")
    with pytest.raises(UnsupportedError, match="3 pages of different sizes in one file"):
        read_picture(saved(image, "TIFF", save_all=True, append_images=[image, image.crop((0, 0, 3, 3))]))


def test_damaged_tiff():
    data = write_picture(picture("rgb", 8), "tiff")[0]
    for size in range(len(data)):
        with pytest.raises(BbcError):
            read_picture(data[:size])
    read_damaged(data, 500)


def test_tiff_metadata():
    image = pillow("RGB")
    data = saved(image, "TIFF", dpi=(300, 150), icc_profile=b"a profile", tiffinfo={274: 6, 305: "soft", 700: b"<x/>"})
    read = read_picture(data)
    assert read.metadata[:2] == [(kinds.ICC, b"ICC profile\0a profile"), (kinds.XMP, b"<x/>")]
    png = Image.open(io.BytesIO(write_picture(read)[0]))
    png.load()
    assert png.info["icc_profile"] == b"a profile" and png.text["Software"] == "soft"
    assert png.getexif()[274] == 6
    assert [round(value) for value in png.info["dpi"]] == [300, 150]
    tiff, lost = write_picture(read, "tiff")
    assert same(read_picture(tiff), read) and not lost
    assert Image.open(io.BytesIO(tiff)).getexif()[274] == 6


# ---- BMP and WebP


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_bmp(mode):
    image = pillow(mode)
    read = read_picture(saved(image, "BMP", dpi=(72, 72)))
    written, lost = write_picture(read, "bmp")
    assert same(read_picture(written), read) and not lost
    again = Image.open(io.BytesIO(written))
    assert np.array_equal(np.array(again.convert("RGB")), np.array(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["rgb", "rgba"])
def test_webp(mode):
    items = [(kinds.ICC, b"ICC profile\0p"), (kinds.EXIF, b"II*\0" + bytes(8)), (kinds.XMP, b"<x/>")]
    given = picture(mode, 8, metadata=items)
    written, lost = write_picture(given, "webp")
    assert same(read_picture(written), given) and not lost
    assert np.array_equal(np.array(Image.open(io.BytesIO(written))), given.pixels)


def test_lossy_and_animated_webp_are_refused():
    with pytest.raises(LossyError, match="this WebP is lossy"):
        read_picture(saved(pillow("RGB"), "WEBP"))
    frames = [pillow("RGB"), pillow("RGB").rotate(180)]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    with pytest.raises(UnsupportedError, match="2 pictures in one file"):
        read_picture(data)


# ---- What formats cannot hold


@pytest.mark.parametrize(
    ("kind", "refusing"),
    [
        (("palette", 8), ["ppm", "pgm", "pbm", "pam", "webp"]),
        (("rgba", 8), ["ppm", "pgm", "pbm", "bmp"]),
        (("grey+alpha", 16), ["ppm", "pgm", "webp", "bmp"]),
        (("rgb", 16), ["pgm", "pbm", "webp", "bmp"]),
        (("grey", 4), ["pbm", "webp", "bmp"]),
    ],
)
def test_formats_refuse_what_they_cannot_hold(kind, refusing):
    for file_format in refusing:
        with pytest.raises(UnsupportedError, match=r"cannot hold .* PNG can$"):
            write_picture(picture(*kind), file_format)


@pytest.mark.parametrize("file_format", ["ppm", "pam", "tiff", "webp", "bmp"])
def test_transparent_colours_are_for_png(file_format):
    with pytest.raises(UnsupportedError, match="PNG can"):
        write_picture(picture("rgb", 8, transparency=bytes(6)), file_format)


def test_lost_metadata_is_named_once():
    items = [(kinds.ICC, b"n\0p"), (kinds.CHUNK, b"tEXta\0b"), (kinds.CHUNK, b"tEXtc\0d"), (kinds.CHUNK, b"gAMA1234")]
    assert write_picture(picture("rgb", 8, metadata=items), "ppm")[1] == ["colour profile", "text", "gamma"]
    assert write_picture(picture("rgb", 8, metadata=items), "webp")[1] == ["text", "gamma"]


# ---- Lossy and foreign files


@pytest.mark.parametrize(("name", "kind"), [("JPEG", "jpeg"), ("AVIF", "avif")])
def test_lossy_files_on_request(name, kind):
    image = pillow("RGB", (32, 24))
    data = saved(image, name)
    assert detect(data) == kind
    with pytest.raises(LossyError, match=f"this {name} is lossy: .*--pixels does it"):
        read_picture(data)
    assert np.array_equal(read_picture(data, pixels=True).pixels, np.array(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"hello world", "not a picture file that bbc knows"),
        (b"\x89PNG\n\x1a\n", "changed, as by a transfer as text"),
        (b"GIF89a....", "truncated GIF"),
        (b"\xff\x0a....", "JPEG XL is not read"),
        (b"\0\0\0\x18ftypheic....mif1heic", "this HEIF is lossy"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "MP4 is not read"),
        (b"\0\0\0\x14ftypqt  \0\0\2\0qt  ", "QuickTime is not read"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "CR3 is not read"),
        (b"\xbbbbc\0\1", "is a .bbc file already"),
        (b"P6", "not a picture"),
        (b"BM", "truncated BMP: it ends within its header"),
        (b"RIFF\0\0\0\0WEBP", "no WEBP that Pillow reads: damaged"),
        (b"II*\0", "damaged TIFF"),
    ],
)
def test_foreign_files(data, message):
    with pytest.raises((InputError, UnsupportedError), match=message):
        read_picture(data)


def test_deep_avif_is_refused():
    data = saved(pillow("RGB", (32, 24)), "AVIF")
    at = data.index(b"av1C") + 6
    deep = data[:at] + bytes([data[at] | 0x40]) + data[at + 1 :]
    with pytest.raises(UnsupportedError, match="more than 8 bits"):
        read_picture(deep, pixels=True)
