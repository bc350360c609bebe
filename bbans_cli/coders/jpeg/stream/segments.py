"""The marker segments of a JPEG stream (T.81, annex B), as far as the scans need them."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from bbans_cli.coders.jpeg.stream.jpeg_stream import Component
from bbans_cli.coders.jpeg.stream.standard_tables import STANDARD_TABLES

SOI, EOI, SOS, DQT, DNL, DRI, DHP, DHT = 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xC4
_ALONE = {*range(0x01, 0xC0), *range(0xD0, 0xD9)}  # TEM, reserved ones, RST0..7 and SOI have no length
_CODED = {0xC0: 0, 0xC1: 1, 0xC2: 2}
_REFUSED = {
    **dict.fromkeys((0xC3, 0xC7, 0xCB, 0xCF), "lossless process"),
    **dict.fromkeys((0xC5, 0xC6, 0xCD, 0xCE, DHP), "hierarchical process"),
    **dict.fromkeys((0xC9, 0xCA), "arithmetic coding"),
}
_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")

# Bytes of a segment that may be cut off by the end of data; longer ones are taken for damage. A segment with four
# tables of the usual sizes has 420.
MOST_TABLES = 512

HuffmanCode = bytes  # 16 numbers of codes of 1..16 bits, then their symbols


class Frame(NamedTuple):
    """A frame header (T.81, B.2.2); process as in JpegStream."""

    process: int
    width: int
    height: int
    components: list[Component]


class HuffmanTable(NamedTuple):
    """A table of a DHT segment: where its code begins, and the code, which scan headers have by identity."""

    position: int
    code: HuffmanCode


class ScanHeader(NamedTuple):
    """A scan header (T.81, B.2.3) with what is in effect at it.

    begin       position of the first byte after it
    components  indices into the frame's, with their codes for DC and AC, None where the table is not defined; empty if
                the scan has components that are not the frame's, or one of them twice
    """

    begin: int
    components: list[tuple[int, HuffmanCode | None, HuffmanCode | None]]
    first: int
    last: int
    high: int
    low: int
    interval: int
    quantisers: dict[int, tuple[int, ...]]


@dataclass
class Walk:
    """A walk over the segments of a stream from scan to scan.

    data      the stream, or the stream without the entropy-coded data of some scans
    position  where the walk goes on; may be set after a scan header to skip entropy-coded data
    frame     the first frame header, once it was passed
    refused   why the stream's frame cannot be coded, if so
    lines     the height of DNL (T.81, B.2.5), 0 if there was none
    slots     the quantisers' slots of the frame's components
    tables    the Huffman tables that were passed
    """

    data: bytes
    position: int = 0
    frame: Frame | None = None
    refused: str | None = None
    lines: int = 0
    slots: list[int] = field(default_factory=list)
    tables: list[HuffmanTable] = field(default_factory=list)
    _codes: dict[int, HuffmanCode] = field(default_factory=lambda: dict(STANDARD_TABLES))
    _quantisers: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _interval: int = 0
    _closed: bool = False  # a second frame has begun, whose scans are not coded

    def next_scan(self) -> ScanHeader | None:
        """The next scan header of the first frame; None at the end, where `position` is the size of the stream.

        The end is EOI, or where another SOI and a marker follow, or that of the data.
        """
        while found := _MARKER.search(self.data, self.position):
            marker = self.data[found.start() + 1]
            self.position = found.end()
            if marker == EOI:
                return None
            if marker == SOI and self.frame is not None and self.data[self.position : self.position + 1] == b"\xff":
                self.position = found.start()  # of another stream; this one has no EOI
                return None
            if marker in _ALONE:
                continue
            size = int.from_bytes(self.data[self.position : self.position + 2], "big")
            if self.position + size > len(self.data) or len(self.data) - self.position < 2:
                break
            if size < 2:
                continue
            body = self.data[self.position + 2 : self.position + size]
            self.position += size
            if marker == SOS:
                if self.frame is not None and not self._closed:
                    return self._scan_header(body)
            else:
                self._segment(marker, body)
        self.position = len(self.data)
        return None

    def end_of_scan(self, over_strays: bool) -> int:
        """Where the entropy-coded data end that begin at `position`: at the next marker that is no RST.

        over_strays: not at one that damage must have made: no segment follows, or after it no marker.
        """
        end = len(self.data)
        for found in _END_OF_SCAN.finditer(self.data, self.position):
            if not (over_strays and self._is_stray(found.start())):
                end = found.start()
                break
        while end > self.position and self.data[end - 1] == 0xFF:  # which may precede a marker (T.81, B.1.1.2)
            end -= 1
        return end

    def _is_stray(self, at: int) -> bool:
        marker = self.data[at + 1]
        size = int.from_bytes(self.data[at + 2 : at + 4], "big")
        end = at + 2 + size
        if marker < 0xC0:
            return True
        if marker in (SOI, EOI):
            return marker == SOI and self.data[at + 2 : at + 3] != b"\xff"
        if end > len(self.data) - 2:
            return size > MOST_TABLES
        if marker == SOS:
            return size < 6 or size != 6 + 2 * self.data[at + 4]
        return size < 2 or self.data[end] != 0xFF

    def _segment(self, marker: int, body: bytes) -> None:
        if marker == DHT:
            self._huffman_tables(body)
        elif marker == DQT:
            self._quantisation_tables(body)
        elif marker == DRI and len(body) >= 2:
            self._interval = int.from_bytes(body[:2], "big")
        elif marker == DNL and len(body) >= 2 and not self.lines:
            self.lines = int.from_bytes(body[:2], "big")
        elif marker in _CODED or marker in _REFUSED:
            if self.frame is not None or self.refused is not None:
                self._closed = True
            elif marker in _REFUSED:
                self.refused = _REFUSED[marker]
            else:
                self._frame_header(_CODED[marker], body)

    def _frame_header(self, process: int, body: bytes) -> None:
        if len(body) < 6 or len(body) < 6 + 3 * body[5]:
            self.refused = "a damaged frame header"
            return
        height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        parts = [body[6 + 3 * i : 9 + 3 * i] for i in range(body[5])]
        components = [Component(part[1] >> 4, part[1] & 15, part[0]) for part in parts]
        if body[0] != 8:
            self.refused = f"{body[0]} bits a sample"
        elif not 1 <= len(components) <= 4:
            self.refused = f"{len(components)} components"
        elif not all(1 <= c.horizontal <= 4 and 1 <= c.vertical <= 4 for c in components):
            self.refused = "sampling factors beyond 1..4"
        elif width == 0:
            self.refused = "a width of 0"
        else:
            self.frame = Frame(process, width, height, components)
            self.slots = [part[2] for part in parts]

    def _huffman_tables(self, body: bytes) -> None:
        while len(body) >= 17:
            count = sum(body[1:17])
            if len(body) < 17 + count:
                return
            code = body[1 : 17 + count]
            self.tables.append(HuffmanTable(self.position - len(body) + 1, code))
            self._codes = {**self._codes, body[0]: code}
            body = body[17 + count :]

    def _quantisation_tables(self, body: bytes) -> None:
        while body:
            width = 2 if body[0] >> 4 else 1
            values, rest = body[1 : 1 + 64 * width], body[1 + 64 * width :]
            if len(values) < 64 * width:
                return
            table = tuple(values) if width == 1 else struct.unpack(">64H", values)
            self._quantisers = {**self._quantisers, body[0] & 15: table}
            body = rest

    def _scan_header(self, body: bytes) -> ScanHeader:
        count = body[0] if body else 0
        first, last, approximation = body[-3:] if len(body) == 4 + 2 * count else (0, 0, 0)
        components = self._scan_components(body[1:-3]) if len(body) == 4 + 2 * count else []
        high, low = approximation >> 4, approximation & 15
        return ScanHeader(self.position, components, first, last, high, low, self._interval, self._quantisers)

    def _scan_components(self, body: bytes) -> list[tuple[int, HuffmanCode | None, HuffmanCode | None]]:
        """Components by their identifiers. Of several with the same one, the scan's first is the frame's first."""
        left = [c.identifier for c in self.frame.components] if self.frame else []
        found = []
        for name, slots in zip(body[::2], body[1::2], strict=True):
            if name not in left:
                return []
            index = left.index(name)
            left[index] = -1
            found.append((index, self._codes.get(slots >> 4), self._codes.get(16 | slots & 15)))
        return found
