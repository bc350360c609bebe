"""One component of a JPEG file: what is known of its samples, and the coefficients that give just these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg.coder import SIDE
from bbans_cli.core import ffi, lib

REFINED = 4  # times that unknown samples of an enlarged plane are thought again
HALVED_STEP = 16  # what a step of halved chroma counts
# What doubling a line by the triangle filter multiplies frequencies by, squared.
GAIN = np.array([2, 1.942909649, 1.780330086, 1.537012574, 1.25, 0.962987426, 0.719669914, 0.557090351], np.float32)


@dataclass(frozen=True)
class Effort:
    """Of a search: steps tried for a block, whether many sets of them are kept, and blocks in a call of the core, for
    less than a tenth of a second."""

    steps: int
    wide: bool
    call: int


LITTLE, SOME, MUCH = Effort(600, False, 128), Effort(2000, False, 64), Effort(12000, True, 16)
MORE, NONE = Effort(1000, True, 1), Effort(0, False, 1)  # for halved chroma, whose steps take longer


class Component:
    """What is known of a component: its samples are from low to high, all (h, w); its blocks, as far as found."""

    much = MUCH
    halved = (False, False)

    def __init__(self, which: int, low: np.ndarray, high: np.ndarray, guess: np.ndarray):
        self.which, self.low, self.high, self.guess = which, low, high, np.ascontiguousarray(guess)
        self.make(*guess.shape)

    def make(self, height: int, width: int) -> None:
        """Room for blocks of that many samples."""
        shape = -(-height // SIDE), -(-width // SIDE)
        self.table, self.sought = np.zeros(0, np.uint16), False
        self.blocks, self.found = np.zeros((*shape, 64), np.int16), np.zeros(shape, np.uint8)

    def plane(self):
        """As the core takes it, and what must live as long."""
        pointers = [ffi.from_buffer("uint8_t[]", array) for array in (self.low, self.high, self.guess)]
        height, width = self.guess.shape
        return ffi.new("bbc_recover_plane *", (width, height, *pointers)), pointers

    def known(self) -> np.ndarray:
        """Samples that are certain, and were not clipped."""
        return (self.low == self.high) & (self.low > 0) & (self.high < 255)

    def samples(self) -> np.ndarray:
        """What a decoder makes of the blocks: (h, w) uint8."""
        return jpeg_coder.component_samples(self.blocks, self.table, *self.guess.shape[::-1], self.halved)

    def sure(self) -> np.ndarray:
        """Samples of blocks that were found."""
        height, width = self.guess.shape
        rows, columns = self.side()
        return np.repeat(np.repeat(self.found > 0, rows, 0), columns, 1)[:height, :width]

    def reopen(self, wrong: np.ndarray) -> None:
        """Takes blocks with wrong samples for not found."""
        self.found[_any(wrong, self.found.shape, self.side())] = 0

    def side(self) -> tuple[int, int]:
        """Rows and columns of samples of a block."""
        return SIDE, SIDE

    def exact(self) -> np.ndarray:
        """The numbers of blocks that are known and whole."""
        return np.flatnonzero(_whole(self.known(), self.found.shape))

    def unquantised(self, blocks: np.ndarray) -> np.ndarray:
        """Coefficients (n, 64) float32 before they were quantised, of blocks (n,) by number."""
        return _transform(self.guess.astype(np.float32), blocks)

    def noise(self) -> np.ndarray:
        """Of coefficients, by frequency, from rounding."""
        return np.full(64, 0.29, np.float32)

    def test(self, table: np.ndarray, blocks: np.ndarray, effort: Effort) -> float:
        """The share of some blocks that quantisers have coefficients for."""
        found, coefficients = np.zeros_like(self.found), np.zeros_like(self.blocks)
        for block in blocks.tolist():
            self._attempt(table, range(block, block + 1), effort, coefficients, found)
        return float((found.reshape(-1)[blocks] > 0).mean())

    def solve(self, effort: Effort, budget: int) -> int:
        """Coefficients of all blocks that are not found yet; returns what is left of the budget."""
        for blocks in _calls(self.found.size, effort):
            if budget > 0 or not self.sought:
                now = effort if budget > 0 else NONE
                budget -= self._search(self.table, blocks, now, self.blocks, self.found)
        self.sought = True
        return budget

    def _attempt(self, table, here: range, effort: Effort, coefficients: np.ndarray, found: np.ndarray) -> None:
        """One block, whatever is known of others."""
        self._search(table, here, effort, coefficients, found)

    def _search(self, table, blocks: range, effort: Effort, coefficients: np.ndarray, found: np.ndarray) -> int:
        plane, _alive = self.plane()
        return lib.bbc_recover_blocks(
            plane,
            ffi.from_buffer("uint16_t[]", table),
            blocks.start,
            blocks.stop,
            effort.steps,
            effort.wide,
            ffi.from_buffer("int16_t[]", coefficients),
            ffi.from_buffer("uint8_t[]", found),
        )


class Halved(Component):
    """Chroma of half as many columns, and rows if `vertical`; low, high and guess are of the enlarged plane."""

    much = MORE

    def __init__(self, which: int, low: np.ndarray, high: np.ndarray, guess: np.ndarray, vertical: bool):
        super().__init__(which, low, high, guess)
        self.vertical, self.halved = vertical, (True, vertical)
        height, width = guess.shape
        self.size = -(-height // 2) if vertical else height, -(-width // 2)
        self.make(*self.size)
        self.estimate = self._halve(None)
        if (low != high).any():
            for _ in range(REFINED):
                self.estimate = self._halve(self.estimate)

    def side(self) -> tuple[int, int]:
        return SIDE * (1 + self.vertical), SIDE * 2

    def exact(self) -> np.ndarray:
        rows, columns = self.size
        known = self.known()
        known = np.pad(known, [(0, -known.shape[0] % 2 if self.vertical else 0), (0, -known.shape[1] % 2)], mode="edge")
        known = known.reshape(rows, -1, columns, 2).all(axis=(1, 3))
        return np.flatnonzero(_whole(known, self.found.shape))

    def unquantised(self, blocks: np.ndarray) -> np.ndarray:
        return _transform(self.estimate, blocks)

    def noise(self) -> np.ndarray:
        down = GAIN if self.vertical else np.ones(8, np.float32)
        return np.sqrt(np.float32(0.084) * (1 + 1 / (down[:, None] * GAIN[None]))).astype(np.float32).reshape(64)

    def _attempt(self, table, here: range, effort: Effort, coefficients: np.ndarray, found: np.ndarray) -> None:
        self._round(table, here, coefficients)
        small = np.zeros([side * SIDE for side in self.found.shape], np.uint8)
        self._search(table, here, effort, True, small, coefficients, found)

    def solve(self, effort: Effort, budget: int) -> int:
        if self.sought:
            self.estimate = self._halve(self.estimate)
        self.sought = True
        rounded = np.empty_like(self.blocks)
        for blocks in _calls(self.found.size, LITTLE):
            self._round(self.table, blocks, rounded)
        again = self.found == 0
        self.blocks[again] = rounded[again]
        rows, columns = self.found.shape
        small = jpeg_coder.component_samples(self.blocks, self.table, columns * SIDE, rows * SIDE, Component.halved)
        # First each by itself: then those beside are mostly right.
        for alone in (True, False, False):
            for blocks in _calls(self.found.size, effort):
                now = effort if budget > 0 else NONE
                budget -= HALVED_STEP * self._search(self.table, blocks, now, alone, small, self.blocks, self.found)
            if not alone and self.found.all():
                break
        return budget

    def _halve(self, before: np.ndarray | None) -> np.ndarray:
        """The halved plane before its rounding."""
        height, width = self.guess.shape
        rows, columns = self.size
        plane, _alive = self.plane()
        work = np.empty(2 * max(height, width) + 8, np.float32)
        middle = np.empty((height, columns), np.float32)
        start = ffi.NULL if before is None else ffi.from_buffer("float[]", before)
        buffers = [ffi.from_buffer("float[]", array) for array in (work, middle)]
        step = max(1, (1 << 18) // width)
        for top in range(0, height, step):
            lib.bbc_recover_halve_rows(plane, self.vertical, top, min(top + step, height), start, *buffers)
        if not self.vertical:
            return middle
        out = np.empty((rows, columns), np.float32)
        step = max(16, (1 << 18) // height)
        for left in range(0, columns, step):
            lib.bbc_recover_halve_columns(
                columns, height, left, min(left + step, columns), *buffers, ffi.from_buffer("float[]", out)
            )
        return out

    def _round(self, table: np.ndarray, blocks: range, coefficients: np.ndarray) -> None:
        rows, columns = self.size
        lib.bbc_recover_round(
            ffi.from_buffer("float[]", self.estimate),
            columns,
            rows,
            ffi.from_buffer("uint16_t[]", table),
            blocks.start,
            blocks.stop,
            ffi.from_buffer("int16_t[]", coefficients),
        )

    def _search(self, table, blocks: range, effort: Effort, alone: bool, small, coefficients, found) -> int:
        plane, _alive = self.plane()
        return lib.bbc_recover_chroma(
            plane,
            self.vertical,
            alone,
            ffi.from_buffer("uint16_t[]", table),
            ffi.from_buffer("float[]", self.estimate),
            blocks.start,
            blocks.stop,
            effort.steps,
            effort.wide,
            ffi.from_buffer("uint8_t[]", small),
            ffi.from_buffer("int16_t[]", coefficients),
            ffi.from_buffer("uint8_t[]", found),
        )


def _calls(count: int, effort: Effort) -> list[range]:
    """Blocks, in as many calls as the effort asks for."""
    return [range(begin, min(begin + effort.call, count)) for begin in range(0, count, effort.call)]


def _any(wrong: np.ndarray, shape: tuple[int, int], side: tuple[int, int]) -> np.ndarray:
    """Blocks, of `side` samples, in which some are wrong."""
    missing = [(0, count * length - have) for count, length, have in zip(shape, side, wrong.shape, strict=True)]
    return np.pad(wrong, missing).reshape(shape[0], side[0], shape[1], side[1]).any(axis=(1, 3))


def _whole(known: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Blocks of which all samples are in the picture and known."""
    rows, columns = (side // SIDE for side in known.shape)
    known = known[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE).all(axis=(1, 3))
    return np.pad(known, [(0, shape[0] - rows), (0, shape[1] - columns)])


def _transform(plane: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Coefficients (n, 64) float32, not quantised, of blocks given by number."""
    out = np.empty((len(blocks), 64), np.float32)
    lib.bbc_recover_transform(
        ffi.from_buffer("float[]", plane),
        *plane.shape[::-1],
        len(blocks),
        ffi.from_buffer("int64_t[]", np.ascontiguousarray(blocks, np.int64)),
        ffi.from_buffer("float[]", out),
    )
    return out
