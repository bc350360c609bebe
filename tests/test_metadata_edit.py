"""Metadata read, replaced and left out: pixels and coefficients stay, byte for byte."""

import io
import zlib
from dataclasses import replace

import numpy as np
import pytest
from exif_files import exif_block, jpeg, png
from jpeg_pictures import photo
from PIL import Image, ImageCms

import bbans_cli
from bbans_cli import container
from bbans_cli.coders.files import file_coder, jpeg_edit, jpeg_segments
from bbans_cli.container import StoredFile
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.metadata_edit import ALL, Change, read
from bbans_cli.pictures import metadata_items

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
SMALL = np.asarray(Image.fromarray(photo(48, 64)))


def content(data):
    return container.from_bytes(data)


def packed(pixels=None, **more):
    return bbans_cli.compress(png(photo(30, 40) if pixels is None else pixels, **more), level=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("icc", ICC), ("exif", exif_block(6)), ("xmp", XMP), ("text", b"Author: N. N.\nComment: one\n two\n")],
)
def test_what_is_set_is_got_and_can_be_left_out_again(name, value):
    data = packed()
    changed = Change({name: value}).apply(data)
    assert read(content(changed), name) == value and read(content(data), name) is None
    assert replace(content(changed), metadata=[]) == content(data)
    again = Change({name: value}).apply(changed)
    assert again == changed
    assert Change({}, [name]).apply(changed) == data == Change({}, [ALL]).apply(changed)
    assert Change({}, ["preview"]).apply(changed) is changed
    image = Image.open(io.BytesIO(bbans_cli.restore(changed)[0]))
    assert {
        "icc": image.info.get("icc_profile") == ICC,
        "exif": image.getexif().get(274) == 6,
        "xmp": image.info.get("xmp") == XMP,
        "text": image.info.get("Comment") == "one\ntwo",
    }[name]


def test_a_new_value_takes_the_place_of_the_old_ones():
    items = [
        (kinds.EXIF, b"II*\0old"),
        (19, b"gAMAxxxx"),
        (kinds.EXIF, b"II*\0older"),
        (kinds.AFTER_PIXELS, b""),
        (99, b""),
    ]
    changed = metadata_items.changed(items, {"exif": b"MM\0*new", "xmp": XMP})
    assert changed == [(kinds.EXIF, b"MM\0*new"), items[1], (kinds.XMP, XMP), items[3], items[4]]
    assert metadata_items.stripped([*items[:1], items[3], (kinds.XMP, XMP)], ["xmp"]) == items[:1]
    necessary = [(kinds.PALETTE, b"abc"), (kinds.SUFFIX, b".jpg")]
    assert metadata_items.stripped([*necessary, *items], [ALL]) == necessary


def test_texts_of_every_kind_are_lines():
    items = [
        (kinds.CHUNK, b"tEXtTitle\0caf\xe9"),
        (kinds.COMPRESSED_TEXT, b"Comment\0two\nlines"),
        (kinds.CHUNK, b"iTXtAuthor\0\0\0en\0\0" + "Ω".encode()),
        (kinds.COMPRESSED_ITEXT, b"Source\0\0\0x"),
    ]
    lines = "Title: café\nComment: two\n lines\nAuthor: Ω\nSource: x\n".encode()
    assert metadata_items.read(items, "text") == lines
    assert metadata_items.read(metadata_items.changed([], {"text": lines}), "text") == lines


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("icc", b"no profile"),
        ("exif", b"Exif"),
        ("xmp", b"\xff<"),
        ("xmp", b"text"),
        ("preview", b"GIF89a"),
        ("text", b"no keyword"),
        ("text", b" begins so"),
        ("text", b"\xff: x"),
        ("text", b" Author: x"),
    ],
)
def test_what_cannot_be_set_is_named(name, value):
    with pytest.raises(InputError, match="to be set"):
        Change({name: value}).apply(packed())


def test_previews_are_set_and_turned_as_exif_says():
    out = io.BytesIO()
    Image.fromarray(SMALL).save(out, "WEBP")
    data = Change({"preview": out.getvalue(), "exif": b"Exif\0\0" + exif_block(6)}).apply(packed())
    assert bbans_cli.preview(data).orientation == 6 and bbans_cli.thumbnail(data).height == 64
    data = Change({}, ["exif"]).apply(data)
    assert bbans_cli.preview(data).orientation == 1 and read(content(data), "preview") == out.getvalue()
    file = bbans_cli.compress(jpeg(photo(30, 40), exif_block(8)), level=1)
    with_preview = Change({"preview": out.getvalue()}).apply(file)  # the file stays: no --changes-file
    assert bbans_cli.restore(with_preview) == bbans_cli.restore(file)
    assert bbans_cli.preview(with_preview).orientation == 8
    assert bbans_cli.preview(Change({}, ["exif"], True).apply(with_preview)).orientation == 1


def a_jpeg(**more):
    """With EXIF that has a thumbnail, a profile in two segments, XMP and a comment."""
    out = io.BytesIO()
    block = b"Exif\0\0" + exif_block(3, SMALL)
    profile = ICC + bytes(70000)
    Image.fromarray(photo(64, 80)).save(
        out, "JPEG", exif=block, icc_profile=profile, comment=b"a comment", xmp=XMP, quality=85, **more
    )
    return out.getvalue()


