"""The tree of JPEG streams in a file: docs/format.md, "Bytes (6) and JPEG streams (7)"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError

DEEPEST = 4  # node within node
MOST_PNG_PIXELS, MOST_PNG_BYTES = 1 << 20, 1 << 23


@dataclass(frozen=True)
class Stream:
    """A JPEG stream. tables: Huffman tables that are left out, as reference/jpeg/stream/join.py takes them."""

    scans: bytes
    tables: list[tuple[int, int]]
    plain: Node


@dataclass(frozen=True)
class Copy:
    """The bytes of an earlier stream, by number."""

    stream: int


@dataclass(frozen=True)
class CutContent:
    """Content that was cut into segments, whose headers these are."""

    headers: list[bytes]
    content: Node


@dataclass(frozen=True)
class PngData:
    """The IDAT chunks of a PNG picture.

    chunk, size  bytes of each chunk's content but the last, and of all contents, a zlib stream, together
    level, filtered, flags  how it is deflated; the second byte of the stream
    shape        rows, columns, channels of the samples, of `depth` bits, with the low byte first if `swapped`
    filters      of each row
    payload      the samples by the coder of deep samples
    """

    chunk: int
    size: int
    level: int
    filtered: bool
    flags: int
    shape: tuple[int, int, int]
    depth: int
    swapped: bool
    filters: bytes
    payload: bytes


Item: TypeAlias = "Stream | Copy | CutContent | PngData"


@dataclass(frozen=True)
class Node:
    """Items, and bytes before, between and behind them: one more than items."""

    gaps: list[bytes]
    items: list[Item]

    def streams(self) -> Iterator[Stream]:
        """All streams in the order of their numbers."""
        for item in self.items:
            if isinstance(item, Stream):
                yield item
                yield from item.plain.streams()
            elif isinstance(item, CutContent):
                yield from item.content.streams()


@dataclass(frozen=True)
class _Source:
    """Structure, plain bytes, and the samples of PNG pictures."""

    fields: Reader
    gaps: Reader
    pngs: Reader


def read(structure: bytes, plain: bytes, pngs: bytes = b"") -> Node:
    """The file's node. plain: the bytes of all gaps and headers. pngs: coded samples of PNG pictures.

    Raises CorruptError where they do not agree.
    """
    source = _Source(
        Reader(structure, "the structure"), Reader(plain, "the plain bytes"), Reader(pngs, "the data of PNG pictures")
    )
    node = _read_node(source, 0)
    if source.fields.left or source.gaps.left or source.pngs.left:
        raise CorruptError("corrupt structure: more bytes than it needs")
    return node


def _read_node(source: _Source, depth: int) -> Node:
    if depth > DEEPEST:
        raise CorruptError("corrupt structure: too deep")
    fields, gaps = source.fields, source.gaps
    node = Node([], [])
    for _ in range(fields.varint()):
        node.gaps.append(gaps.take(fields.varint()))
        node.items.append(_read_item(source, depth + 1))
    node.gaps.append(gaps.take(fields.varint()))
    return node


def _read_item(source: _Source, depth: int) -> Item:
    fields, gaps = source.fields, source.gaps
    size = fields.varint()
    if size:
        scans = fields.take(size)
        tables = [(fields.varint(), fields.byte()) for _ in range(fields.varint())]
        return Stream(scans, tables, _read_node(source, depth))
    copy = fields.varint()
    if copy:
        return Copy(copy - 1)
    count = fields.varint()
    if count == 0:
        return _read_png_data(source)
    header_size = fields.varint()
    if header_size < 4:
        raise CorruptError("corrupt structure: a segment's header is too small")
    headers = [gaps.take(header_size) for _ in range(count)]
    return CutContent(headers, _read_node(source, depth))


def _read_png_data(source: _Source) -> PngData:
    fields = source.fields
    chunk, size, kind, flags = fields.varint(), fields.varint(), fields.byte(), fields.byte()
    width, height, payload = fields.varint(), fields.varint(), fields.varint()
    level = kind & 15
    if (
        not 1 <= level <= 9
        or not chunk
        or not 1 <= width * height <= MOST_PNG_PIXELS
        or not 6 <= size <= MOST_PNG_BYTES
    ):
        raise CorruptError("corrupt structure: data that no PNG picture has")
    shape = height, width, 3 if kind & 32 else 1
    filters = source.gaps.take(height)
    data = source.pngs.take(payload)
    return PngData(
        chunk, size, level, kind & 16 > 0, flags, shape, 16 if kind & 64 else 8, kind & 128 > 0, filters, data
    )
