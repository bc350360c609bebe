"""TIFF's directories of tags, in TIFF files and in EXIF: reading those of TIFF 6.0 and BigTIFF, writing TIFF 6.0's.

Names and numbers of tags are those of TIFF 6.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from bbans_cli.errors import InputError

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, CHANNELS, ROWS_PER_STRIP, STRIP_SIZES = 273, 274, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, UNIT, SOFTWARE, ARTIST = 282, 283, 284, 296, 305, 315
PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES = 317, 320, 322, 323, 324, 325
SUB_FILES, EXTRA, SAMPLE_FORMAT, XMP, COPYRIGHT, EXIF, GPS, ICC = 330, 338, 339, 700, 33432, 34665, 34853, 34675
DESCRIPTION, NEW_SUBFILE_TYPE, SUBFILE_TYPE, MAKE, INK_SET, LAYERS = 270, 254, 255, 271, 332, 37724
T4_OPTIONS, T6_OPTIONS, JPEG_OFFSET, JPEG_SIZE, SUBSAMPLING, INTEROPERABILITY = 292, 293, 513, 514, 530, 40965
MAKER_NOTE = 37500
TEXTS = {DESCRIPTION: b"Description", SOFTWARE: b"Software", ARTIST: b"Author", COPYRIGHT: b"Copyright"}
# Tags that describe how the pixels are stored, and nothing else.
STORAGE = {
    *(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, CHANNELS, ROWS_PER_STRIP, STRIP_SIZES),
    *(PLANAR, PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, EXTRA, SAMPLE_FORMAT),
    *(NEW_SUBFILE_TYPE, SUBFILE_TYPE, SUB_FILES, T4_OPTIONS, T6_OPTIONS, JPEG_OFFSET, JPEG_SIZE, INK_SET),
    *(288, 289, 326, 327, 328, 334, 347, 512, 515, 517, 518, 519, 520, 521),
}

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, IFD, LONG8, IFD8 = 1, 2, 3, 4, 5, 7, 13, 16, 18
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
INTEGERS = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 8: "h", 9: "i", 10: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}


def tag_name(tag: int) -> str:
    """The name of a tag as Pillow has it, or its number."""
    from PIL import TiffTags

    name = TiffTags.lookup(tag).name
    return f"TIFF tag {tag}" if name == "unknown" else name


@dataclass(frozen=True)
class Value:
    """What a tag says: its type, how many of them, and their bytes in the byte order of the file.

    place  the offset in the file that they must have, as there are offsets in them; None: any
    """

    kind: int
    count: int
    data: bytes
    place: int | None = None

    def in_order(self, given: str, wanted: str) -> Value:
        """The same value in another byte order; "<" or ">"."""
        size = min(SIZES[self.kind], 4) if self.kind in (5, 10) else SIZES[self.kind]
        if given == wanted or size == 1:
            return self
        swapped = bytearray(len(self.data))
        for place in range(size):
            swapped[place::size] = self.data[size - 1 - place :: size]
        return Value(self.kind, self.count, bytes(swapped))


def integers(kind: int, *values: int, order: str = "<") -> Value:
    """A value of integers; of a rational two make one."""
    count = len(values) // 2 if kind == RATIONAL else len(values)
    return Value(kind, count, struct.pack(f"{order}{len(values)}{INTEGERS[kind]}", *values))


class Directory:
    """A directory: its tags, where the next one is (0: none), and which tags are damaged.

    Values are cut out on request, since a file can point to the same megabytes any number of times.
    """

    def __init__(self, data: bytes, at: int, order: str, big: bool = False) -> None:
        self.data, self.at, self.order, self.big = data, at, order, big
        # Tag -> type, count, offset of the value, its size. `damaged` has those outside the file, and doubled ones too.
        self.fields: dict[int, tuple[int, int, int, int]] = {}
        self.damaged: list[int] = []
        # Where its table and the values outside it begin and end.
        self.taken: list[tuple[int, int]] = []
        # Bytes to add to the offsets of its strips: of a plane of a stack that has one directory.
        self.shift = 0
        try:
            self._read(at)
        except (struct.error, OverflowError) as error:
            raise InputError("damaged TIFF: its directory lies outside the file") from error

    def _read(self, at: int) -> None:
        head, entry, word, room = ("Q", "HHQ", "Q", 8) if self.big else ("H", "HHI", "I", 4)
        (count,) = struct.unpack_from(self.order + head, self.data, at)
        first, step = at + struct.calcsize("=" + head), struct.calcsize("=" + entry) + room
        (self.following,) = struct.unpack_from(self.order + word, self.data, first + count * step)
        self.taken.append((at, first + count * step + room))  # the table is within the file, as that is
        for place in range(first, first + count * step, step):
            tag, kind, number = struct.unpack_from(self.order + entry, self.data, place)
            start, size = place + step - room, SIZES.get(kind, 0) * number
            if size > room:
                (start,) = struct.unpack_from(self.order + word, self.data, start)
            if tag in self.fields or kind not in SIZES or start + size > len(self.data):
                self.damaged.append(tag)
                continue
            self.fields[tag] = (kind, number, start, size)
            if size > room:
                self.taken.append((start, start + size))

    def __contains__(self, tag: int) -> bool:
        return tag in self.fields

    def value(self, tag: int) -> Value:
        kind, count, start, size = self.fields[tag]
        return Value(kind, count, self.data[start : start + size])

    def numbers(self, tag: int, default: tuple[int, ...] = (), most: int = 1 << 62) -> tuple[int, ...]:
        """The integers of a tag, two for a rational, `most` of them. Raises InputError if it is damaged or something
        else."""
        if tag in self.damaged:
            raise InputError(f"damaged TIFF: tag {tag} ({tag_name(tag)}) lies outside the file or makes no sense")
        if tag not in self.fields:
            return default
        kind, _, start, size = self.fields[tag]
        if kind not in INTEGERS:
            raise InputError(f"damaged TIFF: tag {tag} ({tag_name(tag)}) is no number")
        letter = INTEGERS[kind]
        count = min(most, size // struct.calcsize("=" + letter))
        return struct.unpack_from(f"{self.order}{count}{letter}", self.data, start)

    def number(self, tag: int, default: int | None = None) -> int:
        """The first of a tag's integers; of a million, no other is looked at."""
        values = self.numbers(tag, () if default is None else (default,), most=1)
        if not values:
            raise InputError(f"damaged TIFF: tag {tag} ({tag_name(tag)}) is missing")
        return values[0]

    def text(self, tag: int) -> bytes:
        """The bytes of a tag of bytes or ASCII, up to the first NUL and 64 KiB at most; b"" where there is none."""
        if tag not in self.fields:
            return b""
        _, _, start, size = self.fields[tag]
        return self.data[start : start + min(size, 1 << 16)].split(b"\0")[0]


