"""Pictures -> PNG files, in their own mode, depth and palette, with all metadata that PNG has a place for."""

from __future__ import annotations

import zlib

import numpy as np

from bbans_cli.errors import UnsupportedError
from bbans_cli.pictures import chunks
from bbans_cli.pictures.picture import Picture, cannot_hold, pack_rows
from bbans_cli.pictures.png_read import COLOUR_TYPES, PIECE, SIGNATURE

# Above this level zlib takes several times as long for photographs, to save one part in a hundred.
LEVEL = 6
# Readers hold a whole chunk in memory; a mebibyte costs 12 bytes of framing.
CHUNK_SIZE = 1 << 20


def write_png(picture: Picture) -> tuple[bytes, list[str]]:
    """The file, and in words what of the metadata it does not hold."""
    if picture.file_format != "png":
        raise UnsupportedError(cannot_hold("png", picture))
    colour = next(number for number, mode in COLOUR_TYPES.items() if mode == picture.mode)
    size = picture.width.to_bytes(4, "big") + picture.height.to_bytes(4, "big")
    out = [SIGNATURE, _chunk(b"IHDR", size + bytes([picture.depth, colour, 0, 0, 0]))]
    before, palettes, after, lost = _companions(picture)
    if picture.palette is not None:
        palettes.append(_chunk(b"PLTE", picture.palette))
    if picture.transparency is not None:
        palettes.append(_chunk(b"tRNS", picture.transparency))
    out += before + palettes + after
    data = _deflate(picture)
    out += [_chunk(b"IDAT", data[at : at + CHUNK_SIZE]) for at in range(0, len(data), CHUNK_SIZE)]
    out.append(_chunk(b"IEND", b""))
    return b"".join(out), lost


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(data, zlib.crc32(name)).to_bytes(4, "big")


def _companions(picture: Picture) -> tuple[list[bytes], list[bytes], list[bytes], list[str]]:
    """Chunks for before the palette, suggested palettes, chunks for after it; and what has no place."""
    before: list[bytes] = []
    palettes: list[bytes] = []
    after: list[bytes] = []
    lost: list[str] = []
    for kind, data in picture.metadata:
        name, body = chunks.to_chunk(kind, data) or (b"", b"")
        suggested = name == b"PLTE" and picture.mode in ("rgb", "rgba")
        # The items may come from a file made by others: only what cannot change the pixels gets through.
        if not (len(name) == 4 and name.isalpha() and (suggested or name[:1].islower() and name != b"tRNS")):
            lost.append(chunks.describe(kind, data))
            continue
        place = palettes if suggested else before if name in chunks.BEFORE_PALETTE else after
        place.append(_chunk(name, body))
    return before, palettes, after, lost


def _deflate(picture: Picture) -> bytes:
    """The packed pixels: filtered row by row, except where neighbouring bytes are not neighbouring shades."""
    from bbans_cli.core import ffi, lib

    shades = picture.mode != "palette" and picture.depth >= 8
    bpp = max(1, picture.pixels.shape[2] * picture.depth // 8)
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, 15, 9, zlib.Z_FILTERED if shades else zlib.Z_DEFAULT_STRATEGY)
    out = []
    step = max(1, PIECE // (picture.pixels[0].size * 2))
    last = ffi.NULL
    for top in range(0, picture.height, step):
        rows = np.ascontiguousarray(pack_rows(picture.pixels[top : top + step], picture.depth))
        filtered = np.zeros((rows.shape[0], 1 + rows.shape[1]), np.uint8)
        if shades:
            given, target = ffi.from_buffer("uint8_t[]", rows), ffi.from_buffer("uint8_t[]", filtered)
            lib.bbc_png_filters_apply(given, last, target, *rows.shape, bpp)
            kept = rows[-1].copy()
            last = ffi.from_buffer("uint8_t[]", kept)
        else:
            filtered[:, 1:] = rows
        out.append(deflate.compress(filtered.data))
    out.append(deflate.flush())
    return b"".join(out)
