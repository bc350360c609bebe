"""The JPEG streams in a file, and those within the plain bytes of these: the tree that a file part holds.

A phone's photograph is a JPEG stream with a thumbnail in its EXIF segment, and often with further pictures behind its
end. So bytes are taken for a list of JPEG streams with other bytes between them, and what a stream keeps as plain
bytes (coders/jpeg/stream) is taken apart in the same way. jpeg_search.py makes the tree.

    node     count of items | for each: count of bytes before it, the item | count of bytes behind the last
    item     a stream: size of its scans, these, Huffman tables that are left out, node of its plain bytes
             0, n + 1: the same bytes as stream n
             0, 0: segments that a long content was cut into: count, size of their headers, node of the content
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream
from bbans_cli.coders.jpeg.stream.omitted_tables import LENGTHS, Omitted
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError

# A stream within a stream within a stream: a preview's thumbnail. The format allows no more, cut contents included.
MAX_DEPTH = 4


@dataclass
class Node:
    """Bytes: those between `items` and behind them, as `gaps` (one more than items)."""

    gaps: list[bytes] = field(default_factory=list)
    items: list[Branch | Copy | CutContent] = field(default_factory=list)

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
            else:
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
            else:
                structure.extend(varint(0) * 2 + varint(len(item.headers)) + varint(len(item.headers[0])))
                gaps.extend(b"".join(item.headers))
                add(item.content)
        structure.extend(varint(len(node.gaps[-1])))
        gaps.extend(node.gaps[-1])

    add(node)
    return bytes(structure), bytes(gaps)


def from_bytes(structure: bytes, gaps: bytes) -> Node:
    """The inverse of `to_bytes`. Raises CorruptError, TruncatedError."""
    reader = _TreeReader(structure, gaps)
    node = reader.node(0)
    if reader.structure.left or reader.gaps.left:
        raise CorruptError("corrupt structure: bytes left over")
    return node


class _TreeReader:
    def __init__(self, structure: bytes, gaps: bytes) -> None:
        self.structure, self.gaps = Reader(structure, "the structure"), Reader(gaps, "the plain bytes")
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

    def _item(self, depth: int) -> Branch | Copy | CutContent:
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
        count, size = self.structure.varint(), self.structure.varint()
        if size < 4 or count * size > self.gaps.left:
            raise CorruptError("corrupt structure: segments without headers")
        return CutContent([self.gaps.take(size) for _ in range(count)], self.node(depth + 1))


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