def first_directory(data: bytes) -> Directory:
    """The first directory of a TIFF file or an EXIF block. Raises InputError."""
    order = "<" if data[:2] == b"II" else ">"
    try:
        (version,) = struct.unpack_from(order + "H", data, 2)
        (at,) = struct.unpack_from(order + ("Q" if version == 43 else "I"), data, 8 if version == 43 else 4)
    except struct.error as error:
        raise InputError("damaged TIFF: its directory lies outside the file") from error
    return Directory(data, at, order, version == 43)


class Tree(NamedTuple):
    """Tags to write, and the directories that some of them point to."""

    values: dict[int, Value]
    below: dict[int, Tree]

    def in_order(self, given: str, wanted: str) -> Tree:
        """The same values in another byte order."""
        values = {number: value.in_order(given, wanted) for number, value in self.values.items()}
        return Tree(values, {number: tree.in_order(given, wanted) for number, tree in self.below.items()})

    def to_bytes(self, at: int, order: str = "<") -> tuple[bytes, int]:
        """The directory and those below it, for the even offset `at`, and where it begins; they come first.

        A value with a place of its own is not in it.
        """
        values, out = dict(self.values), b""
        for tag, tree in self.below.items():
            body, start = tree.to_bytes(at + len(out), order)
            out += body
            values[tag] = integers(LONG, start, order=order)
        start = at + len(out)
        base = start + 2 + 12 * len(values) + 4
        table, bodies = [], []
        for tag, value in sorted(values.items()):
            field = value.data.ljust(4, b"\0")
            if value.place is not None:
                field = struct.pack(order + "I", value.place)
            elif len(value.data) > 4:
                field = struct.pack(order + "I", base)
                bodies.append(value.data + bytes(len(value.data) % 2))
                base += len(bodies[-1])
            table.append(struct.pack(order + "HHI", tag, value.kind, value.count) + field)
        return out + struct.pack(order + "H", len(values)) + b"".join(table) + bytes(4) + b"".join(bodies), start
