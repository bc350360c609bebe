"""A chunk of an array <-> a .bbc file.

The pages of a chunk (all axes before height, width and channels) stand below each other in one picture, so that the
samples keep their order. 36 colour pages of 64x64 pixels took 214,022 bytes at level 1 that way, 215,542 side by side,
215,406 as a mosaic, 212,641 as 36 files (tuned by hand, not recorded).

A reader knows dtype and shape from the file itself: unsigned little-endian samples in the order of the picture need no
more words, everything else has an item of metadata (ITEM).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bbans_cli import api, arguments, container, scheduler
from bbans_cli.container import MODES
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import CorruptError
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.picture import Picture, from_array

# A private ancillary chunk of PNG, in which the item survives `bbc decompress`: dtype, axis of channels, shape.
ITEM = b"arRy"
_DTYPES = ("bool", "uint8", "int8", "uint16", "int16")


@dataclass(frozen=True)
class Settings:
    """How chunks are coded.

    level         1 fast, 5 default, 9 best
    channel_axis  the axis whose 1 to 4 samples are the channels of a pixel: -1, or -3 (before height and width); None:
                  there is none; "auto": -1 if the chunk has at least three axes and the last one is 1 to 4 long
    threads       cores for one chunk; 0: all, at most 1024

    Raises TypeError and ValueError.
    """

    level: int = 5
    channel_axis: int | str | None = "auto"
    threads: int = 1

    def __post_init__(self) -> None:
        arguments.level(self.level)
        arguments.threads(self.threads)
        if self.channel_axis not in ("auto", None, -1, -3):
            raise ValueError(f'channel_axis {self.channel_axis!r} is not "auto", None, -1 or -3')


@dataclass(frozen=True)
class Layout:
    """Where a chunk's samples are in the picture.

    shape    of the chunk
    dtype    of the chunk: an integer of 8 or 16 bits, or bool
    channel  -1, -3 or None
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    channel: int | None

    @property
    def picture(self) -> tuple[int, ...]:
        """(height, width) or (height, width, channels): pages below each other."""
        channels = [] if self.channel is None else [self.shape[self.channel]]
        height, width = [size for axis, size in enumerate(self.shape, -len(self.shape)) if axis != self.channel][-2:]
        pages = math.prod(self.shape) // (height * width * math.prod(channels))
        return (pages * height, width, *channels)


def layout(shape: tuple[int, ...], dtype: np.dtype, channel_axis: int | str | None = "auto") -> Layout:
    """Raises ValueError for chunks that are no pictures, and says which are."""
    if dtype.name not in _DTYPES:
        raise ValueError(f"bbc codes integers of 8 and 16 bits, not {dtype.name}")
    channel = channel_axis if isinstance(channel_axis, int) else None
    if channel_axis == "auto" and len(shape) >= 3 and 1 <= shape[-1] <= 4:
        channel = -1
    axes = 2 if channel is None else 3
    if len(shape) < axes or channel is not None and not 1 <= shape[channel] <= 4 or 0 in shape:
        need = f"at least {axes} axes" + ("" if channel is None else f" and 1 to 4 channels on axis {channel}")
        raise ValueError(f"bbc codes pictures: a chunk of shape {shape} is none, since it needs {need}")
    found = Layout(shape, dtype, channel)
    height, width, *_ = found.picture
    if height * width > MAX_PIXELS:
        raise ValueError(f"a chunk of {height * width:,} pixels is above the limit of {MAX_PIXELS:,}")
    return found


def encode(array: np.ndarray, settings: Settings, verify: bool = True) -> bytes:
    """The .bbc file of a chunk. Raises ValueError as `layout`."""
    found = layout(array.shape, array.dtype, settings.channel_axis)
    samples = array if found.channel != -3 else np.moveaxis(array, -3, -1)
    picture = from_array(_unsigned(samples).reshape(found.picture))
    if not _is_plain(found):
        words = f"{array.dtype.str} {found.channel or 0} {','.join(map(str, array.shape))}"
        picture.metadata.append((kinds.CHUNK, ITEM + words.encode()))
    return api.PictureCodec(settings.level, verify=verify).compress(picture, settings.threads or scheduler.cores())


