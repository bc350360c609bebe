"""A JPEG stream from its plain bytes, its scans and its coefficients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bbans_cli.errors import CorruptError
from bbans_cli.reference.jpeg.stream import huffman, scan_records, scan_writer
from bbans_cli.reference.jpeg.stream.walk import Walk, walk


@dataclass(frozen=True)
class Layout:
    """What the coefficients are decoded with: of each component rows and columns of blocks, sampling factors, and
    quantisers (64,), row by row."""

    sizes: list[tuple[int, int]]
    factors: list[tuple[int, int]]
    quantisers: list[np.ndarray]


def layout(plain: bytes, scans: bytes) -> Layout:
    """Of the components of a stream; in `plain`, any tables may stand for Huffman tables that were left out."""
    found, height = _walk(plain, scans)
    factors = [(component.horizontal, component.vertical) for component in found.components]
    return Layout(found.block_counts(height), factors, found.quantisers)


def join(plain: bytes, scans: bytes, blocks: list[np.ndarray]) -> bytes:
    """The stream. blocks: of each component int16 (rows, columns, 64), row by row within a block."""
    found, height = _walk(plain, scans)
    _, records = scan_records.read(scans)
    out, done = bytearray(), 0
    for header, record in zip(found.scans, records, strict=False):
        if record is not None:
            out += plain[done : header.end] + scan_writer.write(found, header, record, height, blocks)
            done = header.end
    return bytes(out + plain[done:])


def with_stand_ins(plain: bytes, tables: Sequence[tuple[int, int]]) -> bytes:
    """Plain bytes in which any tables stand for the Huffman tables that were left out.

    tables: of each the number of plain bytes between it and the one before, and its number of symbols.
    """
    return _insert(plain, tables, [huffman.stand_in(symbols) for _, symbols in tables])


def with_tables(plain: bytes, tables: Sequence[tuple[int, int]], scans: bytes, blocks: list[np.ndarray]) -> bytes:
    """The same with the tables themselves, which follow from the coefficients."""
    if not tables:
        return plain
    found, height = _walk(with_stand_ins(plain, tables), scans)
    _, records = scan_records.read(scans)
    counts: dict[int, Counter[int]] = {}  # by where a table begins
    for header, record in zip(found.scans, records, strict=False):
        if record is None:
            continue
        for key, uses in scan_writer.count_symbols(found, header, record, height, blocks).items():
            start, _ = header.tables.get(key, (None, b""))
            if start is not None:
                counts.setdefault(start, Counter()).update(uses)
    made, start = [], 0
    for gap, symbols in tables:
        start += gap
        table = huffman.optimal(counts.get(start, Counter()))
        if len(table) != huffman.LENGTHS + symbols:
            raise CorruptError("corrupt structure: a Huffman table does not have its number of symbols")
        made.append(table)
        start += len(table)
    return _insert(plain, tables, made)


def _insert(plain: bytes, tables: Sequence[tuple[int, int]], made: Sequence[bytes]) -> bytes:
    out, done = bytearray(), 0
    for (gap, _), table in zip(tables, made, strict=True):
        if done + gap > len(plain):
            raise CorruptError("corrupt structure: a Huffman table beyond the plain bytes")
        out += plain[done : done + gap] + table
        done += gap
    return bytes(out + plain[done:])


def _walk(plain: bytes, scans: bytes) -> tuple[Walk, int]:
    found = walk(plain)
    height, records = scan_records.read(scans)
    if len(records) > len(found.scans):
        raise CorruptError("corrupt scans: more than the stream has")
    return found, height or found.height
