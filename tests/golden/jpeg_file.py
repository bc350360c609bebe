"""A JPEG file from a formula, with a thumbnail, a further picture and trailing bytes; the .bbc files that hold it."""

from __future__ import annotations

import jpeg_levels
from made_stream import Scan, make, make_frame, optimal_codes, progressive_scans, random_blocks, segment

from bbans_cli import container

# Name: level
FILES = {"jpeg-file-fast": 1, "jpeg-file": 5, "jpeg-file-best": 9}
# A TIFF structure with one entry, the make of the camera, and no further directory
EXIF = b"Exif\0\0MM\0*\0\0\0\x08" + b"\0\1\1\x0f\0\2\0\0\0\7\0\0\0\x1a" + bytes(4) + b"Golden\0\0"


def file() -> bytes:
    """A baseline picture with restart intervals, one of whose markers is wrong, and a grey thumbnail; behind it a
    progressive picture with Huffman tables of its own, and bytes that are no picture."""
    wrong_marker = {0: bytes([1, 16, 2])}  # docs/format.md, "Data of a scan": RST0 after interval 1
    frame = make_frame(0, 70, 52, [(2, 2), (1, 1), (1, 1)])
    main = make(frame, random_blocks(frame), [Scan(range(3), interval=3, notes=wrong_marker)])
    frame = make_frame(0, 32, 24, [(1, 1)])
    thumbnail = make(frame, random_blocks(frame, 13), [Scan([0])])
    frame, scans = make_frame(2, 40, 40, 3 * [(1, 1)]), progressive_scans(3)
    blocks = random_blocks(frame, 23)
    further = make(frame, blocks, scans, optimal_codes(frame, blocks, scans))
    return main[:2] + segment(0xE1, EXIF + thumbnail) + main[2:] + further + b"trailing bytes"


def made(level: int) -> tuple[bytes, bytes]:
    """`file` and its .bbc file."""
    return file(), container.to_bytes(jpeg_levels.encode(file(), level))
