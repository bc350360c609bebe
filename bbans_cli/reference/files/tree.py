"""The tree of JPEG streams in a file: docs/format.md, "Bytes (6) and JPEG streams (7)"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError

DEEPEST = 4  # node within node


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
class Node:
    """Items, and bytes before, between and behind them: one more than items."""

    gaps: list[bytes]
    items: list[Stream | Copy | CutContent]

    def streams(self) -> Iterator[Stream]:
        """All streams in the order of their numbers."""
        for item in self.items:
            if isinstance(item, Stream):
                yield item
                yield from item.plain.streams()
            elif isinstance(item, CutContent):
                yield from item.content.streams()


def read(structure: bytes, plain: bytes) -> Node:
    """The file's node. plain: the bytes of all gaps and headers. Raises CorruptError where they do not agree."""
    fields, gaps = Reader(structure, "the structure"), Reader(plain, "the plain bytes")
    node = _read_node(fields, gaps, 0)
    if fields.left or gaps.left:
        raise CorruptError("corrupt structure: more bytes than it needs")
    return node


def _read_node(fields: Reader, gaps: Reader, depth: int) -> Node:
    if depth > DEEPEST:
        raise CorruptError("corrupt structure: too deep")
    node = Node([], [])
    for _ in range(fields.varint()):
        node.gaps.append(gaps.take(fields.varint()))
        node.items.append(_read_item(fields, gaps, depth + 1))
    node.gaps.append(gaps.take(fields.varint()))
    return node


def _read_item(fields: Reader, gaps: Reader, depth: int) -> Stream | Copy | CutContent:
    size = fields.varint()
    if size:
        scans = fields.take(size)
        tables = [(fields.varint(), fields.byte()) for _ in range(fields.varint())]
        return Stream(scans, tables, _read_node(fields, gaps, depth))
    copy = fields.varint()
    if copy:
        return Copy(copy - 1)
    count, header_size = fields.varint(), fields.varint()
    if header_size < 4:
        raise CorruptError("corrupt structure: a segment's header is too small")
    headers = [gaps.take(header_size) for _ in range(count)]
    return CutContent(headers, _read_node(fields, gaps, depth))