def edited(data, name, value):
    """The file by a plain walk over its segments."""
    marker, prefix = {
        "exif": (0xE1, b"Exif\0\0"),
        "xmp": (0xE1, jpeg_segments.XMP),
        "icc": (0xE2, jpeg_segments.ICC),
        "text": (0xFE, b""),
    }[name]
    out, at, new = data[:2], 2, b"" if value is None else jpeg_edit._segments(name, value)
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == marker and data[at + 4 : end].startswith(prefix):
            out, new = out + new, b""
        else:
            out += data[at:end]
        at = end
    return out + data[at:]


@pytest.mark.parametrize(
    ("name", "value", "copy", "optimised"),
    [
        ("exif", None, True, False),
        ("exif", None, False, True),
        ("exif", exif_block(5, SMALL[::-1]), True, True),
        ("xmp", XMP * 100, False, True),
        ("icc", None, True, False),
        ("icc", ICC + bytes(140000), False, True),
        ("text", None, False, False),
        ("text", b"another", False, True),
    ],
)
def test_a_jpeg_file_is_edited_without_coding_its_coefficients_again(name, value, copy, optimised):
    data = a_jpeg(optimize=optimised, progressive=optimised)
    if copy:  # a copy of the thumbnail, which the tree names by its number
        data += b"more" + jpeg(SMALL) + jpeg_segments_thumbnail(data)
    stored, _ = file_coder.encode(data, ".jpg", 1)
    changed = jpeg_edit.change(stored, {name: value})
    wanted = edited(data, name, value)
    assert (changed.size, changed.crc) == (len(wanted), zlib.crc32(wanted))
    assert file_coder.decode(container.from_bytes(container.to_bytes(changed))) == wanted
    assert {part.payload for part in changed.parts[1:]} <= {part.payload for part in stored.parts[1:]}
    assert stored.parts[1] == changed.parts[1]
    expected = value if name != "text" or value is None else value + b"\n"
    assert jpeg_edit.read(changed, name) == expected


def jpeg_segments_thumbnail(data):
    return bbans_cli.preview(bbans_cli.compress(data, level=1)).data


def test_everything_is_left_out_of_a_jpeg_file():
    data = a_jpeg()
    stored, _ = file_coder.encode(data, ".jpg", 1)
    assert file_coder.decode(jpeg_edit.change(stored, {}, everything=True)) == jpeg_segments.stripped(data)


def test_metadata_that_a_jpeg_file_had_not_comes_behind_jfif():
    data = jpeg(photo(30, 40))
    stored, _ = file_coder.encode(data, ".jpg", 1)
    assert jpeg_edit.change(stored, {"xmp": None}) is stored
    file = file_coder.decode(jpeg_edit.change(stored, {"exif": exif_block(6), "text": b"one"}))
    assert file[2:4] == b"\xff\xe0" and file[20:24] == b"\xff\xe1" + file[22:24]
    image = Image.open(io.BytesIO(file))
    assert image.getexif()[274] == 6 and image.info["comment"] == b"one"
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(data))))


def test_a_table_before_the_change_is_no_obstacle():
    plain = jpeg(photo(30, 40), None)
    out = io.BytesIO()
    Image.fromarray(photo(30, 40)).save(out, "JPEG", quality=90, optimize=True)
    data = out.getvalue()
    start = data.index(b"\xff\xda")
    data = data[:start] + b"\xff\xfe\0\7hello" + data[start:]
    stored, _ = file_coder.encode(data, ".jpg", 1)
    changed = jpeg_edit.change(stored, {"text": b"good bye"})
    assert file_coder.decode(changed) == data.replace(b"\0\7hello", b"\0\x0agood bye")
    assert plain != data


def test_what_cannot_be_changed_is_refused():
    small = bbans_cli.compress(jpeg(photo(30, 40), exif_block(6)), level=1)
    with pytest.raises(InputError, match="--changes-file"):
        Change({}, ["exif"]).apply(small)
    with pytest.raises(InputError, match="65,600 bytes of XMP do not fit into one segment"):
        Change({"xmp": b"<" * 65600}, (), True).apply(small)
    with pytest.raises(InputError, match="more than 255 segments"):
        Change({"icc": ICC + bytes(255 * 65519)}, (), True).apply(small)
    for file in (b"\xff\xd8\xff no picture", b"before" + jpeg(photo(30, 40))):
        with pytest.raises(UnsupportedError, match="cannot be changed"):
            Change({}, ["exif"], True).apply(bbans_cli.compress(file, level=1))
    mpf = jpeg(photo(30, 40))
    mpf = mpf[:20] + b"\xff\xe2\0\x10MPF\0II*\0\0\0\0\0xx\xff\xfe\0\7hello" + mpf[20:]
    stored, _ = file_coder.encode(mpf, ".jpg", 1)
    with pytest.raises(UnsupportedError, match="further pictures"):
        jpeg_edit.change(stored, {"text": None})
    assert file_coder.decode(jpeg_edit.change(stored, {"text": b"HELLO"})) == mpf.replace(b"hello", b"HELLO")


def test_checksums_with_zeros_behind():
    for count in (0, 1, 7, 1000, 65537):
        one, other = zlib.crc32(b"one" + bytes(count)), zlib.crc32(b"other" + bytes(count))
        assert one ^ other == jpeg_edit._with_zeros(zlib.crc32(b"one") ^ zlib.crc32(b"other"), count)


def test_the_kind_of_content_stays():
    data = Change({"text": b"x"}, (), True).apply(bbans_cli.compress(jpeg(photo(30, 40)), level=1))
    assert isinstance(content(data), StoredFile) and bbans_cli.header(data).suffix == ".jpg"
