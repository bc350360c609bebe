"""The JPEG streams in a file, and those within the plain bytes of these: the tree that a file part holds.

A phone's photograph is a JPEG stream with a thumbnail in its EXIF segment, and often with further pictures behind its
end. So bytes are taken for a list of JPEG streams with other bytes between them, and what a stream keeps as plain
bytes (coders/jpeg/stream) is taken apart in the same way. jpeg_search.py makes the tree.

    node     count of items | for each: count of bytes before it, the item | count of bytes behind the last
    item     a stream: size of its scans, these, Huffman tables that are left out, node of its plain bytes
             0, n + 1: the same bytes as stream n
             0, 0: segments that a long content was cut into: count, size of their headers, node of the content
             0, 0, 0: data of a PNG picture (PngData)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream
from bbans_cli.coders.jpeg.stream.omitted_tables import LENGTHS, Omitted
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError

# A stream within a stream within a stream: a preview's thumbnail. The format allows no more, cut contents included.
MAX_DEPTH = 4
# Of the data of a PNG picture: more than any thermal camera has
MOST_PNG_PIXELS = 1 << 20
MOST_PNG_BYTES = 1 << 23


@dataclass
class Node:
    """Bytes: those between `items` and behind them, as `gaps` (one more than items)."""

    gaps: list[bytes] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    def all_streams(self) -> Iterator[Branch]:
        """Each stream, then those within its plain bytes: the order of the file's parts."""
        for item in self.items:
            if isinstance(item, Branch):
                yield item
                yield from item.plain.all_streams()
            elif isinstance(item, CutContent):
                yield from item.content.all_streams()

    def originals(self) -> set[int]:
        """The numbers of the streams that have copies."""
        found: set[int] = set()
        for item in self.items:
            if isinstance(item, Copy):
                found.add(item.number)
            elif not isinstance(item, PngData):
                found |= (item.plain if isinstance(item, Branch) else item.content).originals()
        return found

    @property
    def first(self) -> Branch | None:
        """The first of its own streams."""
        return next((item for item in self.items if isinstance(item, Branch)), None)


@dataclass
class Branch:
    """A JPEG stream.

    scans   see JpegStream; never empty
    plain   its plain bytes
    tables  the Huffman tables that its plain bytes lack (coders/jpeg/stream/optimal_tables.py)
    stream  what `split` found; None when decoding
    """

    scans: bytes
    plain: Node
    tables: list[Omitted] = field(default_factory=list)
    stream: JpegStream | None = None


@dataclass
class Copy:
    """The same bytes as those of the stream `number` of all_streams(), as where a program wrote a thumbnail twice."""

    number: int


@dataclass
class CutContent:
    """Segments in a row that a content of more than 64 KiB was cut into.

    headers  the first bytes of each segment, of one size: marker, length, and what stands before the content
    """

    headers: list[bytes]
    content: Node

    def join(self, content: bytes) -> bytes:
        """The segments. Raises CorruptError if their lengths and the content's do not agree."""
        pieces, at = [], 0
        for header in self.headers:
            size = 2 + int.from_bytes(header[2:4], "big") - len(header)
            if size < 0:
                break
            pieces += [header, content[at : at + size]]
            at += size
        if len(pieces) < 2 * len(self.headers) or at != len(content):
            raise CorruptError("corrupt structure: segments of another length than their content")
        return b"".join(pieces)

    def zeros(self) -> bytes:
        """The segments with zeros for their content."""
        return b"".join(header.ljust(2 + int.from_bytes(header[2:4], "big"), b"\0") for header in self.headers)


@dataclass
class PngData:
    """The IDAT chunks of a PNG picture, as png_data.py makes them from its samples.

    chunk           bytes in each chunk but the last, of all `size` bytes of the zlib stream together
    level           zlib's, 1 to 9; filtered: its strategy Z_FILTERED. flags: the second byte of the stream
    width, height   of the picture, of `channels` samples of 1 or 2 bytes; swapped: with the low byte first
    filters         of each row, a byte
    payload         the samples, by the coder of deep samples
    """

    chunk: int
    size: int
    level: int
    filtered: bool
    flags: int
    width: int
    height: int
    channels: int
    sample_bytes: int
    swapped: bool
    filters: bytes = b""
    payload: bytes = b""


Item: TypeAlias = Branch | Copy | CutContent | PngData


def payloads(node: Node) -> bytes:
    """Of all PNG data, in the order of the structure."""
    found = b""
    for item in node.items:
        if isinstance(item, PngData):
            found += item.payload
        elif not isinstance(item, Copy):
            found += payloads(item.plain if isinstance(item, Branch) else item.content)
    return found


