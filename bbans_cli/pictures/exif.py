"""What viewers need of an EXIF block: which way up the picture is, and the thumbnail within. Imports no numpy."""

from __future__ import annotations

from bbans_cli.errors import InputError
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.tiff_tags import Directory, first_directory

# Orientations (EXIF, tag 274) whose rows are columns of what is shown.
TURNED = (5, 6, 7, 8)


def orientation(exif: bytes | None) -> int:
    """1 to 8, as EXIF's tag 274 numbers them; 1, upright, where the block says nothing that makes sense."""
    if not exif:
        return 1
    try:
        value = first_directory(exif).number(tag.ORIENTATION, 1)
    except InputError:
        return 1
    return value if 1 <= value <= 8 else 1


def thumbnail_place(exif: bytes | None) -> tuple[int, int] | None:
    """Where in an EXIF block the JPEG file is that its second directory points to, and its size; None without one.

    The block may end where that file begins.
    """
    if not exif:
        return None
    try:
        first = first_directory(exif)
        if not first.following:
            return None
        second = Directory(exif, first.following, first.order, first.big)
        start, size = second.number(tag.JPEG_OFFSET, 0), second.number(tag.JPEG_SIZE, 0)
    except InputError:
        return None
    return (start, size) if start else None


def thumbnail(exif: bytes | None) -> bytes | None:
    """The JPEG file that the second directory of an EXIF block points to, where there is a whole one."""
    place = thumbnail_place(exif)
    if exif is None or place is None:
        return None
    start, size = place
    data = exif[start : start + size]
    return data if len(data) == size and data.startswith(b"\xff\xd8\xff") else None
