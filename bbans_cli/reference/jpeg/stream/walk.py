"""The walk over a JPEG stream's plain bytes: its frame, and its scan headers with all that is in effect there.

docs/format.md, "The walk".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bbans_cli.errors import CorruptError
from bbans_cli.reference.jpeg.coefficient_shape import zigzag
from bbans_cli.reference.jpeg.stream import huffman

EOI, SOI, SOS, DQT, DHT, DRI = 0xD9, 0xD8, 0xDA, 0xDB, 0xC4, 0xDD
FRAMES = {0xC0, 0xC1, 0xC2}  # those that are coded
ANY_FRAME = {*range(0xC0, 0xD0), 0xDE} - {DHT, 0xC8, 0xCC}  # SOF and DHP
PROGRESSIVE = 2
DC, AC = range(2)
BLOCK = 8  # samples


@dataclass(frozen=True)
class Component:
    """Of the frame: identifier, sampling factors, number of its quantisers' table."""

    identifier: int
    horizontal: int
    vertical: int
    table: int


@dataclass(frozen=True)
class ScanHeader:
    """A scan header (SOS), and what is in effect there.

    end         where its segment ends in the plain bytes: the scan's data come there
    components  of each its number in the frame, and the numbers of its tables of DC and AC
    tables      Huffman tables by kind and number: where the table began in the plain bytes, and its bytes
    interval    MCUs between restarts that DRI says, 0 for none
    """

    end: int
    components: list[tuple[int, int, int]]
    first: int
    last: int
    high: int
    low: int
    interval: int
    tables: dict[tuple[int, int], tuple[int | None, bytes]]


