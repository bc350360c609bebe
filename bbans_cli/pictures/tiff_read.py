"""TIFF files -> pictures. The tags are read here; Pillow's libtiff only decompresses.

Pillow narrows 16-bit colour to 8 bits and knows no 2-bit grey with alpha. So each file is described anew, with the same
strips or tiles, as 8-bit grey of as many bytes to a row: what Pillow returns are the decompressed bytes, of which byte
order, predictor and channels are undone here. Names and numbers of tags are those of TIFF 6.0.
"""

from __future__ import annotations

import struct

import numpy as np

from bbans_cli.container import metadata as kinds
from bbans_cli.errors import InputError, LimitError, UnsupportedError
from bbans_cli.pictures import chunks
from bbans_cli.pictures.picture import Items, Picture, row_bytes, unpack_rows
from bbans_cli.pictures.pillow_files import open_image

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, CHANNELS, ROWS_PER_STRIP, STRIP_SIZES = 273, 274, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, UNIT, SOFTWARE, DATE, ARTIST = 282, 283, 284, 296, 305, 306, 315
PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES = 317, 320, 322, 323, 324, 325
SUB_FILES, EXTRA, SAMPLE_FORMAT, XMP, COPYRIGHT, EXIF, GPS, ICC = 330, 338, 339, 700, 33432, 34665, 34853, 34675
DESCRIPTION, NEW_SUBFILE_TYPE = 270, 254
# Without loss, and known to every libtiff: none, LZW, deflate (two numbers), PackBits, Zstandard.
COMPRESSIONS = (1, 5, 8, 32946, 32773, 50000)
FORMATS = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 10: "ii", 13: "I"}
TEXTS = {DESCRIPTION: b"Description", SOFTWARE: b"Software", ARTIST: b"Author", COPYRIGHT: b"Copyright"}
# Tags that describe the storage, or whose content is kept in another way.
HANDLED = {
    *(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, ORIENTATION, CHANNELS),
    *(ROWS_PER_STRIP, STRIP_SIZES, X_RESOLUTION, Y_RESOLUTION, PLANAR, UNIT, PREDICTOR, COLOUR_MAP, TILE_WIDTH),
    *(TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, EXTRA, SAMPLE_FORMAT, XMP, ICC, NEW_SUBFILE_TYPE, *TEXTS),
}


