"""BMP files -> pictures: palettes of 1, 2, 4, 8 bits, run-length encoded or not, and bit fields of any width.

Pillow knows some bit fields only, and drops what it does not know. The layout is that of Windows' BITMAPINFOHEADER to
BITMAPV5HEADER, and of OS/2's headers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.pictures import chunks
from bbans_cli.pictures.picture import Items, Picture, unpack_rows

CORE, WITH_MASKS, WITH_ALPHA, WITH_COLOURS, WITH_PROFILE = 12, 52, 56, 108, 124
HEADERS = (CORE, 16, 40, WITH_MASKS, WITH_ALPHA, 64, WITH_COLOURS, WITH_PROFILE)
RGB, RLE8, RLE4, BIT_FIELDS, ALPHA_BIT_FIELDS = 0, 1, 2, 3, 6
OTHERS = {4: "JPEG", 5: "PNG", 11: "CMYK", 12: "CMYK", 13: "CMYK"}
# Of a 16-bit and a 32-bit pixel without masks: red, green, blue, alpha
MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass
class _Bmp:
    """The header's fields, and what has been found out: where the pixels and the colour profile end."""

    data: bytes
    header: int
    width: int
    height: int
    bits: int
    compression: int = RGB
    top_down: bool = False
    per_metre: tuple[int, int] = (0, 0)
    used: int = 0
    offset: int = 0
    end: int = 0
    profile_end: int = 0


def read_bmp(data: bytes, bounds: Bounds) -> Picture:
    """Raises InputError for damage, LimitError, UnsupportedError for other compressions."""
    try:
        bmp = _header(data)
    except struct.error as error:
        raise InputError("truncated BMP: it ends within its header") from error
    if bmp.width < 1 or bmp.height < 1:
        raise InputError("damaged BMP: impossible width or height")
    bounds.check(bmp.width, bmp.height, 4 if bmp.bits > 8 else 1)
    lost: list[str] = []
    items = _metadata(bmp, lost)
    palette, depth = None, 8
    _between(bmp, items, lost)
    if bmp.bits <= 8:
        mode, depth, pixels, palette = _indexed(bmp, lost)
    elif bmp.bits == 24:
        mode, pixels = "rgb", _rows(bmp).reshape(bmp.height, -1, 3)[:, :, ::-1]
    else:
        pixels, widths = _fields(bmp, lost)
        mode, depth = ("rgba" if pixels.shape[2] == 4 else "rgb"), 8 * pixels.dtype.itemsize
        if any(width != depth for width in widths):
            items.append((kinds.CHUNK, b"sBIT" + bytes(widths)))
    if not bmp.top_down:
        pixels = pixels[::-1]
    behind = data[max(bmp.end, bmp.profile_end) :]
    if behind.strip(b"\0") or len(behind) > 4:  # writers fill up
        lost.append(f"{len(behind):,} bytes after the end")
    return Picture(np.ascontiguousarray(pixels), mode, depth, palette, None, items, lost)


def _header(data: bytes) -> _Bmp:
    offset, header = struct.unpack_from("<II", data, 10)
    if header not in HEADERS:
        raise UnsupportedError(f"a BMP with a header of {header:,} bytes is not supported")
    if header == CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        bmp = _Bmp(data, header, width, height, bits, offset=offset)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
        more = struct.unpack_from("<IIiiI", data, 30) if header >= 40 else (0, 0, 0, 0, 0)
        bmp = _Bmp(data, header, width, abs(height), bits, more[0], height < 0, (more[2], more[3]), more[4], offset)
    allowed = {1: (RGB,), 2: (RGB,), 4: (RGB, RLE4), 8: (RGB, RLE8), 24: (RGB,)}
    allowed |= dict.fromkeys((16, 32), (RGB, BIT_FIELDS, ALPHA_BIT_FIELDS))
    of_os2 = header in (16, 64) and bmp.compression >= BIT_FIELDS
    if bmp.compression not in allowed.get(bits, ()) or of_os2:
        name = f" ({OTHERS[bmp.compression]})" if bmp.compression in OTHERS and not of_os2 else ""
        raise UnsupportedError(f"a BMP of {bits} bits with compression {bmp.compression}{name} is not supported")
    return bmp


