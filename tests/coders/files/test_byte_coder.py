"""Plain bytes are packed and come back; damage ends in the right error."""

import lzma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbans_cli.coders.files import byte_coder
from bbans_cli.coders.weights_folder import numbered
from bbans_cli.container.byte_reader import varint
from bbans_cli.errors import CorruptError, ModelMismatchError, TruncatedError
from scripts.training import train_plain_start

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
        == "102601609d5d3e7b9cdecf6ce8a7406707d013f0b5e54e71d0"
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


def test_the_core_takes_the_start_apart_as_training_writes_it():
    start = numbered("jpeg-plain", "start", 1, byte_coder.STARTS, "start")
    assert train_plain_start.quantised(train_plain_start.weights_of(byte_coder.learned(b"", start, 8))) == start
    with pytest.raises(ValueError, match="9 bytes are no start"):
        byte_coder.learned(b"", start[:9], 8)


def test_counters_learn_the_end_of_a_dictionary_and_matches_are_found_in_all_of_it():
    rng = np.random.default_rng(1)
    phrase, noise = (rng.integers(0, 256, count, np.uint8).tobytes() for count in (300, 3 << 13))
    start = train_plain_start.quantised(np.full((31, 3, 256), train_plain_start.FIRST))
    none, late, early = (
        train_plain_start.code(phrase, start, known)[0] for known in (noise, noise + phrase, phrase + noise)
    )
    assert late < early < none / 2


def test_training_makes_headers_smaller():
    files = [XMP[: 100 + 10 * i] for i in range(8)]
    start, before = (train_plain_start.train(files, rates) for rates in ([0.1, 0.05], []))
    assert sum(train_plain_start.code(data, start)[0] for data in files) < sum(
        train_plain_start.code(data, before)[0] for data in files
    )
