"""Odd streams come back and take few notes; others are refused with a reason."""

import numpy as np
import pytest
from odd_streams import (
    ODD,
    PLAIN,
    PROGRESSIVE,
    RESTARTS,
    SCAN,
    SOF_HEIGHT,
    before_scan,
    identified,
    jpeg,
    segment,
    with_height,
)

from bbans_cli.coders.jpeg.stream.join import join
from bbans_cli.coders.jpeg.stream.jpeg_stream import NotCodableError
from bbans_cli.coders.jpeg.stream.split import split


@pytest.mark.parametrize("name", ODD)
def test_odd_streams_come_back_and_take_few_notes(name):
    data, most = ODD[name]
    stream = split(data)
    assert join(stream.plain, stream.scans, stream.blocks) == data[: stream.size]
    assert stream.size == len(data)
    assert len(stream.scans) <= most
    assert len(stream.plain) < len(data) - min(1500, len(PLAIN) // 4)


@pytest.mark.parametrize("base", [PLAIN, RESTARTS, PROGRESSIVE], ids=["baseline", "restarts", "progressive"])
def test_the_height_is_that_of_the_data(base):
    for said in (0, 8, 33, 81, 500, 0xFFFF):
        stream = split(with_height(base, said))
        assert stream.height == 80  # 70 lines, in whole MCUs
        assert [array.shape[:2] for array in stream.blocks] == [(10, 12), (5, 6), (5, 6)]
    assert split(with_height(base, 0)[:-2] + segment(0xDC, b"\0\x46") + b"\xff\xd9").height == 70


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (PLAIN.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"), "12 bits a sample"),
        (PLAIN.replace(b"\xff\xc0\0\x11", b"\xff\xc9\0\x11"), "arithmetic coding"),
        (PLAIN.replace(b"\xff\xc0\0\x11", b"\xff\xca\0\x11"), "arithmetic coding"),
        (PLAIN.replace(b"\xff\xc0\0\x11", b"\xff\xc3\0\x11"), "lossless process"),
        (PLAIN.replace(b"\xff\xc0\0\x11", b"\xff\xc5\0\x11"), "hierarchical process"),
        (PLAIN[:SCAN], "no scan that can be coded"),
        (identified(PLAIN, b"\1\2\3", b"\1\1\3"), "no scan that can be coded"),
        (identified(PLAIN, b"\1\2\3", b"\1\2\4"), "no scan that can be coded"),
        (PLAIN.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x00"), "0 bits a sample"),
    ],
)
def test_the_reason_is_given_why_a_stream_is_not_coded(data, reason):
    with pytest.raises(NotCodableError, match=reason):
        split(data)


def test_tables_are_those_of_the_first_scan_of_each_component():
    """A table that is defined again after the scan is another one's."""
    again = segment(0xDB, b"\0" + bytes([7]) * 64) + segment(0xC4, b"\0" + bytes(16))
    stream = split(PLAIN[:-2] + again + b"\xff\xd9")
    assert np.array_equal(stream.tables, split(PLAIN).tables)
    stream = split(before_scan(PLAIN, segment(0xDB, b"\0" + bytes([7]) * 64)))
    assert stream.tables[0].tolist() == [7] * 64


def test_headers_do_not_ask_for_memory_that_the_data_do_not_need():
    data = jpeg(height=8, width=8)
    at = data.index(b"\xff\xc0") + SOF_HEIGHT
    huge = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
    with pytest.raises(NotCodableError, match="more blocks"):
        split(huge)
    tall = data[:at] + b"\xff\xff\0\x08" + data[at + 4 :]
    assert split(tall).height == 16
