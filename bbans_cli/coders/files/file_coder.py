"""A file's bytes <-> a StoredFile, from which they come back byte for byte.

Part 0 (`bytes`) has what is no coefficient: the tree of JPEG streams (jpeg_tree.py) and all plain bytes. Each further
part (`jpeg-stream`) has the coefficients of one stream, in the tree's order. What holds no JPEG stream is part 0 alone.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from bbans_cli import scheduler
from bbans_cli.coders import memory
from bbans_cli.coders.files import jpeg_search, jpeg_segments, png_data
from bbans_cli.coders.files.jpeg_tree import Branch, Copy, CutContent, Item, Node, PngData
from bbans_cli.coders.files.tree_part import STRUCTURE_BYTES, pack_tree, read_tree
from bbans_cli.coders.jpeg import coefficients
from bbans_cli.coders.jpeg.stream.join import frame, join
from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream
from bbans_cli.coders.jpeg.stream.layout import layout
from bbans_cli.coders.jpeg.stream.omitted_tables import with_stand_ins
from bbans_cli.coders.jpeg.stream.optimal_tables import put_in
from bbans_cli.coders.jpeg.stream.segments import Frame, Walk
from bbans_cli.container import BYTES, JPEG_STREAM, FilePart, JpegSummary, StoredFile
from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import Bounds
from bbans_cli.container.file_format import check_limit
from bbans_cli.errors import CorruptError, ModelMismatchError, UnsupportedError
from bbans_cli.limits import BEST, FAST, MAX_PIXELS
from bbans_cli.progress import BlockProgress, ShareProgress, no_progress

# A stream of so many blocks, such as a small thumbnail, is coded as at the best level if the default one is asked for:
# this coder learns faster. docs/experiments.md, Coefficients of JPEG files
FEW_BLOCKS = range(129, 513)
# Of streams with more blocks in all the plain bytes are coded in a thread of their own. Tuned by hand, not recorded.
MANY_BLOCKS = 1 << 14


def encode(
    data: bytes,
    suffix: str,
    level: int,
    threads: int = 1,
    progress: ShareProgress = no_progress,
    max_pixels: int = MAX_PIXELS,
    max_memory: int | None = None,
) -> tuple[StoredFile, str]:
    """A file's bytes, and why they hold no JPEG picture that is coded ("" where they do).

    suffix      what its name ends with, with its point; "": nothing is noted
    max_pixels  LimitError for larger pictures
    max_memory  LimitError for what needs more bytes; None: than half of the machine's
    """
    _check_first_frame(data, Bounds(max_memory=max_memory))
    tree, reason = jpeg_search.find(data, max_pixels, pngs=level != FAST, threads=threads)
    summary = None if reason else _summary(tree)
    check_limit(summary, max_pixels)
    items = [(kinds.SUFFIX, suffix.encode("utf-8", "surrogateescape"))] if suffix else []
    crc = zlib.crc32(data)
    if any(tree.all_streams()):
        coded = StoredFile(len(data), crc, summary, _parts(tree, level, threads, progress), items)
        if sum(len(part.payload) for part in coded.parts) < len(data):
            return coded, reason
    stored = StoredFile(len(data), crc, None, [FilePart(BYTES, b"", pack_tree(Node(gaps=[data]), level))], items)
    return stored, reason or "its coefficients take more bytes than the file itself"


def _check_first_frame(data: bytes, bounds: Bounds) -> None:
    """Raise LimitError if the coefficients of the first JPEG stream need more memory. Data have a bit at least for each
    block."""
    walk = Walk(data, max(0, data.find(jpeg_search.SOI)))
    walk.next_scan()
    blocks = 0 if walk.frame is None else min(layout(walk.frame, walk.frame.height).blocks, 8 * len(data))
    bounds.check_memory(memory.of_bytes(len(data)) + blocks * memory.BLOCK_BYTES)


def decode(
    stored: StoredFile, threads: int = 1, progress: ShareProgress = no_progress, max_memory: int | None = None
) -> bytes:
    """The file's bytes. max_memory: as Decoder has it. Raises CorruptError, LimitError, UnsupportedError."""
    data = Decoder(stored, threads, progress, max_memory=max_memory).data()
    if len(data) != stored.size or zlib.crc32(data) != stored.crc:
        raise CorruptError("corrupt: the file does not have its size and checksum")
    progress(1.0)
    return data


@dataclass(frozen=True)
class DecodedStream:
    """A JPEG stream: plain bytes and scans as `join` takes them; its frame; tables and blocks as in JpegStream."""

    plain: bytes
    scans: bytes
    frame: Frame
    tables: list[np.ndarray]
    blocks: list[np.ndarray]


