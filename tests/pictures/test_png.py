"""PNG in every mode and depth, against pypng and Pillow; metadata; damage."""

import io
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sample_pictures import PNG_KINDS, picture, pypng, read_pypng, same

from bbans_cli.container import metadata as kinds
from bbans_cli.errors import BbcError, InputError, LimitError, UnsupportedError
from bbans_cli.pictures.read_write import read_picture, write_picture


def chunk(name, data):
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def with_chunks(data, *chunks, at=33):
    """`data` with chunks put in, by default behind the header."""
    return data[:at] + b"".join(chunks) + data[at:]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3), (7, 13), (70, 33)])
@pytest.mark.parametrize("kind", PNG_KINDS)
def test_reads_what_pypng_writes(kind, size, interlaced):
    given = picture(*kind, *size)
    read = read_picture(pypng(given, interlaced))
    assert same(read, given) and not read.lost


@pytest.mark.parametrize("size", [(1, 1), (9, 1), (70, 33)])
@pytest.mark.parametrize("kind", PNG_KINDS)
def test_pypng_reads_what_we_write(kind, size):
    given = picture(*kind, *size)
    written, lost = write_picture(given)
    pixels, fields = read_pypng(written)
    assert np.array_equal(pixels, given.pixels)
    assert fields == read_pypng(pypng(given))[1]
    assert not lost


@pytest.mark.parametrize("kind", [kind for kind in PNG_KINDS if kind[1] == 8])
def test_pillow_reads_what_we_write(kind):
    given = picture(*kind, 40, 30)
    image = Image.open(io.BytesIO(write_picture(given)[0]))
    assert np.array_equal(np.array(image).reshape(given.pixels.shape), given.pixels)


TRANSPARENT = [
    picture("grey", 1, transparency=b"\0\1"),
    picture("grey", 4, transparency=b"\0\x0e"),
    picture("grey", 16, transparency=b"\xab\xcd"),
    picture("rgb", 8, transparency=b"\0\1\0\2\0\xff"),
    picture("rgb", 16, transparency=b"abcdef"),
    picture("palette", 4, transparency=b"\x80"),
    picture("palette", 2, transparency=b"\0\1\2\3"),
    picture("palette", 8, palette=bytes(range(30)) + bytes(30), transparency=bytes(range(20))),
]


@pytest.mark.parametrize("given", TRANSPARENT)
def test_transparency(given):
    read = read_picture(pypng(given)) if len(given.palette or b"") != 60 else given
    assert same(read, given)
    written = write_picture(given)[0]
    assert same(read_picture(written), given)
    assert read_pypng(written)[1]["transparent"] == read_pypng(pypng(given))[1]["transparent"]


EXIF = b"MM\0*\0\0\0\x08\0\0\0\0\0\0"
CHUNKS = [
    (b"gAMA", b"\0\0\xb1\x8f"),
    (b"cHRM", bytes(range(32))),
    (b"sRGB", b"\1"),
    (b"cICP", b"\1\x0d\0\1"),
    (b"sBIT", b"\5\6\5"),
    (b"bKGD", b"\0\1\0\2\0\3"),
    (b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1"),
    (b"tIME", b"\x07\xe8\1\2\3\4\5"),
    (b"tEXt", b"Title\0caf\xe9"),
    (b"iTXt", b"Title\0\0\0fr\0Titre\0" + "café".encode()),
    (b"eXIf", EXIF),
    (b"PLTE", bytes(range(9))),
    (b"prVt", b"of our own"),
]


def chunks_of(data):
    """[(name, body)] of a PNG, pixels left out."""
    found, at = [], 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return [each for each in found if each[0] not in (b"IHDR", b"IDAT", b"IEND")]


def test_every_chunk_comes_back():
    data = with_chunks(pypng(picture("rgb", 8)), *(chunk(*each) for each in CHUNKS))
    read = read_picture(data)
    written, lost = write_picture(read)
    assert sorted(chunks_of(written)) == sorted(CHUNKS)
    assert not lost and not read.lost
    names = [name for name, _ in chunks_of(written)]
    assert max(names.index(n) for n in (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"sBIT")) < names.index(b"PLTE")
    assert names.index(b"PLTE") < names.index(b"bKGD")


def test_compressed_chunks_come_back():
    profile, text = b"profile" * 99, b"text " * 99
    added = [
        (b"iCCP", b"name\0\0" + zlib.compress(profile)),
        (b"zTXt", b"Comment\0\0" + zlib.compress(text)),
        (b"iTXt", b"Comment\0\1\0en\0Note\0" + zlib.compress(text)),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>")),
    ]
    read = read_picture(with_chunks(pypng(picture("grey", 8)), *(chunk(*each) for each in added)))
    assert read.metadata == [
        (kinds.ICC, b"name\0" + profile),
        (kinds.COMPRESSED_TEXT, b"Comment\0" + text),
        (kinds.COMPRESSED_ITEXT, b"Comment\0en\0Note\0" + text),
        (kinds.XMP, b"<x/>"),
    ]
    image = Image.open(io.BytesIO(write_picture(read)[0]))
    image.load()
    assert image.info["icc_profile"] == profile
    assert image.info["xmp"] == b"<x/>"
    assert image.text["Comment"] == text.decode()


def test_strip():
    read = read_picture(with_chunks(pypng(TRANSPARENT[5]), chunk(b"gAMA", b"\0\0\xb1\x8f")))
    stripped = read.stripped()
    assert same(stripped, TRANSPARENT[5])
    assert len(read.metadata) == 1


@pytest.mark.parametrize(
    ("added", "word"),
    [
        (chunk(b"tEXt", b"a\0b")[:-1] + b"?", "damaged tEXt chunk"),
        (chunk(b"iCCP", b"name\0\0garbage"), "damaged iCCP chunk"),
        (chunk(b"zTXt", b"no NUL"), "damaged zTXt chunk"),
        (chunk(b"fcTL", b"one frame"), "animation"),
    ],
)
def test_what_is_not_kept_is_named(added, word):
    assert read_picture(with_chunks(pypng(picture("grey", 8)), added)).lost == [word]


def test_a_doubled_transparency_must_be_the_same():
    given = TRANSPARENT[1]
    read = read_picture(with_chunks(pypng(given), chunk(b"tRNS", given.transparency)))
    assert same(read, given) and read.lost == ["doubled tRNS chunk"]
    with pytest.raises(InputError, match="its transparency"):
        read_picture(with_chunks(pypng(given), chunk(b"tRNS", b"\0\1")))


def test_bytes_after_the_end_are_named():
    assert read_picture(pypng(picture("grey", 8)) + b"abc").lost == ["3 bytes after the end"]


def test_items_that_png_cannot_hold_are_named():
    given = picture("grey", 8, metadata=[(kinds.CHUNK, b"IDATx"), (kinds.CHUNK, b"tRNSx"), (99, b"")])
    written, lost = write_picture(given)
    assert lost == ["IDAT chunk", "tRNS chunk", "metadata of kind 99"]
    assert chunks_of(written) == []


def test_animations_are_refused():
    with pytest.raises(UnsupportedError, match="an animation of 3 frames"):
        read_picture(with_chunks(pypng(picture("grey", 8)), chunk(b"acTL", b"\0\0\0\3\0\0\0\0")))


def test_limit():
    data = pypng(picture("grey", 8))
    assert read_picture(data, max_pixels=91).width == 13
    with pytest.raises(LimitError, match="13x7 is 91 pixels, above the limit of 90"):
        read_picture(data, max_pixels=90)


def test_a_bomb_is_refused_unopened():
    header = chunk(b"IHDR", (20_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0]))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with pytest.raises(InputError, match="fewer pixels"):
        read_picture(data)


