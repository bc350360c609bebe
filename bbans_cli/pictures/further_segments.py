"""What JPEG and WebP files say beyond what is kept of them, in words."""

from __future__ import annotations

from collections.abc import Iterator

# Marker -> beginning of an APPn segment's content -> what it is. None: kept, or part of how pixels are stored.
APPLICATIONS: tuple[tuple[int, bytes, str | None], ...] = (
    (0xE0, b"JFIF\0", None),
    (0xE0, b"JFXX\0", "JFIF thumbnail"),
    (0xE1, b"Exif\0", "a second EXIF"),
    (0xE1, b"http://ns.adobe.com/xap/1.0/\0", "a second XMP"),
    (0xE1, b"http://ns.adobe.com/xmp/extension/\0", "extended XMP"),
    (0xE1, b"FLIR\0", "FLIR thermal data"),
    (0xE2, b"ICC_PROFILE\0", None),
    (0xE2, b"MPF\0", None),
    (0xE2, b"FPXR\0", "FlashPix data"),
    (0xE6, b"GoPro\0", "GoPro metadata"),
    (0xEB, b"JP", "C2PA or other JUMBF metadata"),
    (0xED, b"Photoshop 3.0\0", "Photoshop block"),
    (0xEE, b"Adobe", None),
)
# Of these the first is kept.
_FIRST_KEPT = (b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0")
# The name of a chunk that is kept -> what a second one is called
_WEBP_CHUNKS = {
    b"VP8 ": "",
    b"VP8L": "",
    b"VP8X": "",
    b"ALPH": "",
    b"ICCP": "a second colour profile",
    b"EXIF": "a second EXIF",
    b"XMP ": "a second XMP",
}


def of_jpeg(data: bytes, further: int) -> list[str]:
    """Segments that are not kept, `further` pictures that MPF lists, or else bytes behind the end."""
    lost = []
    seen: set[bytes] = set()
    end = len(data)
    for marker, start, end in _segments(data):
        content = data[start:end]
        if marker == 0xFE:
            lost.append("comment")
        elif 0xE0 <= marker <= 0xEF:
            word, begin = _application(marker, content)
            if begin in _FIRST_KEPT and begin not in seen:
                seen.add(begin)
            elif word is not None:
                lost.append(word)
    if further:
        lost.append(f"{further} further picture{'s' * (further > 1)}")
    elif end < len(data):
        lost.append(f"{len(data) - end:,} bytes after the end")
    return list(dict.fromkeys(lost))


def _application(marker: int, content: bytes) -> tuple[str | None, bytes]:
    """What an APPn segment is, and how it begins; None where it is kept."""
    for number, begin, word in APPLICATIONS:
        if number == marker and content.startswith(begin):
            return word, begin
    return f"APP{marker - 0xE0} segment", b""


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start and end of the content) of each segment of the first stream; of EOI both are its end."""
    at = max(0, data.find(b"\xff\xd8")) + 2
    while 0 <= (at := data.find(b"\xff", at)) < len(data) - 1:
        marker = data[at + 1]
        at += 1 if marker == 0xFF else 2
        # Fill bytes, stuffed bytes of entropy-coded data, restart markers
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD7:
            continue
        if marker == 0xD9:
            yield marker, at, at
            return
        end = at + int.from_bytes(data[at : at + 2], "big")
        if marker == 0xD8 or end < at + 2:
            continue
        yield marker, at + 2, min(end, len(data))
        at = end


def of_webp(data: bytes) -> list[str]:
    """Chunks that are not kept, and bytes behind the end."""
    lost = []
    seen = set()
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    at = 12
    while at + 8 <= end:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name not in _WEBP_CHUNKS:
            word = name.decode("latin-1").strip()
            lost.append(f"{word if word.isprintable() else name.hex()} chunk")
        elif name in seen and _WEBP_CHUNKS[name]:
            lost.append(_WEBP_CHUNKS[name])
        seen.add(name)
        at += 8 + size + size % 2
    if end + end % 2 < len(data):
        lost.append(f"{len(data) - end:,} bytes after the end")
    return list(dict.fromkeys(lost))
