"""The bytes of a .bbc file <-> header, parts, bands, metadata. Knows nothing of pixels, models, other formats.

    magic  version  header length | header: flags, what the file holds, metadata, parts | CRC-32
    metadata section (optional)
    payloads, in the order in which the header lists them

docs/format.md has it in full. Everything is little-endian; a varint is LEB128 in its shortest form. The header is read
only after its checksum held, and nothing is allocated for a size that the bytes at hand do not bear out, so that bytes
from strangers cost no more than their own length. There are no names and no times: equal pictures, equal bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from bbans_cli.container import metadata, picture_parts, stored_file
from bbans_cli.container.bounds import Bounds
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.container.damage import Damage
from bbans_cli.container.picture_parts import Part
from bbans_cli.container.stored_file import JpegSummary, StoredFile
from bbans_cli.errors import CorruptError, TrailingBytesError, TruncatedError, UnsupportedError
from bbans_cli.limits import MAX_PIXELS

# 0xBB is no ASCII and begins no UTF-8 sequence; the NUL keeps tools from taking the file for text.
MAGIC = b"\xbbbbc\x00"
VERSION = 2

# The order is that of the numbers in the file.
MODES = ("grey", "grey+alpha", "rgb", "rgba", "palette", "cmyk")
CHANNELS = {"grey": 1, "grey+alpha": 2, "rgb": 3, "rgba": 4, "palette": 1, "cmyk": 4}
DEPTHS = tuple(range(1, picture_parts.MAX_DEPTH + 1))

FLAG_METADATA, FLAG_FILE = 1, 2
# A reader that does not know one of the low seven flags must stop; it may pass over the others.
CRITICAL_FLAGS = 0x7F
MAX_PARTS = 64


@dataclass(frozen=True)
class Container:
    """A .bbc file of a picture: `mode` one of MODES, `depth` one of DEPTHS, `metadata` (kind, bytes) pairs."""

    width: int
    height: int
    mode: str
    depth: int
    parts: list[Part]
    metadata: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def channels(self) -> int:
        return CHANNELS[self.mode]

    @property
    def pages(self) -> int:
        """How many pages of equal height lie below each other; 1 of what is no stack. Raises CorruptError."""
        return metadata.pages(self.metadata)


class Head(NamedTuple):
    """What the front of a .bbc file says.

    kind      "picture", "jpeg" (a JPEG file), "file" (any other file)
    width, height  in pixels; None where nothing is known of a picture
    metadata  (kind, bytes) pairs
    mode, depth  of a picture, as Container has them; of anything else "" and 0
    components  of a JPEG file; of anything else 0
    """

    kind: str
    width: int | None
    height: int | None
    metadata: list[tuple[int, bytes]]
    mode: str = ""
    depth: int = 0
    components: int = 0

    @property
    def suffix(self) -> str:
        """The suffix that a file had, with its point: of pictures ""."""
        return dict(self.metadata).get(metadata.SUFFIX, b"").decode("utf-8", "replace")


def to_bytes(container: Container | StoredFile) -> bytes:
    """The file. Raises ValueError where fields contradict each other: a mistake of the program, not of its user."""
    section = metadata.pack(container.metadata)
    if not container.parts:
        raise ValueError("a container has at least one part")
    if isinstance(container, StoredFile):
        flags, fields, parts = FLAG_FILE, b"", stored_file.to_bytes(container)
        payloads = [part.payload for part in container.parts]
    else:
        flags, fields = 0, _picture_to_bytes(container)
        parts = b"".join(picture_parts.to_bytes(part, container.height, container.depth) for part in container.parts)
        payloads = [band.payload for part in container.parts for band in part.bands]
    if section:
        flags |= FLAG_METADATA
        fields += varint(len(section)) + zlib.crc32(section).to_bytes(4, "little")
    header = varint(flags) + fields + parts
    head = MAGIC + bytes([VERSION]) + varint(len(header)) + header
    return b"".join([head, zlib.crc32(head).to_bytes(4, "little"), section, *payloads])


def _picture_to_bytes(container: Container) -> bytes:
    if len(container.parts) > MAX_PARTS:
        raise ValueError(f"a picture has at most {MAX_PARTS} parts")
    mode, depth = MODES.index(container.mode), DEPTHS.index(container.depth)
    return varint(container.width) + varint(container.height) + bytes([mode | depth << 4])


def from_bytes(data: bytes | memoryview, max_pixels: int = MAX_PIXELS) -> Container | StoredFile:
    """Read and check a file; payloads are cut out but not decoded.

    Raises TruncatedError, CorruptError, UnsupportedError (a newer version, flag, coder or mode) and LimitError;
    TrailingBytesError where the file does not end with `data`.
    """
    content, surplus = from_leading_bytes(data, max_pixels)
    if surplus:
        raise TrailingBytesError(f"corrupt: {surplus:,} byte{'s' * (surplus > 1)} after the end of the .bbc file")
    return content


def from_leading_bytes(
    data: bytes | memoryview, max_pixels: int = MAX_PIXELS, damage: Damage | None = None
) -> tuple[Container | StoredFile, int]:
    """The file that `data` begins with, and how many bytes follow it. Raises as `from_bytes`.

    With `damage` only what is wrong with the header is raised: without their metadata section and payloads, files are
    read as far as they hold.
    """
    data = memoryview(data)
    front = _Front(data, max_pixels)
    header, picture = front.header, front.picture
    if picture is None:
        listed = stored_file.from_bytes(header)
        check_limit(listed.jpeg, max_pixels)
    else:
        tables = _part_tables(header, picture)
    body = Reader(data[front.end :], "the metadata")
    items = front.metadata(body, damage)
    content: Container | StoredFile
    if picture is None:
        content = stored_file.fill(listed, body, items, damage)
    else:
        parts = [picture_parts.fill(table, body, index, len(tables), damage) for index, table in enumerate(tables)]
        content = Container(picture.width, picture.height, picture.mode, picture.depth, parts, items)
    return content, body.left


def check_magic(front: bytes | memoryview) -> None:
    """Raise CorruptError if the first bytes of a file, however many, are not those of a .bbc file."""
    if bytes(front[: len(MAGIC)]) != MAGIC[: len(front)]:
        _refuse_if_damaged(memoryview(front))
        raise CorruptError("not a .bbc file")


def _refuse_if_damaged(front: memoryview) -> None:
    """Raise CorruptError if the checksum holds with the right magic and version, or with another bit in the size."""
    head, size, rest = bytes(front[: len(MAGIC) + 1]), bytes(front[len(MAGIC) + 1 :][:2]), front[len(MAGIC) + 3 :]
    guesses = [(MAGIC + bytes([VERSION]), size)]
    guesses += [
        (head, (int.from_bytes(size, "big") ^ 1 << bit).to_bytes(len(size), "big")) for bit in range(8 * len(size))
    ]
    if any(_checksum_holds(b"".join([*guess, rest])) for guess in guesses):
        raise CorruptError("corrupt header: its first bytes are damaged")


def _checksum_holds(front: bytes) -> bool:
    reader = Reader(front, "the header")
    try:
        reader.take(len(MAGIC) + 1)
        reader.take(reader.varint())
        return zlib.crc32(front[: reader.at]) == reader.uint32()
    except CorruptError:
        return False


def picture_from_bytes(data: bytes | memoryview, max_pixels: int = MAX_PIXELS) -> Container:
    """`from_bytes` of a file that holds a picture. Raises UnsupportedError for others."""
    content = from_bytes(data, max_pixels)
    if isinstance(content, StoredFile):
        raise UnsupportedError("holds a file, not a picture")
    return content


def read_head(front: bytes | memoryview, damage: Damage | None = None) -> Head:
    """What the first bytes of a .bbc file say: header and metadata section must be among them.

    Raises as `from_bytes`, but looks at no payload. TruncatedError where `front` ends too soon; with `damage`, only
    where it ends within the header.
    """
    data = memoryview(front)
    read = _Front(data, None)
    items = read.metadata(Reader(data[read.end :], "the metadata"), damage)
    if read.picture is not None:
        picture = read.picture
        return Head("picture", picture.width, picture.height, items, picture.mode, picture.depth)
    jpeg = stored_file.from_bytes(read.header).jpeg
    if jpeg is None:
        return Head("file", None, None, items)
    return Head("jpeg", jpeg.width, jpeg.height, items, components=jpeg.components)


def metadata_bytes(data: bytes | memoryview) -> int:
    """Bytes of a file's metadata section, from its header. Raises as `read_head`."""
    return _Front(memoryview(data), None).section_size