def decode(data: bytes, threads: int = 1) -> np.ndarray:
    """The chunk: in its own shape and dtype where the file says so, else as a picture. Raises BbcError."""
    picture = _picture(data, threads, MAX_PIXELS)
    found = _layout_of(picture)
    return picture.pixels if found is None else _samples(picture, found)


def decode_as(data: bytes, expected: Layout, threads: int = 1) -> np.ndarray:
    """A chunk of the shape and type that an array says. Raises BbcError, CorruptError where the file holds another."""
    picture = _picture(data, threads, math.prod(expected.shape))
    found = _layout_of(picture)
    if found is None and _is_as_encoded(picture, expected):
        return picture.pixels.reshape(expected.shape).astype(expected.dtype)
    if found is not None and (found.shape, found.dtype.name) == (expected.shape, expected.dtype.name):
        return _samples(picture, found).astype(expected.dtype)
    shape, dtype = (picture.pixels.shape, picture.pixels.dtype) if found is None else (found.shape, found.dtype)
    said = f"a chunk of {shape} {dtype.name}, {picture.mode}"
    raise CorruptError(f"corrupt: {said}, where the array has {expected.shape} {expected.dtype.name}")


def _is_as_encoded(picture: Picture, expected: Layout) -> bool:
    """Whether a picture without an item is what `encode` makes of a chunk without one."""
    height, width, channels = (*expected.picture, 1)[:3]
    kind = MODES[channels - 1], 8 * expected.dtype.itemsize, None, None, None
    same = (picture.mode, picture.depth, picture.alpha, picture.maximum, picture.colours) == kind
    binary = expected.dtype.kind != "b" or int(picture.pixels.max()) <= 1
    plain = expected.dtype.kind in "bu" and expected.channel != -3
    return same and plain and binary and picture.pixels.shape == (height, width, channels)


def _picture(data: bytes, threads: int, max_pixels: int) -> Picture:
    """What is in a file of samples, not in one of a JPEG file. Raises BbcError."""
    if container.read_head(data).kind != "picture":
        raise CorruptError("corrupt: a chunk that holds a file, not the samples of an array")
    return api.PictureCodec(max_pixels=max_pixels).decompress(data, threads or scheduler.cores())


def _samples(picture: Picture, found: Layout) -> np.ndarray:
    samples = _signed(picture.pixels, found.dtype)
    if found.channel != -3:
        return samples.reshape(found.shape)
    *pages, channels, height, width = found.shape
    return np.ascontiguousarray(np.moveaxis(samples.reshape(*pages, height, width, channels), -1, -3))


def _is_plain(found: Layout) -> bool:
    return found.dtype.str in ("|b1", "|u1", "<u2") and found.channel != -3


def _unsigned(samples: np.ndarray) -> np.ndarray:
    """Signed integers shifted to begin with 0; the order of bytes that of the machine."""
    native = np.ascontiguousarray(samples, samples.dtype.newbyteorder("="))
    if native.dtype.kind != "i":
        return native.view(np.uint8) if native.dtype.kind == "b" else native
    unsigned = native.view(native.dtype.name.replace("int", "uint"))
    return unsigned ^ unsigned.dtype.type(1 << 8 * native.itemsize - 1)


def _signed(pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "i":
        return (pixels ^ pixels.dtype.type(1 << 8 * pixels.itemsize - 1)).view(pixels.dtype.name[1:]).astype(dtype)
    return pixels.astype(dtype)


def _layout_of(picture: Picture) -> Layout | None:
    """What the item says, checked against the picture. Raises CorruptError."""
    words = next((data[4:] for kind, data in picture.metadata if kind == kinds.CHUNK and data[:4] == ITEM), None)
    if words is None:
        return None
    try:
        name, channel, sizes = words.decode("ascii").split(" ")
        shape = tuple(int(size) for size in sizes.split(","))
        found = layout(shape, np.dtype(name), int(channel) or None)
    except (ValueError, TypeError) as error:
        raise CorruptError("corrupt: what it says of the chunk of an array") from error
    fits = picture.pixels.shape == (*found.picture, 1)[:3] and picture.pixels.itemsize == found.dtype.itemsize
    if not fits or picture.palette is not None:
        raise CorruptError("corrupt: the picture does not fit the chunk of an array")
    return found
