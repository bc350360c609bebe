"""A stored JPEG file's metadata changed in its plain bytes, without coding a coefficient again.

The segments before the first scan are replaced in the tree that part 0 holds. A stream within one that is left out,
such as a thumbnail, goes with its part. The new file's checksum follows from the old one's: CRC-32 is linear.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bbans_cli.coders.files import jpeg_segments, tree_part
from bbans_cli.coders.files.file_coder import Decoder
from bbans_cli.coders.files.jpeg_segments import APP0, APP1, APP2, COMMENT, SOS, Segment, segments
from bbans_cli.coders.files.jpeg_tree import Branch, Copy, CutContent, Item, Node, PngData
from bbans_cli.coders.jpeg.stream.omitted_tables import LENGTHS, Omitted
from bbans_cli.container import StoredFile
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.progress import no_progress

XMP_EXTENSION, MPF = b"http://ns.adobe.com/xmp/extension/\0", b"MPF\0"
MOST = 65533  # bytes of a segment's content
_ICC_PIECE = MOST - len(jpeg_segments.ICC) - 2
_PLACES = {"exif": (APP1, (jpeg_segments.EXIF,)), "xmp": (APP1, (jpeg_segments.XMP, XMP_EXTENSION))}
_PLACES |= {"icc": (APP2, (jpeg_segments.ICC,)), "text": (COMMENT, (b"",))}


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` of the stream are to become `new`."""

    start: int
    end: int
    new: bytes


def read(stored: StoredFile, name: str) -> bytes | None:
    """ "exif", "xmp", "icc" or "text" (the comments) of a JPEG file, where it has them. Raises CorruptError."""
    decoder = Decoder(stored, 1, no_progress)
    branch = decoder.tree.first
    data = decoder.plain(branch) if branch else decoder.data()
    if name in ("exif", "xmp"):
        return jpeg_segments.exif_and_xmp(data, max(0, data.find(b"\xff\xd8\xff"))).get(name)
    contents = [data[segment.start + 4 : segment.end] for segment in _header(data) if _is(name, data, segment)]
    pieces = [content[len(jpeg_segments.ICC) + 2 :] if name == "icc" else content + b"\n" for content in contents]
    return b"".join(pieces) if contents else None


def change(stored: StoredFile, values: Mapping[str, bytes | None], everything: bool = False) -> StoredFile:
    """The file with its metadata of these names replaced, or left out where the value is None.

    values      of "exif" (a TIFF structure), "xmp" (a packet), "icc" (a profile), "text" (a comment)
    everything  leave out all that `jpeg_segments.stripped` does, before the first scan

    Raises UnsupportedError for what cannot be changed in this way, InputError for values that do not fit.
    """
    decoder, branch = _first_stream(stored)
    plain = decoder.plain(branch)
    edits = _edits(plain, values, everything)
    if not edits:
        return stored
    size, crc = _size_and_crc(stored, decoder, plain, edits, branch.tables)
    before = [id(stream) for stream in decoder.tree.all_streams()]
    branch.plain, branch.tables = _edited(decoder, branch, edits)
    left = [before.index(id(stream)) for stream in decoder.tree.all_streams()]
    _renumber(decoder.tree, {old: new for new, old in enumerate(left)}, decoder.copied)
    first = stored.parts[0]._replace(payload=tree_part.pack_tree(decoder.tree))
    return replace(stored, size=size, crc=crc, parts=[first, *(stored.parts[1 + number] for number in left)])


def check(stored: StoredFile) -> None:
    """Raises UnsupportedError for a file that `change` cannot change, whatever the change."""
    _first_stream(stored)


def _first_stream(stored: StoredFile) -> tuple[Decoder, Branch]:
    decoder = Decoder(stored, 1, no_progress)
    branch = decoder.tree.first
    if stored.jpeg is None or branch is None or decoder.tree.gaps[0]:
        raise UnsupportedError("holds a file that was stored as it is, or with bytes before it, and cannot be changed")
    return decoder, branch