def whole_size(front: bytes | memoryview) -> int:
    """Bytes of the whole file, as its header has them, which must be within `front`. Raises as `read_head`."""
    read = _Front(memoryview(front), None)
    if read.picture is None:
        sizes = [size for *_, size, _ in stored_file.from_bytes(read.header).parts]
    else:
        sizes = [size for _, bands in _part_tables(read.header, read.picture) for size in bands]
    return read.end + read.section_size + sum(sizes)


class _Front:
    """Header up to its list of parts.

    picture  the Container to be, without parts and metadata; None of a StoredFile
    header   a reader of the rest
    end      where header and checksum end
    section_size  bytes of the metadata section, which is next
    """

    def __init__(self, data: memoryview, max_pixels: int | None) -> None:
        self.header, self.end = _header(data)
        flags = self.header.varint()
        unknown = flags & CRITICAL_FLAGS & ~(FLAG_METADATA | FLAG_FILE)
        if unknown:
            names = ", ".join(f"0x{1 << bit:02x}" for bit in range(7) if unknown >> bit & 1)
            raise UnsupportedError(f"needs a newer bbc: unknown critical flag {names}")
        self.picture = None if flags & FLAG_FILE else _picture_from_bytes(self.header, max_pixels)
        self.section_size = self._section_crc = 0
        if flags & FLAG_METADATA:
            self.section_size, self._section_crc = self.header.varint(), self.header.uint32()

    def metadata(self, body: Reader, damage: Damage | None = None) -> list[tuple[int, bytes]]:
        """The items of the section, which comes next in `body`; none where that is damaged and `damage` is given."""
        start = body.at
        try:
            section = self._section(body)
        except CorruptError as error:
            if damage is None:
                raise
            body.at = start
            body.at_most(self.section_size)
            damage.metadata = True
            damage.reasons.append(str(error))
            return []
        return metadata.unpack(section) if section else []

    def _section(self, body: Reader) -> bytes:
        section = body.take(self.section_size)
        if zlib.crc32(section) != self._section_crc:
            raise CorruptError("corrupt metadata: its checksum does not match")
        return section


