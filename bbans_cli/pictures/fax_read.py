"""Strips of fax compression (ITU-T T.4, T.6) -> rows. A row that cannot be decoded in full is an error.

libtiff goes on behind a code that it does not know: it skips to the next end of line and fills up the row, with a
message alone. What it returns then is not the picture that was sent, and looks like one.
"""

from __future__ import annotations

import numpy as np

from bbans_cli.errors import InputError, UnsupportedError

# The number in TIFF's tag Compression.
RLE, GROUP3, GROUP4 = 2, 3, 4
# T.4, tables 2 and 3a: the codes for runs of 0 to 63, then of 64, 128, ..., 1728; table 3b: of 1792, ..., 2560.
WHITE = (
    "00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 101011 "
    "0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 "
    "00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 "
    "00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 "
    "01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100 "
    "11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 "
    "011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 "
    "010011010 011000 010011011"
).split()
BLACK = (
    "0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000 "
    "0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 "
    "00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 "
    "000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 "
    "000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 "
    "000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000 "
    "000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111 "
    "0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 "
    "0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 "
    "0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 "
    "0000001011011 0000001100100 0000001100101"
).split()
LONG_RUNS = (
    "00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 "
    "000000010111 000000011100 000000011101 000000011110 000000011111"
).split()
# T.4, table 4: what a code of two dimensions says; a vertical mode is its a1 - b1.
PASS, HORIZONTAL, EXTENSION = 10, 11, 12
MODES = {"1": 0, "011": 1, "000011": 2, "0000011": 3, "010": -1, "000010": -2, "0000010": -3}
MODES |= {"0001": PASS, "001": HORIZONTAL, "0000001": EXTENSION}
# Bits of the longest code of a run, and of a mode.
RUN_BITS, MODE_BITS = 13, 7
# So many zeros begin an end of line (EOL), and no other code.
EOL_ZEROS = 11
# T4Options and T6Options: the first bit of T4Options says that rows may be of two dimensions.
TWO_DIMENSIONS = 1

Table = list[tuple[int, int]]


def _table(codes: dict[str, int], bits: int) -> Table:
    """(length, meaning) of the code that each number of `bits` bits begins with; (0, 0): none."""
    table = [(0, 0)] * (1 << bits)
    for code, meaning in codes.items():
        first, count = int(code, 2) << bits - len(code), 1 << bits - len(code)
        table[first : first + count] = [(len(code), meaning)] * count
    return table


def _runs(codes: list[str]) -> Table:
    lengths = [*range(64), *range(64, 1792, 64), *range(1792, 2561, 64)]
    return _table(dict(zip([*codes, *LONG_RUNS], lengths, strict=True)), RUN_BITS)


RUNS = (_runs(WHITE), _runs(BLACK))
MODE_TABLE = _table(MODES, MODE_BITS)


class _Damage(Exception):
    """A code that there is not, or a run that goes beyond the row."""


class _Bits:
    """The bits of a strip, from the high bit of the first byte on; zeros behind its end."""

    def __init__(self, packed: bytes) -> None:
        # The 24 bits from each byte on: more than any code from any bit of it.
        data = np.frombuffer(packed + bytes(4), np.uint8).astype(np.uint32)
        words: np.ndarray = data[:-2] << 16 | data[1:-1] << 8 | data[2:]
        self.words = words.data
        self.at, self.end = 0, 8 * len(packed)

    def peek(self, count: int) -> int:
        if self.at >= self.end:
            return 0
        word: int = self.words[self.at >> 3]
        return word >> 24 - count - (self.at & 7) & (1 << count) - 1

    def run(self, table: Table, rest: int = 0) -> int:
        """The length of a run: any number of codes for multiples of 64, and one for the rest.

        rest  pixels up to the end of the row: with so many, some writers leave out a last code for no pixels
        """
        total = 0
        while True:
            length, pixels = table[self.peek(RUN_BITS)]
            if not length and total and total == rest:
                return total
            if not length:
                raise _Damage
            self.at += length
            total += pixels
            if pixels < 64:
                return total

    def mode(self) -> int:
        length, mode = MODE_TABLE[self.peek(MODE_BITS)]
        if not length:
            raise _Damage
        self.at += length
        return mode

    def end_of_line(self) -> bool:
        """Whether an EOL is next, with any number of fill bits before it; it is read then."""
        if self.peek(EOL_ZEROS):
            return False
        place = self.at
        while place < self.end and not self.words[place >> 3] >> 23 - (place & 7) & 1:
            place += 1
        if place >= self.end:
            return False
        self.at = place + 1
        return True

    def align(self) -> None:
        self.at += -self.at % 8


