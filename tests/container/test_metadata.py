"""The metadata section: exact, small, bounded."""

import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbans_cli.container import metadata
from bbans_cli.container.byte_reader import varint
from bbans_cli.errors import CorruptError, TruncatedError, UnsupportedError
from bbans_cli.limits import MAX_METADATA_BYTES

kinds = st.sampled_from([metadata.PALETTE, metadata.TRANSPARENCY, metadata.ICC, metadata.EXIF, 500])


def once(item):
    """Of equal keys a list has one item: necessary kinds occur once, others as often as may be."""
    return item[0] if item[0] < metadata.OPTIONAL else object()


@given(st.lists(st.tuples(kinds, st.binary(max_size=300)), min_size=1, unique_by=once))
def test_round_trip(items):
    assert metadata.unpack(metadata.pack(items)) == items


@pytest.mark.parametrize("kind", metadata.NECESSARY)
def test_a_necessary_kind_occurs_once(kind):
    with pytest.raises(CorruptError, match=f"two items of kind {kind}"):
        metadata.unpack(metadata.pack([(kind, b"a"), (metadata.ICC, b""), (kind, b"a")]))


def test_nothing_takes_no_bytes():
    assert metadata.pack([]) == b""


@pytest.mark.parametrize("data", [os.urandom(500), b"abc" * 500, bytes(range(256)) * 40 + b"tail" * 9])
def test_the_smallest_method_is_taken(data):
    plain = varint(metadata.ICC) + varint(len(data)) + data
    section = metadata.pack([(metadata.ICC, data)])
    assert len(section) <= min(len(plain), len(zlib.compress(plain, 9))) + 4
    assert metadata.unpack(section) == [(metadata.ICC, data)]


def test_a_bomb_is_not_unpacked():
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(bytes(50_000_000)) + deflate.flush()
    with pytest.raises(CorruptError, match="size does not match"):
        metadata.unpack(b"\x01" + varint(1000) + data)
    with pytest.raises(CorruptError, match="larger than the format allows"):
        metadata.unpack(b"\x01" + varint(MAX_METADATA_BYTES + 1) + data)


def test_too_much_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(metadata, "MAX_METADATA_BYTES", 99)
    with pytest.raises(UnsupportedError, match="102 bytes of metadata, above the limit of 99; --strip drops them"):
        metadata.pack([(metadata.CHUNK, bytes(100))])


def test_unknown_necessary_kinds_stop_a_reader():
    with pytest.raises(UnsupportedError, match="kind 15"):
        metadata.unpack(metadata.pack([(15, b"x")]))


@pytest.mark.parametrize("section", [b"\x01\x05\xff\xff", b"\x02\x05\xff\xff", b"\x00\x05abcd"])
def test_damage(section):
    with pytest.raises(CorruptError):
        metadata.unpack(section)


def test_unknown_method():
    with pytest.raises(UnsupportedError, match="compression 3"):
        metadata.unpack(b"\x03\x00")


def test_an_item_longer_than_the_section():
    with pytest.raises(TruncatedError):
        metadata.unpack(b"\x00\x03" + bytes([metadata.ICC, 9, 1]))
