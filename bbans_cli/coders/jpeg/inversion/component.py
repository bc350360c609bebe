"""One component of a JPEG file: what is known of its samples, and the coefficients that give just these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg.coder import SIDE
from bbans_cli.core import CData, ffi, lib

# Standard deviation of a coefficient's error where samples are rounded to integers: sqrt(1 / 12).
ROUNDING_NOISE = 0.29


@dataclass(frozen=True)
class Effort:
    """Of a search: moves tried for a block, whether many points are kept, and blocks in one call of the core.

    A call should take less than a tenth of a second, since signals wait for its end.
    """

    moves: int
    wide: bool
    blocks: int

    def calls(self, count: int) -> list[range]:
        """The numbers of `count` blocks, in as many calls as this effort needs."""
        return [range(start, min(start + self.blocks, count)) for start in range(0, count, self.blocks)]


# Tuned by hand, not recorded.
QUICK, MEDIUM, THOROUGH = Effort(600, False, 128), Effort(2000, False, 64), Effort(12000, True, 16)
ROUND_ONLY = Effort(0, False, 1)


class Component:
    """What is known of a component that is not subsampled, and its blocks as far as they are found.

    which: 0 for Y, 1 for Cb, 2 for Cr. low, high, guess: (h, w) uint8, bounds of the samples and their probable values.
    table: (64,) uint16 quantisers, row by row, empty until they are known. blocks: (rows, columns, 64) int16
    coefficients in the same order. found: (rows, columns) uint8, 1 for a block whose samples are within their bounds.
    """

    thorough = THOROUGH
    subsampled = (False, False)  # horizontally, vertically

    def __init__(
        self, which: int, low: npt.NDArray[np.uint8], high: npt.NDArray[np.uint8], guess: npt.NDArray[np.uint8]
    ) -> None:
        self.which, self.low, self.high, self.guess = which, low, high, np.ascontiguousarray(guess)
        self.table, self.searched = np.zeros(0, np.uint16), False
        self._make_blocks(*guess.shape)

    def _make_blocks(self, height: int, width: int) -> None:
        shape = -(-height // SIDE), -(-width // SIDE)
        self.blocks, self.found = np.zeros((*shape, 64), np.int16), np.zeros(shape, np.uint8)

    def c_plane(self) -> tuple[CData, list[CData]]:
        """bbc_inversion_plane of this component, and the buffers that must live as long."""
        buffers = [ffi.from_buffer("uint8_t[]", array) for array in (self.low, self.high, self.guess)]
        height, width = self.guess.shape
        return ffi.new("bbc_inversion_plane *", (width, height, *buffers)), buffers

    def known(self) -> npt.NDArray[np.bool_]:
        """(h, w): samples of one possible value, which was not clipped."""
        return np.asarray((self.low == self.high) & (self.low > 0) & (self.high < 255))

    def samples(self) -> npt.NDArray[np.uint8]:
        """What a decoder makes of the blocks: (h, w) uint8."""
        height, width = self.guess.shape
        return jpeg_coder.component_samples(self.blocks, self.table, width, height, self.subsampled)

    def found_samples(self) -> npt.NDArray[np.bool_]:
        """(h, w): samples of blocks that are found."""
        height, width = self.guess.shape
        rows, columns = self.block_size()
        return np.repeat(np.repeat(self.found > 0, rows, 0), columns, 1)[:height, :width]

    def reopen(self, wrong: npt.NDArray[np.bool_]) -> None:
        """Counts blocks with wrong samples, (h, w), as not found."""
        sizes = zip(self.found.shape, self.block_size(), wrong.shape, strict=True)
        padded = np.pad(wrong, [(0, count * side - length) for count, side, length in sizes])
        (rows, columns), (block_rows, block_columns) = self.found.shape, self.block_size()
        self.found[padded.reshape(rows, block_rows, columns, block_columns).any(axis=(1, 3))] = 0

    def block_size(self) -> tuple[int, int]:
        """Rows and columns of the picture that a block covers."""
        return SIDE, SIDE

    def known_blocks(self) -> npt.NDArray[np.intp]:
        """The numbers (n,) of blocks that are all in the picture and known."""
        return whole_blocks(self.known(), self.found.shape)

    def transform(self, blocks: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """The coefficients (n, 64) float32, not quantised, of the samples of blocks, given by number (n,)."""
        return transform(self.guess.astype(np.float32), blocks)

    def noise(self) -> npt.NDArray[np.float32]:
        """(64,): the standard deviation that rounding of samples gives coefficients, by frequency."""
        return np.full(64, ROUNDING_NOISE, np.float32)

    def solved_share(self, table: npt.NDArray[np.uint16], blocks: npt.NDArray[np.intp], effort: Effort) -> float:
        """The share of some blocks, given by number (n,), for which coefficients are found with other quantisers."""
        found, coefficients = np.zeros_like(self.found), np.zeros_like(self.blocks)
        for block in blocks.tolist():
            self._try_block(table, range(block, block + 1), effort, coefficients, found)
        return float((found.reshape(-1)[blocks] > 0).mean())

    def solve(self, effort: Effort, budget: int) -> int:
        """Looks for the coefficients of all blocks that are not found yet. budget: moves that may be tried for the
        whole picture; returns what is left. Without any, blocks are rounded the first time."""
        for blocks in effort.calls(self.found.size):
            if budget > 0 or not self.searched:
                now = effort if budget > 0 else ROUND_ONLY
                budget -= self._search(self.table, blocks, now, self.blocks, self.found)
        self.searched = True
        return budget

    def _try_block(
        self,
        table: npt.NDArray[np.uint16],
        block: range,
        effort: Effort,
        coefficients: npt.NDArray[np.int16],
        found: npt.NDArray[np.uint8],
    ) -> None:
        """One block alone, into `coefficients` and `found`."""
        self._search(table, block, effort, coefficients, found)

    def _search(
        self,
        table: npt.NDArray[np.uint16],
        blocks: range,
        effort: Effort,
        coefficients: npt.NDArray[np.int16],
        found: npt.NDArray[np.uint8],
    ) -> int:
        plane, _alive = self.c_plane()
        spent: int = lib.bbc_inversion_blocks(
            plane,
            ffi.from_buffer("uint16_t[]", table),
            blocks.start,
            blocks.stop,
            effort.moves,
            effort.wide,
            ffi.from_buffer("int16_t[]", coefficients),
            ffi.from_buffer("uint8_t[]", found),
        )
        return spent


def whole_blocks(known: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> npt.NDArray[np.intp]:
    """The numbers (n,) of blocks, of (rows, columns) in all, whose samples are all in the plane (h, w) and known."""
    rows, columns = (side // SIDE for side in known.shape)
    squares = known[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE).all(axis=(1, 3))
    return np.flatnonzero(np.pad(squares, [(0, shape[0] - rows), (0, shape[1] - columns)]))


def transform(plane: npt.NDArray[np.float32], blocks: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """The coefficients (n, 64) float32, not quantised, of blocks (n,) of a plane (h, w), given by number."""
    out = np.empty((len(blocks), 64), np.float32)
    height, width = plane.shape
    lib.bbc_inversion_transform(
        ffi.from_buffer("float[]", plane),
        width,
        height,
        len(blocks),
        ffi.from_buffer("int64_t[]", np.ascontiguousarray(blocks, np.int64)),
        ffi.from_buffer("float[]", out),
    )
    return out
