"""PNG files -> pictures, at every legal depth, as strictly as libpng or more so.

Damage in what pixels depend on is an error. A damaged companion (text, colour profile, ...) is left out and
named in `Picture.lost`, as libpng leaves it out with a warning.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np
from zlib_ng import zlib_ng

from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.limits import MAX_METADATA_BYTES
from bbans_cli.pictures import chunks
from bbans_cli.pictures.formats import PNG_DEPTHS
from bbans_cli.pictures.picture import Items, Picture, check_palette, row_bytes, unpack_rows

# Colour type -> our mode.
COLOUR_TYPES = {0: "grey", 2: "rgb", 3: "palette", 4: "grey+alpha", 6: "rgba"}
# Adam7: first column, first row, and the steps between columns and rows, of each pass.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
# No deflate stream unpacks to more than 1032 times its size.
DEFLATE_LIMIT = 1032
# Unfiltering goes on in pieces of about this many bytes, so that no call of the core takes long.
PIECE = 1 << 24
# Packed bytes at a time, of which what is not used yet is copied with each piece that comes out.
PACKED_PIECE = 1 << 20


@dataclass
class _Png:
    """What has been read of a file so far."""

    width: int = 0
    height: int = 0
    mode: str = ""
    depth: int = 0
    interlaced: bool = False
    palette: bytes | None = None
    transparency: bytes | None = None
    data: list[memoryview] = field(default_factory=list)
    items: Items = field(default_factory=list)
    item_bytes: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def channels(self) -> int:
        return {"grey": 1, "palette": 1, "grey+alpha": 2, "rgb": 3, "rgba": 4}[self.mode]


def read_png(data: bytes, bounds: Bounds) -> Picture:
    """The picture in a PNG file's bytes.

    Raises InputError for damage, LimitError, UnsupportedError for animations.
    """
    png = _Png()
    seen_data = after_data = False
    at = len(chunks.SIGNATURE)
    while True:
        name, view, intact, at = _chunk(memoryview(data), at)
        body = b"" if name == b"IDAT" else bytes(view)  # packed pixels are not copied
        if not png.mode:
            if name == b"CgBI":
                raise UnsupportedError("a PNG of Apple's own kind (CgBI) is not supported")
            if name != b"IHDR":
                raise InputError("damaged PNG: it does not begin with a header")
            _header(png, body, bounds)
        elif name == b"IEND":
            break
        elif name == b"IDAT":
            if after_data:
                raise InputError("damaged PNG: the pixels are in several places")
            seen_data = True
            png.data.append(view)
        else:
            if seen_data and not after_data:
                png.items.append((kinds.AFTER_PIXELS, b""))
            after_data = seen_data
            if name[:1].isupper() or name == b"tRNS":
                _necessary(png, name, body, intact)
            else:
                _companion(png, name, body, intact)
    if png.items and png.items[-1][0] == kinds.AFTER_PIXELS:
        png.items.pop()
    if at < len(data):
        png.lost.append(f"{len(data) - at:,} bytes after the end")
    pixels = _pixels(png)
    try:
        check_palette(png.mode, png.palette, png.transparency)
    except ValueError as error:
        raise InputError(f"damaged PNG: {error}") from error
    return Picture(pixels, png.mode, png.depth, png.palette, png.transparency, png.items, png.lost)


def _chunk(data: memoryview, at: int) -> tuple[bytes, memoryview, bool, int]:
    """(name, body, whether the checksum holds, where the next one begins) of the chunk at `at`."""
    size, name = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8])
    end = at + 8 + size
    if size >= 1 << 31 or not name.isalpha() and len(name) == 4:
        raise InputError("damaged PNG: a chunk's header makes no sense")
    if end + 4 > len(data):
        raise InputError("truncated PNG: it ends within a chunk")
    crc = int.from_bytes(data[end : end + 4], "big")
    intact = zlib.crc32(data[at + 4 : end]) == crc
    # A capital first letter marks what pixels depend on.
    if not intact and name[:1].isupper():
        raise InputError(f"damaged PNG: the checksum of its {name.decode()} chunk does not match")
    return name, data[at + 8 : end], intact, end + 4


def _header(png: _Png, body: bytes, bounds: Bounds) -> None:
    if len(body) != 13:
        raise InputError("damaged PNG: its header has a wrong length")
    png.width, png.height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
    png.depth, colour, compression, filtering, interlace = body[8:]
    if not 0 < png.width < 1 << 31 or not 0 < png.height < 1 << 31:
        raise InputError("damaged PNG: impossible width or height")
    mode = COLOUR_TYPES.get(colour, "")
    if png.depth not in PNG_DEPTHS.get(mode, ()):
        raise InputError(f"damaged PNG: colour type {colour} with {png.depth} bits does not exist")
    if compression or filtering or interlace > 1:
        raise InputError("damaged PNG: unknown compression, filter or interlace method")
    png.mode, png.interlaced = mode, interlace == 1
    bounds.check(png.width, png.height, png.channels * (1 + png.depth // 16))


def _necessary(png: _Png, name: bytes, body: bytes, intact: bool) -> None:
    """A chunk on which the pixels' colours depend: palette, transparency. Other critical chunks are refused."""
    if name == b"tRNS":
        _transparency(png, body, intact)
    elif name != b"PLTE" or png.mode not in ("palette", "rgb", "rgba"):
        raise InputError(f"damaged PNG: unexpected critical chunk {name.decode()}")
    elif png.mode != "palette" and png.data:
        png.lost.append("suggested palette after the pixels")
    elif png.mode != "palette":
        _companion(png, name, body, intact)  # colours suggested for a display that has few
    elif png.palette is not None or png.data or len(body) > 3 << png.depth:
        raise InputError("damaged PNG: its palette is doubled, late or too long")
    else:
        png.palette = body


