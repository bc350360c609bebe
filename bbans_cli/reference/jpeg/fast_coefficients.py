"""Coefficients at level 1: docs/format-jpeg.md, *Level 1*. Integers only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bbans_cli.progress import PixelProgress
from bbans_cli.reference.jpeg.coefficient_shape import HIGHEST, Shape, clamp, zigzag
from bbans_cli.reference.mixing import logistic
from bbans_cli.reference.mixing.contexts import half_octaves
from bbans_cli.reference.mixing.mixer import towards_zero
from bbans_cli.reference.mixing.range_coder import RangeDecoder

# What a coefficient adds at the edge, in 1/256
EDGE = [181, 270, 306, 344, 362, 339, 265, 146]
# Decisions of a value: which cell of a context
ZERO, NEGATIVE, LONGER, MANTISSA, SECOND = 0, 1, 2, 10, 14
LENGTH_MAX = 17
# The step of cells, in 2^-12 for an error of 1: at first, at least, and after how many blocks half of the first is left
FIRST_STEP, LEAST_STEP, HALF_BLOCKS = 500, 80, 1000
SQUASH = [logistic.squash(4 * i + 2 - 2048) for i in range(1024)]  # of stretched probabilities from -8 to 8
ORDER = zigzag()


def decode(payload: bytes, shape: Shape, tick: PixelProgress) -> list[np.ndarray]:
    """Coefficients int16 (blocks, 64) of each component of a segment."""
    decoder = _Decoder(payload, shape)
    for c, (rows, columns) in enumerate(shape.sizes):
        decoder.begin_component(c)
        for i in range(rows * columns):
            decoder.decode_block(c, i)
            tick(1)
    return decoder.blocks


def level_of(magnitude: int, most: int) -> int:
    """A magnitude, up to 1023, in half octaves, up to `most`."""
    return min(half_octaves(min(magnitude, 1023)), most)


def _wrapped(number: int, bits: int) -> int:
    """As a signed integer of so many bits."""
    return (number + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


class Cells:
    """Shares of the stretched probability, in 2^-12, by context and decision."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, ...], int] = {}

    def __getitem__(self, key: tuple[int, ...]) -> int:
        return self._cells.get(key, 0)

    def change(self, key: tuple[int, ...], change: int) -> None:
        """Add to a cell of 16 bits."""
        self._cells[key] = _wrapped(self[key] + change, 16)


@dataclass
class _Block:
    """What is known of a block.

    w, n                   is there one on the left, above?
    earlier                coefficients at its place in the first component, and in the one before
    outside                magnitudes around, (64,)
    rows, columns          edge equations: the neighbour's side, less what is known of this block
    right, bottom          this block's side of the equations of the blocks on the right and below
    known                  magnitudes in this block, by row and column, up to 2048
    """

    c: int
    w: bool
    n: bool
    index: int
    earlier: list[list[int]]
    earlier_last: int
    outside: list[int]
    rows: list[int]
    columns: list[int]
    right: list[int] = field(default_factory=lambda: [0] * 8)
    bottom: list[int] = field(default_factory=lambda: [0] * 8)
    known: dict[tuple[int, int], int] = field(default_factory=dict)


