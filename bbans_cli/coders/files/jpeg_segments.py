"""The segments of a JPEG file (T.81, B.1.1): those that say something beside the picture, read or left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bbans_cli.errors import CorruptError

SOI, SOS, EOI, COMMENT = 0xD8, 0xDA, 0xD9, 0xFE
APP0, APP1, APP2, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
CODED_FRAMES = (0xC0, 0xC1, 0xC2)  # SOF of the processes whose coefficients are coded
# Markers that have no length and no content; 00 and FF are no markers at all.
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})

EXIF, XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
JFIF, ICC, ADOBE = b"JFIF\0", b"ICC_PROFILE\0", b"Adobe"
_JFIF_BYTES = 18  # of an APP0 segment without a thumbnail


class Segment(NamedTuple):
    """A marker with what follows it: bytes `start` to `end` of the file, from its FF on."""

    marker: int
    start: int
    end: int


def segments(data: bytes, start: int = 0) -> Iterator[Segment]:
    """The segments after the SOI at `start`, EOI included. What lies between them, such as scan data, is passed over.

    A segment that goes on beyond the end of the data ends there.
    """
    at = start + 2
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 2 > len(data):
            return
        marker = data[at + 1]
        if marker in (0x00, 0xFF):
            at += 1 if marker else 2
        elif marker in _ALONE:
            at += 2
        elif marker == EOI:
            yield Segment(EOI, at, at + 2)
            return
        else:
            size = max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
            end = min(len(data), at + 2 + size)
            yield Segment(marker, at, end)
            at = end


def missing(before: bytes, after: bytes) -> int:
    """How many bytes are missing of a stream, within the last segment of what is before them or behind that.

    What is after them may begin within that segment, and has others behind it. Raises CorruptError if it has not.
    """
    last = next(reversed(list(segments(before))), Segment(SOI, 0, 2))
    size = int.from_bytes(before[last.start + 2 : last.start + 4], "big") if last.marker != SOI else 0
    beyond = max(0, last.start + 2 + size - len(before))
    at = after.find(b"\xff")
    while 0 <= at <= beyond:
        if _are_segments(after, at):
            return beyond - at
        at = after.find(b"\xff", at + 1)
    raise CorruptError("corrupt: a damaged part of a JPEG file leaves no way to tell where its segments are")


def _are_segments(data: bytes, at: int) -> bool:
    """Whether segments lie one behind the other from a position to a scan, or to the end of the data in the second."""
    count = 0
    while at + 4 <= len(data):
        if data[at] != 0xFF or data[at + 1] < 0xC0 or data[at + 1] == 0xFF or data[at + 1] in _ALONE:
            return False
        if data[at + 1] == SOS:
            return True
        at, count = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big"), count + 1
    return count > 1


def frame_height(data: bytes) -> int:
    """The height that the frame header of a coded stream says: 0 where a DNL segment has it, and it may be wrong.

    0 too where a damaged segment hides the header.
    """
    heights = (segment.start + 5 for segment in segments(data) if segment.marker in CODED_FRAMES)
    at = next(heights, len(data))
    return int.from_bytes(data[at : at + 2], "big")


def exif_and_xmp(data: bytes, start: int = 0) -> dict[str, bytes]:
    """The first "exif" (a TIFF structure) and the first "xmp" (a packet) of the JPEG stream at `start`, if there."""
    found: dict[str, bytes] = {}
    for segment in segments(data, start):
        content = data[segment.start + 4 : segment.end]
        if segment.marker == SOS:
            break
        for name, prefix in (("exif", EXIF), ("xmp", XMP)):
            if segment.marker == APP1 and content.startswith(prefix):
                found.setdefault(name, content[len(prefix) :])
    return found


def is_ycc(data: bytes, identifiers: bytes) -> bool:
    """Whether three components, which the frame identifies so, are Y, Cb, Cr, by the rules of libjpeg."""
    for segment in segments(data):
        content = data[segment.start + 4 : segment.end]
        if segment.marker == SOS:
            break
        if segment.marker == APP0 and content.startswith(JFIF):
            return True
        if segment.marker == APP14 and content.startswith(ADOBE) and len(content) >= 12:
            return content[11] != 0
    return identifiers != b"RGB"


def stripped(data: bytes, start: int = 0) -> bytes:
    """The JPEG file that begins at `start` without metadata: EXIF, XMP, IPTC, comments, maker notes, thumbnails.

    JFIF, Adobe and ICC segments stay, which pixels or colours depend on. What lies before the SOI and behind the EOI is
    left out, and stray bytes before the first scan.
    """
    out = [data[start : start + 2]]
    done, scans = start + 2, False
    for segment in segments(data, start):
        if scans:
            out.append(data[done : segment.start])
        out.append(kept(segment, data[segment.start : segment.end]))
        done, scans = segment.end, scans or segment.marker == SOS
        if segment.marker == EOI:
            return b"".join(out)
    return b"".join([*out, data[done:]])


def kept(segment: Segment, data: bytes) -> bytes:
    """What `stripped` leaves of a segment with these bytes."""
    content = data[4:]
    if segment.marker == APP0 and content.startswith(JFIF):
        # Its last two bytes are the thumbnail's size.
        return data if len(data) <= _JFIF_BYTES else b"\xff\xe0\0\x10" + content[:12] + bytes(2)
    if segment.marker == APP2 and content.startswith(ICC) or segment.marker == APP14 and content.startswith(ADOBE):
        return data
    return b"" if APP0 <= segment.marker <= APP15 or segment.marker == COMMENT else data
