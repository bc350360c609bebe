"""The entropy-coded data of one scan to coefficients and back: core/jpeg/stream/stream_read.c, stream_write.c."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bbans_cli import scheduler
from bbans_cli.coders.jpeg.stream.layout import Layout
from bbans_cli.coders.jpeg.stream.scan_records import KINDS, Policy
from bbans_cli.coders.jpeg.stream.segments import Frame, HuffmanCode, ScanHeader
from bbans_cli.core import CData, ffi, lib

PROGRESSIVE = 2
# A part of a scan that a thread reads or writes has so many MCUs at least. Tuned by hand, not recorded.
PART_MCUS = 2048
# Of a block at most, without stuffing: 64 codes of up to 16 bits, and as many values of up to 15.
BLOCK_BYTES = 256


@dataclass(frozen=True)
class Counts:
    """bbc_stream_counts of stream.cdef.h; `missing`: blocks of the scan that were not decoded."""

    mcus: int
    missing: int
    literal_bits: int
    zero_padding: int
    one_padding: int
    splits: int
    longest_run: int
    late_runs: int


@dataclass
class ScanCoder:
    """A scan of a frame whose blocks lie in `layout`.

    rows of the scan are those of an MCU of all of its components. Raises ValueError if the scan is of no kind that can
    be coded.
    """

    frame: Frame
    header: ScanHeader
    layout: Layout
    _kept: list[CData] = field(default_factory=list)
    _uses: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.header.components or not self._sensible():
            raise ValueError("a damaged scan header")
        alone = len(self.header.components) == 1
        index = self.header.components[0][0]
        rows, columns = self.layout.own[index] if alone else (self.layout.mcu_rows, self.layout.mcu_columns)
        self.mcu_rows, self.mcu_columns = rows, columns
        scan = self._scan = ffi.new("bbc_stream_scan *")
        scan.progressive = self.progressive
        scan.count = len(self.header.components)
        scan.mcu_rows, scan.mcu_columns = rows, columns
        scan.first, scan.last = (self.header.first, self.header.last) if self.progressive else (0, 63)
        scan.high, scan.low = (self.header.high, self.header.low) if self.progressive else (0, 0)
        for part, (index, dc, ac) in zip(scan.components, self.header.components, strict=False):
            component = self.frame.components[index]
            part.rows, part.columns = self.layout.sizes[index]
            part.across, part.down = (1, 1) if alone else (component.horizontal, component.vertical)
            uses_dc, uses_ac = self._tables_used()
            part.dc = self._table(dc) if uses_dc else ffi.NULL
            part.ac = self._table(ac) if uses_ac else ffi.NULL

    @property
    def progressive(self) -> bool:
        return self.frame.process == PROGRESSIVE

    @property
    def has_runs(self) -> bool:
        """Whether there may be end-of-band runs."""
        return self.progressive and self.header.first > 0

    @property
    def gives_height(self) -> bool:
        """Whether every block takes bits that are understood without those of other scans."""
        return not self.progressive or (self.header.first == 0 and self.header.high == 0)

    @property
    def refines_dc(self) -> bool:
        return self.progressive and self.header.first == 0 and self.header.high > 0

    def mcu_blocks(self) -> int:
        return sum(self._scan.components[i].across * self._scan.components[i].down for i in range(self._scan.count))

    def read(
        self, data: bytes, policy: Policy, blocks: Sequence[np.ndarray] | None, capacity: int, threads: int = 1
    ) -> tuple[Counts, list[bytes]] | None:
        """Decode entropy-coded data into the blocks of all components of the frame, which a scan of a sequential frame
        overwrites and a scan of a progressive one completes; None leaves blocks alone. Returns also the notes of each
        kind. None if those of a kind take more than `capacity` bytes.
        """
        parts = min(threads, self.mcu_rows * self.mcu_columns // PART_MCUS)
        ahead, kept_ahead = ffi.NULL, list[CData]()
        if parts > 1 and blocks is not None and not (self.progressive or policy.interval):
            ahead, kept_ahead = self._read_ahead(data, parts, policy, blocks)
        counts, notes = ffi.new("bbc_stream_counts *"), ffi.new("bbc_stream_notes *")
        buffers = [np.empty(capacity, np.uint8) for _ in range(KINDS)]
        views = [ffi.from_buffer("uint8_t[]", buffer) for buffer in buffers]
        notes.bytes, notes.capacity = views, capacity
        kept = self._begin(policy, blocks)
        view = ffi.from_buffer("uint8_t[]", data)
        full = lib.bbc_stream_read(self._scan, view, len(data), ahead, parts if kept_ahead else 0, notes, counts)
        del kept, kept_ahead
        if full:
            return None
        found = Counts(
            counts.mcus,
            self.mcu_rows * self.mcu_columns * self.mcu_blocks() - counts.blocks,
            counts.literal_bits,
            counts.padding[0],
            counts.padding[1],
            counts.splits,
            counts.longest_run,
            counts.late_runs,
        )
        return found, [buffer[: notes.sizes[kind]].tobytes() for kind, buffer in enumerate(buffers)]

    def _read_ahead(
        self, data: bytes, count: int, policy: Policy, blocks: Sequence[np.ndarray]
    ) -> tuple[CData, list[CData]]:
        """Decode as many parts of the data by a thread each: what bbc_stream_read takes, and views that must live as
        long. A part has room for more MCUs than the others by half; the rest is decoded later."""
        view, kept = ffi.from_buffer("uint8_t[]", data), self._begin(policy, blocks)
        ends = [len(data) * part // count for part in range(count + 1)]
        capacity = self.mcu_rows * self.mcu_columns * 3 // (2 * count)
        parts = ffi.new("bbc_stream_ahead[]", count)
        for part, own in enumerate(parts):
            begins = ffi.from_buffer("int64_t[]", np.empty(capacity + 1, np.int64))
            room = np.empty((capacity if part else 0) * self.mcu_blocks() * 64, np.int16)
            kept += [begins, ffi.from_buffer("int16_t[]", room)]
            own.begin, own.end, own.capacity, own.begins = ends[part], ends[part + 1], capacity, begins
            own.blocks = kept[-1] if part else ffi.NULL

        def read(part: int) -> None:
            lib.bbc_stream_read_ahead(self._scan, view, len(data), parts + part)

        scheduler.map_ordered(read, range(count), count)
        return parts, kept

    def write(
        self, notes: Sequence[bytes], policy: Policy, blocks: Sequence[np.ndarray], most: int, threads: int = 1
    ) -> bytes | None:
        """The data that `read` was given; None if notes and blocks cannot be written, or in no `most` bytes."""
        parts = min(threads, self.mcu_rows * self.mcu_columns // PART_MCUS)
        if parts > 1 and not (self.progressive or policy.interval or any(notes)):
            return self._write_parts(parts, policy, blocks, most)
        given = ffi.new("bbc_stream_notes *")
        views = [ffi.from_buffer("uint8_t[]", note) for note in notes]
        given.bytes, given.sizes = views, [len(note) for note in notes]
        out = np.empty(most + 8, np.uint8)  # the writer needs some room
        kept = self._begin(policy, blocks)
        written = lib.bbc_stream_write(self._scan, given, ffi.from_buffer("uint8_t[]", out), len(out))
        del kept
        return out[:written].tobytes() if 0 <= written <= most else None

    def _write_parts(self, count: int, policy: Policy, blocks: Sequence[np.ndarray], most: int) -> bytes | None:
        """`write` by as many threads: what a part begins with, DC and the position within a byte, is known once the
        coefficients are, and once the bits of the parts before it have been counted."""
        mcus = self.mcu_rows * self.mcu_columns
        ends = [mcus * part // count for part in range(count + 1)]
        sizes = [min(most, BLOCK_BYTES * self.mcu_blocks() * (end - at)) + 8 for at, end in itertools.pairwise(ends)]
        room = [np.empty(size, np.uint8) for size in sizes]

        def write(part: int) -> tuple[int, list[tuple[np.ndarray, np.ndarray]]]:
            own = ScanCoder(self.frame, self.header, self.layout)
            uses = own.count_symbols() if self._uses else []
            kept = own._begin(policy, blocks)
            out = ffi.from_buffer("uint8_t[]", room[part])
            bits = lib.bbc_stream_write_part(own._scan, ends[part], ends[part + 1] - ends[part], out, len(out))
            del kept
            return bits, uses

        written = scheduler.map_ordered(write, range(count), count)
        if any(bits < 0 for bits, _ in written):
            return None
        self._add_uses([uses for _, uses in written])
        kept = self._begin(policy, blocks)
        views, bits = [ffi.from_buffer("uint8_t[]", each) for each in room], [bits for bits, _ in written]
        out = np.empty(most + 8, np.uint8)
        size = lib.bbc_stream_join_parts(
            self._scan, ffi.new("uint8_t *[]", views), bits, count, ffi.from_buffer("uint8_t[]", out), len(out)
        )
        del kept
        return out[:size].tobytes() if 0 <= size <= most else None

    def _add_uses(self, parts: Sequence[list[tuple[np.ndarray, np.ndarray]]]) -> None:
        """Add what threads have counted to what `count_symbols` has returned, if it was called."""
        for uses in parts:
            for (own_dc, own_ac), (dc, ac) in zip(self._uses, uses, strict=False):
                own_dc += dc
                own_ac += ac

    def count_symbols(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """How often `write` will have written each symbol: (256,) uint64 of the DC and of the AC code of each component
        of the scan, to which each further call of `write` adds.
        """
        uses = [(np.zeros(256, np.uint64), np.zeros(256, np.uint64)) for _ in self.header.components]
        for part, counts in zip(self._scan.components, uses, strict=False):
            for table, own in zip((part.dc, part.ac), counts, strict=True):
                if table != ffi.NULL:
                    table.uses = ffi.from_buffer("uint64_t[]", own)
        self._uses = uses
        return uses

    def _begin(self, policy: Policy, blocks: Sequence[np.ndarray] | None) -> list[CData]:
        """Fill in what differs from call to call. Returns views that must live as long as the call."""
        scan = self._scan
        scan.interval, scan.padding = policy.interval, policy.padding
        scan.run_limit, scan.correction_limit = policy.run_limit, policy.corrections
        scan.probe = blocks is None
        views = []
        for part, (index, _, _) in zip(scan.components, self.header.components, strict=False):
            if blocks is not None:
                if blocks[index].shape != (part.rows, part.columns, 64):
                    raise ValueError("blocks do not have the sizes of the frame")
                views.append(ffi.from_buffer("int16_t[]", blocks[index]))
                part.blocks = views[-1]
        return views

    def _tables_used(self) -> tuple[bool, bool]:
        if not self.progressive:
            return True, True
        return self.header.first == 0 and self.header.high == 0, self.header.first > 0

    def _sensible(self) -> bool:
        """Whether the parameters are those of a scan that is known (T.81, table B.3)."""
        header = self.header
        if not self.progressive:
            return True
        if header.low > 13 or header.last > 63:
            return False
        if header.first == 0:
            return header.last == 0
        return header.first <= header.last and len(header.components) == 1

    def _table(self, code: HuffmanCode | None) -> CData:
        if code is None:
            raise ValueError("a Huffman table that is not defined")
        table = ffi.new("bbc_stream_table *")
        lengths = ffi.from_buffer("uint8_t[]", code[:16])
        if lib.bbc_stream_table_begin(table, lengths, ffi.from_buffer("uint8_t[]", code[16:]), len(code) - 16):
            raise ValueError("a Huffman table that is no code")
        self._kept.append(table)
        return table
