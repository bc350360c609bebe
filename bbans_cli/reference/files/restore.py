"""A stored file's bytes from its parts."""

from __future__ import annotations

import zlib

import numpy as np

from bbans_cli.container import BYTES, JPEG_STREAM, FilePart, StoredFile
from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress, shared_out
from bbans_cli.reference.files import packed_bytes, png_data, tree
from bbans_cli.reference.files.tree import Copy, CutContent, Item, Node, PngData, Stream
from bbans_cli.reference.jpeg import coefficients
from bbans_cli.reference.jpeg.stream import join

# How much larger structure and plain bytes may be than the file
MORE_BYTES = 1 << 24
WITH_PNGS = 32  # the method of part 0 with samples of PNG pictures before the packed bytes


def restore(stored: StoredFile, tick: PixelProgress = no_progress, pixels: int = 1) -> bytes:
    """The file. tick gets so many pixels in all. Raises CorruptError, UnsupportedError, ModelMismatchError."""
    first, *others = stored.parts
    if first.coder != BYTES or any(part.coder != JPEG_STREAM for part in others):
        raise UnsupportedError("needs a newer bbc: the parts of a file in an unknown order")
    packed, pngs = first.payload, b""
    if packed[:1] == bytes([WITH_PNGS]):
        reader = Reader(packed[1:], "the plain bytes")
        pngs = reader.take(reader.varint())
        packed = reader.take(reader.left)
    reader = Reader(packed_bytes.unpack(packed, stored.size + MORE_BYTES), "the structure")
    structure = reader.take(reader.varint())
    of_bytes = shared_out(tick, pixels, max(1, sum(len(part.payload) for part in others)))
    data = _Restorer(tree.read(structure, reader.take(reader.left), pngs), others, of_bytes).data()
    if len(data) != stored.size or zlib.crc32(data) != stored.crc:
        raise CorruptError("corrupt: the file does not have its size and checksum")
    return data


class _Restorer:
    """Joins the streams of a tree, those within the plain bytes of others first."""

    def __init__(self, root: Node, parts: list[FilePart], tick: PixelProgress) -> None:
        streams = list(root.streams())
        if len(streams) != len(parts):
            raise CorruptError("corrupt structure: its streams and the parts are not the same number")
        self.root, self.parts = root, parts
        self.numbers = {id(stream): number for number, stream in enumerate(streams)}
        self.tick = tick  # gets numbers of bytes
        self.done: dict[int, bytes] = {}

    def data(self) -> bytes:
        return self._of_node(self.root)

    def _of_node(self, node: Node) -> bytes:
        pieces = [node.gaps[0]]
        for item, gap in zip(node.items, node.gaps[1:], strict=True):
            pieces += [self._of_item(item), gap]
        return b"".join(pieces)

    def _of_item(self, item: Item) -> bytes:
        if isinstance(item, CutContent):
            return _in_segments(self._of_node(item.content), item.headers)
        if isinstance(item, PngData):
            return png_data.chunks(item)
        if isinstance(item, Copy):
            if item.stream not in self.done:
                raise CorruptError("corrupt structure: a copy of a stream that has not ended")
            return self.done[item.stream]
        number = self.numbers[id(item)]
        self.done[number] = self._of_stream(item, self.parts[number])
        return self.done[number]

    def _of_stream(self, stream: Stream, part: FilePart) -> bytes:
        if len(part.settings) != 1:
            raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
        plain = self._of_node(stream.plain)
        layout = join.layout(join.with_stand_ins(plain, stream.tables), stream.scans)
        quantisers = [np.maximum(table, 1) for table in layout.quantisers]
        tick = shared_out(self.tick, len(part.payload), sum(rows * columns for rows, columns in layout.sizes))
        blocks = coefficients.decode(part.payload, layout.sizes, quantisers, layout.factors, part.settings[0], tick)
        return join.join(join.with_tables(plain, stream.tables, stream.scans, blocks), stream.scans, blocks)


def _in_segments(content: bytes, headers: list[bytes]) -> bytes:
    """Content cut into segments: as much behind each header as its length says."""
    out, done = b"", 0
    for header in headers:
        size = int.from_bytes(header[2:4], "big") - (len(header) - 2)
        if size < 0 or done + size > len(content):
            raise CorruptError("corrupt structure: segments do not have their lengths")
        out += header + content[done : done + size]
        done += size
    if done != len(content):
        raise CorruptError("corrupt structure: segments do not have their lengths")
    return out