class _Decoder:
    def __init__(self, payload: bytes, shape: Shape) -> None:
        self.coder, self.shape = RangeDecoder(payload), shape
        self.blocks = shape.zeros()
        self.cells = Cells()
        self.lasts = [[0] * len(plane) for plane in self.blocks]
        self.dc_residuals = [[0] * len(plane) for plane in self.blocks]
        self.step = 0
        self.chroma_blocks = 0
        self.contexts: list[tuple[int, ...]] = []

    def begin_component(self, c: int) -> None:
        self.right = [0] * 8
        self.bottoms = [[0] * 8 for _ in range(self.shape.sizes[c][1])]

    # ---- decisions ----

    def _probability(self, total: int) -> int:
        return SQUASH[clamp(total) + (1 << 15) >> 6]

    def _change(self, bit: int, probability: int) -> int:
        return ((bit << 16) - probability) * self.step + (1 << 15) >> 16

    def _bit(self, node: int) -> int:
        """By the cells of that decision of all four contexts, each of which moves."""
        keys = [(*context, node) for context in self.contexts]
        probability = self._probability(sum(self.cells[key] for key in keys))
        bit = self.coder.bit(probability)
        for key in keys:
            self.cells.change(key, self._change(bit, probability))
        return bit

    def _bit_alone(self, key: tuple[int, ...]) -> int:
        """By one cell, whose steps are twice as large."""
        probability = self._probability(self.cells[key])
        bit = self.coder.bit(probability)
        self.cells.change(key, 2 * self._change(bit, probability))
        return bit

    def _magnitude(self) -> int:
        """Of a value that is not zero."""
        length = 1
        while length < LENGTH_MAX and self._bit(LONGER + min(length - 1, 7)):
            length += 1
        prefix = 1
        for place in range(length - 1):
            if place == 0:
                bit = self._bit(MANTISSA + min(length - 2, 3))
            elif place == 1:
                bit = self._bit_alone((*self.contexts[3], SECOND + (length > 3)))
            else:
                bit = self.coder.bit(1 << 15)
            prefix = prefix << 1 | bit
        return prefix

    # ---- blocks ----

    def decode_block(self, c: int, i: int) -> None:
        """Block i of component c."""
        here = [0] * 64
        b = self._find_block(c, i)
        self.step = max(FIRST_STEP * HALF_BLOCKS // (HALF_BLOCKS + (self.chroma_blocks if c else i)), LEAST_STEP)
        last = self.lasts[c][i] = self._last(b)
        for nth in range(1, last + 1):
            k = ORDER[nth]
            here[k] = clamp(self._ac(b, k, last - nth + 1))
            self._mark_known(b, k, here[k])
        here[0] = self._dc(b)
        self._mark_known(b, 0, here[0])
        self.blocks[c][i] = here
        self.right, self.bottoms[i % self.shape.sizes[c][1]] = b.right, b.bottom
        self.chroma_blocks += c > 0

    def _find_block(self, c: int, i: int) -> _Block:
        plane, columns = self.blocks[c], self.shape.sizes[c][1]
        x, has_w, has_n = i % columns, i % columns > 0, i >= columns
        zeros = np.zeros(64, np.int64)
        w = abs(plane[i - 1].astype(np.int64)) if has_w else zeros
        n = abs(plane[i - columns].astype(np.int64)) if has_n else zeros
        # Others take the places of neighbours that are not there.
        nw = abs(plane[i - columns - 1].astype(np.int64)) if has_w and has_n else w if has_w else n
        ne = n if has_n else w
        if has_n and x + 1 < columns:
            ne = abs(plane[i - columns + 1].astype(np.int64))
        around = 2 * ((w if has_w else n) + (n if has_n else w)) + nw + ne
        earlier, earlier_last = self._find_earlier(c, i)
        return _Block(
            c,
            has_w,
            has_n,
            i,
            earlier,
            earlier_last,
            [int(magnitude) % (1 << 16) for magnitude in around],
            self.right.copy() if has_w else [0] * 8,
            self.bottoms[x].copy() if has_n else [0] * 8,
        )

    def _find_earlier(self, c: int, i: int) -> tuple[list[list[int]], int]:
        """Coefficients at the block's place in the first component, and in the one before; the latter's last place."""
        columns = self.shape.sizes[c][1]
        found, last = [[0] * 64, [0] * 64], 0
        for which, e in enumerate([] if c == 0 else [0] if c == 1 else [0, c - 1]):
            rows_there, columns_there = self.shape.sizes[e]
            (horizontal, vertical), (own_horizontal, own_vertical) = self.shape.factors[e], self.shape.factors[c]
            x = min(i % columns * horizontal // own_horizontal, columns_there - 1)
            y = min(i // columns * vertical // own_vertical, rows_there - 1)
            at = y * columns_there + x
            found[which], last = [int(value) for value in self.blocks[e][at]], self.lasts[e][at]
        return found, last

    def _mark_known(self, b: _Block, k: int, value: int) -> None:
        """Subtract a coefficient's share from its two edge equations, and add it to those of the blocks beyond."""
        v, u = k >> 3, k & 7
        product = value * int(self.shape.quantisers[b.c][k])
        size = max(-(1 << 15), min(product, 1 << 15))
        along, down = EDGE[u] * size, EDGE[v] * size
        b.rows[v] -= along
        b.columns[u] -= down
        b.right[v] += -along if u & 1 else along
        b.bottom[u] += -down if v & 1 else down
        b.known[v, u] = min(abs(value), 2048)

    # ---- coefficients ----

    def _ac(self, b: _Block, k: int, left: int) -> int:
        """left: coefficients up to the last one, this included."""
        chroma, v, u = int(b.c > 0), k >> 3, k & 7
        at = chroma * 64 + k

        def known(down: int, right: int) -> int:
            return b.known.get((v + down, u + right), 0)

        inside = 2 * (known(0, -1) + known(-1, 0)) + known(-1, -1) + known(0, -2) + known(-2, 0)
        inside += known(1, -1) + known(-1, 1)
        edge = self._edge(b, k)
        sure = level_of(abs(edge), 9)
        earlier = level_of(2 * abs(b.earlier[0][k]) + abs(b.earlier[1][k]), 7)
        self.contexts = [
            (0, at, level_of(inside, 15)),
            (1, at, earlier, sure),
            (2, at, min(left, 31)),
            (3, chroma, level_of(3 * (b.outside[k] + inside), 31)),
        ]
        if left > 1 and self._bit(ZERO):
            return 0
        against = self._bit_alone((12, at, sure))
        magnitude = self._magnitude()
        return -magnitude if against != (edge < 0) else magnitude

    def _edge(self, b: _Block, k: int) -> int:
        """The coefficient that both edge equations let expect, by least squares, in quarters."""
        v, u = k >> 3, k & 7
        along, down = (EDGE[u] if v else 0), (EDGE[v] if u else 0)
        divisor = (along * along + down * down) * int(self.shape.quantisers[b.c][k])
        by_row, by_column = (along << 34) // divisor, (down << 34) // divisor
        return b.rows[v] * by_row + b.columns[u] * by_column >> 32

    def _dc(self, b: _Block) -> int:
        chroma, columns = int(b.c > 0), self.shape.sizes[b.c][1]
        residuals = self.dc_residuals[b.c]
        w = residuals[b.index - 1] if b.w else 0
        n = residuals[b.index - columns] if b.n else 0
        unit = int(self.shape.quantisers[b.c][0]) * EDGE[0]
        by_row, by_column = towards_zero(b.rows[0], unit), towards_zero(b.columns[0], unit)
        both = b.w and b.n
        guess = clamp(towards_zero(by_row + by_column, 2) if both else by_row if b.w else by_column)
        gap = level_of(abs(by_row - by_column), 15) if both else 15
        near = level_of(abs(w) + abs(n), 15)
        self.contexts = [(4, chroma, near), (5, chroma, gap, near), (6, chroma, gap), (7, chroma)]
        residual = 0
        if not self._bit(ZERO):
            negative = self._bit(NEGATIVE)
            residual = -self._magnitude() if negative else self._magnitude()
        residuals[b.index] = max(-HIGHEST, min(residual, HIGHEST))
        return clamp(guess + residual)

    def _last(self, b: _Block) -> int:
        """The place of the last nonzero AC coefficient in zigzag order, 0 if there is none: six bits."""
        chroma, lasts = int(b.c > 0), self.lasts[b.c]
        above = lasts[b.index - self.shape.sizes[b.c][1]] if b.n else 0
        w = lasts[b.index - 1] if b.w else above
        n = above if b.n else w
        near = (w + n + 1) // 2
        value = 0
        for half in range(2):
            group = 1 + value if half else 0
            self.contexts = [
                (8, chroma, near, group),
                (9, chroma, b.earlier_last, near // 16, group),
                (10, chroma, w // 4, n // 4, group),
                (11, chroma, group),
            ]
            prefix = 1
            for _ in range(3):
                prefix = prefix << 1 | self._bit(prefix)
            value = value << 3 | prefix & 7
        return value
