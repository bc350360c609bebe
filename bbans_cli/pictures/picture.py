"""A picture in memory: what every reader returns, every writer takes, and the coders store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from bbans_cli.container import CHANNELS, MODES
from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import varint
from bbans_cli.errors import InputError
from bbans_cli.pictures import pages as stacks
from bbans_cli.pictures.default_format import default_format

Items = list[tuple[int, bytes]]
# By the number that an ALPHA item has.
ALPHAS = ("unspecified", "premultiplied", "undeclared")
# What three channels may be instead of RGB, by TIFF's number for it: the samples are kept as they are.
COLOURS = {6: "YCbCr", 8: "CIE Lab", 9: "ICC Lab", 10: "ITU Lab"}
NAMES = {"webp": "WebP"}
MODE_NAMES = {"grey+alpha": "grey with alpha", "rgb": "RGB", "rgba": "RGBA", "palette": "a palette", "cmyk": "CMYK"}
CHANNEL_NAMES = {
    "grey": ("grey",),
    "grey+alpha": ("grey", "alpha"),
    "rgb": ("red", "green", "blue"),
    "rgba": ("red", "green", "blue", "alpha"),
    "palette": ("index",),
    "cmyk": ("cyan", "magenta", "yellow", "black"),
}


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels in their own mode and depth, and what the file said about them.

    pixels        (height, width, channels): uint8 for depths up to 8, else uint16; no value is above `top`
    mode          one of container.MODES
    depth         one of container.DEPTHS: bits of a sample
    palette       3 bytes (R, G, B) for each entry, in the file's order; None for all modes but "palette"
    transparency  of a palette: the alpha of its first entries, a byte each; of grey and RGB: the one transparent
                  colour, two bytes big-endian for each channel; None: nothing is transparent, alpha channel apart
    metadata      (kind, bytes) as in container/metadata.py, of the kinds that may be dropped
    lost          what else the file said, which is not kept: in words, for a warning
    maximum       the value of full intensity, where that is not 2**depth - 1; it has `depth` bits
    alpha         what the alpha channel is, where it is not plain alpha: "premultiplied" (the colours are multiplied by
                  it), "unspecified" (any further channel), "undeclared" (one of which a TIFF says nothing)
    pages         of a stack: so many pages of equal height lie below each other in `pixels`; pages.py has metadata
    colours       what the three channels of mode "rgb" are, where they are not RGB: a key of COLOURS
    """

    pixels: np.ndarray
    mode: str
    depth: int
    palette: bytes | None = None
    transparency: bytes | None = None
    metadata: Items = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    maximum: int | None = None
    alpha: str | None = None
    pages: int = 1
    colours: int | None = None

    @property
    def top(self) -> int:
        """The value of full intensity."""
        return self.maximum or (1 << self.depth) - 1

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def page_height(self) -> int:
        """Rows of a page; of what is no stack, all."""
        return self.height // self.pages

    @property
    def file_format(self) -> str:
        """The format that it is written in where none is asked for."""
        return default_format(self.mode, self.depth, self.items())

    def stripped(self) -> Picture:
        """The same picture without metadata that may be dropped."""
        return replace(self, metadata=[], lost=[])

    def with_rows(self, first: int, end: int) -> Picture:
        """Rows `first` to `end` - 1 of the picture."""
        return replace(self, pixels=np.ascontiguousarray(self.pixels[first:end]))

    def items(self) -> Items:
        """Palette, transparency, maximum, kind of alpha, pages, colours and metadata as the container holds them."""
        necessary = (
            (kinds.PALETTE, self.palette),
            (kinds.TRANSPARENCY, self.transparency),
            (kinds.MAXIMUM, None if self.maximum is None else varint(self.maximum)),
            (kinds.ALPHA, None if self.alpha is None else bytes([ALPHAS.index(self.alpha)])),
            (kinds.PAGES, varint(self.pages) if self.pages > 1 else None),
            (kinds.COLOURS, None if self.colours is None else bytes([self.colours])),
        )
        return [(kind, data) for kind, data in necessary if data is not None] + self.metadata


# How many NULs at least stand between the parts of an item
_NULS = {kinds.ICC: 1, kinds.COMPRESSED_TEXT: 1, kinds.COMPRESSED_ITEXT: 3}


