"""The JPEG streams in a file, and those within the plain bytes of these: the tree that a file part holds.

A phone's photograph is a JPEG stream with a thumbnail in its EXIF segment, and often with further pictures behind its
end. So bytes are taken for a list of JPEG streams with other bytes between them, and what a stream keeps as plain
bytes (coders/jpeg/stream) is taken apart in the same way.

    bytes    count of streams | for each: count of bytes before it, its scans, Huffman tables that are left out, its
             plain part's bytes | bytes after

A stream that equals an earlier one, as a thumbnail that a program wrote twice, has no scans but the number of that one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bbans_cli.coders.jpeg.stream import NotCodableError, join, split
from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream
from bbans_cli.coders.jpeg.stream.optimal_tables import LENGTHS, Omitted, leave_out
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError

SOI = b"\xff\xd8\xff"
# A stream within a stream within a stream: a preview's thumbnail. The format allows no more.
MAX_DEPTH = 3
# What begins like a JPEG stream and is none costs a look at each; after so many no further one is tried.
MAX_FAILURES = 64
# A stream of fewer bytes is not worth its place in the list of parts.
SMALLEST = 128


@dataclass
class Node:
    """Bytes: those between `streams` and behind them, as `gaps` (one more than streams)."""

    gaps: list[bytes] = field(default_factory=list)
    streams: list[Branch] = field(default_factory=list)

    def all_streams(self) -> Iterator[Branch]:
        """Each stream that is no copy, then those within its plain bytes: the order of the file's parts."""
        for branch in self.streams:
            if branch.copy_of is None:
                yield branch
                yield from branch.plain.all_streams()

    def originals(self) -> set[int]:
        """The numbers of the streams that have copies."""
        found: set[int] = set()
        for branch in self.streams:
            found |= branch.plain.originals() if branch.copy_of is None else {branch.copy_of}
        return found


@dataclass
class Branch:
    """A JPEG stream.

    scans    see JpegStream
    tables   the Huffman tables that its plain bytes lack (coders/jpeg/stream/optimal_tables.py)
    plain    its plain bytes
    stream   what `split` found; None when decoding
    copy_of  the number, in all_streams(), of the stream that it equals; then it has neither scans nor plain bytes
    """

    scans: bytes
    plain: Node
    tables: list[Omitted] = field(default_factory=list)
    stream: JpegStream | None = None
    copy_of: int | None = None


def find(data: bytes, max_pixels: int) -> tuple[Node, str]:
    """The tree of some bytes, and why the first JPEG stream in them is not coded; "" where it is.

    A stream of many more pixels than `max_pixels` is not looked at.
    """
    search = _Search(max_pixels)
    node = search.node(data, 0, 0)
    first_is_coded = node.streams and SOI not in node.gaps[0]
    return node, "" if first_is_coded else search.reason


class _Search:
    def __init__(self, max_pixels: int) -> None:
        # Four components of 64 coefficients a block, and one MCU of up to 16 blocks beyond the border
        self.max_blocks = max_pixels // 16 + 64
        self.failures = 0
        self.numbers: dict[bytes, int] = {}
        self.reason = "no JPEG picture in it"

    def node(self, data: bytes, depth: int, start: int) -> Node:
        """`start`: where the first stream may begin."""
        node = Node()
        done, at = 0, start
        while depth < MAX_DEPTH and self.failures < MAX_FAILURES:
            at = data.find(SOI, at)
            if at < 0 or len(data) - at < SMALLEST:
                break
            found = self._stream(data[at:])
            if found is None:
                at += 1
                continue
            node.gaps.append(data[done:at])
            node.streams.append(self._branch(found, data[at : at + found.size], depth))
            done = at = at + found.size
        node.gaps.append(data[done:])
        return node

    def _branch(self, found: JpegStream, data: bytes, depth: int) -> Branch:
        earlier = self.numbers.get(data)
        if earlier is not None:
            return Branch(b"", Node(), copy_of=earlier)
        self.numbers[data] = len(self.numbers)
        # The stream's own SOI is in its plain bytes.
        plain, tables = leave_out(found.plain, found.scans, found.blocks)
        return Branch(found.scans, self.node(plain, depth + 1, 2), tables, found)

    def _stream(self, data: bytes) -> JpegStream | None:
        try:
            found = split(data, self.max_blocks)
        except NotCodableError as error:
            if not self.failures:
                self.reason = str(error)
            self.failures += 1
            return None
        if join(found.plain, found.scans, found.blocks) != data[: found.size]:
            self.failures += 1
            return None
        return found


def to_bytes(node: Node) -> tuple[bytes, bytes]:
    """The structure, and all gaps in its order."""
    structure, gaps = bytearray(), bytearray()

    def add(node: Node) -> None:
        structure.extend(varint(len(node.streams)))
        for gap, branch in zip(node.gaps, node.streams, strict=False):
            structure.extend(varint(len(gap)) + varint(len(branch.scans)) + branch.scans)
            gaps.extend(gap)
            if branch.copy_of is None:
                structure.extend(_tables_to_bytes(branch.tables))
                add(branch.plain)
            else:
                structure.extend(varint(branch.copy_of))
        structure.extend(varint(len(node.gaps[-1])))
        gaps.extend(node.gaps[-1])

    add(node)
    return bytes(structure), bytes(gaps)


def from_bytes(structure: bytes, gaps: bytes) -> Node:
    """The inverse of `to_bytes`. Raises CorruptError, TruncatedError."""
    reader, rest = Reader(structure, "the structure"), Reader(gaps, "the plain bytes")

    streams = 0

    def read(depth: int) -> Node:
        nonlocal streams
        node = Node()
        count = reader.varint()
        if depth > MAX_DEPTH or count > reader.left:
            raise CorruptError("corrupt structure: streams within streams")
        for _ in range(count):
            node.gaps.append(rest.take(reader.varint()))
            scans = reader.take(reader.varint())
            if scans:
                streams += 1
                tables = _tables_from_bytes(reader)
                node.streams.append(Branch(scans, read(depth + 1), tables))
                continue
            earlier = reader.varint()
            if earlier >= streams:
                raise CorruptError("corrupt structure: a copy of no stream")
            node.streams.append(Branch(b"", Node(), copy_of=earlier))
        node.gaps.append(rest.take(reader.varint()))
        return node

    node = read(0)
    if reader.left or rest.left:
        raise CorruptError("corrupt structure: bytes left over")
    return node


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


def plain_bytes(node: Node, streams: list[bytes]) -> bytes:
    """The bytes of a node whose streams were joined."""
    parts: list[bytes] = []
    for gap, stream in zip(node.gaps, streams, strict=False):
        parts += [gap, stream]
    return b"".join([*parts, node.gaps[-1]])
