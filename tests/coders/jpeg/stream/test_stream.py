"""JPEG streams are taken apart and come back byte for byte."""

import io

import numpy as np
import pytest
import tiny
from PIL import Image

from bbans_cli.coders.jpeg.stream.join import frame, join
from bbans_cli.coders.jpeg.stream.jpeg_stream import NotCodableError
from bbans_cli.coders.jpeg.stream.split import split


def jpeg(height=70, width=90, mode="RGB", **options):
    """A small JPEG file of Pillow's."""
    picture = Image.fromarray(tiny.picture(height, width, 3)).convert(mode)
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


KINDS = {
    "baseline": {},
    "4:4:4": {"subsampling": 0},
    "4:2:2": {"subsampling": 1},
    "grey": {"mode": "L"},
    "CMYK": {"mode": "CMYK"},
    "high quality": {"quality": 100, "subsampling": 0},
    "low quality": {"quality": 3},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
    "progressive grey": {"progressive": True, "mode": "L"},
    "progressive high quality": {"progressive": True, "quality": 99},
    "restart blocks": {"restart_marker_blocks": 3},
    "restart rows": {"restart_marker_rows": 1},
    "progressive with restarts": {"progressive": True, "restart_marker_blocks": 5},
    "one pixel": {"height": 1, "width": 1},
    "progressive line": {"height": 1, "width": 200, "progressive": True},
}


@pytest.mark.parametrize("kind", KINDS)
def test_usual_streams_come_back_and_take_no_notes(kind):
    data = jpeg(**KINDS[kind])
    stream = split(data)
    assert join(stream.plain, stream.scans, stream.blocks) == data
    assert stream.size == len(data)
    assert len(stream.scans) <= 5 * data.count(b"\xff\xda")


@pytest.mark.parametrize("kind", KINDS)
def test_the_frame_is_known_without_the_coefficients(kind):
    stream = split(jpeg(**KINDS[kind]))
    process, width, height, components, tables = frame(stream.plain, stream.scans)
    assert (process, width, height) == (stream.process, stream.width, stream.height)
    assert components == stream.components
    assert np.array_equal(tables, stream.tables)


def test_coefficients_and_tables_are_those_of_the_picture():
    """One block of a single colour: its DC coefficient is 8 times the level, over the quantiser."""
    file = io.BytesIO()
    picture = Image.fromarray(np.full((8, 8), 200, np.uint8))
    picture.save(file, "JPEG", quality=50)
    stream = split(file.getvalue())
    assert stream.tables[0].tolist() == [*map(int, np.array(LUMINANCE).reshape(-1))]
    assert stream.blocks[0].tolist() == [[[36, *[0] * 63]]]  # (200 - 128) * 8 / 16


LUMINANCE = [  # T.81, table K.1
    [16, 11, 10, 16, 24, 40, 51, 61],
    [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77],
    [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103, 99],
]


def test_what_follows_the_stream_is_left_alone():
    data = jpeg()
    assert split(data + b"more" + data).size == len(data)


def test_a_stream_without_eoi_ends_where_another_begins():
    data = jpeg()
    for kept in (len(data) - 2, len(data) - 50):
        stream = split(data[:kept] + data)
        assert stream.size == kept
        assert join(stream.plain, stream.scans, stream.blocks) == data[:kept]


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"GIF89a", jpeg()[:300]])
def test_what_is_no_picture_is_said_to_be_none(data):
    with pytest.raises(NotCodableError):
        split(data)


def test_a_stream_with_more_blocks_than_are_allowed_is_refused():
    assert sum(array.shape[0] * array.shape[1] for array in split(jpeg()).blocks) == 180
    assert split(jpeg(), max_blocks=180).height == 70
    for most in (0, 10, 179):
        with pytest.raises(NotCodableError, match="more blocks"):
            split(jpeg(), max_blocks=most)