def from_items(pixels: np.ndarray, mode: str, depth: int, items: Items) -> Picture:
    """The inverse of `Picture.items`. Raises ValueError if items do not fit mode, depth or pixels."""
    necessary = dict((kind, data) for kind, data in reversed(items) if kind < kinds.OPTIONAL)
    companions = [(kind, data) for kind, data in items if kind >= kinds.OPTIONAL]
    palette, transparency = necessary.get(kinds.PALETTE), necessary.get(kinds.TRANSPARENCY)
    check_palette(mode, palette, transparency)
    _check_parts(companions)
    maximum, alpha = _maximum(mode, depth, necessary.get(kinds.MAXIMUM)), _alpha(mode, necessary.get(kinds.ALPHA))
    pages, colours = _pages(pixels, necessary.get(kinds.PAGES)), _colours(mode, necessary.get(kinds.COLOURS))
    stacks.split(companions, pages)
    picture = Picture(pixels, mode, depth, palette, transparency, companions, [], maximum, alpha, pages, colours)
    if picture.top < (1 << 8 * pixels.dtype.itemsize) - 1 and int(pixels.max()) > picture.top:
        raise ValueError("a sample above the maximum")
    return picture


def _check_parts(items: Items) -> None:
    """Raise ValueError for an item that lacks the NULs between its parts, or a chunk's type."""
    for kind, data in items:
        if data.count(b"\0") < _NULS.get(kind, 0) or kind == kinds.CHUNK and len(data) < 4:
            raise ValueError("an item of metadata that lacks a part")


def coded_depth(depth: int) -> int:
    """Bits of a sample as the coders get it: the least of 1, 2, 4, 8, 16 that hold `depth`."""
    return next(bits for bits in (1, 2, 4, 8, 16) if bits >= depth)


def cannot_hold(file_format: str, picture: Picture) -> str:
    """Why a picture is refused by a format, and which one takes it."""
    what = f"{MODE_NAMES.get(picture.mode, picture.mode)} of {picture.depth} bit{'s' * (picture.depth > 1)}"
    what += f" with a maximum value of {picture.maximum}" if picture.maximum else ""
    what += f" with {picture.alpha} alpha" if picture.alpha else ""
    what += " with a transparent colour" if picture.transparency is not None else ""
    what += f" whose channels are {COLOURS[picture.colours]}" if picture.colours else ""
    what += f" in {picture.pages:,} pages" if picture.pages > 1 else ""
    return f"{NAMES.get(file_format, file_format.upper())} cannot hold {what}; {picture.file_format.upper()} can"


def with_maximum(top: int) -> tuple[int, int | None]:
    """(depth, maximum), as Picture has them, of samples whose value of full intensity is `top`."""
    depth = top.bit_length()
    return depth, None if top == (1 << depth) - 1 else top


def _maximum(mode: str, depth: int, item: bytes | None) -> int | None:
    """The value of a MAXIMUM item. Raises ValueError."""
    if item is None:
        return None
    value = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(item[:3]))
    if mode == "palette" or varint(value) != item or with_maximum(value) != (depth, value):
        raise ValueError("a maximum that does not fit the depth")
    return value


def _alpha(mode: str, item: bytes | None) -> str | None:
    """The kind of alpha that an ALPHA item says. Raises ValueError."""
    if item is None:
        return None
    if mode not in ("grey+alpha", "rgba") or len(item) != 1 or item[0] >= len(ALPHAS):
        raise ValueError("an unknown kind of alpha")
    return ALPHAS[item[0]]


def _pages(pixels: np.ndarray, item: bytes | None) -> int:
    """The number in a PAGES item. Raises ValueError."""
    if item is None:
        return 1
    number = stacks.read_number(item)
    if number < 2 or pixels.shape[0] % number:
        raise ValueError("a number of pages that does not fit the height")
    return number


def _colours(mode: str, item: bytes | None) -> int | None:
    """What a COLOURS item says. Raises ValueError."""
    if item is None:
        return None
    if mode != "rgb" or len(item) != 1 or item[0] not in COLOURS:
        raise ValueError("unknown colours")
    return item[0]


