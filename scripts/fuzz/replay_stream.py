"""Inputs of the C targets of JPEG streams given to the core as it is built, as replay.py does with the others."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bbans_cli.core import CData, ffi, lib
from scripts.fuzz.inputs import Input, random_numbers

KINDS = lib.BBC_STREAM_KINDS
_NOTES, _DATA = 1 << 16, 1 << 16
_PARTS, _READ_PARTS, _ROOM = 4, 3, 8


@dataclass
class _Scan:
    """A scan with its tables and blocks; `kept` are what C has the addresses of."""

    scan: CData
    blocks: list[np.ndarray]
    kept: list[CData] = field(default_factory=list)

    @classmethod
    def of(cls, given: Input) -> _Scan | None:
        scan = ffi.new("bbc_stream_scan *")
        scan.progressive = given.take(0, 1)
        scan.mcu_columns, scan.mcu_rows = given.take(1, 4), given.take(1, 4)
        scan.first = given.take(0, 63) if scan.progressive else 0
        scan.last = 63 if not scan.progressive else given.take(scan.first, 63) if scan.first else 0
        scan.high = given.take(0, 14) if scan.progressive else 0
        scan.low = given.take(0, 13) if scan.progressive else 0
        scan.count = 1 if scan.first else given.take(1, 4)
        scan.interval, scan.padding = given.take(0, 5), given.take(0, 1)
        scan.run_limit, scan.correction_limit = given.take(1, 0x7FFF), given.take(0, 1000)
        tables = [_table(given, ac) for ac in (False, True)]
        if None in tables:
            return None
        found = cls(scan, [], tables)
        uses_dc = not scan.progressive or scan.first == 0 and scan.high == 0
        uses_ac = not scan.progressive or scan.first > 0
        for index in range(scan.count):
            part = scan.components[index]
            part.across, part.down = (1, 1) if scan.count == 1 else (given.take(1, 2), given.take(1, 2))
            part.columns, part.rows = scan.mcu_columns * part.across, scan.mcu_rows * part.down
            found.blocks.append(np.zeros((part.rows, part.columns, 64), np.int16))
            part.blocks = ffi.from_buffer("int16_t[]", found.blocks[-1])
            part.dc = tables[0] if uses_dc else ffi.NULL
            part.ac = tables[1] if uses_ac else ffi.NULL
        return found


def _table(given: Input, ac: bool) -> CData | None:
    lengths, symbols = bytes([0] * 4 + [16] + [0] * 11), bytes(range(16))
    if ac:
        lengths, symbols = bytes([0] * 7 + [254, 2] + [0] * 7), bytes(range(256))
    if given.take(0, 1):
        lengths = given.fill(16)
        if sum(lengths) > 256:
            return None
        symbols = given.fill(sum(lengths))
    table = ffi.new("bbc_stream_table *")
    views = ffi.from_buffer("uint8_t[]", lengths), ffi.from_buffer("uint8_t[]", symbols)
    return None if lib.bbc_stream_table_begin(table, *views, len(symbols)) else table


def replay_stream_read(data: bytes) -> None:
    given = Input(data)
    made = _Scan.of(given)
    if made is None or len(given.data) > _DATA:
        return
    if made.scan.high:
        for blocks in made.blocks:
            blocks.reshape(-1)[:64] = np.frombuffer(given.fill(128), np.int16)
    made.scan.probe = given.take(0, 7) == 7
    rest = given.data
    full, counts, noted = _read(made, rest, ffi.NULL, 0)
    if made.scan.probe or full:
        return
    notes, views = ffi.new("bbc_stream_notes *"), [ffi.from_buffer("uint8_t[]", each) for each in noted]
    notes.bytes, notes.sizes = views, [len(each) for each in noted]
    out = np.empty(_DATA + 8, np.uint8)
    written = lib.bbc_stream_write(made.scan, notes, ffi.from_buffer("uint8_t[]", out), len(out))
    after = [rest[place + 1] if place + 1 < len(rest) else 1 for place, byte in enumerate(rest) if byte == 0xFF]
    if all(byte == 0 or byte & 0xF8 == 0xD0 for byte in after) and not made.scan.progressive:
        assert written >= 0 and out[:written].tobytes() == rest
    if not made.scan.progressive and not made.scan.interval:
        blocks = [plane.copy() for plane in made.blocks]
        assert _read_in_parts(made, rest) == (full, counts, noted)
        assert all(map(np.array_equal, made.blocks, blocks))


def _read(made: _Scan, data: bytes, ahead: CData, aheads: int) -> tuple[int, bytes, list[bytes]]:
    """Whether the notes were full, all counts, and the notes."""
    notes, counts = ffi.new("bbc_stream_notes *"), ffi.new("bbc_stream_counts *")
    buffers = [np.empty(_NOTES, np.uint8) for _ in range(KINDS)]
    views = [ffi.from_buffer("uint8_t[]", buffer) for buffer in buffers]
    notes.bytes, notes.capacity = views, _NOTES
    full = lib.bbc_stream_read(made.scan, ffi.from_buffer("uint8_t[]", data), len(data), ahead, aheads, notes, counts)
    noted = [buffer[: notes.sizes[kind]].tobytes() for kind, buffer in enumerate(buffers)]
    return full, bytes(ffi.buffer(counts)), noted


def _read_in_parts(made: _Scan, data: bytes) -> tuple[int, bytes, list[bytes]]:
    """The same with parts decoded ahead, as the C target has them."""
    for plane in made.blocks:
        plane[:] = 0
    mcus, kept = made.scan.mcu_columns * made.scan.mcu_rows, list[CData]()
    parts = ffi.new("bbc_stream_ahead[]", _READ_PARTS)
    for part, own in enumerate(parts):
        kept += [ffi.new("int64_t[]", mcus + 1), ffi.new("int16_t[]", sum(plane.size for plane in made.blocks))]
        own.begin, own.end = len(data) * part // _READ_PARTS, len(data) * (part + 1) // _READ_PARTS
        own.capacity, own.begins, own.blocks = mcus, kept[-2], kept[-1] if part else ffi.NULL
        lib.bbc_stream_read_ahead(made.scan, ffi.from_buffer("uint8_t[]", data), len(data), ffi.addressof(own))
    return _read(made, data, parts, _READ_PARTS)


def replay_stream_write(data: bytes) -> None:
    given = Input(data)
    made = _Scan.of(given)
    if made is None:
        return
    capacity = given.take(8, 1 << 14)
    given.take(0, 1)
    notes, kept = ffi.new("bbc_stream_notes *"), []
    for kind in range(KINDS):
        wanted = given.take(0, 255)
        taken, given.data = given.data[:wanted], given.data[wanted:]
        kept.append(ffi.from_buffer("uint8_t[]", taken))
        notes.bytes[kind], notes.sizes[kind] = kept[-1], len(taken)
    for blocks in made.blocks:
        flat = blocks.reshape(-1)
        count = min(512, flat.size)
        flat[:count] = np.frombuffer(given.fill(2 * count), np.int16)
    out = np.empty(capacity, np.uint8)
    assert lib.bbc_stream_write(made.scan, notes, ffi.from_buffer("uint8_t[]", out), capacity) <= capacity
    if not made.scan.progressive:
        made.scan.interval = 0
        assert _whole(made, capacity) == _in_parts(made, capacity)


def _allowed(out: np.ndarray, written: int, uses: np.ndarray) -> tuple[bytes, bytes] | None:
    """The data and how often symbols were written; None if that failed or they are too large."""
    return (out[:written].tobytes(), uses.tobytes()) if 0 <= written <= len(out) - _ROOM else None


def _count(made: _Scan) -> np.ndarray:
    """Zeros, (2, 256), to which writing adds how often it writes each symbol."""
    uses = np.zeros((2, 256), np.uint64)
    for table, own in zip(made.kept, uses, strict=True):
        table.uses = ffi.from_buffer("uint64_t[]", own)
    return uses


def _whole(made: _Scan, capacity: int) -> tuple[bytes, bytes] | None:
    out, uses = np.empty(capacity + _ROOM, np.uint8), _count(made)
    written = lib.bbc_stream_write(
        made.scan, ffi.new("bbc_stream_notes *"), ffi.from_buffer("uint8_t[]", out), len(out)
    )
    return _allowed(out, written, uses)


def _in_parts(made: _Scan, capacity: int) -> tuple[bytes, bytes] | None:
    """The same in parts, which are cut where the C target cuts them."""
    uses, drawn = _count(made), iter(random_numbers(capacity, _PARTS))
    at, mcus = 0, made.scan.mcu_columns * made.scan.mcu_rows
    rooms: list[np.ndarray] = []
    bits: list[int] = []
    while at < mcus:
        own = mcus - at if len(rooms) == _PARTS - 1 else 1 + next(drawn) % (mcus - at)
        rooms.append(np.empty(capacity + _ROOM, np.uint8))
        view = ffi.from_buffer("uint8_t[]", rooms[-1])
        bits.append(lib.bbc_stream_write_part(made.scan, at, own, view, len(view)))
        at += own
    if min(bits) < 0:
        return None
    out = np.empty(capacity + _ROOM, np.uint8)
    views = [ffi.from_buffer("uint8_t[]", room) for room in rooms]
    parts, target = ffi.new("uint8_t *[]", views), ffi.from_buffer("uint8_t[]", out)
    return _allowed(out, lib.bbc_stream_join_parts(made.scan, parts, bits, len(bits), target, len(out)), uses)