@dataclass(frozen=True)
class StreamBits:
    """Where the bits of a JPEG stream's coefficients went: of the blocks of each component, float32 (rows, columns)."""

    frame: Frame
    blocks: list[np.ndarray]


def _summary(tree: Node) -> JpegSummary:
    """What the frame header says; its height may be wrong, and is 0 where a DNL segment has it."""
    assert tree.first is not None and tree.first.stream is not None
    stream = tree.first.stream
    height = jpeg_segments.frame_height(stream.plain) or stream.height
    return JpegSummary(stream.process, len(stream.components), stream.width, height)


def _parts(tree: Node, level: int, threads: int, progress: ShareProgress) -> list[FilePart]:
    streams = [branch.stream for branch in tree.all_streams() if branch.stream is not None]
    total = sum(block.shape[0] * block.shape[1] for stream in streams for block in stream.blocks)
    count = _counter(total, progress)

    def of_stream(stream: JpegStream) -> FilePart:
        factors = [component.factors for component in stream.components]
        own = _level(stream.blocks, level)
        payload = coefficients.encode(stream.blocks, _divisors(stream.tables), factors, own, threads, count)
        return FilePart(JPEG_STREAM, bytes([own]), payload)

    def of_plain_bytes() -> list[FilePart]:
        return [FilePart(BYTES, b"", pack_tree(tree, level))]

    def of_streams() -> list[FilePart]:
        return [of_stream(stream) for stream in streams]

    beside = min(2, threads) if total > MANY_BLOCKS else 1
    return [*chain.from_iterable(scheduler.map_ordered(lambda code: code(), [of_plain_bytes, of_streams], beside))]


def _level(blocks: list[np.ndarray], level: int) -> int:
    """The level for the coefficients of a stream, where `level` is asked for."""
    few = sum(plane.shape[0] * plane.shape[1] for plane in blocks) in FEW_BLOCKS
    return BEST if few and level != FAST else level


def _divisors(tables: list[np.ndarray]) -> list[np.ndarray]:
    """Quantisers as the coefficient coder takes them: a quantiser of 0, which a damaged file may have, counts as 1."""
    return [np.maximum(table, 1) for table in tables]


def _counter(total: int, progress: ShareProgress) -> BlockProgress:
    done = 0

    def count(blocks: int) -> None:
        nonlocal done
        done += blocks
        progress(min(1.0, done / max(1, total)))

    return count