def _header(data: bytes) -> list[Segment]:
    """The segments before the first scan."""
    found = []
    for segment in segments(data, max(0, data.find(b"\xff\xd8\xff"))):
        if segment.marker == SOS:
            break
        found.append(segment)
    return found


def _is(name: str, data: bytes, segment: Segment) -> bool:
    marker, prefixes = _PLACES[name]
    return segment.marker == marker and data[segment.start + 4 : segment.end].startswith(prefixes)


def _edits(plain: bytes, values: Mapping[str, bytes | None], everything: bool) -> list[Edit]:
    header = _header(plain)
    edits: list[Edit] = []
    if everything:
        for segment in header:
            data = plain[segment.start : segment.end]
            if (kept := jpeg_segments.kept(segment, data)) != data:
                edits.append(Edit(segment.start, segment.end, kept))
    for name, value in values.items():
        old = [segment for segment in header if _is(name, plain, segment)]
        new = b"" if value is None else _segments(name, value)
        if old:
            edits.append(Edit(old[0].start, old[0].end, new))
            edits += [Edit(segment.start, segment.end, b"") for segment in old[1:]]
        elif new:
            # Behind the SOI and the segments of JFIF, which say that they come first
            ends = [segment.end for segment in header if segment.marker == APP0]
            place = ends[-1] if ends else 2
            edits.append(Edit(place, place, new))
    changing = [edit for edit in _merged(edits) if plain[edit.start : edit.end] != edit.new]
    _refuse_moved_pictures(plain, header, changing)
    return changing


def _merged(edits: list[Edit]) -> list[Edit]:
    """In their order, each once, and as one where they touch, as the segments do that a profile was cut into."""
    unique = list(dict.fromkeys(sorted(edits, key=lambda edit: (edit.start, edit.end))))
    merged: list[Edit] = []
    for edit in unique:
        if merged and merged[-1].end == edit.start:
            last = merged.pop()
            edit = Edit(last.start, edit.end, last.new + edit.new)
        merged.append(edit)
    return merged


def _refuse_moved_pictures(plain: bytes, header: list[Segment], edits: list[Edit]) -> None:
    """Further pictures are found by their distance from the MPF segment (CIPA DC-007)."""
    for segment in header:
        if segment.marker == APP2 and plain[segment.start + 4 : segment.end].startswith(MPF):
            behind = [edit for edit in edits if edit.end > segment.start]
            if sum(len(edit.new) - (edit.end - edit.start) for edit in behind):
                raise UnsupportedError("its further pictures (MPF) would not be found after this change")


def _segments(name: str, value: bytes) -> bytes:
    """The value in segments of its own. Raises InputError if it is too long."""
    if name == "icc":
        pieces = [value[at : at + _ICC_PIECE] for at in range(0, len(value), _ICC_PIECE)]
        if len(pieces) > 255:
            raise InputError("an ICC profile of more than 255 segments does not fit into a JPEG file")
        contents = [jpeg_segments.ICC + bytes([n + 1, len(pieces)]) + piece for n, piece in enumerate(pieces)]
    else:
        prefix = {"exif": jpeg_segments.EXIF, "xmp": jpeg_segments.XMP}.get(name, b"")
        contents = [prefix + value]
    if max(map(len, contents)) > MOST:
        raise InputError(f"{len(value):,} bytes of {name.upper()} do not fit into one segment of a JPEG file")
    marker = _PLACES[name][0]
    return b"".join(bytes([0xFF, marker]) + (len(each) + 2).to_bytes(2, "big") + each for each in contents)


def _applied(data: bytes, edits: list[Edit]) -> bytes:
    out, done = [], 0
    for edit in edits:
        out += [data[done : edit.start], edit.new]
        done = edit.end
    return b"".join([*out, data[done:]])


