"""Huffman tables that were left out of a stream's plain bytes: where they were, and what stands in for them.

A stand-in has as many codes of 16 bits, the first symbol of which is the table's number. optimal_tables.py finds which
tables can be left out, and makes them again. Imports no numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bbans_cli.errors import CorruptError

MOST = 255  # tables that are left out, and symbols of one: they are numbered by a byte
LENGTHS = 16  # bytes of a table before its symbols


class Omitted(NamedTuple):
    """A table that was left out: where it goes in the plain bytes that are complete up to there; its symbols."""

    position: int
    symbols: int


def with_stand_ins(plain: bytes, tables: Sequence[Omitted]) -> bytes:
    """The plain bytes of `Joined`, with a stand-in for each table: enough to read the frame.

    Raises CorruptError.
    """
    if len(tables) > MOST or any(not 1 <= table.symbols <= MOST for table in tables):
        raise CorruptError("corrupt JPEG stream: Huffman tables that nobody leaves out")
    return _with_stand_ins(plain, tables)


def _with_stand_ins(plain: bytes, tables: Sequence[Omitted]) -> bytes:
    out, end, added = [], 0, 0
    for number, table in enumerate(tables):
        at = table.position - added
        if not end <= at <= len(plain):
            raise CorruptError("corrupt JPEG stream: a Huffman table beyond its end")
        out += [plain[end:at], bytes(LENGTHS - 1), bytes([table.symbols, number]), bytes(table.symbols - 1)]
        end, added = at, added + LENGTHS + table.symbols
    return b"".join([*out, plain[end:]])