class Decoder:
    """Takes a file's streams together again, those within plain bytes before the ones around them.

    bits        gets those of each stream as it is decoded, by its number in all_streams()
    max_memory  bytes that may be taken for the file and the coefficients of a stream; None: half of the machine's

    Raises CorruptError, LimitError, UnsupportedError.
    """

    def __init__(
        self,
        stored: StoredFile,
        threads: int,
        progress: ShareProgress,
        bits: dict[int, StreamBits] | None = None,
        max_memory: int | None = None,
    ) -> None:
        self.bits = bits
        self.size, self.bounds = stored.size, Bounds(max_memory=max_memory)
        self.bounds.check_memory(memory.of_bytes(stored.size))
        self.tree = read_tree(stored)
        branches = list(self.tree.all_streams())
        if len(branches) != len(stored.parts) - 1:
            raise CorruptError("corrupt structure: its streams and the parts are not the same number")
        self.numbers = {id(branch): number for number, branch in enumerate(branches)}
        self.originals = self.tree.originals()
        self.copied: dict[int, bytes] = {}
        self.parts = {id(branch): part for branch, part in zip(branches, stored.parts[1:], strict=True)}
        self.threads, self.progress = threads, progress
        self.done, self.total = 0, sum(len(part.payload) for part in stored.parts[1:])

    def data(self) -> bytes:
        """The file."""
        return self._bytes(self.tree)

    def stream(self, branch: Branch) -> DecodedStream:
        """A stream of the tree."""
        found = self.with_stand_ins(branch, self.plain(branch))
        return replace(found, plain=put_in(found.plain, branch.tables, branch.scans, found.blocks, self.threads))

    def with_stand_ins(
        self, branch: Branch, plain: bytes, lost: list[tuple[int, int | None]] | None = None
    ) -> DecodedStream:
        """A stream whose plain bytes are those given, with stand-ins for Huffman tables.

        lost  of a damaged stream, gets rows of MCUs as coefficients.decode has them; without, CorruptError is raised
        """
        process, width, height, components, tables = frame(plain, branch.scans)
        found = Frame(process, width, height, components)
        part = self.parts[id(branch)]
        if len(part.settings) != 1:
            raise UnsupportedError("needs a newer bbc: unknown settings of a coder")
        factors = [component.factors for component in found.components]
        sizes = layout(found, height).sizes
        self._check_blocks(sum(rows * columns for rows, columns in sizes))
        measured = None if self.bits is None else [np.zeros(size, np.float32) for size in sizes]
        if part.damaged and lost is None:
            raise CorruptError("corrupt: the coefficients of a JPEG stream are damaged")
        given = sizes, _divisors(tables), factors, part.settings[0], self.threads
        if part.damaged and lost is not None:
            blocks = _undamaged(part.payload, *given, lost)
        else:
            blocks = coefficients.decode(part.payload, *given, bits=measured)
        if self.bits is not None and measured is not None:
            self.bits[self.numbers[id(branch)]] = StreamBits(found, measured)
        self.done += len(part.payload)
        self.progress(min(1.0, self.done / max(1, self.total)))
        return DecodedStream(plain, branch.scans, found, tables, blocks)

    def _check_blocks(self, blocks: int) -> None:
        """Raise CorruptError for more blocks than a file of that size has, whose data have a bit for each at least, and
        LimitError for more than there is memory for."""
        if blocks > 8 * self.size:
            raise CorruptError("corrupt JPEG stream: more blocks than the file has bits")
        self.bounds.check_memory(memory.of_bytes(self.size) + blocks * memory.BLOCK_BYTES)

    def plain(self, branch: Branch) -> bytes:
        """The plain bytes of a stream, with stand-ins for Huffman tables that were left out.

        Of coefficients, only those of streams within them are decoded.
        """
        return with_stand_ins(self._bytes(branch.plain), branch.tables)

    def plain_of_damaged(self, branch: Branch) -> tuple[bytes, bool]:
        """The same where streams within may be damaged: these are zeros, and whether there are any.

        Raises CorruptError where it cannot be told how long they were.
        """
        out, whole = branch.plain.gaps[0], True
        for item, after in zip(branch.plain.items, branch.plain.gaps[1:], strict=True):
            try:
                out += self.item_bytes(item)
            except CorruptError:
                whole = False
                out += item.zeros() if isinstance(item, CutContent) else bytes(jpeg_segments.missing(out, after))
            out += after
        return with_stand_ins(out, branch.tables), whole

    def _bytes(self, node: Node) -> bytes:
        pieces, most = [], self.size + STRUCTURE_BYTES
        for gap, item in zip(node.gaps, node.items, strict=False):
            pieces += [gap, self.item_bytes(item)]
            most -= len(pieces[-1])
            if most < 0:  # a thousand copies of a stream are a few bytes
                raise CorruptError("corrupt structure: more bytes than the file has")
        return b"".join([*pieces, node.gaps[-1]])

    def item_bytes(self, item: Item) -> bytes:
        """What an item of a node stands for."""
        if isinstance(item, CutContent):
            return item.join(self._bytes(item.content))
        if isinstance(item, PngData):
            return png_data.join(item)
        if isinstance(item, Copy):
            if item.number not in self.copied:
                raise CorruptError("corrupt structure: a copy of a stream around it")
            return self.copied[item.number]
        found = self.stream(item)
        data = join(found.plain, found.scans, found.blocks, self.size, self.threads)
        number = self.numbers[id(item)]
        if number in self.originals:
            self.copied[number] = data
        return data


def _undamaged(
    payload: bytes,
    sizes: list[tuple[int, int]],
    divisors: list[np.ndarray],
    factors: list[tuple[int, int]],
    level: int,
    threads: int,
    lost: list[tuple[int, int | None]],
) -> list[np.ndarray]:
    """The coefficients of a damaged part, as far as its segments hold; see coefficients.decode."""
    try:
        return coefficients.decode(payload, sizes, divisors, factors, level, threads, lost=lost)
    except (CorruptError, ModelMismatchError):
        lost[:] = [(0, None)]
        return [np.zeros((*size, 64), np.int16) for size in sizes]


def exif_and_xmp(stored: StoredFile) -> dict[str, bytes]:
    """The first "exif" (a TIFF structure) and "xmp" (a packet) of a stored JPEG file, where it has them.

    The picture is not decoded; a thumbnail within the EXIF segment is. Raises CorruptError, UnsupportedError.
    """
    decoder = Decoder(stored, 1, no_progress)
    first = decoder.tree.first
    return jpeg_segments.exif_and_xmp(decoder.plain(first) if first else decoder.data())
