"""GIF files of one picture -> palette pictures. Pillow's LZW decoder unpacks the indices; the blocks are read here.

The layout is that of GIF89a. Delay, disposal, loop and background say nothing of one picture that fills the screen;
where they are there, they are named as not kept.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.pictures import chunks
from bbans_cli.pictures.picture import Items, Picture
from bbans_cli.pictures.pillow_files import open_image

EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
TEXT, CONTROL, COMMENT, APPLICATION = 0x01, 0xF9, 0xFE, 0xFF
# What ends an XMP packet, so that readers of blocks find their way out of it (XMP part 3, GIF).
XMP_END = b"\1" + bytes(range(255, -1, -1)) + b"\0"
INTERLACED, HAS_PALETTE = 0x40, 0x80


@dataclass
class _Gif:
    """What has been read. image: left, top, width, height, flags, palette, LZW data of the first picture."""

    frames: int = 0
    image: tuple[int, int, int, int, int, bytes | None, bytes] = (0, 0, 0, 0, 0, None, b"")
    transparent: int | None = None
    items: Items = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def read_gif(data: bytes, bounds: Bounds) -> Picture:
    """Raises InputError for damage, LimitError, UnsupportedError for several pictures or one that is not all."""
    try:
        return _read(data, bounds)
    except (struct.error, IndexError) as error:
        raise InputError("truncated GIF: it ends within a block") from error


def _read(data: bytes, bounds: Bounds) -> Picture:
    width, height, flags, background, aspect = struct.unpack_from("<HHBBB", data, 6)
    if not width or not height:
        raise InputError("damaged GIF: impossible width or height")
    bounds.check(width, height, 1)
    shared, at = _palette(data, 13, flags)
    gif = _Gif(lost=["background"] * (background != 0))
    _blocks(gif, data, at)
    if gif.frames != 1:
        what = f"an animation of {gif.frames:,} frames" if gif.frames else "a GIF without a picture"
        raise UnsupportedError(f"{what}; bbc stores single pictures")
    left, top, columns, rows, image_flags, own, packed = gif.image
    if (left, top, columns, rows) != (0, 0, width, height):
        raise UnsupportedError("a GIF whose picture does not fill its screen is not supported")
    palette = own or shared
    if palette is None:
        raise UnsupportedError("a GIF without a palette is not supported")
    if aspect:
        gif.items.append((kinds.CHUNK, b"pHYs" + struct.pack(">IIB", 64, aspect + 15, 0)))
    pixels = _indices(packed, width, height, image_flags & INTERLACED, bounds)
    count = len(palette) // 3
    if int(pixels.max()) >= count:
        raise InputError("damaged GIF: a colour outside its palette")
    index = gif.transparent
    transparency = None if index is None or index >= count else b"\xff" * index + b"\0"
    depth = next(bits for bits in (1, 2, 4, 8) if count <= 1 << bits)
    return Picture(pixels, "palette", depth, palette, transparency, gif.items, list(dict.fromkeys(gif.lost)))


def _palette(data: bytes, at: int, flags: int) -> tuple[bytes | None, int]:
    """The table of colours at `at` if the flags say that there is one, and where it ends."""
    if not flags & HAS_PALETTE:
        return None, at
    end = at + (3 << (flags & 7) + 1)
    if end > len(data):
        raise InputError("truncated GIF: it ends within its palette")
    return data[at:end], end


def _blocks(gif: _Gif, data: bytes, at: int) -> None:
    # A missing trailer costs nothing.
    while at < len(data) and data[at] != TRAILER:
        if data[at] == EXTENSION:
            start, label = at + 2, data[at + 1]
            content, at = _sub_blocks(data, start)
            _extension(gif, label, content, data[start:at])
        elif data[at] == IMAGE:
            box = struct.unpack_from("<HHHHB", data, at + 1)
            palette, start = _palette(data, at + 10, box[4])
            _, at = _sub_blocks(data, start + 1)
            if not gif.frames:
                gif.image = (*box, palette, data[start:at])
            gif.frames += 1
        else:
            raise InputError("damaged GIF: an unknown block")
    if at + 1 < len(data):
        gif.lost.append(f"{len(data) - at - 1:,} bytes after the end")


def _sub_blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """The content of the blocks at `at`, and where they end."""
    pieces = []
    while size := data[at]:
        pieces.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(pieces), at + 1


def _extension(gif: _Gif, label: int, content: bytes, whole: bytes) -> None:
    """`whole`: with the sizes of its blocks, as XMP lies across them."""
    name, body = content[:11], content[11:]
    if label == CONTROL and len(content) >= 4:
        if not gif.frames:
            gif.transparent = content[3] if content[0] & 1 else None
            gif.lost += ["delay"] * any(content[1:3]) + ["disposal"] * (content[0] >> 2 & 7 != 0)
    elif label == COMMENT and content and b"\0" not in content:
        gif.items.append(chunks.text(b"Comment", content))
    elif label == APPLICATION and name == b"XMP DataXMP" and whole.endswith(XMP_END):
        gif.items.append((kinds.XMP, whole[12 : -len(XMP_END)]))
    elif label == APPLICATION and name == b"ICCRGBG1012":
        gif.items.append((kinds.ICC, b"ICC profile\0" + body))
    elif label == APPLICATION:
        gif.lost.append("loop" if name in (b"NETSCAPE2.0", b"ANIMEXTS1.0") else "application block")
    elif label in (TEXT, COMMENT):
        gif.lost.append("plain text" if label == TEXT else "comment")


def _indices(packed: bytes, width: int, height: int, interlaced: int, bounds: Bounds) -> np.ndarray:
    """(height, width, 1) uint8. With a palette in which each index is its own shade, Pillow's grey are the indices."""
    shades = bytes(value for index in range(256) for value in (index,) * 3)
    screen = struct.pack("<HHBBB", width, height, 0xF7, 0, 0) + shades
    box = struct.pack("<BHHHHB", IMAGE, 0, 0, width, height, interlaced)
    image = open_image(b"GIF89a" + screen + box + packed + bytes([TRAILER]), "GIF", bounds)
    return np.array(image.convert("L"), np.uint8)[:, :, None]
