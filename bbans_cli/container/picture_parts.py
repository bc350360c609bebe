"""The parts of a picture as a header lists them: coder, channels, region, and the table of their bands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.container.coder_ids import CODER_NAMES, OF_FILES, WITH_MODEL_ID
from bbans_cli.container.damage import Damage
from bbans_cli.errors import CorruptError, TruncatedError, UnsupportedError

MAX_CHANNELS = 8  # of a part: three bits
MAX_DEPTH = 16  # of samples: four bits, less one
BAND_TABLE_BYTES, REGION_BYTES = 8, 9  # about, of a band in the table, and of a region
# Of a part's first byte: coder (or that a varint has it), channels less one, whether a second byte follows
_CODER_FOLLOWS, _CHANNELS_SHIFT, _MORE = 15, 4, 0x80
# Of the second byte: depth less one, whether a region follows; the other bits are 0
_HAS_REGION = 0x10


class Band(NamedTuple):
    """Rows of a part that are coded on their own.

    payload  what the coder made of them
    split    how many of the rows, from the top, were coded with latents; 0 but for the neural coder
    crc      CRC-32 of the samples, row by row, channels interleaved, 16-bit samples big-endian; for every coder but the
             neural one, whose every byte decides pixels, it goes on over the payload
    missing  the file ended before its payload did; only where a reader was to keep going
    """

    payload: bytes
    split: int
    crc: int
    missing: bool = False


class Region(NamedTuple):
    """A rectangle of the picture, in pixels: its upper left corner and its size."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Part:
    """Some planes of the picture: `channels` of them with samples of `depth` bits, in bands of `band_rows` rows.

    coder      a number that CODER_NAMES has
    model_id   4 bytes that name the weights; b"" for coders that are not in WITH_MODEL_ID
    settings   bytes that mean something to the coder alone
    band_rows  height of all bands but the last, at least 1
    region     what of the picture the part covers; None: all of it
    """

    coder: int
    channels: int
    depth: int
    model_id: bytes
    settings: bytes
    band_rows: int
    bands: list[Band]
    region: Region | None = None

    @property
    def approximate_bytes(self) -> int:
        """Bytes of its payloads, and about those of its tables."""
        tables = 6 + len(self.settings) + (0 if self.region is None else REGION_BYTES)
        return tables + sum(len(band.payload) + BAND_TABLE_BYTES for band in self.bands)


def band_heights(height: int, band_rows: int) -> list[int]:
    """Rows of each band: all `band_rows` but the last, which has what is left."""
    return [min(band_rows, height - top) for top in range(0, height, band_rows)]


def to_bytes(part: Part, height: int, depth: int) -> bytes:
    """The part's entry in the header of a picture of that height and depth.

    ValueError where fields contradict each other.
    """
    rows = height if part.region is None else part.region.height
    if len(part.bands) != len(band_heights(rows, part.band_rows)):
        raise ValueError("the band table does not match the height")
    if len(part.model_id) != (4 if part.coder in WITH_MODEL_ID else 0):
        raise ValueError("a part's model id has a wrong length")
    if not (1 <= part.channels <= MAX_CHANNELS and 1 <= part.depth <= MAX_DEPTH):
        raise ValueError("a part's channels or depth are out of range")
    more = part.region is not None or part.depth != depth
    coder = min(part.coder, _CODER_FOLLOWS)
    out = bytearray([coder | part.channels - 1 << _CHANNELS_SHIFT | (_MORE if more else 0)])
    out += varint(part.coder) if coder == _CODER_FOLLOWS else b""
    out += bytes([part.depth - 1 | (_HAS_REGION if part.region else 0)]) if more else b""
    if part.region:
        box = part.region
        out += varint(box.left) + varint(box.top) + varint(box.width) + varint(box.height)
    out += part.model_id + varint(len(part.settings)) + part.settings + varint(part.band_rows)
    for band in part.bands:
        out += varint(len(band.payload)) + varint(band.split) + band.crc.to_bytes(4, "little")
    return bytes(out)


def from_bytes(header: Reader, width: int, height: int, depth: int) -> tuple[Part, list[int]]:
    """A part whose bands have no payload yet, and the payloads' lengths. Raises CorruptError, UnsupportedError."""
    first = header.byte()
    coder = first & 15
    if coder == _CODER_FOLLOWS:
        coder = header.varint()
    shape = header.byte() if first & _MORE else depth - 1
    if shape >= 2 * _HAS_REGION:
        raise UnsupportedError(f"needs a newer bbc: a part of shape 0x{shape:02x}")
    if coder not in CODER_NAMES or coder in OF_FILES:
        raise UnsupportedError(f"needs a newer bbc: coder {coder} of a picture")
    region = None
    if shape & _HAS_REGION:
        region = Region(header.varint(), header.varint(), header.varint(), header.varint())
        if not (region.width and region.height):
            raise CorruptError("corrupt header: a region without pixels")
        if region.left + region.width > width or region.top + region.height > height:
            raise CorruptError("corrupt header: a region beyond the picture")
        height = region.height
    model_id = header.take(4) if coder in WITH_MODEL_ID else b""
    settings = header.take(header.varint())
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
    channels = (first >> _CHANNELS_SHIFT & 7) + 1
    return Part(coder, channels, (shape & 15) + 1, model_id, settings, band_rows, bands, region), sizes


def fill(table: tuple[Part, list[int]], body: Reader, index: int, count: int, damage: Damage | None = None) -> Part:
    """The part with its payloads, which come next in `body`; `index` of `count`, for errors.

    With `damage`, bands that `body` has no payload for are missing. Raises TruncatedError without.
    """
    part, sizes = table
    bands = []
    for number, (band, size) in enumerate(zip(part.bands, sizes, strict=True)):
        body.what = f"band {number}" + (f" of part {index}" if count > 1 else "")
        try:
            bands.append(band._replace(payload=body.take(size)))
        except TruncatedError as error:
            if damage is None:
                raise
            damage.reasons += [] if damage.reasons else [str(error)]
            body.at_most(size)
            bands.append(band._replace(missing=True))
    return replace(part, bands=bands)
