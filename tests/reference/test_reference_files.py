"""The second decoder gives back small stored files of every level; test_decode_file.py has those of tests/golden.

To learn the dictionary of plain bytes takes the second decoder seconds. So most tests use a short one.
"""

import functools
import io
import os
from dataclasses import replace

import damaged_payloads
import jpeg_levels
import numpy as np
import pytest
from jpeg_pictures import photo
from made_stream import Scan, make, make_frame, optimal_codes, progressive_scans, random_blocks
from odd_streams import ODD
from PIL import Image

from bbans_cli import container
from bbans_cli.coders.files import byte_coder
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError, ModelMismatchError, UnsupportedError
from bbans_cli.reference import decode_file, trained_file
from bbans_cli.reference.files import byte_mixing, packed_bytes, tree
from bbans_cli.reference.files.restore import restore

SHORT = 300
STRUCTURES = 500 if os.environ.get("BBC_ALL_GOLDEN") else 15


def jpeg(height=16, width=24, **options):
    out = io.BytesIO()
    Image.fromarray(photo(height, width)).save(out, "JPEG", **{"quality": 85, **options})
    return out.getvalue()


def made(process, factors, scans, optimal=False):
    frame = make_frame(process, 24, 16, factors)
    blocks = random_blocks(frame)
    codes = [optimal_codes(frame, blocks, scans)] if optimal else []
    return make(frame, blocks, scans, *codes)


def with_thumbnail():
    """A picture in the EXIF segment of another, the same again behind it, and other bytes."""
    inner, main = jpeg(8, 8), jpeg(subsampling=2)
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + bytes(30) + inner
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    return main[:2] + segment + main[2:] + inner + b"between" + inner


def cut_into_segments():
    """A picture in segments of another, each with a header of its own, as thermal cameras keep one."""
    inner, main = jpeg(16, 16), jpeg(8, 8)
    pieces = [inner[at : at + 300] for at in range(0, len(inner), 300)]
    cut = b""
    for number, piece in enumerate(pieces):
        header = b"FLIR\0\1" + bytes([number, len(pieces) - 1])
        cut += b"\xff\xe1" + (len(piece) + 10).to_bytes(2, "big") + header + piece
    return main[:20] + cut + main[20:]


FILES = {
    "grey": made(0, [(1, 1)], [Scan([0])]),
    "progressive, tables left out": made(2, [(2, 2), (1, 1), (1, 1)], progressive_scans(3), optimal=True),
    "restarts, four components": made(1, [(1, 1), (1, 2), (2, 1), (1, 1)], [Scan(range(4), interval=2)]),
    "thumbnail": with_thumbnail(),
    "cut into segments": cut_into_segments(),
    "cut off": jpeg()[:-50],
    "no JPEG": b"no JPEG picture " * 9,
    "no byte": b"",
}


@pytest.fixture
def short_dictionary(monkeypatch):
    """Both decoders learn the same few bytes."""
    short = byte_coder.dictionary(1)[:SHORT]
    monkeypatch.setattr(byte_coder, "dictionary", lambda number: short)
    monkeypatch.setattr(byte_coder, "_learned", functools.lru_cache(byte_coder._learned.__wrapped__))
    read = trained_file.read
    monkeypatch.setattr(trained_file, "read", lambda name: short if name.endswith(".dictionary") else read(name))
    monkeypatch.setattr(byte_mixing, "_learned", functools.lru_cache(byte_mixing._learned.__wrapped__))


def coded(data, level):
    """The StoredFile of a file, by way of its bytes."""
    return container.from_bytes(container.to_bytes(jpeg_levels.encode(data, level)))


# Level 9 does what level 5 does, and more of it.
LEVELS = [(name, 1, ()) for name in FILES]
LEVELS += [(name, 5, ()) for name in ("grey", "progressive, tables left out", "restarts, four components")]
LEVELS += [(name, 9, pytest.mark.slow) for name in ("progressive, tables left out", "restarts, four components")]


@pytest.mark.parametrize(("name", "level"), [pytest.param(name, level, marks=marks) for name, level, marks in LEVELS])
def test_small_files(name, level, short_dictionary):
    done = []
    assert restore(coded(FILES[name], level), done.append, 1000) == FILES[name]
    assert sum(done) in (0, 1000)  # none where no stream is


