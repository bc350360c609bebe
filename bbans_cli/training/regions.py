"""Regions of pictures with what the least squares say of each pixel, from which training draws blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbans_cli.coders.neural import band_scan
from bbans_cli.coders.neural.neighbourhood import BLOCK, PHASES, REACH, period
from bbans_cli.training.pictures import interleaved

SIDE = BLOCK + 2 * REACH  # side of a patch: a block and what its pixels' taps reach


@dataclass
class Region:
    """A part of a picture."""

    planes: np.ndarray  # (3, height, width) uint8 in coding order
    least_squares: np.ndarray  # (height, width, LS_COLUMNS) float16: what both least squares say of each pixel
    columns: np.ndarray  # (width,) int: where the columns lie in the 16-pixel period of the grid, modulo 16
    rows: np.ndarray  # (height,) int: the same for the rows
    grid: bool  # whether there is a grid

    @classmethod
    def whole(
        cls, planes: np.ndarray, columns: np.ndarray, rows: np.ndarray, grid: bool, mosaic: bool = False
    ) -> Region:
        """A region that is a picture of its own: the least squares see nothing outside."""
        ls = least_squares(planes, (columns[0], rows[0]) if grid else None, mosaic)
        return cls(planes, ls, columns, rows, grid)

    def cut(self, top: int, left: int, side: int = SIDE) -> Region:
        """The square of ``side`` pixels whose corner is column ``left`` of row ``top``; less at the region's end."""
        rows, columns = slice(top, top + side), slice(left, left + side)
        return Region(
            self.planes[:, rows, columns],
            self.least_squares[rows, columns],
            self.columns[columns],
            self.rows[rows],
            self.grid,
        )

    def copy(self) -> Region:
        """The same without a hold on the arrays of a larger region."""
        return Region(self.planes.copy(), self.least_squares.copy(), self.columns.copy(), self.rows.copy(), self.grid)

    def bordered(self, height: int, width: int, grid: bool, mosaic: bool = False) -> Region:
        """A patch, but with its block's first rows and columns, ``height`` and ``width``, as a picture of their own."""
        rows, columns = slice(REACH, REACH + height), slice(REACH, REACH + width)
        own = self.least_squares.copy()
        own[rows, columns] = least_squares(self.planes[:, rows, columns], (0, 0) if grid else None, mosaic)
        positions = np.arange(SIDE) - REACH
        return Region(self.planes, own, positions, positions, grid)


def least_squares(planes: np.ndarray, origin: tuple[int, int] | None = None, mosaic: bool = False) -> np.ndarray:
    """Both least squares of planes (3, height, width) uint8 in coding order: (height, width, LS_COLUMNS) float16.

    origin: column and row of the first pixel in the grid's period, None without a grid. mosaic: whether there is one;
    its least squares are of linear light, by the first curve.
    """
    pixels = interleaved(planes)
    if (planes == planes[:1]).all():  # the coder has one channel then
        pixels = np.ascontiguousarray(pixels[:, :, :1])
    if origin is None:
        return band_scan.least_squares(pixels).astype(np.float16)
    grid = int(origin[0]) % PHASES, int(origin[1]) % PHASES
    return band_scan.least_squares(pixels, grid, period(grid, mosaic), light=int(mosaic)).astype(np.float16)
