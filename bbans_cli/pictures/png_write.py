"""Pictures -> PNG files, in their own mode, depth and palette, with all metadata that PNG has a place for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from zlib_ng import zlib_ng

from bbans_cli.container import metadata as kinds
from bbans_cli.errors import UnsupportedError
from bbans_cli.pictures import chunks
from bbans_cli.pictures.formats import DEFLATE_LEVEL
from bbans_cli.pictures.picture import Picture, cannot_hold, pack_rows
from bbans_cli.pictures.png_read import COLOUR_TYPES, PIECE

# Readers hold a whole chunk in memory; a mebibyte costs 12 bytes of framing.
CHUNK_SIZE = 1 << 20


def write_png(picture: Picture, deflate_level: int = DEFLATE_LEVEL) -> tuple[bytes, list[str]]:
    """The file, and in words what of the metadata it does not hold."""
    if picture.file_format != "png":
        raise UnsupportedError(cannot_hold("png", picture))
    colour = next(number for number, mode in COLOUR_TYPES.items() if mode == picture.mode)
    size = picture.width.to_bytes(4, "big") + picture.height.to_bytes(4, "big")
    out = [chunks.SIGNATURE, chunks.framed(b"IHDR", size + bytes([picture.depth, colour, 0, 0, 0]))]
    places, lost = _companions(picture)
    if picture.palette is not None:
        places.palettes.append(chunks.framed(b"PLTE", picture.palette))
    if picture.transparency is not None:
        places.palettes.append(chunks.framed(b"tRNS", picture.transparency))
    out += places.before + places.palettes + places.after
    out += [chunks.framed(b"IDAT", data) for data in _cut(_deflate(picture, deflate_level))]
    out += [*places.behind, chunks.framed(b"IEND", b"")]
    return b"".join(out), lost


@dataclass
class _Places:
    """Chunks for before the palette, the palettes, chunks for after it, and for behind the pixels."""

    before: list[bytes] = field(default_factory=list)
    palettes: list[bytes] = field(default_factory=list)
    after: list[bytes] = field(default_factory=list)
    behind: list[bytes] = field(default_factory=list)


def _companions(picture: Picture) -> tuple[_Places, list[str]]:
    """Chunks for all metadata, and what has no place."""
    places = _Places()
    lost: list[str] = []
    behind = False
    for kind, data in picture.metadata:
        if kind == kinds.AFTER_PIXELS:
            behind = True
            continue
        name, body = chunks.to_chunk(kind, data) or (b"", b"")
        suggested = name == b"PLTE" and not behind and picture.mode in ("rgb", "rgba")
        # The items may come from a file made by others: only what cannot change the pixels gets through.
        if not (len(name) == 4 and name.isalpha() and (suggested or name[:1].islower() and name != b"tRNS")):
            lost.append(chunks.describe(kind, data))
            continue
        early = places.before if name in chunks.BEFORE_PALETTE else places.after
        place = places.palettes if suggested else places.behind if behind else early
        place.append(chunks.framed(name, body))
    return places, lost


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, CHUNK_SIZE at a time."""
    left = b""
    for piece in pieces:
        left += piece
        whole = len(left) - len(left) % CHUNK_SIZE
        yield from (left[at : at + CHUNK_SIZE] for at in range(0, whole, CHUNK_SIZE))
        left = left[whole:]
    if left:
        yield left


def _deflate(picture: Picture, level: int) -> Iterator[bytes]:
    """The packed pixels: filtered row by row, except where neighbouring bytes are not neighbouring shades."""
    from bbans_cli.core import ffi, lib

    shades = picture.mode != "palette" and picture.depth >= 8
    bpp = max(1, picture.pixels.shape[2] * picture.depth // 8)
    strategy = zlib_ng.Z_FILTERED if shades else zlib_ng.Z_DEFAULT_STRATEGY
    deflate = zlib_ng.compressobj(level, zlib_ng.DEFLATED, 15, 9, strategy)
    step = max(1, PIECE // (picture.pixels[0].size * 2))
    last = ffi.NULL
    for top in range(0, picture.height, step):
        rows = np.ascontiguousarray(pack_rows(picture.pixels[top : top + step], picture.depth))
        filtered = np.zeros((rows.shape[0], 1 + rows.shape[1]), np.uint8)
        if shades:
            given, target = ffi.from_buffer("uint8_t[]", rows), ffi.from_buffer("uint8_t[]", filtered)
            lib.bbc_png_filters_apply(given, last, ffi.NULL, target, *rows.shape, bpp)
            kept = rows[-1].copy()
            last = ffi.from_buffer("uint8_t[]", kept)
        else:
            filtered[:, 1:] = rows
        yield deflate.compress(filtered.data)
    yield deflate.flush()