@pytest.mark.parametrize("level", [1, *(pytest.param(level, marks=pytest.mark.slow) for level in (5, 9))])
def test_both_decoders_agree_on_damaged_parts(level, short_dictionary):
    """Of plain bytes and of coefficients, while all checksums hold."""
    assert damaged_payloads.differences(coded(FILES["grey"], level), (0, 50), (31,)) == []


@pytest.mark.parametrize("name", ["grey", "thumbnail", "cut into segments"])
def test_both_decoders_agree_on_damaged_structures(name, short_dictionary):
    """A byte of the structure is another one, most of them a number nearby."""
    stored = coded(FILES[name], 1)
    plain = packed_bytes.unpack(stored.parts[0].payload, 1 << 20)
    structure = Reader(plain, "the structure").varint()
    random, found = np.random.default_rng(5), set()
    for number in range(STRUCTURES):
        changed = bytearray(plain)
        at = int(random.integers(0, len(varint(structure)) + structure))
        changed[at] = (changed[at] + int(random.choice([-2, -1, 1, 2, 128, 77]))) % 256
        part = stored.parts[0]._replace(payload=b"\0" + varint(len(plain)) + bytes(changed))
        each = replace(stored, parts=[part, *stored.parts[1:]])
        by_core = damaged_payloads.outcome(damaged_payloads.by_core, each)
        assert by_core == damaged_payloads.outcome(decode_file.decode_content, each), (number, at)
        found.add(by_core)
    assert "corrupt" in found


@pytest.mark.slow
@pytest.mark.parametrize("name", list(ODD)[::8])  # test_reference_streams.py has all of them
def test_odd_files(name, short_dictionary):
    assert restore(coded(ODD[name][0], 1)) == ODD[name][0]


@pytest.mark.parametrize("size", [1, 12, 60, 500])
def test_plain_bytes(size, short_dictionary):
    data = (b"\x00\x01\x01\x0f\x00\x02 Adobe Photoshop\xff" * 40)[:size]
    packed = byte_coder.pack(data)
    assert packed[0] == byte_coder.MIXED or size < 60
    assert packed_bytes.unpack(packed, 1 << 20) == data


def test_many_plain_bytes_have_more_buckets(short_dictionary, monkeypatch):
    monkeypatch.setattr(byte_coder, "BYTES_SMALL", 100)
    monkeypatch.setattr(byte_mixing, "SMALL", 100)
    data = bytes(range(256))
    assert packed_bytes.unpack(byte_coder.pack(b"Exif" * 30 + data), 1 << 20) == b"Exif" * 30 + data


def test_what_is_corrupt(short_dictionary):
    stored = coded(FILES["grey"], 1)
    wrong = {
        "does not have its size": container.StoredFile(stored.size, 1, None, stored.parts),
        "not the same number": container.StoredFile(stored.size, stored.crc, None, stored.parts[:-1]),
    }
    for message, each in wrong.items():
        with pytest.raises(CorruptError, match=message):
            restore(each)
    with pytest.raises(UnsupportedError, match="unknown order"):
        restore(container.StoredFile(stored.size, stored.crc, None, stored.parts[::-1]))
    with pytest.raises(CorruptError, match="larger than the format allows"):
        packed_bytes.unpack(b"\x10\xff\xff\x7f\1", 1 << 30)


@pytest.mark.parametrize(
    ("structure", "plain", "message"),
    [
        (b"\0\1", b"", "truncated"),
        (b"\0\0\0", b"", "more bytes than it needs"),
        (b"\0\0", b"a", "more bytes than it needs"),
        (b"\1\0\0\0\1\3\0\0\0", b"", "header is too small"),
        (b"\1\0\0\0\0\0\6\1\1\1\1\0", b"", "data that no PNG picture has"),
        (7 * b"\1\0\1s\0" + b"\0\0" + 7 * b"\0", b"", "too deep"),
    ],
)
def test_structures_that_are_corrupt(structure, plain, message):
    with pytest.raises(CorruptError, match=message):
        tree.read(structure, plain)


def test_files_of_weights_that_are_not_here(tmp_path, monkeypatch):
    with pytest.raises(ModelMismatchError, match="jpeg-plain-9.dictionary"):
        trained_file.read("jpeg-plain-9.dictionary")
    (tmp_path / "jpeg-plain-1.dictionary").write_bytes(b"another")
    monkeypatch.setattr(trained_file, "FOLDERS", [tmp_path])
    with pytest.raises(ModelMismatchError, match="is damaged"):
        trained_file.read("jpeg-plain-1.dictionary")
