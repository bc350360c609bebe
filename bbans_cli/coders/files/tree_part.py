"""Part 0 of a stored file: the tree of its JPEG streams with all plain bytes. Imports no numpy."""

from __future__ import annotations

from bbans_cli.coders.files import byte_coder, jpeg_tree
from bbans_cli.coders.files.jpeg_tree import Node
from bbans_cli.container import BYTES, JPEG_STREAM, StoredFile
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import FAST

# Bytes of structure and plain bytes beyond the size of the file itself: room for the exceptions of its scans.
STRUCTURE_BYTES = 1 << 24
# The method of a payload that has the data of PNG pictures before the packed bytes
WITH_PNGS = 32


def pack_tree(tree: Node, level: int = 5) -> bytes:
    """The payload of part 0. At level 1 many plain bytes go to a general method."""
    most = byte_coder.MOST_MIXED_FAST if level == FAST else byte_coder.MOST_MIXED
    of_pngs = jpeg_tree.payloads(tree)
    before = bytes([WITH_PNGS]) + varint(len(of_pngs)) + of_pngs if of_pngs else b""
    return before + byte_coder.pack(to_bytes(tree), most)


def to_bytes(tree: Node) -> bytes:
    """What part 0 holds beside the samples of PNG pictures: the structure and the plain bytes."""
    structure, gaps = jpeg_tree.to_bytes(tree)
    return varint(len(structure)) + structure + gaps


def read_tree(stored: StoredFile) -> Node:
    """What part 0 holds: structure and plain bytes, without coefficients. Raises CorruptError, UnsupportedError."""
    first = stored.parts[0]
    if first.damaged:
        raise CorruptError("corrupt: all of the file but coefficients is damaged, and they are of no use alone")
    if first.coder != BYTES or any(part.coder != JPEG_STREAM for part in stored.parts[1:]):
        raise UnsupportedError("needs a newer bbc: the parts of a file in an unknown order")
    packed, of_pngs = first.payload, b""
    if packed[:1] == bytes([WITH_PNGS]):
        reader = Reader(packed, "the plain bytes")
        reader.byte()
        of_pngs = reader.take(reader.varint())
        packed = reader.take(reader.left)
    reader = Reader(byte_coder.unpack(packed, stored.size + STRUCTURE_BYTES, "plain bytes"), "the structure")
    structure = reader.take(reader.varint())
    return jpeg_tree.from_bytes(structure, reader.take(reader.left), of_pngs)
