"""Training batches: random blocks of pictures, mirrored, rotated, scaled, cut; some grey, some with borders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bbans_cli.coders.neural.band_scan import LS_COLUMNS
from bbans_cli.coders.neural.neighbourhood import BLOCK, PHASE_ROWS, PHASES, REACH, locate, phase_rows
from bbans_cli.training.config import Draw
from bbans_cli.training.pictures import Pictures, grey, planes_of, read, shrunk, to_ycbcr
from bbans_cli.training.pool import Pool
from bbans_cli.training.regions import SIDE, Region, least_squares

# Set by hand, not recorded.
ROWS_ABOVE, COLUMNS_BESIDE = 14, 8  # pixels that the least squares should have seen around a block
CUT = 0.3  # share of blocks that are smaller
GRID_BORDERED = 0.3  # share of bordered patches that have a grid
PATCH = 4  # side of the posterior's patches
_REGION, _BORDERED, _BATCH = range(3)  # what random numbers are for


@dataclass
class Batch:
    """Blocks of BLOCK by BLOCK pixels, each in a patch of SIDE by SIDE, with some pixels drawn from each.

    n is the number of drawn pixels, those of a block together. A patch is in coding order: G, R, B.
    """

    planes: np.ndarray  # (3, blocks * SIDE * SIDE) uint8: the patches
    pixels: np.ndarray  # (n,) int64: flat positions of the drawn pixels in the planes
    taps: np.ndarray  # (n, taps) int64: positions of their taps
    known: np.ndarray  # (n, taps) bool: False for taps that no pixel stands for
    least_squares: np.ndarray  # (n, LS_COLUMNS) float32: what both least squares say of the pixels
    phase: np.ndarray  # (n, 3) int64: rows of the network's table of phases
    blocks: np.ndarray  # (blocks, 3, BLOCK, BLOCK) uint8
    mask: np.ndarray  # (blocks, patches) bool: the 4x4 patches that the posterior may read
    latent: np.ndarray  # (blocks,) bool: False where z is left out
    area: np.ndarray  # (blocks,) float64: pixels that share the KL divergence of the block's latents


class Places(NamedTuple):
    """Where drawn pixels of a patch and their taps lie among all planes, as in Batch."""

    taps: np.ndarray
    pixels: np.ndarray
    known: np.ndarray


class Bordered(NamedTuple):
    """A patch the first ``height`` rows and ``width`` columns of whose block are a picture of their own."""

    patch: Region
    height: int
    width: int


class Crops:
    """Batches of blocks of regions. A region is a part of a picture, as it is or scaled down, in one orientation, with
    its least squares, which saw the whole picture. Bordered patches are made beside them, from pictures of their own.

    The batch of a step depends on the seed and the step alone.
    """

    def __init__(self, pictures: Pictures, draw: Draw, seed: int, workers: ThreadPoolExecutor) -> None:
        self._pictures, self._draw, self._seed = pictures, draw, seed
        self._regions = Pool(self._region, draw.kept, workers)
        self._bordered = Pool(self._bordered_patch, draw.kept, workers)

    def batch(self, step: int, blocks: int, pixels: int) -> Batch:
        """``blocks`` random blocks with ``pixels`` random pixels each."""
        for pool in (self._regions, self._bordered):
            pool.grow(self._draw.first + step // self._draw.interval)
        random = np.random.default_rng([self._seed, _BATCH, step])
        patches: list[Region] = []
        places: list[Places] = []
        mask = np.zeros((blocks, BLOCK // PATCH, BLOCK // PATCH), dtype=bool)
        area = np.empty(blocks)
        for i in range(blocks):
            bordered = random.random() < self._draw.bordered
            if bordered:
                patch, height, width = self._bordered[int(random.integers(len(self._bordered)))]
            else:
                patch = _patch(self._regions[int(random.integers(len(self._regions)))], random)
                height, width = _sides(random) if random.random() < CUT else (BLOCK, BLOCK)
            patches.append(patch)
            mask[i, : height // PATCH, : width // PATCH] = True
            area[i] = height * width
            x, y = random.integers(width, size=pixels), random.integers(height, size=pixels)
            places.append(places_of(i, x, y, width if bordered else None))
        latent = random.random(blocks) >= self._draw.without_latents
        return pack(patches, places, mask.reshape(blocks, -1), latent, area)

    def _region(self, number: int) -> Region:
        """A random region of a random picture."""
        random = np.random.default_rng([self._seed, _REGION, number])
        planes, columns, rows, scaled = self._oriented(random)
        grid = random.random() < (self._draw.grid_scaled if scaled else self._draw.grid)
        whole = Region.whole(planes, columns, rows, grid, self._draw.mosaic)
        top, left = (int(random.integers(max(0, side - self._draw.side) + 1)) for side in planes.shape[1:])
        return whole.cut(top, left, self._draw.side).copy()

    def _bordered_patch(self, number: int) -> Bordered:
        """A patch of a random picture, whose block's first rows and columns are a picture of their own."""
        random = np.random.default_rng([self._seed, _BORDERED, number])
        planes, columns, rows, _ = self._oriented(random)
        top, left = (int(random.integers(side - SIDE + 1)) for side in planes.shape[1:])
        nothing = np.zeros((*planes.shape[1:], LS_COLUMNS), np.float16)
        patch = Region(planes, nothing, columns, rows, grid=False).cut(top, left).copy()
        height, width = _sides(random) if random.random() < CUT else (BLOCK, BLOCK)
        grid = random.random() < GRID_BORDERED
        return Bordered(patch.bordered(height, width, grid, self._draw.mosaic), height, width)

    def _oriented(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
        """A picture's planes in a random orientation, where its columns and rows lie in the grid, and if it is scaled.

        Small pictures are continued by their mirror images, so that a patch has room.
        """
        path, folder = self._pictures.draw(random)
        scaled = random.random() < folder.scaled
        planes = planes_of(shrunk(read(path), SIDE + 16, random) if scaled else read(path))
        need = max(BLOCK + ROWS_ABOVE + REACH, BLOCK + 2 * COLUMNS_BESIDE + 1)
        margin = [max(0, need - side) for side in planes.shape[1:]]
        planes = np.pad(planes, [(0, 0), (0, margin[0]), (0, margin[1])], mode="symmetric")
        if not scaled and random.random() < folder.ycbcr:
            planes = to_ycbcr(planes)
        columns, rows = np.arange(planes.shape[2]), np.arange(planes.shape[1])
        if random.random() < 0.5:
            planes, columns, rows = planes.transpose(0, 2, 1), rows, columns
        if random.random() < 0.5:
            planes, rows = planes[:, ::-1], PHASES - 1 - rows[::-1]
        if random.random() < 0.5:
            planes, columns = planes[:, :, ::-1], PHASES - 1 - columns[::-1]
        if random.random() < self._draw.grey:
            planes = np.broadcast_to(grey(planes), planes.shape)
        return np.ascontiguousarray(planes), columns, rows, scaled


def _patch(region: Region, random: np.random.Generator) -> Region:
    """A patch at a random position of a region."""
    height, width = region.planes.shape[1:]
    top = int(random.integers(ROWS_ABOVE, height - BLOCK - REACH + 1)) - REACH
    left = int(random.integers(COLUMNS_BESIDE, width - BLOCK - COLUMNS_BESIDE + 1)) - REACH
    return region.cut(top, left)


def _sides(random: np.random.Generator) -> tuple[int, int]:
    """Height and width of a block that is cut."""
    return int(random.integers(8, BLOCK + 1)), int(random.integers(8, BLOCK + 1))


def places_of(patch: int, x: np.ndarray, y: np.ndarray, width: int | None) -> Places:
    """Places of the pixels (x, y) of a patch's block.

    width: that of the block as a picture of its own, with borders, or None for a block inside its picture.
    """
    if width is None:
        columns, rows, known = locate(x + REACH, y + REACH, SIDE)
    else:
        columns, rows, known = locate(x, y, width)
        columns, rows = columns + REACH, rows + REACH
    return Places((patch * SIDE + rows) * SIDE + columns, (patch * SIDE + y + REACH) * SIDE + x + REACH, known)


def pack(patches: list[Region], places: list[Places], mask: np.ndarray, latent: np.ndarray, area: np.ndarray) -> Batch:
    """A batch of the drawn pixels of patches; mask, latent and area as in Batch."""
    taps, pixels, known = (np.concatenate(part) for part in zip(*places, strict=True))
    patch, row, column = pixels // SIDE**2, pixels // SIDE % SIDE, pixels % SIDE
    columns, rows = np.stack([p.columns for p in patches]), np.stack([p.rows for p in patches])
    phase = phase_rows(columns[patch, column], rows[patch, row])
    phase[~np.array([p.grid for p in patches])[patch]] = PHASE_ROWS
    planes = np.stack([p.planes for p in patches])
    return Batch(
        planes=np.ascontiguousarray(planes.transpose(1, 0, 2, 3)).reshape(3, -1),
        pixels=pixels,
        taps=taps,
        known=known,
        least_squares=np.stack([p.least_squares for p in patches]).reshape(-1, LS_COLUMNS)[pixels].astype(np.float32),
        phase=phase,
        blocks=planes[:, :, REACH:-REACH, REACH:-REACH].copy(),
        mask=mask,
        latent=latent,
        area=area,
    )


def held_out(paths: list[Path], blocks: int, seed: int, pixels: int, mosaic: bool = False) -> Batch:
    """A fixed batch to measure on: ``blocks`` blocks inside pictures, all with latents, ``pixels`` pixels of each.

    mosaic: whether the pictures have one. Pictures of one block or less have no grid, about as the coder does it.
    """
    random, patches = np.random.default_rng(seed), []
    whole: dict[Path, Region] = {}
    for i in range(blocks):
        path = paths[i % len(paths)]
        if path not in whole:
            whole[path] = _padded(to_ycbcr(planes_of(read(path))), mosaic)
        height, width = whole[path].planes.shape[1:]
        top, left = (int(random.integers(side - SIDE + 1)) for side in (height, width))
        patches.append(whole[path].cut(top, left))
    places = [
        places_of(i, random.integers(BLOCK, size=pixels), random.integers(BLOCK, size=pixels), None)
        for i in range(blocks)
    ]
    mask = np.ones((blocks, (BLOCK // PATCH) ** 2), dtype=bool)
    return pack(patches, places, mask, np.ones(blocks, dtype=bool), np.full(blocks, float(BLOCK * BLOCK)))


def _padded(planes: np.ndarray, mosaic: bool) -> Region:
    """A picture as a region, with the margin that patches at its border need."""
    grid = min(planes.shape[1:]) > BLOCK
    ls = least_squares(planes, (0, 0) if grid else None, mosaic)
    margin = [(REACH, max(0, SIDE - side)) for side in planes.shape[1:]]
    planes, ls = np.pad(planes, [(0, 0), *margin], mode="edge"), np.pad(ls, [*margin, (0, 0)], mode="edge")
    columns, rows = (np.arange(side) - REACH for side in planes.shape[:0:-1])
    return Region(planes, ls, columns, rows, grid)
