"""Golden files that come back byte for byte: JPEG files of further kinds, with oddities; files that are none."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable
from functools import partial

import jpeg_levels
import numpy as np
import tiny
from made_png import png, with_content
from made_stream import EOI, Scan, header, make, make_frame, progressive_scans, random_blocks, scan_bytes, segment

from bbans_cli import container
from bbans_cli.coders.files import jpeg_tree
from bbans_cli.coders.jpeg import coefficients
from bbans_cli.coders.jpeg.stream.scan_records import NO_LIMIT
from bbans_cli.container import BYTES, FilePart, StoredFile
from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import varint

Made = tuple[bytes, bytes]


def _coded(file: bytes, level: int, suffix: str = ".jpg") -> Made:
    return file, container.to_bytes(jpeg_levels.encode(file, level, suffix))


def four_components(level: int) -> Made:
    """An extended sequential picture of four components, padded with zeros, with another interval than DRI says."""
    frame = make_frame(1, 24, 20, [(2, 1), (1, 1), (1, 1), (2, 1)])
    scan = Scan(range(4), interval=3, policy={"interval": 2, "padding": 0})
    return _coded(make(frame, random_blocks(frame, 31), [scan]), level, ".jpeg")


def flat(level: int) -> Made:
    """A picture of two components, most of whose blocks equal the one before: long runs and short ones. The last blocks
    are others; by then what is learned of blocks is so at the least rate."""
    frame = make_frame(0, 208, 200, [(1, 1), (1, 1)])
    blocks = random_blocks(frame, 53)
    for number, component in enumerate(blocks):
        rows = component.reshape(-1, 64)
        for first, last in ((1, 36), (37, 40 + number), (43, 46), (50, 630)):
            rows[first:last] = rows[first - 1]
    return _coded(make(frame, blocks, [Scan(range(2))]), level)


def extreme(level: int) -> Made:
    """Coefficients as large as they can be, beside small ones: sums that wrap around or are cut off."""
    frame = make_frame(1, 72, 48, [(1, 1)])
    blocks = random_blocks(frame, 57)
    drawn = tiny.integers(58, 64, *blocks[0].shape)
    blocks[0][drawn == 0], blocks[0][drawn == 1], blocks[0][drawn == 2] = 32767, -32767, 4000
    blocks[0][:2] = np.sign(blocks[0][:2]) * 32767
    return _coded(make(frame, blocks, [Scan([0])]), level)


def _odd_sequential() -> bytes:
    """A block with a coefficient too many (note 4), the data ending early (0), fill bytes, and a byte that should be
    stuffed and is not."""
    frame = make_frame(0, 40, 24, [(1, 1)])
    blocks = random_blocks(frame, 41)
    blocks[0][0, :, 1:4] = 1023  # ten ones each: bytes FF, which are stuffed
    bits = "00000" + 4 * "111100011"  # no DC; four times a coefficient after 15 zeros, the last one beyond the block
    literal = varint(7) + varint(len(bits)) + int(bits, 2).to_bytes(-(-len(bits) // 8), "big")
    data = bytearray(scan_bytes(frame, blocks, Scan([0], notes={4: literal})))
    first = data.index(b"\xff\0", 16)
    second = data.index(b"\xff\0", first + 2)
    data[second + 1] = 0x9C
    data[first:first] = b"\xff\xff"
    return header(frame) + bytes(data[:-9]) + EOI


def _odd_progressive() -> bytes:
    """End-of-band runs that end after three blocks, one that ends before (note 3), zeros written out after the last
    coefficient (2)."""
    frame = make_frame(2, 40, 32, [(1, 1)])
    blocks = random_blocks(frame, 43)
    blocks[0][:, :, 6:] = 0
    scans = [
        Scan([0], 0, 0, 0, 1),
        Scan([0], 1, 5, 0, 1, policy={"run_limit": 3}),
        Scan([0], 6, 63, 0, 1, notes={2: varint(4) + varint(2), 3: varint(9)}),
        Scan([0], 1, 63, 1, 0),
        Scan([0], 0, 0, 1, 0),
    ]
    return make(frame, blocks, scans)


def odd(level: int) -> Made:
    """Two odd streams; the first one again, cut into segments with headers of their own; the second one again."""
    sequential, progressive = _odd_sequential(), _odd_progressive()
    cut = b"".join(
        segment(0xE1, b"FLIR\0\1" + bytes([number, 2]) + sequential[at : at + 300])
        for number, at in enumerate(range(0, len(sequential), 300))
    )
    outer = make_frame(0, 16, 16, [(1, 1)])
    around = make(outer, random_blocks(outer, 47), [Scan([0])])
    return _coded(around[:2] + cut + around[2:] + progressive + b"between" + progressive, level)


def progressive(level: int) -> Made:
    """The second of them alone."""
    return _coded(_odd_progressive(), level)


def _interval(position: int, flags: int, *fields: bytes) -> bytes:
    """A note of kind 0."""
    return varint(position) + bytes([flags]) + b"".join(fields)


def notes() -> Made:
    """Notes that `odd` and `progressive` have not. Sequential streams: one whose header says fewer lines than there
    are; one whose first interval lacks a block and has other padding and another marker behind it, and with zeros
    written out; one that ends early behind bytes that are no code. A progressive one, of several bits: bytes of no
    code, an end-of-band run that is too long, a block with a coefficient too many; zeros written out, and a run that
    ends early, while refining."""
    frame = make_frame(0, 40, 24, [(1, 1)])
    blocks = random_blocks(frame, 41)
    marker, end = bytes([7]), bytes([1])
    intervals = [
        Scan([0]),
        Scan([0], interval=3, notes={0: _interval(0, 21, varint(1), varint(0), marker), 2: varint(4) + varint(1)}),
        Scan([0], interval=3, notes={0: _interval(1, 24, varint(3), end), 1: b"\xff\x12\x34"}),
    ]
    files = [
        header(frame, 8 if number == 0 else None) + scan_bytes(frame, blocks, scan) + EOI
        for number, scan in enumerate(intervals)
    ]
    frame = make_frame(2, 40, 32, [(1, 1)])
    blocks = random_blocks(frame, 43)
    blocks[0][:, :, 40:] = 0
    runs = _interval(0, 2, varint(1)) + _interval(1, 8, varint(2))
    beyond = varint(6) + varint(8) + b"\x01"
    scans = [
        Scan([0], 0, 0, 0, 1),
        Scan([0], 1, 20, 0, 1, interval=9, notes={0: runs, 1: b"ab"}),
        Scan([0], 21, 63, 0, 1, notes={4: beyond}),
        Scan([0], 1, 63, 1, 0, interval=7, notes={2: varint(4) + varint(1), 3: varint(8)}),
        Scan([0], 0, 0, 1, 0),
    ]
    return _coded(b"between".join([*files, make(frame, blocks, scans)]), 1)


def pictures(level: int) -> Made:
    """PNG pictures in a content that was cut into segments, as in a thermal camera's photograph."""
    content = b"before" + png(16, 1, 1, low_first=True) + b"between" + png(8, 3, 6) + b"behind"
    return _coded(with_content(content), level)


