"""The container: what goes in comes out; damage and foreign bytes end in the right error."""

import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbans_cli import container as c
from bbans_cli.container import metadata
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError, LimitError, TrailingBytesError, TruncatedError, UnsupportedError


def photo(payloads=(b"eight by", b"and more"), items=()):
    """A container of two bands with one model part."""
    bands = [c.Band(data, split, zlib.crc32(data)) for split, data in enumerate(payloads)]
    part = c.Part(c.NEURAL, 3, 8, b"\x01\x02\x03\x04", b"\x05\x00", 40, bands)
    return c.Container(64, 40 * len(payloads), "rgb", 8, [part], list(items))


def with_header(data, at, byte):
    """`data` with one byte of its header replaced and the header's checksum made to fit again."""
    out = bytearray(data)
    end = 7 + out[6]
    out[at] = byte
    out[end : end + 4] = zlib.crc32(out[:end]).to_bytes(4, "little")
    return bytes(out)


def test_round_trip_with_metadata():
    picture = photo(items=[(metadata.ICC, b"name\0profile" * 9), (metadata.XMP, b""), (77, b"of the future")])
    assert c.from_bytes(c.to_bytes(picture)) == picture


def test_several_parts_keep_order_and_fields():
    high = c.Part(c.NEURAL, 1, 8, b"abcd", b"", 3, [c.Band(b"h0", 1, 1), c.Band(b"h1", 0, 2)])
    low = c.Part(c.FEW_COLOURS, 1, 8, b"", b"s", 5, [c.Band(b"low", 0, 2**32 - 1)])
    picture = c.Container(7, 5, "grey", 16, [high, low])
    assert c.from_bytes(c.to_bytes(picture)) == picture


def test_thumbnail_overhead():
    """Magic, header, table and checksums of a 64x64 RGB picture, and the 8 bytes of the stack's head: under
    40.
    """
    part = c.Part(c.NEURAL, 3, 8, b"\xff" * 4, b"\x05\x01", 64, [c.Band(bytes(5_400), 0, 2**32 - 1)])
    assert len(c.to_bytes(c.Container(64, 64, "rgb", 8, [part]))) - 5_400 + 8 < 40


def test_pinned_bytes():
    """The format itself: these bytes may never change for version 2."""
    part = c.Part(c.RAW, 1, 8, b"", b"\x07", 2, [c.Band(b"\x09", 0, 0x04030201)])
    data = c.to_bytes(c.Container(300, 2, "grey", 8, [part]))
    header = "00ac02027001010702010001020304"
    assert data.hex() == "bb62626300020f" + header + "4948dc9909"


@pytest.mark.parametrize("items", [(), ((metadata.EXIF, b"MM\0*" * 20),)])
def test_every_prefix_is_refused(items):
    data = c.to_bytes(photo(items=items))
    for size in range(len(data)):
        with pytest.raises(TruncatedError, match=r"^truncated: need [\d,]+ bytes of .*, have [\d,]+$"):
            c.from_bytes(data[:size])


def test_truncation_names_the_band():
    data = c.to_bytes(photo())
    with pytest.raises(TruncatedError, match="need 8 bytes of band 1, have 3"):
        c.from_bytes(data[:-5])