def unfax(packed: bytes, width: int, height: int, compression: int, options: int) -> np.ndarray:
    """(height, width) uint8 of a strip whose first bits are the high ones: 1 where a run is black.

    compression, options  as the tags Compression and T4Options say

    Raises InputError unless all rows are there and each has `width` pixels, UnsupportedError for uncompressed pixels.
    """
    bits = _Bits(packed)
    # A row differs from the pixel before, or a white one before the row, where this is 1.
    changed = np.zeros((height, width + 1), np.uint8)
    changes: list[int] = []
    for row in range(height):
        try:
            if _has_two_dimensions(bits, compression, options, row):
                changes = _row_of_modes(bits, width, changes)
            else:
                changes = _row_of_runs(bits, width)
        except _Damage as error:
            if bits.end - bits.at < RUN_BITS:
                raise InputError(f"truncated TIFF: a fax strip ends in row {row + 1:,} of {height:,}") from error
            raise InputError(f"damaged TIFF: row {row + 1:,} of {height:,} of a fax strip cannot be decoded") from error
        if bits.at > bits.end:
            raise InputError(f"truncated TIFF: a fax strip ends in row {row + 1:,} of {height:,}")
        np.bitwise_xor.at(changed[row], np.array(changes, np.intp), np.uint8(1))
    return np.bitwise_xor.accumulate(changed, axis=1)[:, :width]


def _has_two_dimensions(bits: _Bits, compression: int, options: int, row: int) -> bool:
    """Whether the next row is coded by the one above; reads what comes before it."""
    if compression == GROUP4:
        return True
    if compression == RLE:
        bits.align()
        return False
    # Some writers leave out the first EOL.
    if not bits.end_of_line() and row:
        raise _Damage
    if not options & TWO_DIMENSIONS:
        return False
    one_dimension = bits.peek(1)
    bits.at += 1
    return not one_dimension


def _row_of_runs(bits: _Bits, width: int) -> list[int]:
    """Where the colour changes in a row of runs, white first."""
    changes: list[int] = []
    place = black = 0
    while place < width:
        place += bits.run(RUNS[black], width - place)
        changes.append(place)
        black ^= 1
    if place > width:
        raise _Damage
    return changes


def _row_of_modes(bits: _Bits, width: int, above: list[int]) -> list[int]:
    """Where the colour changes in a row that is coded by the changes `above` (T.4, 4.2.1.3).

    The names a0, a1, a2, b1, b2 are those of the recommendation.
    """
    above = [*above, width, width, width]
    changes: list[int] = []
    a0, black, index = -1, 0, 0
    while a0 < width:
        # b1: the first change above, right of a0, to the colour that the row does not have at a0.
        index = max(0, index - 1)
        index += (index ^ black) & 1
        while above[index] <= a0 and above[index] < width:
            index += 2
        mode = bits.mode()
        if mode == PASS:
            a0 = above[index + 1]
        elif mode == HORIZONTAL:
            a1 = max(a0, 0) + bits.run(RUNS[black])
            a0 = a1 + bits.run(RUNS[black ^ 1])
            if a0 > width:
                raise _Damage
            changes += (a1, a0)
        elif mode == EXTENSION:
            raise UnsupportedError("TIFF of fax compression with uncompressed pixels is not supported")
        else:
            a1 = above[index] + mode
            if not max(a0, 0) <= a1 <= width:
                raise _Damage
            changes.append(a1)
            a0, black = a1, black ^ 1
    return changes