def _transparency(png: _Png, body: bytes, intact: bool) -> None:
    if intact and body == png.transparency and not png.data:
        # Of two that differ, some readers take the first and some the last.
        png.lost.append("doubled tRNS chunk")
    elif not intact or png.transparency is not None or png.data or png.mode == "palette" and not png.palette:
        raise InputError("damaged PNG: its transparency is damaged, doubled or in a wrong place")
    else:
        png.transparency = body


def _companion(png: _Png, name: bytes, body: bytes, intact: bool) -> None:
    """A chunk that may be dropped. What is damaged is, and is named in `lost`."""
    if name == b"acTL" and intact and int.from_bytes(body[:4], "big") > 1:
        frames = int.from_bytes(body[:4], "big")
        raise UnsupportedError(f"an animation of {frames:,} frames; bbc stores single pictures")
    if name in chunks.ANIMATION:
        if "animation" not in png.lost:
            png.lost.append("animation")
        return
    try:
        if not intact:
            raise ValueError("the checksum does not match")
        if not chunks.is_safe(name):
            png.lost.append(f"{name.decode()} chunk")
            return
        item = chunks.to_item(name, body, MAX_METADATA_BYTES - png.item_bytes)
        png.item_bytes += len(item[1])
        png.items.append(item)
    except (ValueError, zlib.error):
        png.lost.append(f"damaged {name.decode()} chunk")


def _pixels(png: _Png) -> np.ndarray:
    """The pixels, unpacked, unfiltered and put in their places."""
    if not png.data:
        raise InputError("damaged PNG: it has no pixels")
    whole = ((0, 0, 1, 1),)
    sizes = []
    for left, top, right_step, down_step in PASSES if png.interlaced else whole:
        columns = -(-(png.width - left) // right_step) if png.width > left else 0
        rows = -(-(png.height - top) // down_step) if png.height > top else 0
        if columns and rows:
            sizes.append((left, top, right_step, down_step, columns, rows))
    total = sum(rows * (1 + row_bytes(columns, png.channels, png.depth)) for *_, columns, rows in sizes)
    filtered = _inflate(png, total)
    if not png.interlaced:
        return _unfilter(filtered, 0, png.width, png.height, png.channels, png.depth)

    dtype = np.uint16 if png.depth == 16 else np.uint8
    pixels = np.empty((png.height, png.width, png.channels), dtype)
    at = 0
    for left, top, right_step, down_step, columns, rows in sizes:
        part = _unfilter(filtered, at, columns, rows, png.channels, png.depth)
        pixels[top::down_step, left::right_step] = part
        at += rows * (1 + row_bytes(columns, png.channels, png.depth))
    return pixels


def _inflate(png: _Png, total: int) -> bytearray:
    """`total` bytes of filtered rows. Data beyond them is ignored, as every reader does, but must be intact."""
    packed = sum(map(len, png.data))
    if total > DEFLATE_LIMIT * packed + 64:
        raise InputError("damaged PNG: it holds fewer pixels than it claims")
    stream = zlib_ng.decompressobj()  # in half of zlib's time
    plain, done, given = bytearray(total), 0, 0
    try:
        for view in png.data:
            for start in range(0, len(view), PACKED_PIECE):
                data: bytes | memoryview = view[start : start + PACKED_PIECE]
                given += len(data)
                # Also behind the last pixel, where the stream's own checksum is.
                while data and not stream.eof:
                    piece = stream.decompress(data, PIECE)
                    plain[done : min(total, done + len(piece))] = piece[: max(0, total - done)]
                    done, data = done + len(piece), stream.unconsumed_tail
                if stream.eof:
                    break
    except zlib_ng.error as error:  # type: ignore[misc] # its stub declares an instance
        raise InputError("damaged PNG: its pixels cannot be unpacked") from error
    if done < total or not stream.eof:
        raise InputError("truncated PNG: it holds fewer pixels than it claims")
    if done > total:
        png.lost.append(f"{done - total:,} bytes after the last pixel")
    behind = len(stream.unused_data) + packed - given
    if behind:
        png.lost.append(f"{behind:,} bytes after the packed pixels")
    png.data.clear()
    return plain


def _unfilter(data: bytearray, at: int, width: int, height: int, channels: int, depth: int) -> np.ndarray:
    """(height, width, channels) samples from the filtered rows at `at`, which are unfiltered in place."""
    from bbans_cli.core import ffi, lib

    size = row_bytes(width, channels, depth)
    bpp = max(1, channels * depth // 8)
    rows = np.frombuffer(data, np.uint8, height * (1 + size), at).reshape(height, 1 + size)
    kept = np.frombuffer(data, np.uint8, height * size, at).reshape(height, size)
    step, closed = max(1, PIECE // (1 + size)), 0
    for top in range(0, height, step):
        piece = rows[top : top + step]
        if lib.bbc_png_filters_undo(ffi.from_buffer("uint8_t[]", piece), len(piece), size, bpp, top > 0):
            raise InputError("damaged PNG: unknown filter")
        # Without the bytes that name filters, rows are closed up in place, as a copy would double the memory; all but
        # the last, which the next piece's filters need where it is.
        end = height if top + step >= height else top + step - 1
        kept[closed:end] = np.array(rows[closed:end, 1:])
        closed = end
    return unpack_rows(kept, width, channels, depth)
