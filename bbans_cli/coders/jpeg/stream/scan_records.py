"""The bytes that say which scans of a stream are coded, and how.

All numbers are LEB128. First comes 0, or the height if the frame header's is not the one. Then, for each scan header of
the stream up to the last scan that is coded: 0 for a scan that is not; else 1 + flags, then what the flags announce,
in the order of _FIELDS; then the size of the entropy-coded data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bbans_cli.coders.jpeg.stream.layout import MOST_LINES
from bbans_cli.coders.jpeg.stream.scan import KINDS, LIBJPEG_CORRECTIONS, LONGEST_RUN, NO_LIMIT, Habits
from bbans_cli.coders.jpeg.stream.stuffing import MOST_FILL, Departures
from bbans_cli.errors import CorruptError

_CODED, _INTERVAL, _ZEROS, _RUN_LIMIT, _NO_CORRECTIONS, _NOTES, _FILL, _STRAYS = (1 << i for i in range(8))
_ALL = (1 << 8) - 1


@dataclass(frozen=True)
class ScanRecord:
    """What the coefficients do not say of a scan's entropy-coded data.

    size        bytes of the regular data (stuffing.py)
    habits      what is usual there
    notes       what is not, by kind (stream.cdef.h)
    departures  how the data differ from the regular ones
    """

    size: int
    habits: Habits
    notes: Sequence[bytes]
    departures: Departures


class RecordReader:
    """Reads what `pack` wrote; the interval of each scan header must be at hand when its record is read. All methods
    raise CorruptError."""

    def __init__(self, scans: bytes) -> None:
        self._scans = scans
        self._at = 0
        self.height = self._number()
        if self.height > MOST_LINES:
            raise CorruptError("corrupt JPEG scans: a number is too large")

    def next_record(self, interval: int) -> ScanRecord | None:
        """The record of the next scan header, None if the scan is not coded."""
        if self._at == len(self._scans):
            return None
        flags = self._number()
        if not flags:
            return None
        if flags > _ALL or not flags & _CODED:
            raise CorruptError("corrupt JPEG scans: unknown flags")
        habits = Habits(
            self._number() if flags & _INTERVAL else interval,
            0 if flags & _ZEROS else 1,
            self._number() if flags & _RUN_LIMIT else LONGEST_RUN,
            NO_LIMIT if flags & _NO_CORRECTIONS else LIBJPEG_CORRECTIONS,
        )
        if habits.interval > NO_LIMIT or habits.run_limit > NO_LIMIT:
            raise CorruptError("corrupt JPEG scans: a number is too large")
        notes = [b""] * KINDS
        if flags & _NOTES:
            sizes = [self._number() for _ in range(KINDS)]
            notes = [self._bytes(size) for size in sizes]
        fill = self._pairs() if flags & _FILL else []
        strays = self._pairs() if flags & _STRAYS else []
        if sum(count for _, count in fill) > MOST_FILL or any(byte > 255 for _, byte in strays):
            raise CorruptError("corrupt JPEG scans: a number is too large")
        return ScanRecord(self._number(), habits, notes, Departures(fill, strays))

    def _pairs(self) -> list[tuple[int, int]]:
        pairs, position = [], 0
        for _ in range(self._number()):
            position += self._number()
            pairs.append((position, self._number()))
        return pairs

    def _bytes(self, size: int) -> bytes:
        if size > len(self._scans) - self._at:
            raise CorruptError("corrupt JPEG scans: they end early")
        self._at += size
        return self._scans[self._at - size : self._at]

    def _number(self) -> int:
        number = 0
        for shift in range(0, 63, 7):
            byte = self._bytes(1)[0]
            number |= (byte & 127) << shift
            if byte < 128:
                return number
        raise CorruptError("corrupt JPEG scans: a number is too large")


def pack(height: int, records: Sequence[ScanRecord | None], intervals: Sequence[int]) -> bytes:
    """The bytes of records, one for each scan header, given the restart interval in effect there."""
    coded = max((i + 1 for i, record in enumerate(records) if record), default=0)
    pieces = [_number(height)]
    for record, interval in zip(records[:coded], intervals, strict=False):
        pieces += _record(record, interval) if record else [b"\0"]
    return b"".join(pieces)


def _record(record: ScanRecord, interval: int) -> Iterator[bytes]:
    habits = record.habits
    flags = (
        _CODED
        | _INTERVAL * (habits.interval != interval)
        | _ZEROS * (not habits.padding)
        | _RUN_LIMIT * (habits.run_limit != LONGEST_RUN)
        | _NO_CORRECTIONS * (habits.corrections != LIBJPEG_CORRECTIONS)
        | _NOTES * any(record.notes)
        | _FILL * bool(record.departures.fill)
        | _STRAYS * bool(record.departures.strays)
    )
    yield _number(flags)
    if flags & _INTERVAL:
        yield _number(habits.interval)
    if flags & _RUN_LIMIT:
        yield _number(habits.run_limit)
    if flags & _NOTES:
        yield from (_number(len(note)) for note in record.notes)
        yield from record.notes
    for pairs in (record.departures.fill, record.departures.strays):
        if pairs:
            yield _pairs(pairs)
    yield _number(record.size)


def _pairs(pairs: Sequence[tuple[int, int]]) -> bytes:
    positions = [0, *(position for position, _ in pairs)]
    steps = [
        _number(position - last) + _number(number) for last, (position, number) in zip(positions, pairs, strict=False)
    ]
    return _number(len(pairs)) + b"".join(steps)


def _number(number: int) -> bytes:
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
