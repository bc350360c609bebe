"""The bytes of a .bbc file <-> header, parts, bands, metadata. Knows nothing of pixels, models, other formats.

    magic  version  header length | header: flags, size, shape, metadata, parts with band tables | CRC-32
    metadata section (optional)
    payloads: part 0 band 0, part 0 band 1, ..., part 1 band 0, ...

docs/format.md has it in full. Everything is little-endian; a varint is LEB128 in its shortest form. The header is read
only after its checksum held, and nothing is allocated for a size that the bytes at hand do not bear out, so that bytes
from strangers cost no more than their own length. There are no names and no times: equal pictures, equal bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from bbans_cli.container import metadata
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.container.coder_ids import CODER_NAMES, WITH_MODEL_ID
from bbans_cli.errors import CorruptError, LimitError, UnsupportedError
from bbans_cli.limits import MAX_PIXELS

# 0xBB is no ASCII and begins no UTF-8 sequence; the NUL keeps tools from taking the file for text.
MAGIC = b"\xbbbbc\x00"
VERSION = 1

# The order is that of the numbers in the file.
MODES = ("grey", "grey+alpha", "rgb", "rgba", "palette")
CHANNELS = {"grey": 1, "grey+alpha": 2, "rgb": 3, "rgba": 4, "palette": 1}
DEPTHS = (1, 2, 4, 8, 16)

FLAG_METADATA = 1
# A reader that does not know one of the low seven flags must stop; it may pass over the others.
CRITICAL_FLAGS = 0x7F
MAX_PARTS = 4


@dataclass(frozen=True)
class Band:
    """Rows of a part that are coded on their own.

    payload  what the coder made of them
    split    how many of the rows, from the top, were coded with latents; 0 but for the neural coder
    crc      CRC-32 of the samples, row by row, channels interleaved, 16-bit samples big-endian; for every coder but the
             neural one, whose every byte decides pixels, it goes on over the payload
    """

    payload: bytes
    split: int
    crc: int


@dataclass(frozen=True)
class Part:
    """Some planes of the picture: `channels` of them with samples of `depth` bits, in bands of `band_rows` rows.

    coder      a number that CODER_NAMES has
    model_id   4 bytes that name the weights; b"" for coders that are not in WITH_MODEL_ID
    settings   up to 255 bytes that mean something to the coder alone
    band_rows  height of all bands but the last, at least 1
    """

    coder: int
    channels: int
    depth: int
    model_id: bytes
    settings: bytes
    band_rows: int
    bands: list[Band]

    @property
    def approximate_bytes(self) -> int:
        """Bytes of its payloads, and about those of its tables."""
        return 6 + len(self.settings) + sum(len(band.payload) + 8 for band in self.bands)


@dataclass(frozen=True)
class Container:
    """A .bbc file: `mode` one of MODES, `depth` one of DEPTHS, `metadata` (kind, bytes) pairs."""

    width: int
    height: int
    mode: str
    depth: int
    parts: list[Part]
    metadata: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def channels(self) -> int:
        return CHANNELS[self.mode]


def band_heights(height: int, band_rows: int) -> list[int]:
    """Rows of each band: all `band_rows` but the last, which has what is left."""
    return [min(band_rows, height - top) for top in range(0, height, band_rows)]


def to_bytes(container: Container) -> bytes:
    """The file. Raises ValueError where fields contradict each other: a mistake of the program, not of its user."""
    section = metadata.pack(container.metadata)
    header = bytearray(varint(FLAG_METADATA if section else 0))
    header += varint(container.width) + varint(container.height)
    if not 1 <= len(container.parts) <= MAX_PARTS:
        raise ValueError("a container has one to four parts")
    mode, depth = MODES.index(container.mode), DEPTHS.index(container.depth)
    header.append(mode | depth << 3 | (len(container.parts) - 1) << 6)
    if section:
        header += varint(len(section)) + zlib.crc32(section).to_bytes(4, "little")
    for part in container.parts:
        header += _part_to_bytes(part, container.height)
    head = MAGIC + bytes([VERSION]) + varint(len(header)) + header
    payloads = [band.payload for part in container.parts for band in part.bands]
    return b"".join([head, zlib.crc32(head).to_bytes(4, "little"), section, *payloads])


def _part_to_bytes(part: Part, height: int) -> bytes:
    if len(part.bands) != len(band_heights(height, part.band_rows)):
        raise ValueError("the band table does not match the height")
    if len(part.model_id) != (4 if part.coder in WITH_MODEL_ID else 0) or len(part.settings) > 255:
        raise ValueError("a part's model id or settings have a wrong length")
    out = bytearray([part.coder | (part.channels - 1) << 3 | DEPTHS.index(part.depth) << 5])
    out += part.model_id + bytes([len(part.settings)]) + part.settings + varint(part.band_rows)
    for band in part.bands:
        out += varint(len(band.payload)) + varint(band.split) + band.crc.to_bytes(4, "little")
    return bytes(out)


def from_bytes(data: bytes | memoryview, max_pixels: int = MAX_PIXELS) -> Container:
    """Read and check a file; payloads are cut out but not decoded.

    Raises TruncatedError, CorruptError, UnsupportedError (a newer version, flag, coder or mode) and LimitError.
    """
    data = memoryview(data)
    header, end = _header(data)
    flags = header.varint()
    unknown = flags & CRITICAL_FLAGS & ~FLAG_METADATA
    if unknown:
        names = ", ".join(f"0x{1 << bit:02x}" for bit in range(7) if unknown >> bit & 1)
        raise UnsupportedError(f"needs a newer bbc: unknown critical flag {names}")
    width, height = header.varint(), header.varint()
    if width == 0 or height == 0:
        raise CorruptError("corrupt header: the picture has no pixels")
    if width * height > max_pixels:
        raise LimitError(f"{width}x{height} is {width * height:,} pixels, above the limit of {max_pixels:,}")
    mode, depth, count = _shape(header.byte())
    section_size = section_crc = 0
    if flags & FLAG_METADATA:
        section_size, section_crc = header.varint(), header.uint32()
    tables = [_part_from_bytes(header, height) for _ in range(count)]
    if header.left:
        raise CorruptError("corrupt header: bytes left over")

    body = Reader(data[end:], "the metadata")
    section = body.take(section_size)
    if zlib.crc32(section) != section_crc:
        raise CorruptError("corrupt metadata: its checksum does not match")
    parts = [_fill(part, body, index, count) for index, part in enumerate(tables)]
    if body.left:
        raise CorruptError(f"corrupt: {body.left:,} bytes after the end of the picture")
    return Container(width, height, mode, depth, parts, metadata.unpack(section) if section else [])


def _header(data: memoryview) -> tuple[Reader, int]:
    """The header's bytes, their checksum proven, and where they and the checksum end."""
    if bytes(data[: len(MAGIC)]) != MAGIC[: len(data)]:
        raise CorruptError("not a .bbc file")
    reader = Reader(data, "the header")
    reader.take(len(MAGIC))
    version = reader.byte()
    if version != VERSION:
        raise UnsupportedError(f"version {version} of the format; this bbc reads version {VERSION}")
    size = reader.varint()
    start = reader.at
    reader.take(size)
    crc = zlib.crc32(data[: reader.at])
    if reader.uint32() != crc:
        raise CorruptError("corrupt header: its checksum does not match")
    return Reader(data[start : start + size], "the header"), reader.at