class Tags:
    """The first directory of a TIFF: tag -> tuple of integers, pairs or bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        self.values: dict[int, tuple[int | bytes, ...]] = {}
        try:
            (first,) = struct.unpack_from(self.order + "I", data, 4)
            following = self._directory(first)
            self.pages, seen = 1, {first}
            while following and following not in seen:
                seen.add(following)
                (count,) = struct.unpack_from(self.order + "H", data, following)
                (following,) = struct.unpack_from(self.order + "I", data, following + 2 + 12 * count)
                self.pages += 1
        except struct.error as error:
            raise InputError("damaged TIFF: its directory lies outside the file") from error

    def _directory(self, at: int) -> int:
        """Read the directory at `at`; returns where the next one is, or 0."""
        (count,) = struct.unpack_from(self.order + "H", self.data, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from(self.order + "HHI", self.data, entry)
            if kind not in FORMATS:
                continue
            size = struct.calcsize("<" + FORMATS[kind]) * number
            start = entry + 8
            if size > 4:
                (start,) = struct.unpack_from(self.order + "I", self.data, start)
            if start + size > len(self.data):
                raise InputError(f"damaged TIFF: tag {tag} lies outside the file")
            if FORMATS[kind] == "s":
                self.values[tag] = (self.data[start : start + size],)
            else:
                letters = f"{self.order}{number * len(FORMATS[kind])}{FORMATS[kind][0]}"
                self.values[tag] = struct.unpack_from(letters, self.data, start)
        (following,) = struct.unpack_from(self.order + "I", self.data, at + 2 + 12 * count)
        return int(following)

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        values = self.values.get(tag, default)
        numbers = tuple(value for value in values if isinstance(value, int))
        if len(numbers) < len(values):
            raise InputError(f"damaged TIFF: tag {tag} is no number")
        return numbers

    def number(self, tag: int, default: int | None = None) -> int:
        values = self.numbers(tag, () if default is None else (default,))
        if not values:
            raise InputError(f"damaged TIFF: tag {tag} is missing")
        return values[0]

    def bytes(self, tag: int) -> bytes:
        """The value of a tag of bytes, of whatever type it was declared; b"" where there is none."""
        values = self.values.get(tag, ())
        small = [value for value in values if isinstance(value, int) and 0 <= value < 256]
        if len(small) == len(values):
            return bytes(small)
        return values[0] if isinstance(values[0], bytes) else b""


def read_tiff(data: bytes, max_pixels: int) -> Picture:
    """Raises InputError for damage, LimitError, and UnsupportedError for pages and for what cannot be kept."""
    tags = Tags(data)
    if tags.pages > 1:
        raise UnsupportedError(f"{tags.pages:,} pages in one file; bbc stores single pictures")
    width, height = tags.number(WIDTH), tags.number(HEIGHT)
    if width < 1 or height < 1:
        raise InputError("damaged TIFF: impossible width or height")
    if width * height > max_pixels:
        raise LimitError(f"{width}x{height} is {width * height:,} pixels, above the limit of {max_pixels:,}")
    mode, depth, channels = _layout(tags)
    planes = channels if tags.number(PLANAR, 1) == 2 and channels > 1 else 1
    samples = _samples(tags, width, height, channels // planes, depth, planes, max_pixels)
    if tags.number(PHOTOMETRIC) == 0:
        samples = ((1 << depth) - 1 - samples).astype(samples.dtype)
    palette = _palette(tags, depth) if mode == "palette" else None
    if palette is not None and samples.max() >= len(palette) // 3:
        raise InputError("damaged TIFF: a colour outside its palette")
    lost = sorted(f"TIFF tag {tag}" for tag in tags.values if tag not in HANDLED | {EXIF, GPS, DATE, SUB_FILES})
    lost += [name for tag, name in ((EXIF, "EXIF"), (GPS, "GPS"), (DATE, "date")) if tag in tags.values]
    return Picture(samples, mode, depth, palette, None, _metadata(tags), lost)


def _layout(tags: Tags) -> tuple[str, int, int]:
    """(mode, depth, channels), or UnsupportedError saying what stands in the way."""
    channels = tags.number(CHANNELS, 1)
    bits = set(tags.numbers(BITS, (1,)))
    photometric, extra = tags.number(PHOTOMETRIC), tags.numbers(EXTRA)
    if tags.number(COMPRESSION, 1) not in COMPRESSIONS:
        raise UnsupportedError(f"TIFF compression {tags.number(COMPRESSION)} is lossy or not known")
    if len(bits) != 1 or bits & {1, 2, 4, 8, 16} != bits:
        raise UnsupportedError(f"TIFF samples of {sorted(bits)} bits cannot be kept")
    if set(tags.numbers(SAMPLE_FORMAT, (1,))) != {1}:
        raise UnsupportedError("TIFF samples that are signed or floating-point cannot be kept")
    if tags.number(FILL_ORDER, 1) != 1:
        raise UnsupportedError("TIFF with reversed bit order cannot be read")
    depth = bits.pop()
    base = {0: ("grey", 1), 1: ("grey", 1), 2: ("rgb", 3), 3: ("palette", 1)}.get(photometric)
    if base is None:
        raise UnsupportedError(
            f"TIFF of photometric interpretation {photometric} (CMYK, YCbCr, Lab, ...) cannot be kept"
        )
    mode, colours = base
    if channels == colours and (depth >= 8 or channels == 1) and (mode != "palette" or depth <= 8):
        return mode, depth, channels
    if channels == colours + 1 and extra[:1] == (2,) and depth >= 8 and mode != "palette" and photometric:
        return {"grey": "grey+alpha", "rgb": "rgba"}[mode], depth, channels
    if extra[:1] == (1,):
        raise UnsupportedError("TIFF with premultiplied alpha cannot be kept")
    raise UnsupportedError(f"TIFF of {channels} channels of {depth} bits with extra samples {extra} cannot be kept")


def _samples(
    tags: Tags, width: int, height: int, channels: int, depth: int, planes: int, max_pixels: int
) -> np.ndarray:
    """(height, width, channels * planes) samples; `channels` of them lie together in each of `planes`."""
    tiled = TILE_OFFSETS in tags.values
    columns = tags.number(TILE_WIDTH) if tiled else width
    rows = tags.number(TILE_HEIGHT) if tiled else min(tags.number(ROWS_PER_STRIP, height), height)
    if columns < 1 or rows < 1 or columns * rows > max_pixels + (1 << 20):
        raise InputError("damaged TIFF: impossible size of strips or tiles")
    across, down = -(-width // columns), -(-height // rows)
    offsets = tags.numbers(TILE_OFFSETS if tiled else STRIP_OFFSETS)
    sizes = tags.numbers(TILE_SIZES if tiled else STRIP_SIZES)
    if len(offsets) != across * down * planes or len(sizes) != len(offsets):
        raise InputError("damaged TIFF: strips or tiles are missing")
    dtype = np.uint16 if depth == 16 else np.uint8
    out = np.empty((height, width, channels * planes), dtype)
    for index, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
        plane, place = divmod(index, across * down)
        top, left = place // across * rows, place % across * columns
        # Tiles are always whole; the last strip is as high as what is left.
        count = rows if tiled else min(rows, height - top)
        if offset + size > len(tags.data):
            raise InputError("truncated TIFF: a strip or tile lies outside the file")
        packed = tags.data[offset : offset + size]
        piece = _decode(packed, tags, columns, count, channels, depth)
        piece = piece[: height - top, : width - left]
        target = out[top : top + piece.shape[0], left : left + piece.shape[1]]
        target[:, :, plane * channels : (plane + 1) * channels] = piece
    return out


def _decode(packed: bytes, tags: Tags, width: int, height: int, channels: int, depth: int) -> np.ndarray:
    """(height, width, channels) samples of one strip or tile."""
    size = row_bytes(width, channels, depth)
    compression = tags.number(COMPRESSION, 1)
    if compression == 1:
        if len(packed) < size * height:
            raise InputError("truncated TIFF: a strip or tile is too short")
        plain = np.frombuffer(packed, np.uint8, size * height).reshape(height, size)
    else:
        plain = np.array(open_image(_as_grey(packed, size, height, compression), "TIFF", size * height))
    plain = np.ascontiguousarray(plain)
    if depth == 16 and tags.order == "<":
        plain = np.ascontiguousarray(plain.reshape(height, -1, 2)[:, :, ::-1]).reshape(height, size)
    samples = unpack_rows(plain, width, channels, depth)
    predictor = tags.number(PREDICTOR, 1)
    if predictor == 1 or compression in (1, 32773):
        return samples
    if predictor == 2 and depth >= 8:
        return np.cumsum(samples, axis=1, dtype=samples.dtype)
    raise UnsupportedError(f"TIFF predictor {predictor} with {depth} bits is not known")


def _as_grey(packed: bytes, width: int, height: int, compression: int) -> bytes:
    """A TIFF of one strip that unpacks to `height` rows of `width` bytes."""
    entries = [
        *((WIDTH, width), (HEIGHT, height), (BITS, 8), (COMPRESSION, compression), (PHOTOMETRIC, 1)),
        *((STRIP_OFFSETS, 8), (CHANNELS, 1), (ROWS_PER_STRIP, height), (STRIP_SIZES, len(packed))),
    ]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    data = packed + b"\0" * (len(packed) % 2)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(entries)) + body + bytes(4)


def _palette(tags: Tags, depth: int) -> bytes:
    """The colour map as bytes. Its 16-bit values are kept only if they are 8-bit ones, times 256 or 257."""
    values = np.array(tags.numbers(COLOUR_MAP), np.int64)
    if len(values) != 3 << depth:
        raise InputError("damaged TIFF: its colour map has a wrong length")
    if not (np.all(values % 257 == 0) or np.all(values % 256 == 0)):
        raise UnsupportedError("a TIFF colour map of 16 bits cannot be kept")
    entries: bytes = (values >> 8).astype(np.uint8).reshape(3, -1).T.tobytes()
    return entries


def _metadata(tags: Tags) -> Items:
    items: Items = []
    if tags.bytes(ICC):
        items.append((kinds.ICC, b"ICC profile\0" + tags.bytes(ICC)))
    if tags.bytes(XMP):
        items.append((kinds.XMP, tags.bytes(XMP)))
    across, down, unit = tags.numbers(X_RESOLUTION), tags.numbers(Y_RESOLUTION), tags.number(UNIT, 2)
    per_metre = {2: 1 / 0.0254, 3: 100}.get(unit)
    if per_metre and len(across) == len(down) == 2 and min(across + down) > 0:
        items.append((kinds.CHUNK, chunks.resolution(across[0] / across[1] * per_metre, down[0] / down[1] * per_metre)))
    for tag, keyword in TEXTS.items():
        text = tags.bytes(tag).split(b"\0")[0]
        if text:
            items.append(_text(keyword, text))
    orientation = tags.number(ORIENTATION, 1)
    if 2 <= orientation <= 8:
        entry = struct.pack("<HHIHH", ORIENTATION, 3, 1, orientation, 0)
        items.append((kinds.EXIF, b"II*\0\x08\0\0\0\1\0" + entry + bytes(4)))
    return items


def _text(keyword: bytes, text: bytes) -> tuple[int, bytes]:
    """tEXt for ASCII, iTXt for UTF-8; what is neither is taken for Latin-1, which is what tEXt says."""
    try:
        if not text.isascii() and text.decode("utf-8"):
            return kinds.CHUNK, b"iTXt" + keyword + b"\0\0\0\0\0" + text
    except UnicodeDecodeError:
        pass
    return kinds.CHUNK, b"tEXt" + keyword + b"\0" + text
