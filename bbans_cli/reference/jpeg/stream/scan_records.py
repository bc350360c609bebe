"""What is stored of a JPEG stream's scans beside their coefficients: docs/format.md, "Scans" and "Data of a scan"."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError

KINDS = 5  # of notes
NEXT_INTERVAL, NOTHING, FIRST_RESTART = range(3)  # what follows an interval, in its note
LAST_RESTART = FIRST_RESTART + 7
MOST_HEIGHT = MOST_FILL = 1 << 20
MOST_SCANS = 100  # that are coded
MOST_INTERVAL = (1 << 31) - 1  # and the highest limit of a run


@dataclass(frozen=True)
class IntervalNote:
    """How an interval differs, a note of kind 0. None: as usual."""

    absent_blocks: int = 0
    longer_run: int = 0
    padding: int | None = None
    literal_bytes: int = 0
    follows: int | None = None


@dataclass(frozen=True)
class Record:
    """A scan that is coded.

    interval      None: that of DRI
    intervals     notes of kind 0, by interval
    literals      the bytes of notes of kind 1, taken from the front
    zero_runs     block -> ZRL after its last coefficient
    run_ends      blocks before which an end-of-band run ends
    blocks        block -> its bits, "0" and "1"
    fill, strays  (position, number) pairs
    """

    interval: int | None = None
    run_limit: int = 0x7FFF
    padding_bit: int = 1
    correction_limit: int | None = 937
    intervals: dict[int, IntervalNote] = field(default_factory=dict)
    literals: deque[int] = field(default_factory=deque)
    zero_runs: dict[int, int] = field(default_factory=dict)
    run_ends: set[int] = field(default_factory=set)
    blocks: dict[int, str] = field(default_factory=dict)
    fill: list[tuple[int, int]] = field(default_factory=list)
    strays: list[tuple[int, int]] = field(default_factory=list)
    size: int = 0


def read(scans: bytes) -> tuple[int, list[Record | None]]:
    """The height, 0 for that of the frame header, and a record of each scan header; None: it is not coded."""
    reader = Reader(scans, "the scans")
    height = reader.varint()
    if height > MOST_HEIGHT:
        raise CorruptError("corrupt scans: a height that no picture has")
    records: list[Record | None] = []
    while reader.left:
        flags = reader.varint()
        if flags == 0:
            records.append(None)
        elif flags & 1 and flags < 256:
            records.append(_read_record(reader, flags))
        else:
            raise CorruptError("corrupt scans: unknown flags")
        if sum(record is not None for record in records) > MOST_SCANS:
            raise CorruptError("corrupt scans: too many of them")
    if records and records[-1] is None:
        raise CorruptError("corrupt scans: the last one is not coded")
    return height, records


def _read_record(reader: Reader, flags: int) -> Record:
    interval = reader.varint() if flags & 2 else None
    run_limit = reader.varint() if flags & 8 else 0x7FFF
    if (interval or 0) > MOST_INTERVAL or run_limit > MOST_INTERVAL:
        raise CorruptError("corrupt scans: a number is too large")
    notes = [b""] * KINDS
    if flags & 32:
        notes_sizes = [reader.varint() for _ in range(KINDS)]
        notes = [reader.take(size) for size in notes_sizes]
    fill = _read_pairs(reader) if flags & 64 else []
    strays = _read_pairs(reader) if flags & 128 else []
    if sum(count for _, count in fill) > MOST_FILL:
        raise CorruptError("corrupt scans: too much fill")
    return Record(
        interval,
        run_limit,
        0 if flags & 4 else 1,
        None if flags & 16 else 937,
        dict(_read_interval_notes(notes[0])),
        deque(notes[1]),
        dict(_read_counts(notes[2])),
        {position for position, _ in _read_positions(notes[3])},
        dict(_read_block_bits(notes[4])),
        fill,
        strays,
        reader.varint(),
    )


def _read_pairs(reader: Reader) -> list[tuple[int, int]]:
    found, position = [], 0
    for _ in range(reader.varint()):
        position += reader.varint()
        found.append((position, reader.varint()))
    return found


def _read_positions(notes: bytes) -> Iterator[tuple[int, Reader]]:
    """The position of each note, and the reader, which then is at the fields behind it."""
    reader = Reader(notes, "the notes of a scan")
    position = -1
    while reader.left:
        step = reader.varint()
        if step == 0 and position >= 0:
            raise CorruptError("corrupt scans: two notes of a kind for one position")
        position = max(position, 0) + step
        yield position, reader


def _read_interval_notes(notes: bytes) -> Iterator[tuple[int, IntervalNote]]:
    for position, reader in _read_positions(notes):
        flags = reader.byte()
        if flags >= 32:
            raise CorruptError("corrupt scans: unknown flags of an interval")
        note = IntervalNote(
            reader.varint() if flags & 1 else 0,
            reader.varint() if flags & 2 else 0,
            reader.byte() if flags & 4 else None,
            reader.varint() if flags & 8 else 0,
            reader.byte() if flags & 16 else None,
        )
        if (note.follows or 0) > LAST_RESTART:
            raise CorruptError("corrupt scans: an unknown marker behind an interval")
        yield position, note


def _read_counts(notes: bytes) -> Iterator[tuple[int, int]]:
    for position, reader in _read_positions(notes):
        count = reader.varint()
        if count == 0:
            raise CorruptError("corrupt scans: a note of no zeros")
        yield position, count


def _read_block_bits(notes: bytes) -> Iterator[tuple[int, str]]:
    for position, reader in _read_positions(notes):
        count = reader.varint()
        data = reader.take(-(-count // 8))
        left = count % 8 or 8  # bits of the last byte, its lowest ones
        bits = [f"{byte:08b}" for byte in data]
        if bits:
            bits[-1] = bits[-1][8 - left :]
        yield position, "".join(bits)
