"""Finds the JPEG streams in a file: makes the tree of jpeg_tree.py."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import groupby

from bbans_cli.coders.files import png_data
from bbans_cli.coders.files.jpeg_segments import Segment, segments
from bbans_cli.coders.files.jpeg_tree import MAX_DEPTH, Branch, Copy, CutContent, Node
from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream, MoreBlocksError, NotCodableError
from bbans_cli.coders.jpeg.stream.optimal_tables import Joined, join_and_leave_out
from bbans_cli.coders.jpeg.stream.segments import Walk
from bbans_cli.coders.jpeg.stream.split import split
from bbans_cli.errors import LimitError

SOI = b"\xff\xd8\xff"
# What begins like a JPEG stream and is none costs a look at each; after so many no further one is tried.
MAX_FAILURES = 64
# How far behind the end of a stream `split` may look: a segment, and the marker after it.
FARTHEST = 1 << 17
# A stream of fewer bytes is not worth its place in the list of parts.
SMALLEST = 128
# Contents that are cut into segments: how each segment's content begins, and the bytes before its piece. FLIR's thermal
# cameras keep a picture there.
CUT = {b"FLIR\0\1": 8, b"ICC_PROFILE\0": 14}


def find(data: bytes, max_pixels: int, pngs: bool = False, threads: int = 1) -> tuple[Node, str]:
    """The tree of some bytes, and why the first JPEG stream in them is not coded; "" where it is.

    Raises LimitError if the first stream has many more pixels than `max_pixels`; such a further one is passed over.
    With `pngs` the data of PNG pictures are taken out of contents that were cut into segments.
    """
    search = _Search(max_pixels, pngs, threads)
    node = search.node(data, 0, 0)
    return node, "" if node.first and SOI not in node.gaps[0] else search.reason


@dataclass(frozen=True)
class _Cut:
    """Segments in a row that share a content: from `start` to `end` of the bytes around them."""

    start: int
    end: int
    headers: list[bytes]
    content: bytes


class _Search:
    def __init__(self, max_pixels: int, pngs: bool, threads: int) -> None:
        self.pngs, self.threads = pngs, threads
        # Four components of 64 coefficients a block, and one MCU of up to 16 blocks beyond the border
        self.max_blocks, self.max_pixels = max_pixels // 16 + 64, max_pixels
        self.failures = 0
        self.numbers: dict[bytes, int] = {}
        self.reason = "no JPEG picture in it"

    def node(self, data: bytes, depth: int, start: int, cuts: list[_Cut] | None = None) -> Node:
        """start: where the first stream may begin; cuts: in their order."""
        node = Node()
        done, at = 0, start
        left = deque(cuts or [])
        while depth < MAX_DEPTH:
            at = data.find(SOI, at) if self.failures < MAX_FAILURES else -1
            if at < 0 or len(data) - at < SMALLEST:
                at = len(data)
            if left and left[0].start <= at:
                cut = left.popleft()
                node.gaps.append(data[done : cut.start])
                content = self.node(cut.content, depth + 1, 0)
                node.items.append(CutContent(cut.headers, png_data.taken_out(content) if self.pngs else content))
                done = at = cut.end
                continue
            if at == len(data):
                break
            found = self._stream_at(data, at)
            if found is None:
                at += 1
                continue
            stream, joined = found
            node.gaps.append(data[done:at])
            node.items.append(self._item(stream, joined, depth))
            done = at = at + stream.size
            while left and left[0].start < done:
                left.popleft()
        node.gaps.append(data[done:])
        return node

    def _item(self, stream: JpegStream, joined: Joined, depth: int) -> Branch | Copy:
        earlier = self.numbers.get(joined.data)
        if earlier is not None:
            return Copy(earlier)
        self.numbers[joined.data] = len(self.numbers)
        plain = joined.plain
        # The stream's own SOI is in its plain bytes.
        return Branch(stream.scans, self.node(plain, depth + 1, 2, _cuts(plain)), joined.omitted, stream)

    def _stream_at(self, data: bytes, at: int) -> tuple[JpegStream, Joined] | None:
        """The stream that begins there."""
        # Of thousands of small ones, each is cut out without all that follows it.
        end = _end_of_stream(data, at) + FARTHEST if at else len(data)
        window = data[at:end]
        try:
            found = split(window, self.max_blocks, self.threads)
            if found.size > len(window) - FARTHEST and end < len(data):
                window = data[at:]
                found = split(window, self.max_blocks, self.threads)
            return self._joined(found, window)
        except NotCodableError as error:
            if isinstance(error, MoreBlocksError) and not (self.failures or self.numbers):
                raise LimitError(f"has more pixels than the limit of {self.max_pixels:,}") from error
            if not self.failures:
                self.reason = str(error)
            self.failures += 1
            return None

    def _joined(self, found: JpegStream, data: bytes) -> tuple[JpegStream, Joined] | None:
        joined = join_and_leave_out(found.plain, found.scans, found.blocks, self.threads)
        if joined.data != data[: found.size]:
            self.failures += 1
            return None
        return found, joined


def _end_of_stream(data: bytes, at: int) -> int:
    """Where the stream ends that begins there, from its markers alone."""
    walk = Walk(data, at)
    while walk.next_scan():
        walk.position = walk.end_of_scan(over_strays=True)
    return walk.position


def _cuts(plain: bytes) -> list[_Cut]:
    """The contents of a stream that are cut into several segments."""

    def kind(segment: Segment) -> bytes | None:
        content = plain[segment.start + 4 : segment.start + 16]
        whole = segment.end - segment.start == 2 + int.from_bytes(plain[segment.start + 2 : segment.start + 4], "big")
        return next((name for name, size in CUT.items() if whole and content.startswith(name)), None)

    found = []
    for name, members in groupby(segments(plain), key=kind):
        group = list(members)
        if name is None or len(group) < 2 or any(a.end != b.start for a, b in zip(group, group[1:], strict=False)):
            continue
        size = 4 + CUT[name]
        if all(segment.end - segment.start >= size for segment in group):
            headers = [plain[segment.start : segment.start + size] for segment in group]
            content = b"".join(plain[segment.start + size : segment.end] for segment in group)
            found.append(_Cut(group[0].start, group[-1].end, headers, content))
    return found
