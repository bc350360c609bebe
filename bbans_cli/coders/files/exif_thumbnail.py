"""The thumbnail in the EXIF data of a stored JPEG file as pixels, with nothing else decoded. Imports no numpy.

This is for thumbnails as cameras write them: sequential, grey or Y, Cb, Cr, in a stream without damage. Of others
file_coder.py gives the file.
"""

from __future__ import annotations

from typing import NamedTuple

from bbans_cli.coders.files import jpeg_segments, tree_part
from bbans_cli.coders.files.jpeg_tree import Branch
from bbans_cli.coders.jpeg import few_blocks
from bbans_cli.coders.jpeg.stream.frame_tables import read_frame
from bbans_cli.coders.jpeg.stream.layout import layout, subsampling
from bbans_cli.coders.jpeg.stream.omitted_tables import with_stand_ins
from bbans_cli.coders.jpeg.stream.scan_records import RecordReader
from bbans_cli.coders.jpeg.stream.segments import Frame, Walk
from bbans_cli.container import FilePart, StoredFile
from bbans_cli.pictures import exif

# Of a thumbnail, which has at most 64 KiB
MOST_PIXELS = 1 << 20
_SEQUENTIAL = (0, 1)  # processes of Frame


class ExifThumbnail(NamedTuple):
    """R, G, B of width times height pixels, and which way up they are: 1 to 8, as EXIF numbers it."""

    width: int
    height: int
    rgb: bytes
    orientation: int


def of_file(stored: StoredFile) -> ExifThumbnail | None:
    """None where there is no such thumbnail. Raises CorruptError, ModelMismatchError, UnsupportedError."""
    tree = tree_part.read_tree(stored)
    if tree.first is None or not tree.first.plain.items:
        return None
    plain = tree.first.plain
    branch = plain.items[0]
    block = _exif(plain.gaps[0])
    place = exif.thumbnail_place(block)
    if not isinstance(branch, Branch) or branch.plain.items or place is None or place[0] != len(block):
        return None
    number = next(i for i, other in enumerate(tree.all_streams()) if other is branch)
    if number + 1 >= len(stored.parts):
        return None
    return _pixels(branch, stored.parts[number + 1], exif.orientation(block))


def _exif(plain: bytes) -> bytes:
    """The EXIF block that bytes of a JPEG file end with, or none."""
    for segment in jpeg_segments.segments(plain):
        content = plain[segment.start + 4 : segment.end]
        if segment.marker == jpeg_segments.APP1 and content.startswith(jpeg_segments.EXIF):
            return content[len(jpeg_segments.EXIF) :] if segment.end == len(plain) else b""
    return b""


def _pixels(branch: Branch, part: FilePart, orientation: int) -> ExifThumbnail | None:
    plain = with_stand_ins(branch.plain.gaps[0], branch.tables)
    frame, tables = read_frame(plain, branch.scans)
    subsampled = subsampling(frame)
    identifiers = bytes(component.identifier for component in frame.components)
    if (
        subsampled is None
        or len(part.settings) != 1
        or frame.process not in _SEQUENTIAL
        or frame.width * frame.height > MOST_PIXELS
        or not _is_whole(plain, branch.scans, frame)
        or max(map(max, tables)) > 255
        or len(identifiers) == 3
        and not jpeg_segments.is_ycc(plain, identifiers)
    ):
        return None
    sizes = layout(frame, frame.height).sizes
    divisors = [[max(1, quantiser) for quantiser in table] for table in tables]
    factors = [component.factors for component in frame.components]
    planes = few_blocks.decode(part.payload, sizes, divisors, factors, part.settings[0])
    if planes is None:
        return None
    rgb = few_blocks.to_rgb(planes, sizes, tables, frame.width, frame.height, subsampled)
    return ExifThumbnail(frame.width, frame.height, rgb, orientation)


def _is_whole(plain: bytes, scans: bytes, frame: Frame) -> bool:
    """Whether each component has one scan, whose entropy-coded data are as the coefficients give them."""
    walk, records = Walk(plain), RecordReader(scans)
    coded: list[int] = []
    while header := walk.next_scan():
        record = records.next_record(header.interval)
        if record is None or any(record.notes) or record.departures.fill or record.departures.strays:
            return False
        coded += [index for index, _, _ in header.components]
    return records.height == 0 and frame.height > 0 and sorted(coded) == list(range(len(frame.components)))
