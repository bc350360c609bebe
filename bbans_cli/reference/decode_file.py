"""Any .bbc file to what it holds, by the second decoder alone: nothing here or below calls the C core.

It shares the package's parsing of headers (container/), its file of weights and its `Picture`; all else is written
again, after docs/format.md and its further pages. WebP's bitstream is the one payload that it does not read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from itertools import groupby

import numpy as np

from bbans_cli.container import (
    CODER_NAMES,
    DEEP,
    FEW_COLOURS,
    FITTED,
    JPEG,
    NEURAL,
    RAW,
    Container,
    Part,
    Region,
    StoredFile,
    from_bytes,
)
from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.picture import Picture, from_items
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.reference import fitted_part, neural, raw
from bbans_cli.reference.files import restore
from bbans_cli.reference.jpeg import pixels
from bbans_cli.reference.mixing import part as mixing

Array = np.ndarray

# part, width, height, samples of the parts before it (height, width, k), progress -> (height, width, channels)
DecodePart = Callable[[Part, int, int, Array, PixelProgress], Array]

PARTS: dict[int, DecodePart] = {
    NEURAL: lambda part, width, height, known, tick: neural.decode(part, width, height, tick),
    RAW: lambda part, width, height, known, tick: raw.decode(part, width, height, tick),
    FEW_COLOURS: mixing.decode,
    DEEP: mixing.decode,
    JPEG: lambda part, width, height, known, tick: pixels.decode(part, width, height, tick),
    FITTED: lambda part, width, height, known, tick: fitted_part.decode(part, width, height, tick),
}


def decode(data: bytes, tick: PixelProgress = no_progress, max_pixels: int = MAX_PIXELS) -> Picture | bytes:
    """What a .bbc file holds: a picture, or the bytes of a file. Raises LimitError, and as `decode_content`."""
    return decode_content(from_bytes(data, max_pixels), tick)


def pixels_of(content: Container | StoredFile) -> int:
    """How many pixels `decode_content` tells of: of a stored file an estimate. At least 1."""
    if isinstance(content, StoredFile):
        return max(1, content.size if content.jpeg is None else content.jpeg.width * content.jpeg.height)
    areas = [part.region or Region(0, 0, content.width, content.height) for part in content.parts]
    return sum(area.width * area.height for area in areas)


def decode_content(content: Container | StoredFile, tick: PixelProgress = no_progress) -> Picture | bytes:
    """What a parsed .bbc file holds: a picture, or the bytes of a file.

    tick  gets numbers of pixels as they are decoded, of each part

    Raises CorruptError, ModelMismatchError, and UnsupportedError for WebP's bitstreams too.
    """
    if isinstance(content, StoredFile):
        return restore.restore(content, tick, pixels_of(content))
    return decode_picture(content, tick)


def decode_picture(container: Container, tick: PixelProgress = no_progress) -> Picture:
    """docs/format.md, *Parts and channels*."""
    table = _table(container)
    least = 16 if container.depth > 8 else next(bits for bits in (1, 2, 4, 8) if bits >= container.depth)
    depth = least if table is None else 8 if len(table) <= 256 else 16
    samples = np.zeros((container.height, container.width, container.channels), np.uint16 if depth == 16 else np.uint8)
    for number, (region, parts) in enumerate(groupby(container.parts, key=lambda part: part.region)):
        if number == 0 and region is not None:
            raise CorruptError("corrupt header: its parts do not make up the picture")
        area = region or Region(0, 0, container.width, container.height)
        rows, columns = slice(area.top, area.top + area.height), slice(area.left, area.left + area.width)
        samples[rows, columns] = _region(container, list(parts), area, depth, tick)
    if table is not None:
        if int(samples.max()) >= len(table):
            raise CorruptError("corrupt: a sample beyond the list of values")
        samples = np.array(table, np.uint16 if container.depth > 8 else np.uint8)[samples]
    items = [item for item in container.metadata if item[0] not in (kinds.VALUES, kinds.ORDER, kinds.PREVIEW)]
    try:
        return from_items(samples, container.mode, container.depth, items)
    except ValueError as error:
        raise CorruptError(f"corrupt: {error}") from error


def _table(container: Container) -> list[int] | None:
    """The values that a table of values (metadata kind 3) lists, or the indices in the palette's order (kind 8)."""
    necessary = dict(container.metadata)
    listed = necessary.get(kinds.VALUES)
    if listed is None:
        return _order(container, necessary.get(kinds.PALETTE, b"")) if kinds.ORDER in necessary else None
    reader, found, last = Reader(listed, "the list of values"), [], -1
    while reader.left:
        last += reader.varint() + 1
        found.append(last)
    if not found or last >= 1 << container.depth:
        raise CorruptError("corrupt: a list of values that the picture cannot have")
    return found


def _order(container: Container, palette: bytes) -> list[int]:
    """The indices of a palette's entries from dark to light."""
    entries = range(len(palette) // 3)
    if not palette or len(palette) % 3 or container.depth != 8:
        raise CorruptError("corrupt metadata: an order of no palette of 8 bits")
    return sorted(entries, key=lambda i: 299 * palette[3 * i] + 587 * palette[3 * i + 1] + 114 * palette[3 * i + 2])


def _region(container: Container, parts: list[Part], area: Region, depth: int, tick: PixelProgress) -> Array:
    """The samples of parts that cover all channels of a region."""
    channels = sum(part.channels for part in parts)
    grey = container.mode in ("rgb", "rgba") and channels == container.channels - 2
    if channels != container.channels and not grey or any(part.depth != depth for part in parts):
        raise CorruptError("corrupt header: its parts do not make up the picture")
    known = np.zeros((area.height, area.width, 0), np.uint16 if depth == 16 else np.uint8)
    for part in parts:
        if part.coder not in PARTS:
            name = CODER_NAMES.get(part.coder, part.coder)
            raise UnsupportedError(f"the second decoder does not read payloads of the coder {name}")
        try:
            samples = PARTS[part.coder](part, area.width, area.height, known, tick)
        except CorruptError as error:
            raise CorruptError(f"corrupt: a part of the coder {CODER_NAMES[part.coder]} cannot be decoded") from error
        _check(part, samples)
        known = np.concatenate([known, samples], axis=2)
    return np.concatenate([known[:, :, :1], known[:, :, :1], known], axis=2) if grey else known


def _check(part: Part, samples: Array) -> None:
    """Raise CorruptError unless the checksums of all bands hold."""
    for number, band in enumerate(part.bands):
        rows = samples[number * part.band_rows :][: part.band_rows]
        crc = zlib.crc32(np.ascontiguousarray(rows, ">u2" if part.depth == 16 else np.uint8).data)
        if part.coder != NEURAL:
            crc = zlib.crc32(band.payload, crc)
        if crc != band.crc:
            raise CorruptError("corrupt: the checksum of a band does not match")
