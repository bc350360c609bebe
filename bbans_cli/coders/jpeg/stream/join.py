"""Coefficients and the bytes around the scans to a JPEG stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from bbans_cli.coders.jpeg.stream.jpeg_stream import Component
from bbans_cli.coders.jpeg.stream.layout import Layout, layout
from bbans_cli.coders.jpeg.stream.scan import ScanCoder
from bbans_cli.coders.jpeg.stream.scan_records import RecordReader
from bbans_cli.coders.jpeg.stream.segments import Frame, ScanHeader, Walk
from bbans_cli.coders.jpeg.stream.stuffing import irregular
from bbans_cli.errors import CorruptError


def frame(plain: bytes, scans: bytes) -> tuple[int, int, int, list[Component], list[np.ndarray]]:
    """Process, width, height, components and tables of the JpegStream that has these bytes. Raises CorruptError."""
    walk = Walk(plain)
    headers = []
    while header := walk.next_scan():
        headers.append(header)
    height = RecordReader(scans).height
    found = walk.frame
    if found is None or not headers:
        raise CorruptError("corrupt JPEG stream: no picture in it")
    tables = quantisers(walk, headers)
    return found.process, found.width, height or found.height, found.components, tables


def quantisers(walk: Walk, headers: Sequence[ScanHeader]) -> list[np.ndarray]:
    """(64,) uint16 quantisers of each component, row by row: those at its first scan, ones where none are defined."""
    tables = []
    for index, slot in enumerate(walk.slots):
        own = [header for header in headers if index in [part[0] for part in header.components]]
        in_effect = (own or headers[-1:])[0].quantisers.get(slot)
        table = np.ones(64, np.uint16)
        if in_effect is not None:
            table[ZIGZAG] = in_effect
        tables.append(table)
    return tables


# Gets a scan header and how often each symbol of its codes was written: see ScanCoder.count_symbols.
SymbolCounter: TypeAlias = Callable[[ScanHeader, list[tuple[np.ndarray, np.ndarray]]], None]


def join(plain: bytes, scans: bytes, blocks: Sequence[np.ndarray]) -> bytes:
    """The JPEG stream from these parts of a JpegStream. Raises CorruptError."""
    return b"".join(pieces(Walk(plain), scans, blocks))


def pieces(
    walk: Walk, scans: bytes, blocks: Sequence[np.ndarray], counter: SymbolCounter | None = None
) -> Iterator[bytes]:
    """The stream piece by piece, given a walk that begins. Raises CorruptError."""
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
        if record.size > most:
            raise CorruptError("corrupt JPEG scans: a scan is too large")
        uses = coder.count_symbols() if counter else []
        data = coder.write(record.notes, record.policy, blocks, record.size)
        if counter:
            counter(header, uses)
        if data is None or len(data) != record.size:
            raise CorruptError("corrupt JPEG scans: coefficients that cannot be coded")
        yield irregular(data, record.departures)
    records.end()
    yield plain[end:]


def _layout(found: Frame, height: int, blocks: Sequence[np.ndarray]) -> Layout:
    place = layout(found, height)
    if [(*size, 64) for size in place.sizes] != [each.shape for each in blocks]:
        raise CorruptError("corrupt JPEG stream: blocks do not have the sizes of the frame")
    return place


def _zigzag() -> np.ndarray:
    """Row-by-row indices in zigzag order (T.81, figure 5)."""
    row, column = np.divmod(np.arange(64), 8)
    along = np.where((row + column) % 2, row, column)
    return np.lexsort((along, row + column))


ZIGZAG = _zigzag()
