"""A picture in memory: what every reader returns, every writer takes, and the coders store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from bbans_cli.container import CHANNELS, MODES
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import InputError

Items = list[tuple[int, bytes]]


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels in their own mode and depth, and what the file said about them.

    pixels        (height, width, channels): uint8 for depths up to 8, with values below 2**depth, else uint16
    mode          one of container.MODES
    depth         one of container.DEPTHS: bits of a sample
    palette       3 bytes (R, G, B) for each entry, in the file's order; None for all modes but "palette"
    transparency  of a palette: the alpha of its first entries, a byte each; of grey and RGB: the one transparent
                  colour, two bytes big-endian for each channel; None: nothing is transparent, alpha channel apart
    metadata      (kind, bytes) as in container/metadata.py, of the kinds that may be dropped
    lost          what else the file said, which is not kept: in words, for a warning
    """

    pixels: np.ndarray
    mode: str
    depth: int
    palette: bytes | None = None
    transparency: bytes | None = None
    metadata: Items = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    def stripped(self) -> Picture:
        """The same picture without metadata that may be dropped."""
        return replace(self, metadata=[], lost=[])

    def items(self) -> Items:
        """Palette, transparency and metadata as the container holds them."""
        necessary = ((kinds.PALETTE, self.palette), (kinds.TRANSPARENCY, self.transparency))
        return [(kind, data) for kind, data in necessary if data is not None] + self.metadata


def from_items(pixels: np.ndarray, mode: str, depth: int, items: Items) -> Picture:
    """The inverse of `Picture.items`. Raises ValueError if palette or transparency do not fit the mode."""
    necessary = dict((kind, data) for kind, data in reversed(items) if kind < kinds.OPTIONAL)
    companions = [(kind, data) for kind, data in items if kind >= kinds.OPTIONAL]
    palette, transparency = necessary.get(kinds.PALETTE), necessary.get(kinds.TRANSPARENCY)
    check_palette(mode, palette, transparency)
    return Picture(pixels, mode, depth, palette, transparency, companions)


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


def from_array(array: np.ndarray) -> Picture:
    """A picture of an array (h, w) or (h, w, c), 1 <= c <= 4, of uint8, uint16 or bool (grey of one bit).

    Raises InputError for any other shape or type, and for arrays without pixels.
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4 or 0 in array.shape:
        raise InputError(f"an array of shape {array.shape} is no picture: (h, w) or (h, w, 1 to 4) is needed")
    if array.dtype == np.bool_ and array.shape[2] == 1:
        return Picture(array.astype(np.uint8), "grey", 1)
    if array.dtype not in (np.uint8, np.uint16):
        raise InputError(f"pixels of type {array.dtype} are not supported: uint8 or uint16 is needed")
    mode = MODES[array.shape[2] - 1]
    native = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return Picture(native, mode, 8 if array.dtype == np.uint8 else 16)


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
    bits = np.unpackbits(flat.astype(np.uint8)[:, :, None], axis=2)[:, :, 8 - depth :]
    return np.packbits(bits.reshape(height, -1), axis=1)


def unpack_rows(rows: np.ndarray, width: int, channels: int, depth: int) -> np.ndarray:
    """The inverse of `pack_rows`: (h, row_bytes) uint8 -> (h, w, c) uint8 or uint16."""
    height = rows.shape[0]
    if depth == 16:
        return rows.reshape(-1).view(">u2").astype(np.uint16).reshape(height, width, channels)
    if depth == 8:
        return rows.reshape(height, width, channels)
    count = width * channels
    bits = np.unpackbits(rows, axis=1, count=count * depth).reshape(height, count, depth)
    weights = (1 << np.arange(depth - 1, -1, -1)).astype(np.uint8)
    return (bits @ weights).astype(np.uint8).reshape(height, width, channels)