def to_bytes(node: Node) -> tuple[bytes, bytes]:
    """The structure, and all gaps in its order."""
    structure, gaps = bytearray(), bytearray()

    def add(node: Node) -> None:
        structure.extend(varint(len(node.items)))
        for gap, item in zip(node.gaps, node.items, strict=False):
            structure.extend(varint(len(gap)))
            gaps.extend(gap)
            if isinstance(item, Branch):
                structure.extend(varint(len(item.scans)) + item.scans + _tables_to_bytes(item.tables))
                add(item.plain)
            elif isinstance(item, Copy):
                structure.extend(varint(0) + varint(item.number + 1))
            elif isinstance(item, PngData):
                structure.extend(varint(0) * 3 + _png_to_bytes(item))
                gaps.extend(item.filters)
            else:
                structure.extend(varint(0) * 2 + varint(len(item.headers)) + varint(len(item.headers[0])))
                gaps.extend(b"".join(item.headers))
                add(item.content)
        structure.extend(varint(len(node.gaps[-1])))
        gaps.extend(node.gaps[-1])

    add(node)
    return bytes(structure), bytes(gaps)


def from_bytes(structure: bytes, gaps: bytes, of_pngs: bytes = b"") -> Node:
    """The inverse of `to_bytes` and `payloads`. Raises CorruptError, TruncatedError."""
    reader = _TreeReader(structure, gaps, of_pngs)
    node = reader.node(0)
    if reader.structure.left or reader.gaps.left or reader.payloads.left:
        raise CorruptError("corrupt structure: bytes left over")
    return node


class _TreeReader:
    def __init__(self, structure: bytes, gaps: bytes, of_pngs: bytes) -> None:
        self.structure, self.gaps = Reader(structure, "the structure"), Reader(gaps, "the plain bytes")
        self.payloads = Reader(of_pngs, "the data of PNG pictures")
        self.streams = 0

    def node(self, depth: int) -> Node:
        node = Node()
        count = self.structure.varint()
        if depth > MAX_DEPTH or count > self.structure.left:
            raise CorruptError("corrupt structure: streams within streams")
        for _ in range(count):
            node.gaps.append(self.gaps.take(self.structure.varint()))
            node.items.append(self._item(depth))
        node.gaps.append(self.gaps.take(self.structure.varint()))
        return node

    def _item(self, depth: int) -> Item:
        scans = self.structure.take(self.structure.varint())
        if scans:
            self.streams += 1
            tables = _tables_from_bytes(self.structure)
            return Branch(scans, self.node(depth + 1), tables)
        number = self.structure.varint()
        if number > self.streams:
            raise CorruptError("corrupt structure: a copy of no stream")
        if number:
            return Copy(number - 1)
        count = self.structure.varint()
        if count == 0:
            return self._png_data()
        size = self.structure.varint()
        if size < 4 or count * size > self.gaps.left:
            raise CorruptError("corrupt structure: segments without headers")
        return CutContent([self.gaps.take(size) for _ in range(count)], self.node(depth + 1))

    def _png_data(self) -> PngData:
        fields = self.structure
        chunk, size, kind, flags = fields.varint(), fields.varint(), fields.byte(), fields.byte()
        width, height, payload = fields.varint(), fields.varint(), fields.varint()
        level, channels, sample_bytes = kind & 15, 3 if kind & 32 else 1, 2 if kind & 64 else 1
        pixels = width * height
        if not 1 <= level <= 9 or not 1 <= pixels <= MOST_PNG_PIXELS or not chunk or size > MOST_PNG_BYTES:
            raise CorruptError("corrupt structure: data that no PNG picture has")
        found = PngData(chunk, size, level, kind & 16 > 0, flags, width, height, channels, sample_bytes, kind & 128 > 0)
        found.filters, found.payload = self.gaps.take(height), self.payloads.take(payload)
        return found


def _png_to_bytes(item: PngData) -> bytes:
    kind = item.level | item.filtered << 4 | (item.channels > 1) << 5 | (item.sample_bytes > 1) << 6 | item.swapped << 7
    sizes = varint(item.width) + varint(item.height) + varint(len(item.payload))
    return varint(item.chunk) + varint(item.size) + bytes([kind, item.flags]) + sizes


def _tables_to_bytes(tables: list[Omitted]) -> bytes:
    out, end = varint(len(tables)), 0
    for table in tables:
        out += varint(table.position - end) + bytes([table.symbols])
        end = table.position + LENGTHS + table.symbols
    return out


def _tables_from_bytes(reader: Reader) -> list[Omitted]:
    tables: list[Omitted] = []
    end = 0
    for _ in range(reader.varint()):
        tables.append(Omitted(end + reader.varint(), reader.byte()))
        end = tables[-1].position + LENGTHS + tables[-1].symbols
    return tables
