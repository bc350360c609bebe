"""Segments of JPEG files are found, read and left out."""

import io

import pytest
from jpeg_pictures import photo
from PIL import Image, ImageCms

from bbans_cli.coders.files.jpeg_segments import EOI, SOS, exif_and_xmp, segments, stripped

PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def file(**options):
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = io.BytesIO()
    picture = Image.fromarray(photo(40, 56))
    picture.save(out, "JPEG", exif=exif, xmp=PACKET, icc_profile=profile, comment=b"a comment", **options)
    return out.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}])
def test_every_segment_up_to_the_end(options):
    data = file(**options)
    found = [segment.marker for segment in segments(data)]
    assert found[-1] == EOI and found.count(SOS) == (10 if "progressive" in options else 1)
    assert {0xE0, 0xE1, 0xE2, 0xFE, 0xDB, 0xC4} < set(found)


def test_exif_and_xmp():
    found = exif_and_xmp(file())
    assert found["xmp"] == PACKET and found["exif"][:4] in (b"MM\0*", b"II*\0") and b"A maker" in found["exif"]
    assert exif_and_xmp(stripped(file())) == {}


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_stripping_keeps_pixels_and_profile(options):
    data = file(**options)
    bare = stripped(b"before" + data + b"behind" + data, 6)
    one, other = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(bare))
    assert one.tobytes() == other.tobytes()
    assert one.info["icc_profile"] == other.info["icc_profile"]
    assert not {"exif", "xmp", "comment"} & other.info.keys()
    assert stripped(bare) == bare and bare.endswith(b"\xff\xd9") and len(bare) < len(data)


def test_a_thumbnail_of_jfif_is_left_out():
    thumbnail = b"JFIF\0\1\2\0\0\1\0\1\2\1" + bytes(6)
    data = file()
    with_it = data[:2] + b"\xff\xe0\0\x16" + thumbnail + data[20:]
    assert stripped(with_it) == stripped(data)[:2] + b"\xff\xe0\0\x10" + thumbnail[:12] + bytes(2) + stripped(data)[20:]


@pytest.mark.parametrize("cut", [2, 3, 5, 21, 30, 300, -300, -1])
def test_a_truncated_file_keeps_its_end(cut):
    data = file()[:cut]
    assert len(stripped(data)) <= len(data)
    list(segments(data))
