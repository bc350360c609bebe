"""Plain bytes are packed and come back; damage ends in the right error."""

import lzma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbans_cli.coders.files import byte_coder
from bbans_cli.container.byte_reader import varint
from bbans_cli.errors import CorruptError, ModelMismatchError, TruncatedError

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' * 3
NOISE = np.random.default_rng(5).integers(0, 256, 3000, np.uint8).tobytes()


def unpack(packed, most=1 << 30):
    return byte_coder.unpack(packed, most, "plain bytes")


@pytest.mark.parametrize("data", [b"", b"a", XMP, NOISE, bytes(70_000), NOISE + XMP * 40, XMP * 10 + NOISE * 12])
def test_bytes_come_back_and_are_never_much_larger(data):
    packed = byte_coder.pack(data)
    assert unpack(packed) == data
    assert len(packed) <= len(data) + 11


@given(st.binary(max_size=300))
def test_any_bytes_come_back(data):
    assert unpack(byte_coder.pack(data)) == data


def test_what_the_dictionary_holds_costs_little():
    """The tables of T.81, K.3, which most JPEG files have."""
    known = byte_coder.dictionary(byte_coder.DICTIONARY)
    at = known.index(b"\xff\xc4")
    assert len(byte_coder.pack(known[at : at + 400])) < 60
    assert len(byte_coder.pack(XMP)) < len(lzma.compress(XMP, lzma.FORMAT_ALONE)) / 2


def test_pinned_bytes():
    """The coder and its dictionary: these bytes may never change for version 2."""
    assert (
        byte_coder.pack(b"Exif\0\0II*\0, a sentence, and a sentence").hex()
        == "102601fe09d82e686d43faa4bd568e523237327fe5eab8672638ff52"
    )


def test_too_many_bytes_go_another_way():
    data = bytes(byte_coder.MOST_MIXED + 1)
    packed = byte_coder.pack(data)
    assert packed[0] < byte_coder.MIXED and unpack(packed) == data


def test_damage():
    packed = byte_coder.pack(XMP)
    assert packed[0] == byte_coder.MIXED
    with pytest.raises(ModelMismatchError, match="dictionary 99"):
        unpack(packed[:3] + b"\x63" + packed[4:])
    with pytest.raises(CorruptError, match="larger than the format allows"):
        unpack(packed, len(XMP) - 1)
    with pytest.raises(CorruptError, match="larger than the format allows"):
        unpack(bytes([byte_coder.MIXED]) + varint(1 << 40) + b"\1")
    with pytest.raises(TruncatedError):
        unpack(packed[:2])