def _size_and_crc(
    stored: StoredFile, decoder: Decoder, plain: bytes, edits: list[Edit], tables: list[Omitted]
) -> tuple[int, int]:
    """Size and CRC-32 of the changed file, decoded only if a made Huffman table is before an edit."""
    end = edits[-1].end
    if any(table.position < end for table in tables):
        data = _applied(decoder.data(), edits)
        return len(data), zlib.crc32(data)
    old, new = plain[:end], _applied(plain[:end], edits)
    behind = stored.size - len(old)
    return behind + len(new), stored.crc ^ _with_zeros(zlib.crc32(old) ^ zlib.crc32(new), behind)


def _with_zeros(crc: int, count: int) -> int:
    """What a difference of CRC-32s becomes after `count` bytes: times x^(8 count), modulo the polynomial."""
    power, factor = 0x80000000, 0x00800000  # 1, and x^8; the highest bit is x^0
    while count:
        power = _product(power, factor) if count & 1 else power
        factor, count = _product(factor, factor), count >> 1
    return _product(crc, power)


def _product(a: int, b: int) -> int:
    result = 0
    while a:
        result ^= b if a & 0x80000000 else 0
        a = a << 1 & 0xFFFFFFFF
        b = b >> 1 ^ (0xEDB88320 if b & 1 else 0)
    return result


def _edited(decoder: Decoder, branch: Branch, edits: list[Edit]) -> tuple[Node, list[Omitted]]:
    """The plain bytes' node and the Huffman tables, in their new places. Raises UnsupportedError."""

    def moved(place: int) -> int:
        return place + sum(len(edit.new) - (edit.end - edit.start) for edit in edits if edit.end <= place)

    def without_tables(place: int) -> int:
        return place - sum(LENGTHS + table.symbols for table in branch.tables if table.position < place)

    copy = _NodeCopy(decoder, branch.plain)
    for edit in edits:
        copy.take(without_tables(edit.start))
        copy.node.gaps[-1] += edit.new
        copy.skip(without_tables(edit.end))
    copy.take(copy.size)
    return copy.node, [Omitted(moved(table.position), table.symbols) for table in branch.tables]


class _NodeCopy:
    """A node, made of another one's bytes and items from the first to the last, some of which are skipped."""

    def __init__(self, decoder: Decoder, source: Node) -> None:
        self.node, self.at = Node([b""]), 0
        self.pieces: list[tuple[bytes, Item | None]] = []
        for gap, item in zip(source.gaps, source.items, strict=False):
            self.pieces += [(gap, None), (decoder.item_bytes(item), item)]
        self.pieces = [*self.pieces, (source.gaps[-1], None)][::-1]
        self.size = sum(len(data) for data, _ in self.pieces)

    def take(self, end: int) -> None:
        """Copy what comes before `end`."""
        for data, item in self._until(end):
            if item is None:
                self.node.gaps[-1] += data
            else:
                self.node.items.append(item)
                self.node.gaps.append(b"")

    def skip(self, end: int) -> None:
        """Leave out what comes before `end`."""
        for _ in self._until(end):
            pass

    def _until(self, end: int) -> Iterator[tuple[bytes, Item | None]]:
        while self.at < end:
            data, item = self.pieces.pop()
            size = end - self.at
            if item is not None and len(data) > size:
                raise UnsupportedError(
                    "its segments are cut in an unusual way: decompress it and change the file itself"
                )
            if len(data) > size:
                self.pieces.append((data[size:], None))
                data = data[:size]
            self.at += len(data)
            yield data, item


def _renumber(node: Node, numbers: dict[int, int], copied: Mapping[int, bytes]) -> None:
    """Copies name streams by their new numbers; one of a stream that is left out becomes bytes."""
    for place in range(len(node.items) - 1, -1, -1):
        item = node.items[place]
        if isinstance(item, Branch):
            _renumber(item.plain, numbers, copied)
        elif isinstance(item, CutContent):
            _renumber(item.content, numbers, copied)
        elif isinstance(item, PngData):
            continue
        elif item.number in numbers:
            node.items[place] = Copy(numbers[item.number])
        else:
            data = node.gaps[place] + copied[item.number] + node.gaps[place + 1]
            node.items[place : place + 1], node.gaps[place : place + 2] = [], [data]
