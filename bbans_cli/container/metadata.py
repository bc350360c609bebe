"""What a picture file says beside its pixels: a list of (kind, bytes), and the section of a .bbc for it.

Kinds below 16 belong to the picture: without its palette a palette picture has no colours, so they are never stripped,
and a reader that meets an unknown one must stop. Kinds from 16 on may be dropped; unknown ones are carried along.
"""

from __future__ import annotations

from bbans_cli.container import packing
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.limits import MAX_METADATA_BYTES, MAX_METADATA_ITEMS

PALETTE = 1  # 3 bytes (R, G, B) for each of 1 to 256 entries
TRANSPARENCY = 2  # palette: alpha of the first entries; grey, RGB: the colour key, 2 bytes big-endian a channel
VALUES = 3  # the values that samples have, ascending: parts hold the numbers of values in this list
MAXIMUM = 4  # a varint: the value of full intensity, where that is not 2**depth - 1
ALPHA = 5  # a byte, where the alpha channel is not plain alpha: 0 unspecified, 1 premultiplied, 2 undeclared
PAGES = 6  # a varint, 2 or more: pages of equal height that lie below each other
COLOURS = 7  # a byte: what the three channels of an RGB picture are instead, as TIFF's PhotometricInterpretation has it
ORDER = 8  # empty: parts hold places in the order of the palette from dark to light, not indices
NECESSARY = (PALETTE, TRANSPARENCY, VALUES, MAXIMUM, ALPHA, PAGES, COLOURS, ORDER)
OF_PARTS = (VALUES, ORDER)  # what says how parts hold samples, and nothing of the picture
OPTIONAL = 16
ICC = 16  # profile name in Latin-1, NUL, profile
EXIF = 17  # a TIFF structure, without the "Exif\0\0" that JPEG puts before it
XMP = 18  # a packet of UTF-8
CHUNK = 19  # any other PNG chunk, or one that says the same: 4 letters of its type, then its data
COMPRESSED_TEXT = 20  # a zTXt chunk: keyword, NUL, the text itself (Latin-1), which a writer compresses again
COMPRESSED_ITEXT = 21  # an iTXt chunk with its compression flag set: as in PNG, but with the text itself
AFTER_PIXELS = 23  # empty: the items that follow stood behind the pixels in a PNG file
PAGE = 25  # a varint: the items that follow are those of that page, from 1 on, and of those behind it
SUFFIX = 22  # the suffix that a file had, with its point: UTF-8
PREVIEW = 24  # a byte, EXIF's orientation of what follows: a small WebP or JPEG file of the picture


def preview(file: bytes, orientation: int) -> bytes:
    """The value of a PREVIEW item."""
    return bytes([orientation]) + file


def pages(items: list[tuple[int, bytes]]) -> int:
    """How many pages of equal height a picture has; 1 if it is no stack. Raises CorruptError."""
    item = dict(items).get(PAGES)
    return 1 if item is None else max(1, Reader(item, "the metadata").varint())


def pack(items: list[tuple[int, bytes]]) -> bytes:
    """The section: method, size, then each item as kind, length, bytes, compressed as one. No items: b"".

    Raises UnsupportedError above MAX_METADATA_BYTES or MAX_METADATA_ITEMS.
    """
    if not items:
        return b""
    if len(items) > MAX_METADATA_ITEMS:
        raise UnsupportedError(
            f"{len(items):,} items of metadata, above the limit of {MAX_METADATA_ITEMS:,}; --strip drops them"
        )
    plain = b"".join(varint(kind) + varint(len(data)) + data for kind, data in items)
    if len(plain) > MAX_METADATA_BYTES:
        raise UnsupportedError(
            f"{len(plain):,} bytes of metadata, above the limit of {MAX_METADATA_BYTES:,}; --strip drops them"
        )
    return packing.pack(plain)


def unpack(section: bytes) -> list[tuple[int, bytes]]:
    """The items of a section. Raises CorruptError, and UnsupportedError for a necessary kind that is not known."""
    plain = Reader(packing.unpack(section, MAX_METADATA_BYTES, "metadata"), "the metadata")
    items: list[tuple[int, bytes]] = []
    while plain.left:
        if len(items) == MAX_METADATA_ITEMS:
            raise CorruptError(f"corrupt metadata: more than {MAX_METADATA_ITEMS:,} items")
        kind = plain.varint()
        if kind < OPTIONAL and kind not in NECESSARY:
            raise UnsupportedError(f"needs a newer bbc: unknown necessary metadata of kind {kind}")
        if kind < OPTIONAL and any(kind == before for before, _ in items):
            raise CorruptError(f"corrupt metadata: two items of kind {kind}")
        items.append((kind, plain.take(plain.varint())))
    return items
