"""Huffman tables that follow from the coefficients, left out of a stream's plain bytes and put in again.

An encoder that optimises its tables makes them from the symbols of its scans by the procedure of T.81, annex K.2, as
libjpeg does it. A decoder has the symbols, so it can make such a table again. A table that is left out has a stand-in
until then: as many codes of 16 bits, the first symbol of which is the table's number.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bbans_cli.coders.jpeg.stream.join import pieces
from bbans_cli.coders.jpeg.stream.layout import layout
from bbans_cli.coders.jpeg.stream.omitted_tables import LENGTHS, MOST, Omitted
from bbans_cli.coders.jpeg.stream.scan import ScanCoder
from bbans_cli.coders.jpeg.stream.scan_records import RecordReader
from bbans_cli.coders.jpeg.stream.segments import HuffmanCode, ScanHeader, Walk
from bbans_cli.errors import CorruptError

# A code for all symbols, with which symbols are counted: one of 15 bits, 255 of 16
_ALL_SYMBOLS = bytes(14) + bytes([1, 255]) + bytes(range(256))


@dataclass(frozen=True)
class Joined:
    """What `join` gives, and the plain bytes without the tables that can be made again."""

    data: bytes
    plain: bytes
    omitted: list[Omitted]


def join_and_leave_out(plain: bytes, scans: bytes, blocks: Sequence[np.ndarray], threads: int = 1) -> Joined:
    """Both at once, as the symbols are counted while they are written. Raises CorruptError as `join`."""
    walk = Walk(plain)
    uses: defaultdict[int, np.ndarray] = defaultdict(lambda: np.zeros(256, np.uint64))

    def count(header: ScanHeader, counts: list[tuple[np.ndarray, np.ndarray]]) -> None:
        for (_, dc, ac), (of_dc, of_ac) in zip(header.components, counts, strict=True):
            uses[id(dc)] += of_dc
            uses[id(ac)] += of_ac

    data = b"".join(pieces(walk, scans, blocks, count, threads=threads))
    tables = [table for table in walk.tables if LENGTHS < len(table.code) <= LENGTHS + MOST][:MOST]
    chosen = [
        Omitted(table.position, len(table.code) - LENGTHS)
        for table in tables
        if id(table.code) in uses and optimal_table(uses[id(table.code)]) == table.code
    ]
    return Joined(data, _cut(plain, chosen), chosen)


def put_in(
    plain: bytes, tables: Sequence[Omitted], scans: bytes, blocks: Sequence[np.ndarray], threads: int = 1
) -> bytes:
    """The plain bytes in full, given those with stand-ins. Raises CorruptError."""
    if not tables:
        return plain
    whole = bytearray(plain)
    for table, own in zip(tables, _made(plain, len(tables), scans, blocks, threads), strict=True):
        if len(own) != LENGTHS + table.symbols:
            raise CorruptError("corrupt JPEG stream: a Huffman table that has another size")
        whole[table.position : table.position + len(own)] = own
    return bytes(whole)


def _cut(plain: bytes, tables: Sequence[Omitted]) -> bytes:
    kept, end = [], 0
    for table in tables:
        kept.append(plain[end : table.position])
        end = table.position + LENGTHS + table.symbols
    return b"".join([*kept, plain[end:]])


def _number(code: HuffmanCode | None, count: int) -> int | None:
    """The number of the table that a code stands for, None if it is a table itself."""
    stands_in = code is not None and len(code) > LENGTHS and not any(code[: LENGTHS - 1]) and code[LENGTHS] < count
    return code[LENGTHS] if code is not None and stands_in else None


def _made(plain: bytes, count: int, scans: bytes, blocks: Sequence[np.ndarray], threads: int) -> list[bytes]:
    """The optimal tables for those that have stand-ins in the plain bytes. Raises CorruptError."""
    uses = np.zeros((count, 256), np.uint64)
    for number, own in _uses(plain, count, scans, blocks, threads):
        uses[number] += own
    return [optimal_table(own) for own in uses]


def _uses(
    plain: bytes, count: int, scans: bytes, blocks: Sequence[np.ndarray], threads: int
) -> Iterator[tuple[int, np.ndarray]]:
    """(number of a table, (256,) how often its symbols occur) for each coded scan that uses it."""
    walk, records = Walk(plain), RecordReader(scans)
    while header := walk.next_scan():
        record = records.next_record(header.interval)
        if record is None or walk.frame is None:
            continue
        used = [(_number(dc, count), _number(ac, count)) for _, dc, ac in header.components]
        if all(number is None for pair in used for number in pair):
            continue
        components: list[tuple[int, HuffmanCode | None, HuffmanCode | None]] = [
            (index, _ALL_SYMBOLS, _ALL_SYMBOLS) for index, _, _ in header.components
        ]
        try:
            place = layout(walk.frame, records.height or walk.frame.height)
            coder = ScanCoder(walk.frame, header._replace(components=components), place)
        except ValueError as error:
            raise CorruptError(f"corrupt JPEG stream: {error}") from error
        # A code takes at most 16 times the bits that it has in the scan's data, and twice the bytes if all are stuffed.
        most = min(32 * record.size, 512 * coder.mcu_rows * coder.mcu_columns * coder.mcu_blocks())
        most += 512 * sum(map(len, record.notes)) + 4096
        counts = coder.count_symbols()
        if coder.write(record.notes, record.policy, blocks, most, threads) is None:
            raise CorruptError("corrupt JPEG scans: notes or coefficients that cannot be coded")
        for pair, own in zip(used, counts, strict=True):
            yield from ((number, each) for number, each in zip(pair, own, strict=True) if number is not None)


def optimal_table(uses: np.ndarray) -> bytes:
    """The Huffman table for symbols that occur so often, (256,): 16 numbers of codes by length, then the symbols.

    T.81, figures K.1 to K.4, with libjpeg's choice among equals. A further symbol that occurs once takes the code of
    ones alone, which no symbol may have. Empty where no symbol occurs.
    """
    heap = [(int(number), -symbol) for symbol, number in enumerate(uses) if number]
    if not heap:
        return b""
    heap.append((1, -256))
    members = {symbol: [symbol] for _, symbol in heap}
    sizes = dict.fromkeys(members, 0)
    heapq.heapify(heap)
    while len(heap) > 1:
        least, one = heapq.heappop(heap)
        second, other = heapq.heappop(heap)
        members[one] += members.pop(other)
        for symbol in members[one]:
            sizes[symbol] += 1
        heapq.heappush(heap, (least + second, one))
    lengths = _limited(np.bincount(list(sizes.values()), minlength=LENGTHS + 1))
    symbols = sorted((size, -symbol) for symbol, size in sizes.items() if symbol != -256)
    return bytes(lengths) + bytes(symbol for _, symbol in symbols)


def _limited(numbers: np.ndarray) -> list[int]:
    """Numbers of codes of 0, 1, ... bits -> those of 1 to 16 bits, less the longest one (T.81, figure K.3)."""
    of = [int(number) for number in numbers]
    for length in range(len(of) - 1, LENGTHS, -1):
        while of[length] > 0:
            shorter = next(i for i in range(length - 2, 0, -1) if of[i])
            of[length] -= 2
            of[length - 1] += 1
            of[shorter + 1] += 2
            of[shorter] -= 1
    longest = max(length for length in range(LENGTHS + 1) if of[length])
    of[longest] -= 1
    return of[1 : LENGTHS + 1]
