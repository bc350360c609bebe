"""A JPEG stream to coefficients and the bytes around the scans."""

from __future__ import annotations

from bbans_cli.coders.jpeg.stream import fill_bytes
from bbans_cli.coders.jpeg.stream.decode_scans import Scan, decode
from bbans_cli.coders.jpeg.stream.join import quantisers
from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream, NotCodableError
from bbans_cli.coders.jpeg.stream.scan import Habits
from bbans_cli.coders.jpeg.stream.scan_records import ScanRecord, pack
from bbans_cli.coders.jpeg.stream.segments import Walk

# Blocks of the largest stream that is taken unless the caller allows more: 1 GB of coefficients.
MAX_BLOCKS = 1 << 23
# Scans that are coded; each goes over all blocks, and no sensible stream has as many.
MAX_SCANS = 1000


def split(data: bytes, max_blocks: int = MAX_BLOCKS) -> JpegStream:
    """Take a JPEG stream apart that begins at data[0].

    max_blocks  blocks of all components at most; fewer where `data` cannot have as many

    `join` gives the same bytes in nearly all cases; the caller compares. Raises NotCodableError.
    """
    if not data.startswith(b"\xff\xd8"):
        raise NotCodableError("no JPEG stream")
    walk = Walk(data)
    scans = _scans(walk)
    frame, size = walk.frame, walk.position
    if walk.refused is not None:
        raise NotCodableError(walk.refused)
    if frame is None or not scans:
        raise NotCodableError("no picture in it")
    # A block takes a bit at least of the first scan of its component.
    place, blocks = decode(frame, scans, walk.lines, min(max_blocks, 8 * size))
    pieces, end = [], 0
    for scan in scans:
        if scan.coded:
            pieces.append(data[end : scan.header.begin])
            end = scan.end
    plain = b"".join([*pieces, data[end:size]])
    height = 0 if place.height == frame.height else place.height
    records = pack(height, [_record(scan) for scan in scans], [scan.header.interval for scan in scans])
    tables = quantisers(walk, [scan.header for scan in scans])
    process, width, components = frame.process, frame.width, frame.components
    return JpegStream(process, width, place.height, components, tables, blocks, plain, records, size)


def _scans(walk: Walk) -> list[Scan]:
    scans: list[Scan] = []
    while header := walk.next_scan():
        end = walk.end_of_scan()
        data, fill = fill_bytes.remove(walk.data[header.begin : end])
        scans.append(Scan(header, end, data, fill, Habits(header.interval), len(scans) < MAX_SCANS))
        walk.position = end
    return scans


def _record(scan: Scan) -> ScanRecord | None:
    return ScanRecord(len(scan.data), scan.habits, scan.notes, scan.fill) if scan.coded else None
