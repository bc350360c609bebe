"""Damaged JPEG files: no file comes back, but the pixels of what holds, and never other ones."""

import io
from dataclasses import replace

import numpy as np
import pytest
from jpeg_pictures import photo
from PIL import Image

import bbans_cli
from bbans_cli import api, container
from bbans_cli.coders.files import file_coder, jpeg_segments
from bbans_cli.coders.jpeg import coefficients
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import CorruptError


def jpeg(height=48, width=64, **options):
    out = io.BytesIO()
    Image.fromarray(photo(height, width)).save(out, "JPEG", **{"quality": 88, **options})
    return out.getvalue()


def with_exif(data, thumbnail, padding=b""):
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + bytes(30) + thumbnail + padding
    return data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:]


def coded(data, suffix=".jpg"):
    return container.to_bytes(file_coder.encode(data, suffix, 5)[0])


def places(data):
    """Where the payload of each part begins, and the end."""
    sizes = [len(part.payload) for part in container.from_bytes(data).parts]
    return list(len(data) - sum(sizes) + np.cumsum([0, *sizes]))


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]


def pixels_of(data):
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.fixture
def segmented(monkeypatch):
    """A .bbc file of a JPEG file in four segments, its pixels, and rows of pixels and end in bytes of each segment."""
    monkeypatch.setattr(coefficients, "SEGMENT_NONZERO", 1400)
    file = jpeg(200, 96, subsampling=2)
    data = coded(file)
    payload = container.from_bytes(data).parts[1].payload
    assert payload[0] & 15 == 3
    _, rows, payloads = coefficients._segments_from_bytes(payload, 5, None)
    ends = [16 * sum(rows[: i + 1]) for i in range(3)] + [200]
    return data, bbans_cli.decompress(data), ends, len(data) - np.cumsum([len(p) for p in payloads[::-1]])[::-1]


def check_rows(data, expected, first, end, words=None):
    found = bbans_cli.salvage(data)
    assert found.words == (words or [f"rows {first}:{end} are lost"])
    held = np.ones(len(expected), bool)
    held[first:end] = False
    assert np.array_equal(found.pixels[held], expected[held])
    # Away from the border, where colours are interpolated
    assert np.all(found.pixels[first + 2 : end - 2] == 128) or end == len(expected)


def test_each_segment_alone(segmented):
    data, expected, ends, starts = segmented
    assert starts[0] > places(data)[1]
    for number, start in enumerate(starts):
        first, end = (ends[number - 1] - 1 if number else 0), (ends[number] + 1 if number < 3 else 200)
        bad = flip(data, int(start) + 9)
        check_rows(bad, expected, first, end)
        with pytest.raises(CorruptError, match=r"; the file cannot be restored, and what holds of its pixels can be"):
            api.PictureCodec(keep_going=True).decompress_file(bad, None, 1)
        outcome = api.PictureCodec(keep_going=True).decompress_file(bad, "ppm", 1)
        assert outcome.damage and outcome.data.startswith(b"P6\n96 200\n255\n")
        with pytest.raises(CorruptError, match=f"; rows {first}:{end} are lost"):
            api.PictureCodec().verify_file(bad, 1)


def test_a_file_that_ends_early_has_its_first_segments(segmented):
    data, expected, ends, starts = segmented
    check_rows(data[: int(starts[2])], expected, ends[1] - 1, 200)
    check_rows(data[: int(starts[2]) - 1], expected, ends[0] - 1, 200)
    check_rows(data[: int(starts[0])], expected, 0, 200)
    check_rows(data[: places(data)[1]], expected, 0, 200)


def test_damage_before_the_segments_loses_all_of_them(segmented):
    data, expected, _, starts = segmented
    for at in range(places(data)[1], int(starts[0]) - 16):
        check_rows(flip(data, at), expected, 0, 200)
    for at in range(int(starts[0]) - 16, int(starts[0]) - 12):  # the checksum of the first one
        check_rows(flip(data, at), expected, 0, 65)


def test_one_segment_is_lost_as_a_whole():
    data = coded(jpeg(progressive=True))
    check_rows(flip(data, len(data) - 9), pixels_of(jpeg(progressive=True)), 0, 48)


@pytest.mark.parametrize("size", [0, 3])
def test_without_plain_bytes_there_is_nothing(size):
    data = coded(jpeg())
    bad = flip(data, places(data)[0] + 5) if size == 0 else data[: places(data)[0] + size]
    with pytest.raises(CorruptError, match="all of the file but coefficients is damaged"):
        bbans_cli.salvage(bad)
    with pytest.raises(CorruptError, match="nothing of it can be written"):
        api.PictureCodec(keep_going=True).decompress_file(bad, None, 1)


@pytest.mark.parametrize("padding", [b"", bytes(700), b"\xff\xdb\0\x04??" + bytes(40)])
def test_a_lost_thumbnail_is_named_and_the_picture_is_whole(padding):
    file = with_exif(jpeg(64, 96, subsampling=2), jpeg(32, 40), padding)
    data = coded(file + jpeg(40, 48))
    at = places(data)
    assert len(at) == 5
    bad = flip(data, (at[2] + at[3]) // 2)
    found = bbans_cli.salvage(bad)
    assert found.words == ["a picture within the metadata, such as a thumbnail, is lost"]
    assert np.array_equal(found.pixels, bbans_cli.decompress(data))
    found = bbans_cli.salvage(flip(data, (at[3] + at[4]) // 2))
    assert found.words == ["further pictures of the file are lost"]
    assert np.array_equal(found.pixels, bbans_cli.decompress(data))


def test_where_segments_go_on_cannot_always_be_told():
    file = with_exif(jpeg(), jpeg(32, 40))
    begin = file.index(b"\xff\xd8", 2)
    end = begin + len(jpeg(32, 40))
    assert jpeg_segments.missing(file[:begin], file[end:]) == end - begin
    with pytest.raises(CorruptError, match="no way to tell"):
        jpeg_segments.missing(file[:begin], b"no segments")


def test_damaged_metadata_do_not_keep_a_file_from_coming_back():
    file = jpeg()
    stored = file_coder.encode(file, ".jpg", 5)[0]
    data = container.to_bytes(replace(stored, metadata=[*stored.metadata, (kinds.XMP, b"<x/>")]))
    bad = flip(data, places(data)[0] - 2)
    outcome = api.PictureCodec(keep_going=True).decompress_file(bad, None, 1)
    assert outcome.data == file and outcome.damage.words() == ["the metadata are lost"] and outcome.lossy


def test_a_file_that_was_stored_as_it_is_has_no_pixels_left():
    data = coded(b"no JPEG picture " * 9)
    for bad in (flip(data, len(data) - 3), data[:-3]):
        with pytest.raises(CorruptError, match="nothing of it can be written"):
            api.PictureCodec(keep_going=True).decompress_file(bad, None, 1)


def test_cmyk_is_not_decoded_by_bbc_itself():
    out = io.BytesIO()
    Image.fromarray(photo(32, 40)).convert("CMYK").save(out, "JPEG")
    data = coded(out.getvalue())
    with pytest.raises(CorruptError, match="only other decoders have"):
        bbans_cli.salvage(flip(data, len(data) - 9))