@dataclass
class Walk:
    """What the walk found. quantisers: of each component (64,), row by row."""

    process: int = 0
    width: int = 0
    height: int = 0
    components: list[Component] = field(default_factory=list)
    scans: list[ScanHeader] = field(default_factory=list)
    quantisers: list[np.ndarray] = field(default_factory=list)

    @property
    def widest(self) -> tuple[int, int]:
        """The largest horizontal and the largest vertical sampling factor."""
        return max(c.horizontal for c in self.components), max(c.vertical for c in self.components)

    def mcus(self, height: int) -> tuple[int, int]:
        """Rows and columns of MCUs in a scan of several components."""
        across, down = self.widest
        return -(-height // (BLOCK * down)), -(-self.width // (BLOCK * across))

    def block_counts(self, height: int) -> list[tuple[int, int]]:
        """Rows and columns of blocks of each component."""
        rows, columns = self.mcus(height)
        return [(rows * c.vertical, columns * c.horizontal) for c in self.components]


@dataclass(frozen=True)
class Segment:
    """A marker and what follows its length. start: of the marker; begin, end: of the content."""

    marker: int
    start: int
    begin: int
    end: int


def segments(plain: bytes) -> Iterator[Segment]:
    """All segments up to the walk's end; markers that stand alone are passed over."""
    at, framed = 0, False
    while True:
        at = plain.find(b"\xff", at)
        if at < 0 or at + 1 >= len(plain):
            return
        marker = plain[at + 1]
        if marker in (0x00, 0xFF):
            at += 1
        elif marker == EOI or (marker == SOI and framed and plain[at + 2 : at + 3] == b"\xff"):
            return
        elif marker <= 0xBF or 0xD0 <= marker <= SOI:
            at += 2
        else:
            size = int.from_bytes(plain[at + 2 : at + 4], "big")
            if len(plain) < at + 2 + max(2, size):
                return
            if size >= 2:
                framed = framed or marker in FRAMES
                yield Segment(marker, at, at + 4, at + 2 + size)
            at += 2 + (size if size >= 2 else 0)


def walk(plain: bytes) -> Walk:
    """The frame and its scan headers. Raises CorruptError where there is no frame that can be coded."""
    found = Walk()
    frames = interval = 0
    quantisers: dict[int, np.ndarray] = {}
    tables: dict[tuple[int, int], tuple[int | None, bytes]] = {
        (DC, 0): (None, huffman.DC_LUMINANCE),
        (DC, 1): (None, huffman.DC_CHROMINANCE),
        (AC, 0): (None, huffman.AC_LUMINANCE),
        (AC, 1): (None, huffman.AC_CHROMINANCE),
    }
    in_effect: list[dict[int, np.ndarray]] = []  # the quantisers' tables at each scan header
    for segment in segments(plain):
        content = plain[segment.begin : segment.end]
        if segment.marker in ANY_FRAME:
            frames += 1
            if frames == 1:
                _read_frame(content, segment.marker, found)
        elif segment.marker == DQT:
            quantisers = quantisers | _read_quantisers(content)
        elif segment.marker == DHT:
            tables = tables | _read_tables(content, segment.begin)
        elif segment.marker == DRI and len(content) >= 2:
            interval = int.from_bytes(content[:2], "big")
        elif segment.marker == SOS and frames == 1:
            found.scans.append(_read_scan_header(content, segment.end, found.components, interval, tables))
            in_effect.append(quantisers)
    if not found.scans:
        raise CorruptError("corrupt: a JPEG stream without a picture")
    for number, component in enumerate(found.components):
        names = [i for i, scan in enumerate(found.scans) if number in [place for place, _, _ in scan.components]]
        own = in_effect[(names or [-1])[0]]
        found.quantisers.append(own.get(component.table, np.ones(64, np.int64)))
    return found


def _read_frame(content: bytes, marker: int, found: Walk) -> None:
    count = content[5] if len(content) > 5 else 0
    if marker not in FRAMES or content[:1] != b"\x08" or not 1 <= count <= 4 or len(content) < 6 + 3 * count:
        raise CorruptError("corrupt: a frame header that cannot be coded")
    found.process = marker - 0xC0
    found.height, found.width = int.from_bytes(content[1:3], "big"), int.from_bytes(content[3:5], "big")
    for i in range(count):
        identifier, factors, table = content[6 + 3 * i : 9 + 3 * i]
        found.components.append(Component(identifier, factors >> 4, factors & 15, table))
    factors_seen = {factor for c in found.components for factor in (c.horizontal, c.vertical)}
    if found.width == 0 or not factors_seen <= {1, 2, 3, 4}:
        raise CorruptError("corrupt: a frame header that cannot be coded")


def _read_quantisers(content: bytes) -> dict[int, np.ndarray]:
    """Tables of a DQT segment, row by row."""
    found = {}
    at = 0
    while at < len(content):
        size = 2 if content[at] >> 4 else 1
        values = content[at + 1 : at + 1 + 64 * size]
        if len(values) < 64 * size:
            break
        table = np.zeros(64, np.int64)
        table[zigzag()] = np.frombuffer(values, ">u2" if size == 2 else "u1")
        found[content[at] & 15] = table
        at += 1 + 64 * size
    return found


def _read_tables(content: bytes, begin: int) -> dict[tuple[int, int], tuple[int | None, bytes]]:
    """Tables of a DHT segment whose content begins at `begin` in the plain bytes."""
    found: dict[tuple[int, int], tuple[int | None, bytes]] = {}
    at = 0
    while at + 1 + huffman.LENGTHS <= len(content):
        table = content[at + 1 :]
        size = huffman.LENGTHS + huffman.sizes(table[: huffman.LENGTHS])
        if len(table) < size:
            break
        found[content[at] >> 4, content[at] & 15] = (begin + at + 1, table[:size])
        at += 1 + size
    return found


def _read_scan_header(
    content: bytes,
    end: int,
    components: list[Component],
    interval: int,
    tables: dict[tuple[int, int], tuple[int | None, bytes]],
) -> ScanHeader:
    count = content[0] if content else 0
    if len(content) != 4 + 2 * count:
        return ScanHeader(end, [], 0, 0, 0, 0, interval, tables)
    left: list[int | None] = [component.identifier for component in components]
    named: list[tuple[int, int, int]] = []
    for identifier, numbers in zip(content[1:-3:2], content[2:-3:2], strict=True):
        if identifier not in left:
            named = []
            break
        number = left.index(identifier)  # of several that have it, the scan's first is the frame's first
        left[number] = None
        named.append((number, numbers >> 4, numbers & 15))
    first, last, bits = content[-3:]
    return ScanHeader(end, named, first, last, bits >> 4, bits & 15, interval, tables)