def check_palette(mode: str, palette: bytes | None, transparency: bytes | None) -> None:
    """Raise ValueError if palette or transparency do not fit the mode."""
    if (palette is None) != (mode != "palette"):
        raise ValueError("a palette picture, and no other, has a palette")
    if palette is not None and (len(palette) % 3 or not 3 <= len(palette) <= 768):
        raise ValueError("a palette has 1 to 256 entries of three bytes")
    if transparency is None:
        return
    if mode in ("grey+alpha", "rgba"):
        raise ValueError("a picture with an alpha channel has no transparent colour")
    if palette is not None:
        fits = 0 < len(transparency) <= len(palette) // 3
    else:
        fits = len(transparency) == 2 * CHANNELS[mode]
    if not fits:
        raise ValueError("the transparency does not fit the picture's mode")


def from_array(array: np.ndarray, mode: str | None = None) -> Picture:
    """A picture of an array (h, w) or (h, w, c), 1 <= c <= 4, of uint8, uint16 or bool (grey of one bit).

    An array (pages, h, w, c) is a stack.

    mode  "cmyk" of four channels; None: what the shape says

    Raises InputError for any other shape or type, and for arrays without pixels.
    """
    array = np.asarray(array)
    pages = array.shape[0] if array.ndim == 4 else 1
    if array.ndim == 4 and 0 not in array.shape:
        array = array.reshape(-1, *array.shape[2:])
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4 or 0 in array.shape:
        raise InputError(f"an array of shape {array.shape} is no picture: (h, w) or ([pages,] h, w, 1 to 4) is needed")
    if array.dtype == np.bool_ and array.shape[2] == 1:
        return Picture(array.astype(np.uint8), "grey", 1, pages=pages)
    if array.dtype not in (np.uint8, np.uint16):
        raise InputError(f"pixels of type {array.dtype} are not supported: uint8 or uint16 is needed")
    if mode is not None and mode != MODES[array.shape[2] - 1]:
        if (mode, array.shape[2]) != ("cmyk", 4):
            raise InputError(f"an array of shape {array.shape} and type {array.dtype} is no {mode} picture")
    mode = mode or MODES[array.shape[2] - 1]
    native = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return Picture(native, mode, 8 if array.dtype == np.uint8 else 16, pages=pages)


def row_bytes(width: int, channels: int, depth: int) -> int:
    """Bytes of a row of samples packed without gaps and filled up to a whole byte."""
    return -(-width * channels * depth // 8)


def pack_rows(pixels: np.ndarray, depth: int) -> np.ndarray:
    """(h, w, c) samples -> (h, row_bytes) uint8: several to a byte, first in the high bits; 16 bits big-endian."""
    height = pixels.shape[0]
    flat = pixels.reshape(height, -1)
    if depth == 16:
        return flat.astype(">u2").view(np.uint8).reshape(height, -1)
    if depth == 8:
        return flat
    wide = flat.astype(">u2").view(np.uint8).reshape(height, -1, 2) if depth > 8 else flat.astype(np.uint8)[:, :, None]
    bits = np.unpackbits(wide, axis=2)[:, :, -depth:]
    return np.packbits(bits.reshape(height, -1), axis=1)


def unpack_rows(rows: np.ndarray, width: int, channels: int, depth: int) -> np.ndarray:
    """The inverse of `pack_rows`: (h, row_bytes) uint8 -> (h, w, c) uint8 or uint16."""
    height = rows.shape[0]
    if depth == 16:
        return rows.reshape(-1).view(">u2").astype(np.uint16).reshape(height, width, channels)
    if depth == 8:
        return rows.reshape(height, width, channels)
    count = width * channels
    dtype = np.uint16 if depth > 8 else np.uint8
    weights = (1 << np.arange(depth - 1, -1, -1)).astype(dtype)
    out = np.empty((height, count), dtype)
    # In pieces, as every bit takes bytes meanwhile.
    step = max(1, (1 << 20) // count)
    for top in range(0, height, step):
        bits = np.unpackbits(rows[top : top + step], axis=1, count=count * depth)
        out[top : top + step] = bits.reshape(-1, count, depth) @ weights
    return out.reshape(height, width, channels)
