"""A file that comes back byte for byte, as a header describes it: what it is, and its parts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.container.coder_ids import CODER_NAMES, OF_FILES
from bbans_cli.container.damage import Damage
from bbans_cli.errors import CorruptError, UnsupportedError

ANY, JPEG_FILE = range(2)  # formats


class FilePart(NamedTuple):
    """Bytes, or what stands for them.

    coder     a number that OF_FILES has
    settings  bytes that mean something to the coder alone
    damaged   its payload is cut short or lacks its checksum; only where a reader was to keep going
    """

    coder: int
    settings: bytes
    payload: bytes
    damaged: bool = False


class JpegSummary(NamedTuple):
    """What is said of a JPEG file without a look at its parts.

    process        0 baseline, 1 extended, 2 progressive: the low bits of its SOF marker
    components     1 to 4
    width, height  in pixels
    """

    process: int
    components: int
    width: int
    height: int


@dataclass(frozen=True)
class StoredFile:
    """A .bbc file that holds a file of `size` bytes with that CRC-32.

    jpeg      of JPEG files whose coefficients were coded, else None
    parts     in the order of the format's coder
    metadata  (kind, bytes) pairs, all optional ones
    """

    size: int
    crc: int
    jpeg: JpegSummary | None
    parts: list[FilePart]
    metadata: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """ "jpeg" or "file": as JSON names it."""
        return "file" if self.jpeg is None else "jpeg"


def to_bytes(stored: StoredFile) -> bytes:
    """The header's fields, from the size of the file on."""
    out = bytearray(varint(stored.size) + stored.crc.to_bytes(4, "little"))
    jpeg = stored.jpeg
    if jpeg is None:
        out.append(ANY)
    else:
        out += bytes([JPEG_FILE, jpeg.process | jpeg.components << 4]) + varint(jpeg.width) + varint(jpeg.height)
    for part in stored.parts:
        out += varint(part.coder) + varint(len(part.settings)) + part.settings
        out += varint(len(part.payload)) + zlib.crc32(part.payload).to_bytes(4, "little")
    return bytes(out)


class Listed(NamedTuple):
    """A StoredFile as its header has it: of each part coder, settings, size and CRC-32 of its payload."""

    size: int
    crc: int
    jpeg: JpegSummary | None
    parts: list[tuple[int, bytes, int, int]]


def from_bytes(header: Reader) -> Listed:
    """The inverse of `to_bytes`. Raises CorruptError, UnsupportedError."""
    size, crc = header.varint(), header.uint32()
    jpeg = None
    file_format = header.byte()
    if file_format == JPEG_FILE:
        shape = header.byte()
        jpeg = JpegSummary(shape & 15, shape >> 4, header.varint(), header.varint())
    elif file_format != ANY:
        raise UnsupportedError(f"needs a newer bbc: a file of format {file_format}")
    parts = []
    while header.left:
        coder = header.varint()
        if coder not in OF_FILES:
            raise UnsupportedError(f"needs a newer bbc: coder {CODER_NAMES.get(coder, coder)} of a file")
        settings = header.take(header.varint())
        parts.append((coder, settings, header.varint(), header.uint32()))
    if not parts:
        raise CorruptError("corrupt header: a file without parts")
    return Listed(size, crc, jpeg, parts)


def fill(listed: Listed, body: Reader, items: list[tuple[int, bytes]], damage: Damage | None = None) -> StoredFile:
    """The file with its payloads, which come next in `body`; each must have its checksum.

    With `damage`, parts may be damaged. Raises CorruptError and TruncatedError without.
    """
    parts = []
    for number, (coder, settings, size, crc) in enumerate(listed.parts):
        body.what = f"part {number}"
        start, damaged = body.at, False
        try:
            payload = _payload(body, number, size, crc)
        except CorruptError as error:
            if damage is None:
                raise
            body.at, damaged = start, True
            payload = body.at_most(size)
            damage.reasons.append(str(error))
        parts.append(FilePart(coder, settings, payload, damaged))
    return StoredFile(listed.size, listed.crc, listed.jpeg, parts, items)


def _payload(body: Reader, number: int, size: int, crc: int) -> bytes:
    payload = body.take(size)
    if zlib.crc32(payload) != crc:
        raise CorruptError(f"corrupt: the checksum of part {number} does not match")
    return payload