def _rows(bmp: _Bmp) -> np.ndarray:
    """(height, bytes of a row without padding) uint8, in the order of the file."""
    size = (bmp.width * bmp.bits + 7) // 8
    stride = (size + 3) // 4 * 4
    bmp.end = bmp.offset + stride * bmp.height
    if len(bmp.data) < bmp.end - stride + size:
        raise InputError("truncated BMP: pixels are missing")
    # The padding of the last row may be missing.
    data = bmp.data[bmp.offset : bmp.end].ljust(stride * bmp.height, b"\0")
    return np.frombuffer(data, np.uint8).reshape(bmp.height, stride)[:, :size]


def _indexed(bmp: _Bmp, lost: list[str]) -> tuple[str, int, np.ndarray, bytes | None]:
    """(mode, depth, samples, palette). A palette that is a ramp of grey from 0 on makes grey of 1 or 8 bits."""
    colours = _colours(bmp, 14 + bmp.header, min(bmp.used or 1 << bmp.bits, 1 << bmp.bits))
    count = len(colours)
    if bmp.compression == RGB:
        pixels = unpack_rows(np.ascontiguousarray(_rows(bmp)), bmp.width, 1, bmp.bits)
    else:
        pixels = _unpack_runs(bmp, lost)
    ramp = np.arange(count) * (255 if bmp.bits == 1 else 1)
    if (bmp.bits == 8 or (bmp.bits, count) == (1, 2)) and np.array_equal(colours, np.repeat(ramp[:, None], 3, 1)):
        return "grey", bmp.bits, pixels, None
    if not count or int(pixels.max()) >= count:
        raise InputError("damaged BMP: a colour outside its palette")
    depth = next(bits for bits in (1, 2, 4, 8) if count <= 1 << bits)
    return "palette", depth, pixels, colours.tobytes()


