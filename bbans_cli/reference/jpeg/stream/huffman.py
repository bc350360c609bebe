"""Huffman tables of JPEG streams: canonical codes, tables that follow from counts of symbols, tables of T.81, annex K.

A table is bytes as in a DHT segment: for the lengths 1 to 16 the number of codes, then the symbols in the order of
their codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

LENGTHS = 16
FURTHER = 256  # the symbol that stands for the code of ones, which no table has (T.81, K.2)


def _high_nibbles(first: str) -> str:
    """Symbols xy to xa for each digit x of a string of pairs xy, in hexadecimal."""
    pairs = first.split()
    return "".join(f"{pair[0]}{low:x}" for pair in pairs for low in range(int(pair[1], 16), 11))


_CATEGORIES = "".join(f"{category:02x}" for category in range(12))
# T.81, tables K.3 and K.4
DC_LUMINANCE = bytes.fromhex("00010501010101010100000000000000" + _CATEGORIES)
DC_CHROMINANCE = bytes.fromhex("00030101010101010101010000000000" + _CATEGORIES)
# T.81, tables K.5 and K.6
AC_LUMINANCE = bytes.fromhex(
    "0002010303020403050504040000017d"
    "0102030004110512213141061351610722711432"
    "8191a1082342b1c11552d1f02433627282090a16" + _high_nibbles("17 25 34 43 53 63 73 83 92 a2 b2 c2 d2 e1 f1")
)
AC_CHROMINANCE = bytes.fromhex(
    "00020102040403040705040400010277"
    "0001020311040521310612415107617113223281"
    "08144291a1b1c109233352f0156272d10a162434e125f1" + _high_nibbles("17 26 35 43 53 63 73 82 92 a2 b2 c2 d2 e2 f2")
)


def codes(table: bytes) -> dict[int, tuple[int, int]]:
    """Symbol -> its code and the code's length (T.81, annex C). Of several codes of a symbol, the first."""
    found: dict[int, tuple[int, int]] = {}
    code, at = 0, LENGTHS
    for length in range(1, LENGTHS + 1):
        for symbol in table[at : at + table[length - 1]]:
            found.setdefault(symbol, (code, length))
            code += 1
        at += table[length - 1]
        code <<= 1
    return found


def optimal(counts: Mapping[int, int]) -> bytes:
    """The table that T.81, K.2, makes from how often each symbol occurs."""
    lengths = _code_lengths(counts)
    of_length = [0] * (max([*lengths.values(), LENGTHS]) + 1)
    for length in lengths.values():
        of_length[length] += 1
    _limit(of_length)
    longest = max(length for length, count in enumerate(of_length) if count)
    of_length[longest] -= 1  # the further symbol's
    symbols = sorted((length, symbol) for symbol, length in lengths.items() if symbol != FURTHER)
    return bytes(of_length[1 : LENGTHS + 1]) + bytes(symbol for _, symbol in symbols)


def _code_lengths(counts: Mapping[int, int]) -> dict[int, int]:
    """By symbol, the further one included, the depth in Huffman's tree (T.81, figure K.1)."""
    weights = {symbol: count for symbol, count in counts.items() if count} | {FURTHER: 1}
    members = {symbol: [symbol] for symbol in weights}
    lengths = dict.fromkeys(weights, 0)
    while len(weights) > 1:
        first = min(weights, key=lambda symbol: (weights[symbol], -symbol))
        weight = weights.pop(first)
        second = min(weights, key=lambda symbol: (weights[symbol], -symbol))
        weights[first] = weight + weights.pop(second)
        members[first] += members.pop(second)
        for symbol in members[first]:
            lengths[symbol] += 1
    return lengths


def _limit(of_length: list[int]) -> None:
    """Shorten codes of more than 16 bits (T.81, figure K.3); of_length: numbers of codes by length."""
    for length in range(len(of_length) - 1, LENGTHS, -1):
        while of_length[length]:
            shorter = length - 2
            while not of_length[shorter]:
                shorter -= 1
            of_length[length] -= 2
            of_length[length - 1] += 1
            of_length[shorter + 1] += 2
            of_length[shorter] -= 1


def stand_in(symbols: int) -> bytes:
    """A table of that many symbols, up to 255, of no meaning: what a DHT segment has in place of one left out."""
    return bytes(LENGTHS - 1) + bytes([symbols]) + bytes(symbols)


def sizes(counts: bytes) -> int:
    """How many symbols follow 16 counts of codes."""
    return list(accumulate(counts))[-1]
