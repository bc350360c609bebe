"""The entropy-coded data of a scan, from coefficients and its record: docs/format.md, "Data of a scan"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from bbans_cli.errors import CorruptError
from bbans_cli.reference.jpeg.coefficient_shape import zigzag
from bbans_cli.reference.jpeg.stream import huffman
from bbans_cli.reference.jpeg.stream.scan_records import (
    FIRST_RESTART,
    NEXT_INTERVAL,
    NOTHING,
    IntervalNote,
    Record,
)
from bbans_cli.reference.jpeg.stream.walk import AC, BLOCK, DC, PROGRESSIVE, ScanHeader, Walk

END_OF_BLOCK, SIXTEEN_ZEROS = 0x00, 0xF0


def write(found: Walk, header: ScanHeader, record: Record, height: int, blocks: list[np.ndarray]) -> bytes:
    """The data of a scan. blocks: of each component int (rows, columns, 64), row by row within a block."""
    writer = _Writer(found, header, record, height, blocks)
    writer.write()
    data = bytes(writer.out)
    if len(data) != record.size:
        raise CorruptError("corrupt: the data of a scan do not have their size")
    return _with_fill(_with_strays(data, record.strays), record.fill)


def count_symbols(
    found: Walk, header: ScanHeader, record: Record, height: int, blocks: list[np.ndarray]
) -> dict[tuple[int, int], Counter[int]]:
    """How often the scan uses each symbol, by kind and number of the table."""
    writer = _Writer(found, header, replace(record, literals=record.literals.copy()), height, blocks, counting=True)
    writer.write()
    return writer.counts


def _with_strays(data: bytes, strays: list[tuple[int, int]]) -> bytes:
    out = bytearray(data)
    for position, byte in strays:
        if position >= len(out) or out[position] != 0 or byte > 255:
            raise CorruptError("corrupt scans: a stray byte where there is no zero")
        out[position] = byte
    return bytes(out)


def _with_fill(data: bytes, fill: list[tuple[int, int]]) -> bytes:
    out, done = bytearray(), 0
    for position, count in fill:
        if position > len(data):
            raise CorruptError("corrupt scans: fill behind the data")
        out += data[done:position] + count * b"\xff"
        done = position
    return bytes(out + data[done:])


def mcus_of(found: Walk, header: ScanHeader, height: int) -> Iterator[list[tuple[int, int, int, int]]]:
    """For each MCU its blocks: position in the scan's list of components, component, row and column of the block."""
    numbers = [number for number, _, _ in header.components]
    if len(numbers) == 1:  # T.81, A.2.2: an MCU is a block, and those wholly beyond the component's border are left out
        component = found.components[numbers[0]]
        across, down = found.widest
        lines, samples = -(-height * component.vertical // down), -(-found.width * component.horizontal // across)
        for y in range(-(-lines // BLOCK)):
            for x in range(-(-samples // BLOCK)):
                yield [(0, numbers[0], y, x)]
        return
    rows, columns = found.mcus(height)
    for y in range(rows):
        for x in range(columns):
            mcu = []
            for place, number in enumerate(numbers):
                c = found.components[number]
                for v in range(c.vertical):
                    for u in range(c.horizontal):
                        mcu.append((place, number, y * c.vertical + v, x * c.horizontal + u))
            yield mcu


@dataclass
class _Run:
    """An end-of-band run that has not been written yet: its blocks, and correction bits of these."""

    blocks: int = 0
    corrections: list[int] = field(default_factory=list)


class _Writer:
    """Writes a scan into `out`, or counts its symbols in `counts`."""

    def __init__(
        self,
        found: Walk,
        header: ScanHeader,
        record: Record,
        height: int,
        blocks: list[np.ndarray],
        counting: bool = False,
    ) -> None:
        self.header, self.record, self.blocks = header, record, blocks
        if not header.components:
            raise CorruptError("corrupt scans: a scan that names no components")
        self.progressive = found.process == PROGRESSIVE
        self.mcus = list(mcus_of(found, header, height))
        self.codes = {} if counting else {key: huffman.codes(table) for key, (_, table) in header.tables.items()}
        self.counting = counting
        self.counts: dict[tuple[int, int], Counter[int]] = {}
        self.out = bytearray()
        self.bits: list[int] = []  # of the byte that is not full yet
        self.order = zigzag()
        self.predictors = [0] * len(header.components)
        self.run = _Run()
        self.block = 0  # number in the scan of the next one
        self.block_notes = 0  # those that were used

    # ---- intervals ----

    def write(self) -> None:
        """All intervals of the scan."""
        size = self.header.interval if self.record.interval is None else self.record.interval
        size = size or len(self.mcus)
        number = done = 0
        going_on = True
        while going_on:
            mcus = self.mcus[done : done + size]
            done += len(mcus)
            note = self.record.intervals.get(number, IntervalNote())
            self._write_interval([block for mcu in mcus for block in mcu], note)
            going_on = self._write_what_follows(number, note, done < len(self.mcus))
            number += 1
        record = self.record
        of_blocks = len(record.zero_runs) + len(record.run_ends) + len(record.blocks)
        if self.block_notes < of_blocks or record.literals or any(other >= number for other in record.intervals):
            raise CorruptError("corrupt scans: notes on what the scan does not have")

    def _write_interval(self, blocks: list[tuple[int, int, int, int]], note: IntervalNote) -> None:
        self.predictors = [0] * len(self.predictors)
        present = len(blocks) - note.absent_blocks
        if present < 0 or (present == 0 and not note.literal_bytes and note.follows == NEXT_INTERVAL):
            raise CorruptError("corrupt scans: an interval with fewer blocks than none, or of nothing at all")
        for place, component, y, x in blocks[:present]:
            self._write_block(place, self.blocks[component][y, x])
            self.block += 1
        self.block += note.absent_blocks
        if note.longer_run and not self.run.blocks:
            raise CorruptError("corrupt scans: a longer end-of-band run where there is none")
        self.run.blocks += note.longer_run
        self._end_run()
        self._pad(note.padding)
        for _ in range(note.literal_bytes):
            if not self.record.literals:
                raise CorruptError("corrupt scans: too few literal bytes")
            self.out.append(self.record.literals.popleft())

    def _write_what_follows(self, number: int, note: IntervalNote, more: bool) -> bool:
        """A restart marker, where there is one; returns whether an interval follows."""
        usual = FIRST_RESTART + number % 8 if more else NOTHING
        follows = usual if note.follows is None else note.follows
        if follows >= FIRST_RESTART:
            self.out += bytes([0xFF, 0xD0 + follows - FIRST_RESTART])
        return follows != NOTHING

    def _pad(self, bits: int | None) -> None:
        """Up to the byte boundary."""
        missing = -len(self.bits) % 8
        ones = (1 << missing) - 1 if self.record.padding_bit else 0
        self._put(ones if bits is None else bits, missing)

    # ---- bits ----

    def _put(self, number: int, count: int) -> None:
        """The lowest `count` bits of a number, with 00 behind each byte FF (T.81, F.1.2.3)."""
        for i in reversed(range(count)):
            self.bits.append(number >> i & 1)
            if len(self.bits) == 8:
                byte = int("".join(map(str, self.bits)), 2)
                self.out += bytes([byte, 0]) if byte == 0xFF else bytes([byte])
                self.bits = []

    def _put_symbol(self, kind: int, place: int, symbol: int) -> None:
        key = kind, self.header.components[place][1 + kind]
        self.counts.setdefault(key, Counter())[symbol] += 1
        if self.counting:
            return
        if symbol not in self.codes.get(key, {}):
            raise CorruptError("corrupt: a scan needs a symbol that its Huffman table lacks")
        self._put(*self.codes[key][symbol])

    def _put_value(self, value: int, size: int) -> None:
        """`size` bits: of a negative value those of value - 1 (T.81, F.1.2.1)."""
        self._put(value if value >= 0 else value - 1, size)

    # ---- blocks ----

    def _write_block(self, place: int, block: np.ndarray) -> None:
        literal = self.record.blocks.get(self.block)
        notes = (self.block in self.record.run_ends, self.block in self.record.zero_runs, literal is not None)
        self.block_notes += sum(notes)
        if any(notes):
            self._end_run()
        values = [int(block[k]) for k in self.order]
        if literal is not None:
            self._put(int(literal or "0", 2), len(literal))
            if not self.progressive:
                self.predictors[place] = values[0]
        elif not self.progressive:
            self._write_dc(place, values[0])
            self._write_ac(place, values, 1, 63)
        elif self.header.first == 0:
            shifted = values[0] >> self.header.low
            if self.header.high:
                self._put(shifted, 1)
            else:
                self._write_dc(place, shifted)
        elif self.header.high:
            self._refine_ac(place, values)
        else:
            low = self.header.low
            cut = [value >> low if value > 0 else -(-value >> low) for value in values]
            self._write_ac(place, cut, self.header.first, self.header.last)

    def _write_dc(self, place: int, value: int) -> None:
        difference = (value - self.predictors[place] + (1 << 15)) % (1 << 16) - (1 << 15)
        self.predictors[place] = value
        size = abs(difference).bit_length()
        if size > 15:
            raise CorruptError("corrupt: a difference that no symbol means")
        self._put_symbol(DC, place, size)
        self._put_value(difference, size)

    def _write_ac(self, place: int, values: list[int], first: int, last: int) -> None:
        """Sequential, or the first scan of a band."""
        at = first
        for k in range(first, last + 1):
            if values[k] == 0:
                continue
            self._end_run()
            zeros, size = k - at, abs(values[k]).bit_length()
            for _ in range(zeros // 16):
                self._put_symbol(AC, place, SIXTEEN_ZEROS)
            if size > 15:
                raise CorruptError("corrupt: a coefficient that no symbol means")
            self._put_symbol(AC, place, zeros % 16 << 4 | size)
            self._put_value(values[k], size)
            at = k + 1
        for _ in range(min(self.record.zero_runs.get(self.block, 0), 64)):
            if at <= last:
                self._put_symbol(AC, place, SIXTEEN_ZEROS)
                at += 16
        if at <= last:
            self._end_block(place, [])

    def _end_block(self, place: int, corrections: list[int]) -> None:
        if not self.progressive:
            self._put_symbol(AC, place, END_OF_BLOCK)
            return
        self.run.blocks += 1
        self.run.corrections += corrections
        limit = self.record.correction_limit
        if self.run.blocks >= self.record.run_limit or (limit is not None and len(self.run.corrections) > limit):
            self._end_run()

    def _end_run(self) -> None:
        """Write the end-of-band run, if there is one (T.81, G.1.2.2), and its correction bits."""
        run, self.run = self.run, _Run()
        if run.blocks:
            size = run.blocks.bit_length() - 1
            if size > 14:
                raise CorruptError("corrupt scans: an end-of-band run that no symbol means")
            self._put_symbol(AC, 0, size << 4)
            self._put(run.blocks, size)
        for bit in run.corrections:
            self._put(bit, 1)

    def _refine_ac(self, place: int, values: list[int]) -> None:
        """A later scan of a band (T.81, G.1.2.3). Correction bits follow the next symbol of their block, or the run."""
        low, last = self.header.low, self.header.last
        magnitudes = [abs(value) >> low for value in values]
        newest = max((k for k in range(self.header.first, last + 1) if magnitudes[k] == 1), default=-1)
        at, zeros = self.header.first, 0
        corrections: list[int] = []
        while at <= newest:
            magnitude = magnitudes[at]
            if magnitude and zeros > 15:
                self._end_run()
                self._put_refined(place, SIXTEEN_ZEROS, None, corrections)
                zeros -= 16
                corrections = []
                continue
            if magnitude == 1:
                self._end_run()
                self._put_refined(place, zeros << 4 | 1, values[at] > 0, corrections)
                zeros, corrections = 0, []
            elif magnitude:
                corrections.append(magnitude & 1)
            else:
                zeros += 1
            at += 1
        for _ in range(min(self.record.zero_runs.get(self.block, 0), 64)):
            if at <= last:
                at, corrections = self._pass_zeros(magnitudes, at)
                self._put_refined(place, SIXTEEN_ZEROS, None, corrections)
        if at <= last:
            self._end_block(place, [magnitude & 1 for magnitude in magnitudes[at : last + 1] if magnitude])

    def _pass_zeros(self, magnitudes: list[int], at: int) -> tuple[int, list[int]]:
        """Where 16 zeros from `at` on end, or the band does, and the correction bits on the way."""
        zeros, corrections = 0, []
        while at <= self.header.last and zeros < 16:
            if magnitudes[at]:
                corrections.append(magnitudes[at] & 1)
            else:
                zeros += 1
            at += 1
        return at, corrections

    def _put_refined(self, place: int, symbol: int, positive: bool | None, corrections: list[int]) -> None:
        self._put_symbol(AC, place, symbol)
        if positive is not None:
            self._put(int(positive), 1)
        for bit in corrections:
            self._put(bit, 1)
