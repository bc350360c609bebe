"""Coefficients and the bytes around the scans to a JPEG stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from bbans_cli.coders.jpeg.stream.frame_tables import read_frame, tables_of
from bbans_cli.coders.jpeg.stream.jpeg_stream import Component
from bbans_cli.coders.jpeg.stream.layout import Layout, layout
from bbans_cli.coders.jpeg.stream.scan import ScanCoder
from bbans_cli.coders.jpeg.stream.scan_records import NO_LIMIT, RecordReader
from bbans_cli.coders.jpeg.stream.segments import Frame, ScanHeader, Walk
from bbans_cli.coders.jpeg.stream.stuffing import irregular
from bbans_cli.errors import CorruptError


def frame(plain: bytes, scans: bytes) -> tuple[int, int, int, list[Component], list[np.ndarray]]:
    """Process, width, height, components and tables of the JpegStream that has these bytes. Raises CorruptError."""
    found, tables = read_frame(plain, scans)
    return found.process, found.width, found.height, found.components, [np.array(table, np.uint16) for table in tables]


def quantisers(walk: Walk, headers: Sequence[ScanHeader]) -> list[np.ndarray]:
    """(64,) uint16 quantisers of each component, row by row: those at its first scan, ones where none are defined."""
    return [np.array(table, np.uint16) for table in tables_of(walk, headers)]


# Gets a scan header and how often each symbol of its codes was written: see ScanCoder.count_symbols.
SymbolCounter: TypeAlias = Callable[[ScanHeader, list[tuple[np.ndarray, np.ndarray]]], None]


def join(
    plain: bytes, scans: bytes, blocks: Sequence[np.ndarray], most_bytes: int = NO_LIMIT, threads: int = 1
) -> bytes:
    """The JPEG stream from these parts of a JpegStream. Raises CorruptError, also if a scan takes more than
    `most_bytes`."""
    return b"".join(pieces(Walk(plain), scans, blocks, most_bytes=most_bytes, threads=threads))


def pieces(
    walk: Walk,
    scans: bytes,
    blocks: Sequence[np.ndarray],
    counter: SymbolCounter | None = None,
    most_bytes: int = NO_LIMIT,
    threads: int = 1,
) -> Iterator[bytes]:
    """The stream piece by piece, given a walk that begins. Raises CorruptError as `join`."""
    plain, records = walk.data, RecordReader(scans)
    place: Layout | None = None
    end = 0
    while header := walk.next_scan():
        found = walk.frame
        record = records.next_record(header.interval)
        if record is None or found is None:
            continue
        place = place or _layout(found, records.height or found.height, blocks)
        yield plain[end : header.begin]
        end = header.begin
        try:
            coder = ScanCoder(found, header, place)
        except ValueError as error:
            raise CorruptError(f"corrupt JPEG stream: {error}") from error
        # A block takes at most 64 codes and as many values of 16 bits, all bytes of them stuffed.
        most = 512 * coder.mcu_rows * coder.mcu_columns * coder.mcu_blocks() + 512 * sum(map(len, record.notes))
        if record.size > min(most, most_bytes):
            raise CorruptError("corrupt JPEG scans: a scan is too large")
        uses = coder.count_symbols() if counter else []
        data = coder.write(record.notes, record.policy, blocks, record.size, threads)
        if counter:
            counter(header, uses)
        if data is None or len(data) != record.size:
            raise CorruptError("corrupt JPEG scans: notes or coefficients that cannot be coded")
        yield irregular(data, record.departures)
    records.end()
    yield plain[end:]


def _layout(found: Frame, height: int, blocks: Sequence[np.ndarray]) -> Layout:
    place = layout(found, height)
    if [(*size, 64) for size in place.sizes] != [each.shape for each in blocks]:
        raise CorruptError("corrupt JPEG stream: blocks do not have the sizes of the frame")
    return place
