"""A chroma component of half as many columns, and rows, as the picture: found by what it becomes when upsampled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg.coder import SIDE
from bbans_cli.coders.jpeg.inversion.component import (
    QUICK,
    ROUND_ONLY,
    Component,
    Effort,
    transform,
    whole_blocks,
)
from bbans_cli.core import ffi, lib

# Tuned by hand, not recorded: how often unknown samples are estimated again from the estimate; what a move counts as,
# since it takes longer than one of a component that is not subsampled; the most effort for a block.
REFINEMENTS = 4
MOVE_COST = 16
THOROUGH = Effort(1000, True, 1)
# Variance of rounding to integers, 1 / 12 and a little more: the subsampled samples are rounded, and so are those that
# are upsampled from them.
ROUNDING_VARIANCE = 0.084
# Squared gain of the 2x triangle upsampler at each DCT frequency, one axis.
GAIN = np.array([2, 1.942909649, 1.780330086, 1.537012574, 1.25, 0.962987426, 0.719669914, 0.557090351], np.float32)
STRIPE = 1 << 18  # samples that one call of the core downsamples


class Subsampled(Component):
    """Chroma of half as many columns, and rows if `vertical`; low, high and guess are of the upsampled plane.

    size: rows and columns of the component. estimate: its samples (rows, columns) float32, before their rounding.
    """

    thorough = THOROUGH

    def __init__(
        self,
        which: int,
        low: npt.NDArray[np.uint8],
        high: npt.NDArray[np.uint8],
        guess: npt.NDArray[np.uint8],
        vertical: bool,
    ) -> None:
        super().__init__(which, low, high, guess)
        self.vertical, self.subsampled = vertical, (True, vertical)
        height, width = guess.shape
        self.size = -(-height // 2) if vertical else height, -(-width // 2)
        self._make_blocks(*self.size)
        self.estimate = self._downsample(None)
        if (low != high).any():
            for _ in range(REFINEMENTS):
                self.estimate = self._downsample(self.estimate)

    def block_size(self) -> tuple[int, int]:
        return SIDE * (1 + self.vertical), SIDE * 2

    def known_blocks(self) -> npt.NDArray[np.intp]:
        rows, columns = self.size
        known = self.known()
        known = np.pad(known, [(0, -known.shape[0] % 2 if self.vertical else 0), (0, -known.shape[1] % 2)], mode="edge")
        return whole_blocks(np.asarray(known.reshape(rows, -1, columns, 2).all(axis=(1, 3))), self.found.shape)

    def transform(self, blocks: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        return transform(self.estimate, blocks)

    def noise(self) -> npt.NDArray[np.float32]:
        down = GAIN if self.vertical else np.ones(8, np.float32)
        variance = np.float32(ROUNDING_VARIANCE) * (1 + 1 / (down[:, None] * GAIN[None]))
        return np.asarray(np.sqrt(variance), np.float32).reshape(64)

    def solve(self, effort: Effort, budget: int) -> int:
        if self.searched:
            self.estimate = self._downsample(self.estimate)
        self.searched = True
        rounded = np.empty_like(self.blocks)
        for blocks in QUICK.calls(self.found.size):
            self._quantise(self.table, blocks, rounded)
        again = self.found == 0
        self.blocks[again] = rounded[again]
        rows, columns = self.found.shape
        small = jpeg_coder.component_samples(self.blocks, self.table, columns * SIDE, rows * SIDE, Component.subsampled)
        # Each block by itself first: then the blocks around it are mostly right.
        for alone in (True, False, False):
            for blocks in effort.calls(self.found.size):
                now = effort if budget > 0 else ROUND_ONLY
                moves = self._search_chroma(self.table, blocks, now, alone, small, self.blocks, self.found)
                budget -= MOVE_COST * moves
            if not alone and self.found.all():
                break
        return budget

    def _try_block(
        self,
        table: npt.NDArray[np.uint16],
        block: range,
        effort: Effort,
        coefficients: npt.NDArray[np.int16],
        found: npt.NDArray[np.uint8],
    ) -> None:
        self._quantise(table, block, coefficients)
        small = np.zeros([side * SIDE for side in self.found.shape], np.uint8)
        self._search_chroma(table, block, effort, True, small, coefficients, found)

    def _downsample(self, before: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
        """The estimate, by least squares; unknown samples are taken from the estimate `before`."""
        height, width = self.guess.shape
        rows, columns = self.size
        plane, _alive = self.c_plane()
        work = np.empty(2 * max(height, width) + 8, np.float32)
        middle = np.empty((height, columns), np.float32)
        last = ffi.NULL if before is None else ffi.from_buffer("float[]", before)
        buffers = [ffi.from_buffer("float[]", array) for array in (work, middle)]
        step = max(1, STRIPE // width)
        for top in range(0, height, step):
            bottom = min(top + step, height)
            lib.bbc_inversion_downsample_rows(plane, self.vertical, top, bottom, last, *buffers)
        if not self.vertical:
            return middle
        out = np.empty((rows, columns), np.float32)
        step = max(16, STRIPE // height)
        for left in range(0, columns, step):
            right = min(left + step, columns)
            lib.bbc_inversion_downsample_columns(
                columns, height, left, right, *buffers, ffi.from_buffer("float[]", out)
            )
        return out

    def _quantise(self, table: npt.NDArray[np.uint16], blocks: range, coefficients: npt.NDArray[np.int16]) -> None:
        """The coefficients of the estimate, rounded, of some blocks."""
        rows, columns = self.size
        lib.bbc_inversion_quantise(
            ffi.from_buffer("float[]", self.estimate),
            columns,
            rows,
            ffi.from_buffer("uint16_t[]", table),
            blocks.start,
            blocks.stop,
            ffi.from_buffer("int16_t[]", coefficients),
        )

    def _search_chroma(
        self,
        table: npt.NDArray[np.uint16],
        blocks: range,
        effort: Effort,
        alone: bool,
        small: npt.NDArray[np.uint8],
        coefficients: npt.NDArray[np.int16],
        found: npt.NDArray[np.uint8],
    ) -> int:
        plane, _alive = self.c_plane()
        spent: int = lib.bbc_inversion_chroma(
            plane,
            self.vertical,
            alone,
            ffi.from_buffer("uint16_t[]", table),
            ffi.from_buffer("float[]", self.estimate),
            blocks.start,
            blocks.stop,
            effort.moves,
            effort.wide,
            ffi.from_buffer("uint8_t[]", small),
            ffi.from_buffer("int16_t[]", coefficients),
            ffi.from_buffer("uint8_t[]", found),
        )
        return spent
