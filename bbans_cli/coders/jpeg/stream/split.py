"""A JPEG stream to coefficients and the bytes around the scans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bbans_cli.coders.jpeg.stream.decode_scans import Scan, decode
from bbans_cli.coders.jpeg.stream.join import quantisers
from bbans_cli.coders.jpeg.stream.jpeg_stream import JpegStream, MoreBlocksError, NotCodableError
from bbans_cli.coders.jpeg.stream.layout import Layout
from bbans_cli.coders.jpeg.stream.scan_records import MAX_SCANS, Policy, ScanRecord, pack
from bbans_cli.coders.jpeg.stream.segments import Frame, Walk
from bbans_cli.coders.jpeg.stream.stuffing import regular

# Blocks of the largest stream that is taken unless the caller allows more: 1 GB of coefficients.
MAX_BLOCKS = 1 << 23


def split(data: bytes, max_blocks: int = MAX_BLOCKS, threads: int = 1) -> JpegStream:
    """Take a JPEG stream apart that begins at data[0].

    max_blocks  blocks of all components at most; fewer where `data` cannot have as many

    `join` gives the same bytes in nearly all cases; the caller compares. Raises NotCodableError, and MoreBlocksError
    where the data have more blocks than `max_blocks`.
    """
    if not data.startswith(b"\xff\xd8"):
        raise NotCodableError("no JPEG stream")
    walk = Walk(data)
    scans = _scans(walk, over_strays=True)
    frame, place, blocks = _decode(walk, scans, max_blocks, threads)
    if not all(scan.coded for scan in scans if scan.departures.strays):  # `join` would take them for markers
        walk = Walk(data)
        scans = _scans(walk, over_strays=False)
        frame, place, blocks = _decode(walk, scans, max_blocks, threads)
    size = walk.position
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


def _decode(walk: Walk, scans: Sequence[Scan], max_blocks: int, threads: int) -> tuple[Frame, Layout, list[np.ndarray]]:
    """`decode`, or NotCodableError, after a walk has found all scans."""
    if walk.refused is not None:
        raise NotCodableError(walk.refused)
    if walk.frame is None or not scans:
        raise NotCodableError("no picture in it")
    # A block takes a bit at least of the first scan of its component.
    by_data = 8 * walk.position
    try:
        return walk.frame, *decode(walk.frame, scans, walk.lines, min(max_blocks, by_data), threads)
    except MoreBlocksError as error:
        if max_blocks < by_data:
            raise
        raise NotCodableError("more blocks than its data can have") from error


def _scans(walk: Walk, over_strays: bool) -> list[Scan]:
    """All scans of a stream; over_strays: their data may have markers that make no sense there."""
    scans: list[Scan] = []
    while header := walk.next_scan():
        end = walk.end_of_scan(over_strays)
        data, departures = regular(walk.data[header.begin : end])
        scans.append(Scan(header, end, data, departures, Policy(header.interval), len(scans) < MAX_SCANS))
        walk.position = end
    return scans


def _record(scan: Scan) -> ScanRecord | None:
    return ScanRecord(len(scan.data), scan.policy, scan.notes, scan.departures) if scan.coded else None