def test_every_prefix_is_refused():
    data = pypng(picture("rgba", 16))
    for size in range(len(data)):
        with pytest.raises(InputError):
            read_picture(data[:size])


@settings(max_examples=300)
@given(st.data())
def test_damage_is_an_error_or_harmless(data):
    """A flipped byte in what pixels depend on is noticed; elsewhere the pixels are as they were."""
    given = picture("palette", 4, transparency=b"\1\2")
    good = with_chunks(pypng(given), chunk(b"tEXt", b"key\0text"))
    damaged = bytearray(good)
    damaged[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = read_picture(bytes(damaged))
    except BbcError:
        return
    assert np.array_equal(read.pixels, given.pixels)
    # A chunk whose damaged name makes it a companion is left out and named, as libpng does.
    assert read.lost or (read.palette, read.transparency) == (given.palette, given.transparency)


@given(st.binary(max_size=300))
def test_random_chunks_end_in_our_errors(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BbcError):
            read_picture(pypng(picture("grey", 1, 1, 1))[:33] + data)


def test_surplus_pixels_are_named():
    rows = zlib.compress(b"\0\1" * 5)
    header = chunk(b"IHDR", b"\0\0\0\1\0\0\0\3" + bytes([8, 0, 0, 0, 0]))
    read = read_picture(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    assert read.pixels.tolist() == [[[1]]] * 3
    assert read.lost == ["4 bytes after the last pixel"]


def test_large_rows_go_through_in_pieces(monkeypatch):
    from bbans_cli.pictures import png_read, png_write

    monkeypatch.setattr(png_read, "PIECE", 100)
    monkeypatch.setattr(png_read, "PACKED_PIECE", 30)
    monkeypatch.setattr(png_write, "PIECE", 100)
    monkeypatch.setattr(png_write, "CHUNK_SIZE", 70)
    for size in ((40, 9), (9, 40), (90, 3)):
        given = picture("rgb", 16, *size)
        written = write_picture(given)[0]
        assert written.count(b"IDAT") > 5
        assert np.array_equal(read_pypng(written)[0], given.pixels)
        assert same(read_picture(written), given)
        assert same(read_picture(pypng(given, True)), given)


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_levels_of_deflate(form):
    """Each level holds the same pixels, and the highest is smaller than the fastest."""
    noise = np.random.default_rng(1).integers(-2, 3, (64, 96, 3))
    given = picture("rgb", 8, 64, 96)
    given.pixels[:] = 128 + np.cumsum(noise, axis=1) // 2
    files = {level: write_picture(given, form, level)[0] for level in (1, 4, 9)}
    assert all(same(read_picture(file, pixels=True), given) for file in files.values())
    assert len(files[9]) < len(files[1])