def _header(data: memoryview) -> tuple[Reader, int]:
    """The header's bytes, their checksum proven, and where they and the checksum end."""
    check_magic(data)
    reader = Reader(data, "the header")
    reader.take(len(MAGIC))
    version = reader.byte()
    if version != VERSION:
        _refuse_if_damaged(data)
        raise UnsupportedError(f"version {version} of the format; this bbc reads version {VERSION}")
    size = reader.varint()
    start = reader.at
    try:
        reader.take(size)
        crc = zlib.crc32(data[: reader.at])
        stored = reader.uint32()
    except TruncatedError:
        _refuse_if_damaged(data)
        raise
    if stored != crc:
        raise CorruptError("corrupt header: its checksum does not match")
    return Reader(data[start : start + size], "the header"), reader.at


def _picture_from_bytes(header: Reader, max_pixels: int | None) -> Container:
    width, height, shape = header.varint(), header.varint(), header.byte()
    if width == 0 or height == 0:
        raise CorruptError("corrupt header: the picture has no pixels")
    if max_pixels is not None:
        Bounds(max_pixels).check_pixels(width, height)
    mode, depth = shape & 15, shape >> 4
    if mode >= len(MODES):
        raise UnsupportedError(f"needs a newer bbc: mode {mode}")
    return Container(width, height, MODES[mode], DEPTHS[depth], [])


def _part_tables(header: Reader, picture: Container) -> list[tuple[Part, list[int]]]:
    tables: list[tuple[Part, list[int]]] = []
    while header.left:
        if len(tables) == MAX_PARTS:
            raise CorruptError(f"corrupt header: more than {MAX_PARTS} parts")
        tables.append(picture_parts.from_bytes(header, picture.width, picture.height, picture.depth))
    if not tables:
        raise CorruptError("corrupt header: a picture without parts")
    return tables


def check_limit(jpeg: JpegSummary | None, max_pixels: int) -> None:
    """Raise LimitError for a JPEG file of more pixels."""
    if jpeg is not None:
        Bounds(max_pixels).check_pixels(jpeg.width, jpeg.height)
