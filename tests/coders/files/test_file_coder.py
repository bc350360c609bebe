"""Files come back byte for byte, whatever they are; damage never gives other bytes."""

import io
from dataclasses import replace

import numpy as np
import pytest
from jpeg_pictures import photo
from PIL import Image

from bbans_cli import container
from bbans_cli.coders.files import file_coder, jpeg_tree
from bbans_cli.errors import BbcError, CorruptError, LimitError, UnsupportedError
from scripts.experiments import jpeg_kinds


def jpeg(height=48, width=64, **options):
    out = io.BytesIO()
    Image.fromarray(photo(height, width)).save(out, "JPEG", **{"quality": 88, **options})
    return out.getvalue()


def with_thumbnail():
    """A photograph with a thumbnail in its EXIF segment and a further picture behind its end."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + bytes(30) + jpeg(32, 40)
    main = jpeg(64, 96, subsampling=2)
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    return main[:2] + segment + main[2:] + jpeg(40, 48, progressive=True) + b"trailing bytes"


FILES = {
    "baseline": jpeg(),
    "progressive": jpeg(progressive=True),
    "thumbnail": with_thumbnail(),
    "bytes before": b"bytes before it" + jpeg(),
    "truncated": jpeg()[:-200],
    "truncated header": jpeg()[:150],
    "no JPEG": b"no JPEG picture at all " * 20,
    "nearly empty": b"\xff\xd8\xff\xd9",
}


def round_trip(data, suffix=".jpg"):
    stored, reason = file_coder.encode(data, suffix, 5)
    packed = container.to_bytes(stored)
    assert file_coder.decode(container.from_bytes(packed)) == data
    return packed, reason


@pytest.mark.parametrize("name", FILES)
def test_files_come_back(name):
    packed, reason = round_trip(FILES[name])
    assert (reason == "") == (name not in ("truncated header", "no JPEG", "nearly empty"))
    assert len(packed) <= len(FILES[name]) + 64


def test_pictures_within_and_behind_are_coded_too():
    stored = file_coder.encode(FILES["thumbnail"], "", 5)[0]
    coders = [part.coder for part in stored.parts]
    assert coders == [container.BYTES] + 3 * [container.JPEG_STREAM]
    assert len(stored.parts[0].payload) < 320
    assert (stored.jpeg.width, stored.jpeg.height, stored.jpeg.components) == (96, 64, 3)


def test_plain_bytes_that_have_a_thread_of_their_own_are_the_same(monkeypatch):
    alone, _ = file_coder.encode(FILES["thumbnail"], ".jpg", 1)
    monkeypatch.setattr(file_coder, "MANY_BLOCKS", 0)
    assert file_coder.encode(FILES["thumbnail"], ".jpg", 1, threads=2) == (alone, "")


def test_equal_pictures_are_coded_once():
    data = FILES["thumbnail"] + jpeg(32, 40) + jpeg(32, 40, quality=70)
    packed, _ = round_trip(data)
    assert len(container.from_bytes(packed).parts) == 1 + 4
    with pytest.raises(CorruptError, match="a copy of no stream"):
        jpeg_tree.from_bytes(b"\1\0\0\1\0", b"")
    around = b"\1\0\1s\0" + b"\1\0\0\1" + b"\0\0"
    assert jpeg_tree.from_bytes(around, b"").items[0].plain.items == [jpeg_tree.Copy(0)]


def test_a_picture_that_is_cut_into_segments():
    """As thermal cameras keep one: in segments of up to 64 KiB, each with a header of its own."""
    inner, main = jpeg(96, 96, quality=99, subsampling=0), jpeg()
    pieces = [inner[at : at + 5000] for at in range(0, len(inner), 5000)]
    cut = b""
    for number, piece in enumerate(pieces):
        header = b"FLIR\0\1" + bytes([number, len(pieces) - 1])
        cut += b"\xff\xe1" + (len(piece) + 10).to_bytes(2, "big") + header + piece
    data = main[:20] + cut + main[20:]
    packed, _ = round_trip(data)
    assert len(container.from_bytes(packed).parts) == 1 + 2
    assert len(packed) < len(round_trip(main)[0]) + len(round_trip(inner)[0])


def test_odd_thumbnails_and_hierarchical_files_come_back():
    base, small = jpeg(), jpeg(32, 40)
    reasons = {}
    for name, data in [*jpeg_kinds.hierarchical(base), *jpeg_kinds.thumbnails(base, small)]:
        packed, reasons[name] = round_trip(data)
        assert len(packed) < 0.9 * len(data), name
    assert {name: reason for name, reason in reasons.items() if reason} == {"hierarchical": "hierarchical process"}


@pytest.mark.parametrize(("level", "levels"), [(1, [1, 1, 1]), (5, [5, 9, 5]), (9, [9, 9, 9])])
def test_few_blocks_are_coded_at_the_best_level_but_at_the_fast_one(level, levels):
    """Many blocks, few, and very few, of which there is nothing to learn."""
    data = jpeg(120, 128, subsampling=0) + jpeg(80, 96) + jpeg(40, 48)
    stored = file_coder.encode(data, "", level)[0]
    assert [part.settings[0] for part in stored.parts[1:]] == levels
    assert file_coder.decode(container.from_bytes(container.to_bytes(stored))) == data


def test_what_is_said_of_the_file():
    stored = file_coder.encode(jpeg(progressive=True), ".JPEG", 5)[0]
    assert stored.jpeg == container.JpegSummary(2, 3, 64, 48)
    head = container.read_head(container.to_bytes(stored))
    assert (head.kind, head.suffix, head.width, head.height) == ("jpeg", ".JPEG", 64, 48)
    assert file_coder.encode(b"abc", "", 5)[0].metadata == []


def test_the_first_stream_decides_what_the_file_is():
    """A JPEG file that cannot be coded, of 12 bits, stays a stored one, though a picture behind it is coded."""
    data = jpeg()
    at = data.index(b"\xff\xc0")
    stored, reason = file_coder.encode(data[: at + 4] + b"\x0c" + data[at + 5 :] + jpeg(), "", 5)
    assert reason == "12 bits a sample" and stored.jpeg is None


def test_larger_pictures_than_allowed():
    with pytest.raises(LimitError, match="64x48 is 3,072 pixels, above the limit of 3,071"):
        file_coder.encode(jpeg(), "", 5, max_pixels=3071)
    for most in (1, 100):  # so few that the search for blocks ends before it has a picture
        with pytest.raises(LimitError, match=f"has more pixels than the limit of {most:,}"):
            file_coder.encode(jpeg(), "", 5, max_pixels=most)


def test_every_prefix_and_every_flipped_byte_is_an_error():
    packed, _ = round_trip(jpeg(16, 16))
    for size in range(len(packed)):
        with pytest.raises(CorruptError):
            container.from_bytes(packed[:size])
    for at in range(len(packed)):
        damaged = bytearray(packed)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(BbcError):
            file_coder.decode(container.from_bytes(bytes(damaged)))


@pytest.mark.parametrize("name", ["baseline", "thumbnail", "no JPEG"])
def test_damaged_payloads_never_give_other_bytes(name):
    """Damage below the checksums of the parts: a wrong file is refused by its own checksum."""
    stored = file_coder.encode(FILES[name], "", 5)[0]
    random = np.random.default_rng(7)
    for _ in range(60):
        number = int(random.integers(len(stored.parts)))
        payload = bytearray(stored.parts[number].payload)
        at = int(random.integers(len(payload)))
        payload[at] ^= 1 << int(random.integers(8))
        parts = list(stored.parts)
        parts[number] = parts[number]._replace(payload=bytes(payload[: at + 1] if at % 5 == 0 else payload))
        try:
            decoded = file_coder.decode(replace(stored, parts=parts))
        except BbcError:
            continue
        assert decoded == FILES[name]  # a payload may have bits that decide nothing


def test_wrong_parts():
    stored = file_coder.encode(FILES["thumbnail"], "", 5)[0]
    for parts in (stored.parts[1:], [*stored.parts, stored.parts[0]]):
        with pytest.raises(UnsupportedError, match="parts of a file in an unknown order"):
            file_coder.decode(replace(stored, parts=parts))
    with pytest.raises(CorruptError, match="not the same number"):
        file_coder.decode(replace(stored, parts=stored.parts[:-1]))
    with pytest.raises(CorruptError, match="size and checksum"):
        file_coder.decode(replace(stored, crc=stored.crc ^ 1))


def test_the_tree_has_a_limit():
    structure = b"\1\0\1s\0" * (jpeg_tree.MAX_DEPTH + 1) + b"\0" * 2 * (jpeg_tree.MAX_DEPTH + 2)
    with pytest.raises(CorruptError, match="streams within streams"):
        jpeg_tree.from_bytes(structure, b"")
    with pytest.raises(CorruptError, match="bytes left over"):
        jpeg_tree.from_bytes(b"\0\1", b"ab")