def test_every_flip_outside_the_payloads_is_an_error():
    data = c.to_bytes(photo(items=[(metadata.XMP, b"<x:xmpmeta/>" * 3)]))
    for at in range(len(data) - 16):
        for flip in (1, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[at] ^= flip
            with pytest.raises((CorruptError, UnsupportedError)):
                c.from_bytes(bytes(damaged))


def test_one_flipped_bit_is_corrupt_whatever_the_byte_means():
    data = c.to_bytes(photo())
    for bit in range(8 * 6):  # magic and version
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        for read in (c.from_bytes, c.read_head):
            with pytest.raises(CorruptError, match="corrupt header: its first bytes are damaged"):
                read(bytes(damaged))
    for bit in range(8):
        longer = bytearray(data)
        longer[6] ^= 1 << bit  # the header's size
        with pytest.raises(CorruptError, match="^corrupt") as caught:
            c.from_bytes(bytes(longer))
        assert caught.value.code == "corrupt"


def test_trailing_bytes_are_an_error():
    with pytest.raises(TrailingBytesError, match="3 bytes after the end"):
        c.from_bytes(c.to_bytes(photo()) + b"abc")
    assert c.from_leading_bytes(c.to_bytes(photo()) + b"abc") == (photo(), 3)


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n", b"bbc", b"\xbbbbd\0\1"])
def test_foreign_bytes(data):
    with pytest.raises(CorruptError, match="not a .bbc file"):
        c.from_bytes(data)


def test_future_files_are_unsupported_not_corrupt():
    data = c.to_bytes(photo())
    for version in (1, 3):
        with pytest.raises(UnsupportedError, match=f"version {version} of the format; this bbc reads version 2"):
            c.from_bytes(with_header(data, 5, version))
    with pytest.raises(UnsupportedError, match="unknown critical flag 0x20, 0x40"):
        c.from_bytes(with_header(data, 7, 0x60))
    assert data[9] == 80  # the height; the shape and the part's first byte follow
    with pytest.raises(UnsupportedError, match="mode 6$"):
        c.from_bytes(with_header(data, 10, 6 | 7 << 4))
    for coder in (6, 9):
        with pytest.raises(UnsupportedError, match=f"coder {coder} of a picture"):
            c.from_bytes(with_header(data, 11, coder | 2 << 4))


def test_advisory_flags_are_passed_over():
    picture = photo()
    data = bytearray(c.to_bytes(picture))
    data[7:8] = varint(0x80)
    data[6] += 1
    assert c.from_bytes(with_header(bytes(data), 7, 0x80)) == picture


def test_limit_is_checked_before_anything_is_built():
    part = c.Part(c.RAW, 1, 8, b"", b"", 10**9, [c.Band(b"", 0, 0)])
    data = c.to_bytes(c.Container(1000, 1000, "grey", 8, [part]))
    assert c.from_bytes(data, max_pixels=10**6).width == 1000
    with pytest.raises(LimitError, match="1000x1000 is 1,000,000 pixels, above the limit of 999,999"):
        c.from_bytes(data, max_pixels=999_999)


def test_band_count_must_fit_the_header():
    size, shape = varint(1) + varint(1 << 27), bytes([7 << 4, c.RAW, 0])
    body = varint(0) + size + shape + varint(1) + bytes(6)
    head = c.MAGIC + bytes([c.VERSION]) + varint(len(body)) + body
    with pytest.raises(CorruptError, match="more bands than the header has room for"):
        c.from_bytes(head + zlib.crc32(head).to_bytes(4, "little"))


def test_impossible_headers():
    data = c.to_bytes(photo())
    for at, byte, message in ((8, 0, "no pixels"), (19, 0, "without rows"), (21, 41, "split below")):
        with pytest.raises(CorruptError, match=message):
            c.from_bytes(with_header(data, at, byte))


def test_wrong_fields_are_our_own_mistake():
    good = photo()
    part = good.parts[0]
    no_id = c.Part(c.NEURAL, 3, 8, b"", b"", 40, part.bands)
    wrong_table = c.Part(c.NEURAL, 3, 8, b"1234", b"", 9, part.bands)
    for parts in ([], [part] * (c.MAX_PARTS + 1), [no_id], [wrong_table]):
        with pytest.raises(ValueError):
            c.to_bytes(c.Container(64, 80, "rgb", 8, parts))


def test_regions_deep_parts_and_many_coders():
    bands = [c.Band(b"abc", 0, 7)]
    parts = [
        c.Part(c.FEW_COLOURS, 4, 8, b"", b"", 30, bands),
        c.Part(c.RAW, 3, 8, b"", b"s" * 300, 5, bands, c.Region(1, 2, 7, 5)),
        c.Part(c.WEBP, 8, 16, b"", b"", 9, bands, c.Region(0, 0, 1, 9)),
    ]
    picture = c.Container(20, 30, "cmyk", 8, parts)
    assert c.from_bytes(c.to_bytes(picture)) == picture
    for box, message in ((c.Region(14, 2, 7, 5), "beyond the picture"), (c.Region(1, 2, 0, 5), "without pixels")):
        data = c.to_bytes(c.Container(20, 30, "cmyk", 8, [parts[0], replace(parts[1], region=box)]))
        with pytest.raises(CorruptError, match=message):
            c.from_bytes(data)


@pytest.mark.parametrize("depth", range(1, 17))
def test_every_depth(depth):
    picture = c.Container(3, 2, "grey", depth, [c.Part(c.RAW, 1, depth, b"", b"", 2, [c.Band(b"x", 0, 1)])])
    assert c.from_bytes(c.to_bytes(picture)) == picture


# ---- files ----


JPEG = c.JpegSummary(2, 3, 4032, 3024)


def stored(jpeg=JPEG, items=((metadata.SUFFIX, b".JPG"),)):
    parts = [c.FilePart(c.BYTES, b"", b"plain bytes"), c.FilePart(c.JPEG_STREAM, b"\5", b"coefficients")]
    return c.StoredFile(123_456, 0x01020304, jpeg, parts, list(items))


@pytest.mark.parametrize("jpeg", [None, c.JpegSummary(0, 4, 1, 65535)])
@pytest.mark.parametrize("items", [(), ((metadata.SUFFIX, b".jpeg"), (99, b"of the future"))])
def test_files_round_trip(jpeg, items):
    file = stored(jpeg, items)
    assert c.from_bytes(c.to_bytes(file)) == file


def test_pinned_bytes_of_a_file():
    header = "030869f41e49c0c407040302010132c01fd01706000bcbaf5c710701050cde988421"
    rest = "5878fe67000616042e4a5047706c61696e206279746573636f656666696369656e7473"
    assert c.to_bytes(stored()).hex() == "bb626263000222" + header + rest


def test_every_flip_and_prefix_of_a_file_is_an_error():
    data = c.to_bytes(stored())
    for size in range(len(data)):
        with pytest.raises(TruncatedError):
            c.from_bytes(data[:size])
    for at in range(len(data)):
        for flip in (1, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[at] ^= flip
            with pytest.raises((CorruptError, UnsupportedError)):
                c.from_bytes(bytes(damaged))


def test_the_head_is_read_without_payloads():
    file, picture = c.to_bytes(stored()), c.to_bytes(photo(items=[(metadata.XMP, b"<x/>")]))
    head = c.read_head(file[:-23])
    assert (head.kind, head.suffix, head.width, head.height) == ("jpeg", ".JPG", 4032, 3024)
    head = c.read_head(picture[:-16])
    assert (head.kind, head.suffix, head.width, head.height) == ("picture", "", 64, 80)
    assert c.read_head(c.to_bytes(stored(None))).width is None
    with pytest.raises(TruncatedError):
        c.read_head(file[:-24])


def test_a_file_is_no_picture():
    with pytest.raises(UnsupportedError, match="holds a file, not a picture"):
        c.picture_from_bytes(c.to_bytes(stored()))
    with pytest.raises(LimitError, match="4032x3024 is 12,192,768 pixels"):
        c.from_bytes(c.to_bytes(stored()), max_pixels=10**6)


def test_parts_of_files_and_pictures_are_not_mixed():
    wrong = c.StoredFile(1, 2, None, [c.FilePart(c.RAW, b"", b"")])
    with pytest.raises(UnsupportedError, match="coder raw of a file"):
        c.from_bytes(c.to_bytes(wrong))


@given(st.binary(max_size=200))
def test_random_headers_end_in_our_errors(body):
    head = c.MAGIC + bytes([c.VERSION]) + varint(len(body)) + body
    data = head + zlib.crc32(head).to_bytes(4, "little") + bytes(50)
    try:
        c.from_bytes(data)
    except (CorruptError, UnsupportedError, LimitError):
        pass


@given(st.integers(0, 2**63 - 1))
def test_varint(number):
    assert Reader(varint(number), "a number").varint() == number


@pytest.mark.parametrize("data", [b"\x80\x00", b"\xff" * 9 + b"\x01"])
def test_varint_has_one_form(data):
    with pytest.raises(CorruptError):
        Reader(data, "a number").varint()