def _colours(bmp: _Bmp, start: int, count: int) -> np.ndarray:
    """(entries, 3) of the table at `start`: `count` of them, or as many as there is room for before the pixels."""
    step = 3 if bmp.header == CORE else 4
    if bmp.offset > start:
        count = min(count, (bmp.offset - start) // step)
    table = np.frombuffer(bmp.data[start : start + step * count].ljust(step * count, b"\0"), np.uint8)
    return table.reshape(count, step)[:, 2::-1]


def _between(bmp: _Bmp, items: Items, lost: list[str]) -> None:
    """What lies between header and pixels: of true colours a suggested palette, which PNG has too, and other bytes."""
    start = 14 + bmp.header
    if bmp.bits <= 8:
        start += len(_colours(bmp, start, min(bmp.used or 1 << bmp.bits, 1 << bmp.bits))) * (
            3 if bmp.header == CORE else 4
        )
    elif bmp.header == 40:
        start += {BIT_FIELDS: 12, ALPHA_BIT_FIELDS: 16}.get(bmp.compression, 0)
    if bmp.bits > 8 and bmp.used:
        colours = _colours(bmp, start, min(bmp.used, 1 << 16))
        if 0 < len(colours) <= 256:
            items.append((kinds.CHUNK, b"PLTE" + colours.tobytes()))
        else:
            lost.append("suggested palette")
        start += 4 * len(colours)
    gap = bmp.data[start : bmp.offset]
    if any(gap):
        lost.append(f"{len(gap):,} bytes before the pixels")


def _unpack_runs(bmp: _Bmp, lost: list[str]) -> np.ndarray:
    """(height, width, 1) indices of run-length encoded rows; pixels that are left out become 0, as readers have it."""
    data, at, width, height = bmp.data, bmp.offset, bmp.width, bmp.height
    out = bytearray(width * height)
    x = y = written = 0
    while y < height:
        if at + 2 > len(data):
            raise InputError("truncated BMP: pixels are missing")
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            run = bytes([value]) * count if bmp.bits == 8 else (bytes([value >> 4, value & 15]) * 128)[:count]
        elif value == 0:
            x, y = 0, y + 1
            continue
        elif value == 1:
            break
        elif value == 2:
            x, y = x + data[at], y + data[at + 1]
            at += 2
            continue
        else:
            packed = data[at : at + (value * bmp.bits + 7) // 8]
            at += (len(packed) + 1) // 2 * 2
            run = packed if bmp.bits == 8 else bytes(half for byte in packed for half in (byte >> 4, byte & 15))[:value]
        if x + len(run) > width:
            raise InputError("damaged BMP: a run goes beyond its row")
        out[y * width + x : y * width + x + len(run)] = run
        x, written = x + len(run), written + len(run)
    if y == height and data[at : at + 2] == b"\0\1":
        at += 2
    bmp.end = at
    if written < width * height:
        lost.append("which pixels were left out")
    return np.frombuffer(out, np.uint8).reshape(height, width, 1)


def _fields(bmp: _Bmp, lost: list[str]) -> tuple[np.ndarray, list[int]]:
    """Samples of 8 bits, or of 16 if a field is wider, and the width of each field in bits."""
    masks: tuple[int, ...] = MASKS[bmp.bits]
    if bmp.compression != RGB:
        with_alpha = bmp.compression == ALPHA_BIT_FIELDS or bmp.header >= WITH_ALPHA
        masks = struct.unpack_from("<4I", bmp.data.ljust(70, b"\0"), 54)
        masks = masks if with_alpha else (*masks[:3], 0)
    masks = tuple(mask for place, mask in enumerate(masks) if mask or place < 3)
    shifts = [(mask & -mask).bit_length() - 1 for mask in masks]
    widths = [mask.bit_count() for mask in masks]
    every = 0
    for mask, shift, width in zip(masks, shifts, widths, strict=True):
        if not mask or mask >> shift != (1 << width) - 1 or mask & every or mask >> bmp.bits:
            raise InputError("damaged BMP: bit fields that make no sense")
        every |= mask
    if max(widths) > 16:
        raise UnsupportedError(f"a BMP with bit fields of {max(widths)} bits is not supported")
    words = np.ascontiguousarray(_rows(bmp)).view("<u2" if bmp.bits == 16 else "<u4")
    if np.any(words & ~np.array(every, words.dtype)):
        byte = (bmp.bits, bmp.compression) == (32, RGB)
        lost.append("the fourth byte of each pixel" if byte else "bits of pixels that no colour has")
    depth = 8 if max(widths) <= 8 else 16
    out = np.empty((*words.shape, len(masks)), np.uint8 if depth == 8 else np.uint16)
    top = np.uint64((1 << depth) - 1)
    for place, (mask, shift, width) in enumerate(zip(masks, shifts, widths, strict=True)):
        field = ((words & words.dtype.type(mask)) >> words.dtype.type(shift)).astype(np.uint64)
        # The high bits of a sample are the field: readers that know sBIT get it back.
        out[:, :, place] = field * top // np.uint64((1 << width) - 1)
    return out, widths


def _metadata(bmp: _Bmp, lost: list[str]) -> Items:
    """Resolution and colour profile."""
    items: Items = []
    if min(bmp.per_metre) > 0:
        items.append((kinds.CHUNK, chunks.resolution(*bmp.per_metre)))
    if bmp.header < WITH_COLOURS:
        return items
    space = bmp.data[70:74]
    if space in (b"KNIL", b"DEBM") and bmp.header >= WITH_PROFILE:
        start, size = struct.unpack_from("<II", bmp.data, 126)
        bmp.profile_end = 14 + start + size
    if space == b"KNIL":
        lost.append("name of a colour profile")
    elif space == bytes(4) and any(bmp.data[74:122]):
        lost.append("calibrated colours")
    elif space == b"DEBM" and bmp.header >= WITH_PROFILE:
        profile = bmp.data[14 + start : 14 + start + size]
        if len(profile) == size > 0:
            items.append((kinds.ICC, b"ICC profile\0" + profile))
        else:
            lost.append("damaged colour profile")
    return items
