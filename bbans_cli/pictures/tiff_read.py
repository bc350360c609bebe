"""TIFF and BigTIFF files -> pictures. Pillow's libtiff only decompresses.

Pillow narrows 16-bit colour to 8 bits and knows no 2-bit grey with alpha. So each strip or tile is described anew as a
TIFF of 8-bit grey of as many bytes to a row: what Pillow returns are the decompressed bytes, of which byte order,
predictor and channels are undone here. Fax is decoded in fax_read.py.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np

from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.limits import MAX_METADATA_BYTES
from bbans_cli.pictures import pages as stacks
from bbans_cli.pictures import tiff_metadata, tiff_pages
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.fax_read import GROUP3, GROUP4, RLE, unfax
from bbans_cli.pictures.picture import COLOURS, Items, Picture, coded_depth, row_bytes, unpack_rows
from bbans_cli.pictures.pillow_files import open_image
from bbans_cli.pictures.tiff_tags import Directory

# Without loss, and known to every libtiff: none, the three of fax, LZW, deflate (two numbers), PackBits, Zstandard.
NONE, FAX, DEFLATE = 1, (RLE, GROUP3, GROUP4), (8, 32946)
COMPRESSIONS = (NONE, *FAX, 5, *DEFLATE, 32773, 50000)
WHITE_IS_ZERO, CMYK, YCBCR = 0, 5, 6
MODES = {0: ("grey", 1), 1: ("grey", 1), 2: ("rgb", 3), 3: ("palette", 1), CMYK: ("cmyk", 4)}
MODES |= dict.fromkeys(COLOURS, ("rgb", 3))
# What a channel beyond the colours is, by ExtraSamples -> Picture.alpha
ALPHAS = {0: "unspecified", 1: "premultiplied", 2: None}
# Pixels of all tiles, beside four times those of the picture.
MAX_TILE_PIXELS = 1 << 26
CANNOT_UNPACK = "damaged TIFF: a strip or tile cannot be unpacked"
NAMES = {
    6: "old JPEG",
    7: "JPEG",
    32766: "NeXT",
    32771: "CCITT RLE by words",
    32809: "ThunderScan",
    34676: "SGI log",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    50001: "WebP",
    50002: "JPEG XL",
}


def read_tiff(data: bytes, bounds: Bounds) -> Picture:
    """Raises InputError for damage, LimitError, and UnsupportedError for pages and for what cannot be kept."""
    directories, first, lost = tiff_pages.find_pages(data)
    count, size = len(directories), (directories[0].number(tag.WIDTH), directories[0].number(tag.HEIGHT))
    bounds.check_pixels(*size, count)
    pages = _read_pages(directories, first, bounds)
    one = pages[0]
    if any(_shape(page) != _shape(one) for page in pages):
        raise UnsupportedError(f"{len(pages):,} pages of different kinds in one file; bbc stores pages of one kind")
    lost += [word for page in pages for word in page.lost]
    lost += tiff_pages.left_over(data, directories)
    samples = one.pixels if len(pages) == 1 else np.concatenate([page.pixels for page in pages])
    items = stacks.join([page.metadata for page in pages])
    lost = list(dict.fromkeys(lost))
    return replace(one, pixels=samples, metadata=items, lost=lost, pages=len(pages))


def _read_pages(directories: list[Directory], first: Directory, bounds: Bounds) -> list[Picture]:
    """All pages. Those whose metadata are equal share them, as the file may have them once for thousands of pages."""
    pages: list[Picture] = []
    size = 0
    said: tuple[dict[int, tuple[int, int, int, int]], tuple[Items, list[str]]] = {}, ([], [])
    for tags in directories:
        own = {number: field for number, field in tags.fields.items() if number not in tag.STORAGE}
        if len(pages) < 2 or own != said[0] or tags.damaged:
            said = own, tiff_metadata.read_metadata(tags, tags if pages else first)
        page = _read_page(tags, said[1], len(directories), bounds)
        if pages and page.metadata == pages[-1].metadata:
            page = replace(page, metadata=pages[-1].metadata)
        else:
            size += sum(len(data) for _, data in page.metadata)
        if size > MAX_METADATA_BYTES:
            raise UnsupportedError(f"more than {MAX_METADATA_BYTES:,} bytes of metadata")
        pages.append(page)
    return pages


def _shape(page: Picture) -> tuple[object, ...]:
    return page.mode, page.depth, page.palette, page.alpha, page.colours


def _read_page(tags: Directory, said: tuple[Items, list[str]], pages: int, bounds: Bounds) -> Picture:
    """One of so many pages. said: what it says beside its pixels, and what of that is not kept."""
    width, height = tags.number(tag.WIDTH), tags.number(tag.HEIGHT)
    if width < 1 or height < 1:
        raise InputError("damaged TIFF: impossible width or height")
    mode, depth, channels, alpha = _layout(tags)
    bounds.check(width, height, channels * (1 + (depth > 8)), pages)
    planes = channels if tags.number(tag.PLANAR, 1) == 2 and channels > 1 else 1
    samples = _samples(tags, width, height, channels // planes, depth, planes)
    if tags.number(tag.PHOTOMETRIC, WHITE_IS_ZERO) == WHITE_IS_ZERO:
        samples = ((1 << depth) - 1 - samples).astype(samples.dtype)
    palette = _palette(tags, depth) if mode == "palette" else None
    if palette is not None:
        depth = coded_depth(depth)
        if samples.max() >= len(palette) // 3:
            raise InputError("damaged TIFF: a colour outside its palette")
    items, lost = said[0], list(said[1])
    if tag.EXTRA in tags and alpha is None and mode not in ("grey+alpha", "rgba"):
        lost.append("ExtraSamples (of a channel that is not there)")
    photometric = tags.number(tag.PHOTOMETRIC, WHITE_IS_ZERO)
    colours = photometric if photometric in COLOURS else None
    return Picture(samples, mode, depth, palette, None, items, lost, alpha=alpha, colours=colours)


def _layout(tags: Directory) -> tuple[str, int, int, str | None]:
    """(mode, depth, channels, kind of alpha), or UnsupportedError saying what stands in the way."""
    channels, extra = tags.number(tag.CHANNELS, 1), tags.numbers(tag.EXTRA)
    bits = set(tags.numbers(tag.BITS, (1,)))
    compression = tags.number(tag.COMPRESSION, NONE)
    photometric = tags.number(tag.PHOTOMETRIC, WHITE_IS_ZERO if compression in FAX else None)
    if compression not in COMPRESSIONS:
        name = f" ({NAMES[compression]})" if compression in NAMES else ""
        raise UnsupportedError(f"TIFF compression {compression}{name} is not supported")
    if len(bits) != 1 or not bits <= set(range(1, 17)):
        raise UnsupportedError(f"TIFF samples of {sorted(bits)} bits are not supported")
    if set(tags.numbers(tag.SAMPLE_FORMAT, (1,))) - {1, 4}:
        raise UnsupportedError("TIFF samples that are signed or floating-point are not supported")
    if tags.number(tag.FILL_ORDER, 1) not in (1, 2):
        raise InputError("damaged TIFF: unknown order of bits")
    depth = bits.pop()
    if photometric not in MODES:
        raise UnsupportedError(
            f"TIFF of photometric interpretation {photometric} (masks, CIE LogL, ...) is not supported"
        )
    mode, colours = MODES[photometric]
    of_depth = depth <= 8 if mode == "palette" else depth in (8, 16) if mode == "cmyk" else True
    if photometric == YCBCR and tags.numbers(tag.SUBSAMPLING, (2, 2)) != (1, 1):
        raise UnsupportedError("TIFF of YCbCr with subsampled colours is not supported")
    if compression in FAX and (depth, channels) != (1, 1):
        raise InputError("damaged TIFF: fax compression of more than one bit")
    if mode == "cmyk" and tags.number(tag.INK_SET, 1) != 1:
        raise UnsupportedError("TIFF of inks other than CMYK is not supported")
    if channels == colours and of_depth:
        return mode, depth, channels, None
    if channels == colours + 1 and photometric in (1, 2) and (not extra or extra[0] in ALPHAS):
        alpha = ALPHAS[extra[0]] if extra else "undeclared"  # which readers take for alpha or not, each as it likes
        return {"grey": "grey+alpha", "rgb": "rgba"}[mode], depth, channels, alpha
    what = f"{channels} channels of {depth} bits" + (f" with extra samples {extra}" if extra else "")
    raise UnsupportedError(f"TIFF of photometric interpretation {photometric} with {what} is not supported")


def _samples(tags: Directory, width: int, height: int, channels: int, depth: int, planes: int) -> np.ndarray:
    """(height, width, channels * planes) samples; `channels` of them lie together in each of `planes`."""
    tiled = tag.TILE_OFFSETS in tags
    columns = tags.number(tag.TILE_WIDTH) if tiled else width
    rows = tags.number(tag.TILE_HEIGHT) if tiled else min(tags.number(tag.ROWS_PER_STRIP, height), height)
    if columns < 1 or rows < 1:
        raise InputError("damaged TIFF: impossible size of strips or tiles")
    across, down = -(-width // columns), -(-height // rows)
    # Tiles go beyond the border, and all may have the same bytes in the file.
    if across * columns * down * rows > 4 * width * height + MAX_TILE_PIXELS:
        raise InputError("damaged TIFF: impossible size of strips or tiles")
    offsets = tags.numbers(tag.TILE_OFFSETS if tiled else tag.STRIP_OFFSETS)
    sizes = tags.numbers(tag.TILE_SIZES if tiled else tag.STRIP_SIZES)
    if len(offsets) != across * down * planes or len(sizes) != len(offsets):
        raise InputError("damaged TIFF: strips or tiles are missing")
    out = np.empty((height, width, channels * planes), np.uint16 if depth > 8 else np.uint8)
    for index, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
        plane, place = divmod(index, across * down)
        top, left = place // across * rows, place % across * columns
        # Tiles are always whole; the last strip is as high as what is left.
        count = rows if tiled else min(rows, height - top)
        offset += tags.shift
        if offset + size > len(tags.data):
            raise InputError("truncated TIFF: a strip or tile lies outside the file")
        packed = tags.data[offset : offset + min(size, _most_packed(columns, count, channels, depth))]
        piece = _decode(packed, tags, columns, count, channels, depth)
        piece = piece[: height - top, : width - left]
        target = out[top : top + piece.shape[0], left : left + piece.shape[1]]
        target[:, :, plane * channels : (plane + 1) * channels] = piece
    return out


def _most_packed(width: int, height: int, channels: int, depth: int) -> int:
    """Bytes beyond which nothing of a strip or tile is read: no encoder that makes sense comes near them, and strips of
    the same bytes, each as long as the file, would take their time."""
    return 4 * height * (row_bytes(width, channels, depth) + 64) + 4096


def _decode(packed: bytes, tags: Directory, width: int, height: int, channels: int, depth: int) -> np.ndarray:
    """(height, width, channels) samples of one strip or tile."""
    size = row_bytes(width, channels, depth)
    if tags.number(tag.FILL_ORDER, 1) == 2:
        packed = np.packbits(np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")).tobytes()
    compression = tags.number(tag.COMPRESSION, NONE)
    if compression in FAX:
        return unfax(packed, width, height, compression, tags.number(tag.T4_OPTIONS, 0))[:, :, None]
    plain = _unpack(packed, compression, size, height)
    if depth == 16 and tags.order == "<":
        plain = np.ascontiguousarray(plain.reshape(height, -1, 2)[:, :, ::-1]).reshape(height, size)
    samples = unpack_rows(plain, width, channels, depth)
    predictor = tags.number(tag.PREDICTOR, 1)
    if predictor == 1 or compression in (NONE, 32773):
        return samples
    if predictor == 2 and depth in (8, 16):
        return np.cumsum(samples, axis=1, dtype=samples.dtype)
    raise UnsupportedError(f"TIFF predictor {predictor} with {depth} bits is not supported")


def _unpack(packed: bytes, compression: int, size: int, height: int) -> np.ndarray:
    """`height` rows of `size` bytes."""
    total = size * height
    if compression == NONE:
        plain = packed[:total]
    elif compression in DEFLATE:
        stream = zlib.decompressobj()
        try:
            plain = stream.decompress(packed, total)
            stream.decompress(stream.unconsumed_tail, 1)  # the checksum, where it is there
        except zlib.error as error:
            raise InputError(CANNOT_UNPACK) from error
    else:
        entries = [(tag.WIDTH, size), (tag.HEIGHT, height), (tag.BITS, 8), (tag.PHOTOMETRIC, 1)]
        try:
            image = open_image(_one_strip(packed, compression, entries), "TIFF", Bounds(total, 1 << 62))
        except InputError as error:
            raise InputError(CANNOT_UNPACK) from error  # Pillow says "decoder error -2"
        return np.ascontiguousarray(image)
    if len(plain) < total:
        raise InputError("truncated TIFF: a strip or tile is too short")
    return np.frombuffer(plain, np.uint8).reshape(height, size)


def _one_strip(packed: bytes, compression: int, entries: list[tuple[int, int]]) -> bytes:
    """A little-endian TIFF of one strip and one channel."""
    height = dict(entries)[tag.HEIGHT]
    more = [(tag.COMPRESSION, compression), (tag.STRIP_OFFSETS, 8), (tag.CHANNELS, 1)]
    more += [(tag.ROWS_PER_STRIP, height), (tag.STRIP_SIZES, len(packed))]
    body = b"".join(struct.pack("<HHII", number, 4, 1, value) for number, value in sorted(entries + more))
    data = packed + b"\0" * (len(packed) % 2)
    count = struct.pack("<H", len(entries + more))
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + count + body + bytes(4)


def _palette(tags: Directory, depth: int) -> bytes:
    """The colour map as bytes. Its 16-bit values are kept only if they are 8-bit ones, or these times 256 or 257."""
    values = np.array(tags.numbers(tag.COLOUR_MAP), np.int64)
    if len(values) != 3 << depth:
        raise InputError("damaged TIFF: its colour map has a wrong length")
    if values.max() < 256:
        values <<= 8  # as some writers have it, and readers take it
    if not (np.all(values % 257 == 0) or np.all(values % 256 == 0)):
        raise UnsupportedError("a TIFF colour map of 16 bits is not supported")
    entries: bytes = (values >> 8).astype(np.uint8).reshape(3, -1).T.tobytes()
    return entries