def many_corrections() -> Made:
    """A refinement scan whose end-of-band run has more correction bits than libjpeg allows."""
    frame = make_frame(2, 264, 264, [(1, 1)])
    blocks = [np.zeros((33, 33, 64), np.int16)]
    blocks[0][:, :, 1] = 2
    scans = [
        Scan([0], 0, 0, 0, 0),
        Scan([0], 1, 63, 0, 1),
        Scan([0], 1, 63, 1, 0, policy={"corrections": NO_LIMIT}),
    ]
    return _coded(make(frame, blocks, scans), 1)


def in_segments(level: int) -> Made:
    """Rows of blocks that are coded by themselves, which larger pictures alone have."""
    frame = make_frame(0, 32, 64, [(1, 2), (1, 1)])
    most, coefficients.SEGMENT_NONZERO = coefficients.SEGMENT_NONZERO, 100
    made = _coded(make(frame, random_blocks(frame, 53), [Scan(range(2))]), level)
    coefficients.SEGMENT_NONZERO = most
    return made


def progressive_colour(level: int) -> Made:
    frame = make_frame(2, 20, 18, [(2, 2), (1, 1), (1, 1)])
    return _coded(make(frame, random_blocks(frame, 59), progressive_scans(3, interval=2)), level)


def arithmetic(level: int) -> Made:
    """A JPEG file by arithmetic coding, as its frame header says: stored as plain bytes."""
    frame = make_frame(0, 24, 16, [(1, 1)])
    file = make(frame, random_blocks(frame, 67), [Scan([0])])
    return _coded(file.replace(b"\xff\xc0", b"\xff\xc9", 1), level)


def no_jpeg() -> Made:
    """By context mixing, which knows the words of JPEG headers."""
    return _coded(b"JFIF Exif Adobe Photoshop 3.0 http://ns.adobe.com/xap/1.0/ " * 2, 5, ".jpeg")


def noise() -> Made:
    return _coded(bytes(tiny.integers(61, 256, 40).astype(np.uint8)), 5, "")


def _by_method(method: int, pack: Callable[[bytes], bytes]) -> Made:
    """A file of plain bytes whose part 0 is packed by one of the general methods."""
    file = b"the same words again, " * 9
    structure, gaps = jpeg_tree.to_bytes(jpeg_tree.Node(gaps=[file]))
    plain = varint(len(structure)) + structure + gaps
    payload = bytes([method]) + varint(len(plain)) + pack(plain)
    items = [(kinds.SUFFIX, b".jpg")]
    stored = StoredFile(len(file), zlib.crc32(file), None, [FilePart(BYTES, b"", payload)], items)
    return file, container.to_bytes(stored)


def _deflated(plain: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(plain) + packer.flush()


def _by_lzma(plain: bytes) -> bytes:
    window = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 12, "lc": 3, "lp": 0, "pb": 0}
    return lzma.compress(plain, lzma.FORMAT_RAW, filters=[window])


_OF_LEVELS: dict[str, Callable[[int], Made]] = {
    "jpeg-four": four_components,
    "jpeg-odd": odd,
    "jpeg-segments": in_segments,
    "jpeg-progressive": progressive_colour,
    "jpeg-flat": flat,
    "jpeg-extreme": extreme,
}
LEVELS = (1, 5, 9)
FILES: dict[str, Callable[[], Made]] = {
    "jpeg-corrections": many_corrections,
    "jpeg-notes": notes,
    "jpeg-png": partial(pictures, 5),
    "jpeg-arithmetic": partial(arithmetic, 5),
    "no-jpeg": no_jpeg,
    "noise": noise,
    "deflated": lambda: _by_method(1, _deflated),
    "lzma": lambda: _by_method(2, _by_lzma),
} | {f"{name}-{level}": partial(make, level) for name, make in _OF_LEVELS.items() for level in LEVELS}
# Their bytes depend on the version of zlib or liblzma that wrote them.
BY_LIBRARIES = {"deflated", "lzma"}