def _shape(byte: int) -> tuple[str, int, int]:
    mode, depth, count = byte & 7, byte >> 3 & 7, (byte >> 6) + 1
    if mode >= len(MODES) or depth >= len(DEPTHS):
        raise UnsupportedError(f"needs a newer bbc: mode {mode} with depth code {depth}")
    return MODES[mode], DEPTHS[depth], count


def _part_from_bytes(header: Reader, height: int) -> tuple[Part, list[int]]:
    """A part whose bands have no payload yet, and the payloads' lengths."""
    byte = header.byte()
    coder, channels, depth = byte & 7, (byte >> 3 & 3) + 1, byte >> 5
    if coder not in CODER_NAMES or depth >= len(DEPTHS):
        raise UnsupportedError(f"needs a newer bbc: coder {coder} with depth code {depth}")
    model_id = header.take(4) if coder in WITH_MODEL_ID else b""
    settings = header.take(header.byte())
    band_rows = header.varint()
    if band_rows == 0:
        raise CorruptError("corrupt header: bands without rows")
    # A band takes at least six bytes of the table: do not build lists for bands that cannot be there.
    if -(-height // band_rows) > header.left // 6:
        raise CorruptError("corrupt header: more bands than the header has room for")
    bands, sizes = [], []
    for rows in band_heights(height, band_rows):
        sizes.append(header.varint())
        split = header.varint()
        if split > rows:
            raise CorruptError("corrupt header: a band is split below its last row")
        bands.append(Band(b"", split, header.uint32()))
    return Part(coder, channels, DEPTHS[depth], model_id, settings, band_rows, bands), sizes


def _fill(table: tuple[Part, list[int]], body: Reader, index: int, count: int) -> Part:
    part, sizes = table
    bands = []
    for number, (band, size) in enumerate(zip(part.bands, sizes, strict=True)):
        body.what = f"band {number}" + (f" of part {index}" if count > 1 else "")
        bands.append(Band(body.take(size), band.split, band.crc))
    return Part(part.coder, part.channels, part.depth, part.model_id, part.settings, part.band_rows, bands)
