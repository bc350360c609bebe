"""PNG chunks <-> metadata items: unpacked, so that the container can compress them better, and whole.

Each item keeps its place among the others. Chunks that this module does not know are carried as they are: the pixels
come back unchanged, so what a chunk says of them stays true.
"""

from __future__ import annotations

import zlib

from bbans_cli.container import metadata as kinds
from bbans_cli.limits import MAX_METADATA_BYTES

SIGNATURE = b"\x89PNG\r\n\x1a\n"  # what a file begins with
# These change what a viewer shows of the pixels or their colours, so a writer puts them before the palette.
BEFORE_PALETTE = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"mDCV", b"cLLI")
XMP_KEYWORD = b"XML:com.adobe.xmp"
# The animation itself is refused before this; what is left of it after that says nothing.
ANIMATION = (b"acTL", b"fcTL", b"fdAT")
# Chunks that are marked as unsafe to copy, yet true of the pixels however these are packed. Others may not be.
SAFE_WITH_PIXELS = (*BEFORE_PALETTE, b"PLTE", b"sPLT", b"bKGD", b"hIST", b"tIME", b"pCAL", b"sCAL", b"sTER", b"orNT")

WORDS = {
    b"gAMA": "gamma",
    b"cHRM": "chromaticities",
    b"sRGB": "sRGB intent",
    b"cICP": "coding-independent code points",
    b"pHYs": "resolution",
    b"bKGD": "background",
    b"tIME": "modification time",
    b"sBIT": "significant bits",
    b"hIST": "histogram",
    b"sPLT": "suggested palette",
    b"PLTE": "suggested palette",
    b"tEXt": "text",
    b"iTXt": "text",
}


def framed(name: bytes, content: bytes) -> bytes:
    """A chunk as it stands in a file: length, name, content, CRC-32."""
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(content, zlib.crc32(name)).to_bytes(4, "big")


def inflate(data: bytes, most: int = MAX_METADATA_BYTES) -> bytes:
    """A whole zlib stream of at most so many bytes, and not more than the metadata section takes. Raises zlib.error."""
    stream = zlib.decompressobj()
    plain = stream.decompress(data, max(1, most))
    if not stream.eof:
        raise zlib.error("the stream does not end")
    return plain


def to_item(name: bytes, data: bytes, most: int = MAX_METADATA_BYTES) -> tuple[int, bytes]:
    """The item for an ancillary chunk. Raises ValueError or zlib.error if it is damaged within, or unpacks to more than
    `most` bytes."""
    if name == b"iCCP":
        title, packed = data.split(b"\0", 1)
        _only_deflate(packed[0:1])
        return kinds.ICC, title + b"\0" + inflate(packed[1:], most)
    if name == b"eXIf":
        return kinds.EXIF, data
    if name == b"zTXt":
        keyword, packed = data.split(b"\0", 1)
        _only_deflate(packed[0:1])
        return kinds.COMPRESSED_TEXT, keyword + b"\0" + inflate(packed[1:], most)
    if name == b"iTXt":
        keyword, rest = data.split(b"\0", 1)
        compressed, method, rest = rest[0:1], rest[1:2], rest[2:]
        language, translated, text = rest.split(b"\0", 2)
        if compressed not in (b"\0", b"\1"):
            raise ValueError("unknown compression flag")
        if compressed == b"\1":
            _only_deflate(method)
            text = inflate(text, most)
        if keyword == XMP_KEYWORD and not language and not translated:
            return kinds.XMP, text
        if compressed == b"\1":
            return kinds.COMPRESSED_ITEXT, b"\0".join([keyword, language, translated, text])
    return kinds.CHUNK, name + data


def _only_deflate(method: bytes) -> None:
    if method != b"\0":
        raise ValueError("unknown compression method")


def to_chunk(kind: int, data: bytes) -> tuple[bytes, bytes] | None:
    """(name, data) of the chunk for an item, or None where PNG has no place for the kind."""
    if kind == kinds.ICC:
        title, _, profile = data.partition(b"\0")
        return b"iCCP", title + b"\0\0" + zlib.compress(profile, 9)
    if kind == kinds.EXIF:
        return b"eXIf", data
    if kind == kinds.XMP:
        return b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + data
    if kind == kinds.COMPRESSED_TEXT:
        keyword, _, text = data.partition(b"\0")
        return b"zTXt", keyword + b"\0\0" + zlib.compress(text, 9)
    if kind == kinds.COMPRESSED_ITEXT:
        keyword, language, translated, text = data.split(b"\0", 3)
        return b"iTXt", b"\0".join([keyword, b"\1\0" + language, translated, zlib.compress(text, 9)])
    if kind == kinds.CHUNK:
        return data[:4], data[4:]
    return None


def is_safe(name: bytes) -> bool:
    """Whether a chunk stays true when the pixels are packed anew (PNG, "chunk naming conventions")."""
    return name[3:4].islower() or name in SAFE_WITH_PIXELS


def outside_png(items: list[tuple[int, bytes]]) -> tuple[list[tuple[int, bytes]], list[str]]:
    """Items for a format that has no place behind the pixels, and in words those that it therefore cannot hold.

    Readers of PNG obey text and XMP there, and ignore what would change how the pixels look.
    """
    marker = (kinds.AFTER_PIXELS, b"")
    place = items.index(marker) if marker in items else len(items)
    behind = [item for item in items[place:] if item != marker]
    obeyed = [item for item in behind if is_text(*item)]
    return items[:place] + obeyed, [describe(*item) for item in behind if not is_text(*item)]


def is_text(kind: int, data: bytes) -> bool:
    """Whether an item is text: of which the place says nothing."""
    texts = (kinds.XMP, kinds.COMPRESSED_TEXT, kinds.COMPRESSED_ITEXT)
    return kind in texts or kind == kinds.CHUNK and data[:4] in (b"tEXt", b"iTXt", b"tIME")


def describe(kind: int, data: bytes) -> str:
    """An item in words, for a warning that it is not kept."""
    if kind == kinds.ICC:
        return "colour profile"
    if kind == kinds.EXIF:
        return "EXIF"
    if kind == kinds.XMP:
        return "XMP"
    if kind in (kinds.COMPRESSED_TEXT, kinds.COMPRESSED_ITEXT):
        return "text"
    if kind == kinds.CHUNK:
        return WORDS.get(data[:4], data[:4].decode("ascii", "replace") + " chunk")
    return f"metadata of kind {kind}"


def text(keyword: bytes, data: bytes) -> tuple[int, bytes]:
    """An item for text: tEXt for ASCII, iTXt for UTF-8; what is neither is taken for Latin-1, as tEXt says."""
    try:
        if not data.isascii() and data.decode("utf-8"):
            return kinds.CHUNK, b"iTXt" + keyword + b"\0\0\0\0\0" + data
    except UnicodeDecodeError:
        pass
    return kinds.CHUNK, b"tEXt" + keyword + b"\0" + data


def resolution(across: float, down: float) -> bytes:
    """The pHYs item for so many pixels a metre."""
    numbers = [min(round(value), (1 << 31) - 1) for value in (across, down)]
    return b"pHYs" + b"".join(number.to_bytes(4, "big") for number in numbers) + b"\1"


def read_resolution(kind: int, data: bytes) -> tuple[int, int] | None:
    """Pixels a metre, across and down, if the item is a pHYs chunk that states them."""
    if kind != kinds.CHUNK or data[:4] != b"pHYs" or len(data) != 13 or data[12] != 1:
        return None
    return int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
