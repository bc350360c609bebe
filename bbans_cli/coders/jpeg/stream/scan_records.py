"""The bytes that say which scans of a stream are coded, and how.

docs/format.md, *JPEG streams*, has the fields: the height, then a record for each scan header up to that of the last
scan that is coded. Imports no numpy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bbans_cli.coders.jpeg.stream.layout import MOST_LINES
from bbans_cli.coders.jpeg.stream.stuffing import MOST_FILL, Departures
from bbans_cli.container.byte_reader import Reader, varint
from bbans_cli.core import lib
from bbans_cli.errors import CorruptError

# Scans of a stream that are coded; each goes over all blocks, and no sensible stream has as many.
MAX_SCANS = 100
_CODED, _INTERVAL, _ZEROS, _RUN_LIMIT, _NO_CORRECTIONS, _NOTES, _FILL, _STRAYS = (1 << i for i in range(8))
_ALL = (1 << 8) - 1

NO_LIMIT = (1 << 31) - 1
# The longest end-of-band run (T.81, G.1.2.2), and the bits after which libjpeg ends one in a refinement scan.
LONGEST_RUN, LIBJPEG_CORRECTIONS = 0x7FFF, 937
KINDS = lib.BBC_STREAM_KINDS


class Policy(NamedTuple):
    """What is usual in a scan's entropy-coded data; only what differs is noted.

    interval     MCUs between restarts, 0 if there are none
    padding      the bit up to byte boundaries
    run_limit    blocks after which an end-of-band run is ended
    corrections  correction bits beyond which an end-of-band run is ended
    """

    interval: int
    padding: int = 1
    run_limit: int = LONGEST_RUN
    corrections: int = LIBJPEG_CORRECTIONS


class ScanRecord(NamedTuple):
    """What the coefficients do not say of a scan's entropy-coded data.

    size        bytes of the regular data (stuffing.py)
    policy      what is usual there
    notes       what is not, by kind (stream.cdef.h)
    departures  how the data differ from the regular ones
    """

    size: int
    policy: Policy
    notes: Sequence[bytes]
    departures: Departures


class RecordReader:
    """Reads what `pack` wrote; the interval of each scan header must be at hand when its record is read. All methods
    raise CorruptError."""

    def __init__(self, scans: bytes) -> None:
        self._reader = Reader(scans, "the JPEG scans")
        self.height = self._reader.varint()
        self._coded = 0
        self._ended = True  # was the last record that of a scan that is coded, or has there been none?
        if self.height > MOST_LINES:
            raise CorruptError("corrupt JPEG scans: a number is too large")

    def next_record(self, interval: int) -> ScanRecord | None:
        """The record of the next scan header, None if the scan is not coded."""
        if not self._reader.left:
            return None
        flags = self._reader.varint()
        self._ended = bool(flags)
        if not flags:
            return None
        if flags > _ALL or not flags & _CODED:
            raise CorruptError("corrupt JPEG scans: unknown flags")
        self._coded += 1
        if self._coded > MAX_SCANS:
            raise CorruptError("corrupt JPEG scans: too many of them")
        policy = Policy(
            self._reader.varint() if flags & _INTERVAL else interval,
            0 if flags & _ZEROS else 1,
            self._reader.varint() if flags & _RUN_LIMIT else LONGEST_RUN,
            NO_LIMIT if flags & _NO_CORRECTIONS else LIBJPEG_CORRECTIONS,
        )
        if policy.interval > NO_LIMIT or policy.run_limit > NO_LIMIT:
            raise CorruptError("corrupt JPEG scans: a number is too large")
        notes = [b""] * KINDS
        if flags & _NOTES:
            sizes = [self._reader.varint() for _ in range(KINDS)]
            notes = [self._reader.take(size) for size in sizes]
        fill = self._pairs() if flags & _FILL else []
        strays = self._pairs() if flags & _STRAYS else []
        if sum(count for _, count in fill) > MOST_FILL or any(byte > 255 for _, byte in strays):
            raise CorruptError("corrupt JPEG scans: a number is too large")
        return ScanRecord(self._reader.varint(), policy, notes, Departures(fill, strays))

    def end(self) -> None:
        """Make sure that nothing is left, and that the last record was that of a scan that is coded."""
        if self._reader.left:
            raise CorruptError("corrupt JPEG scans: more scans than the stream has")
        if not self._ended:
            raise CorruptError("corrupt JPEG scans: the last one is not coded")

    def _pairs(self) -> list[tuple[int, int]]:
        pairs, position = [], 0
        for _ in range(self._reader.varint()):
            position += self._reader.varint()
            pairs.append((position, self._reader.varint()))
        return pairs


def pack(height: int, records: Sequence[ScanRecord | None], intervals: Sequence[int]) -> bytes:
    """The bytes of records, one for each scan header, given the restart interval in effect there."""
    coded = max((i + 1 for i, record in enumerate(records) if record), default=0)
    pieces = [varint(height)]
    for record, interval in zip(records[:coded], intervals, strict=False):
        pieces += _record(record, interval) if record else [b"\0"]
    return b"".join(pieces)


def _record(record: ScanRecord, interval: int) -> Iterator[bytes]:
    policy = record.policy
    flags = (
        _CODED
        | _INTERVAL * (policy.interval != interval)
        | _ZEROS * (not policy.padding)
        | _RUN_LIMIT * (policy.run_limit != LONGEST_RUN)
        | _NO_CORRECTIONS * (policy.corrections != LIBJPEG_CORRECTIONS)
        | _NOTES * any(record.notes)
        | _FILL * bool(record.departures.fill)
        | _STRAYS * bool(record.departures.strays)
    )
    yield varint(flags)
    if flags & _INTERVAL:
        yield varint(policy.interval)
    if flags & _RUN_LIMIT:
        yield varint(policy.run_limit)
    if flags & _NOTES:
        yield from (varint(len(note)) for note in record.notes)
        yield from record.notes
    for pairs in (record.departures.fill, record.departures.strays):
        if pairs:
            yield _pairs(pairs)
    yield varint(record.size)


def _pairs(pairs: Sequence[tuple[int, int]]) -> bytes:
    positions = [0, *(position for position, _ in pairs)]
    steps = [
        varint(position - last) + varint(number) for last, (position, number) in zip(positions, pairs, strict=False)
    ]
    return varint(len(pairs)) + b"".join(steps)
