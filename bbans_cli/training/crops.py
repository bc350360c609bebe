"""Training batches: random blocks of pictures, mirrored, rotated, scaled, cut; some grey, some with borders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from bbans_cli.coders.neural.band_scan import LS_COLUMNS
from bbans_cli.coders.neural.neighbourhood import BLOCK, PHASE_ROWS, PHASES, REACH, locate, phase_rows
from bbans_cli.training.pictures import files, grey, planes_of, read, to_ycbcr
from bbans_cli.training.regions import SIDE, Region, least_squares

# The shares of what is drawn, below and in Crops, were set by hand, not recorded.
FILTERS = [Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.HAMMING, Image.Resampling.BICUBIC,
           Image.Resampling.LANCZOS]  # fmt: skip
REGION = 256  # side of what is kept of a picture at a time
BORDERED = 500  # bordered patches that are kept
ROWS_ABOVE, COLUMNS_BESIDE = 14, 8  # pixels that the least squares should have seen around a block
SCALED = 0.4  # share of blocks from a picture scaled down
PATCH = 4  # side of the posterior's patches


@dataclass
class Batch:
    """Blocks of BLOCK by BLOCK pixels, each in a patch of SIDE by SIDE, with some pixels drawn from each.

    n is the number of drawn pixels, those of a block together. A patch is in coding order: G, R, B.
    """

    planes: np.ndarray  # (3, blocks * SIDE * SIDE) uint8: the patches
    pixels: np.ndarray  # (n,) int64: flat positions of the drawn pixels in the planes
    taps: np.ndarray  # (n, 48) int64: positions of their taps
    known: np.ndarray  # (n, 48) bool: False for taps that no pixel stands for
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
    """Draws batches from the pictures below ``folder``; from its direct subfolders equally often, or by ``shares``.

    Six of ten draws come from pictures as they are, the others from copies scaled down by 1.3 to 4 with a random
    filter. Of each, one region in one orientation is kept with its least squares, which saw the whole picture;
    ``refresh`` replaces one. Seven of ten unscaled regions that a JPEG decoder wrote are Y, Cb, Cr, as the coder has
    them. limit: use so many pictures of each subfolder.
    """

    def __init__(
        self, folder: Path, seed: int, limit: int | None = None, shares: dict[str, float] | None = None
    ) -> None:
        self.random = np.random.default_rng(seed)
        groups = [f for f in sorted(folder.iterdir()) if f.is_dir()] or [folder]
        share = np.array([(shares or {}).get(group.name, 1.0) for group in groups])
        self.share = share / share.sum()
        self.paths = [files(group)[:limit] for group in groups]
        self.pools = [[[self._region(p, scaled) for p in paths] for scaled in (False, True)] for paths in self.paths]
        self.bordered: list[Bordered] = []
        self.cumulative = [np.cumsum(areas) / sum(areas) for areas in map(_areas, self.paths)]

    def refresh(self) -> None:
        """Replace the region of one random picture."""
        group, scaled = self.random.choice(len(self.pools), p=self.share), self.random.random() < SCALED
        i = self.random.integers(len(self.paths[group]))
        self.pools[group][int(scaled)][i] = self._region(self.paths[group][i], scaled)

    def batch(self, blocks: int, pixels: int) -> Batch:
        """``blocks`` random blocks with ``pixels`` random pixels each. At most one new bordered patch is made."""
        patches: list[Region] = [self._patch() for _ in range(blocks)]
        places: list[Places] = []
        fresh = True
        mask = np.zeros((blocks, BLOCK // PATCH, BLOCK // PATCH), dtype=bool)
        area = np.empty(blocks)
        for i in range(blocks):
            height = width = BLOCK
            if self.random.random() < 0.3:
                height, width = (int(self.random.integers(8, BLOCK + 1)) for _ in range(2))
            bordered = self.random.random() < 0.15
            if bordered:
                patches[i], height, width = self._bordered(patches[i], height, width, fresh)
                fresh = False
            mask[i, : height // PATCH, : width // PATCH] = True
            area[i] = height * width
            x, y = self.random.integers(width, size=pixels), self.random.integers(height, size=pixels)
            places.append(places_of(i, x, y, width if bordered else None))
        return pack(patches, places, mask.reshape(blocks, -1), self.random.random(blocks) < 0.8, area)

    def _region(self, path: Path, scaled: bool) -> Region:
        """A random region of a picture in a random orientation; most of those scaled have no grid."""
        planes = planes_of(self._shrink(read(path)) if scaled else read(path))
        need = BLOCK + ROWS_ABOVE + REACH, BLOCK + 2 * COLUMNS_BESIDE + 1
        margin = [max(0, max(need) - side) for side in planes.shape[1:]]
        planes = np.pad(planes, [(0, 0), (0, margin[0]), (0, margin[1])], mode="symmetric")
        if not scaled and self.random.random() < 0.7:
            planes = to_ycbcr(planes)
        columns, rows = np.arange(planes.shape[2]), np.arange(planes.shape[1])
        if self.random.random() < 0.5:
            planes, columns, rows = planes.transpose(0, 2, 1), rows, columns
        if self.random.random() < 0.5:
            planes, rows = planes[:, ::-1], PHASES - 1 - rows[::-1]
        if self.random.random() < 0.5:
            planes, columns = planes[:, :, ::-1], PHASES - 1 - columns[::-1]
        if self.random.random() < 0.06:
            planes = np.broadcast_to(grey(planes), planes.shape)
        grid = self.random.random() < (0.25 if scaled else 0.85)
        whole = Region.whole(np.ascontiguousarray(planes), columns, rows, grid)
        top, left = (int(self.random.integers(max(0, side - REGION) + 1)) for side in planes.shape[1:])
        return whole.cut(top, left, REGION).copy()

    def _shrink(self, picture: Image.Image) -> Image.Image:
        """The picture scaled down by a random factor with a random filter."""
        largest = max(1.0, min(4.0, min(picture.size) / (SIDE + 16)))
        factor = self.random.uniform(min(1.3, largest), largest)
        width, height = (max(1, round(side / factor)) for side in picture.size)
        return picture.resize((width, height), FILTERS[self.random.integers(len(FILTERS))])

    def _patch(self) -> Region:
        """A patch at a random position of a random picture, pictures by their area."""
        group = int(self.random.choice(len(self.pools), p=self.share))
        cumulative = self.cumulative[group]
        i = min(int(np.searchsorted(cumulative, self.random.random())), len(cumulative) - 1)
        region = self.pools[group][int(self.random.random() < SCALED)][i]
        height, width = region.planes.shape[1:]
        top = int(self.random.integers(ROWS_ABOVE, height - BLOCK - REACH + 1)) - REACH
        left = int(self.random.integers(COLUMNS_BESIDE, width - BLOCK - COLUMNS_BESIDE + 1)) - REACH
        return region.cut(top, left)

    def _bordered(self, patch: Region, height: int, width: int, fresh: bool) -> Bordered:
        """A bordered patch: made of ``patch`` if ``fresh``, else an earlier one.

        Its least squares have to be computed anew, which takes as long as a training step.
        """
        if not fresh and self.bordered:
            return self.bordered[self.random.integers(len(self.bordered))]
        made = Bordered(patch.bordered(height, width, grid=self.random.random() < 0.3), height, width)
        if len(self.bordered) < BORDERED:
            self.bordered.append(made)
        else:
            self.bordered[self.random.integers(BORDERED)] = made
        return made


def _areas(paths: list[Path]) -> list[float]:
    """Pixels of each picture."""
    found = []
    for path in paths:
        with Image.open(path) as picture:
            found.append(float(picture.width * picture.height))
    return found


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


def held_out(paths: list[Path], blocks: int, seed: int, pixels: int) -> Batch:
    """A fixed batch to measure on: ``blocks`` blocks inside pictures, all with latents, ``pixels`` pixels of each.

    Pictures of one block or less have no grid, about as the coder does it.
    """
    random, patches = np.random.default_rng(seed), []
    whole: dict[Path, Region] = {}
    for i in range(blocks):
        path = paths[i % len(paths)]
        if path not in whole:
            whole[path] = _padded(to_ycbcr(planes_of(read(path))))
        height, width = whole[path].planes.shape[1:]
        top, left = (int(random.integers(side - SIDE + 1)) for side in (height, width))
        patches.append(whole[path].cut(top, left))
    places = [
        places_of(i, random.integers(BLOCK, size=pixels), random.integers(BLOCK, size=pixels), None)
        for i in range(blocks)
    ]
    mask = np.ones((blocks, (BLOCK // PATCH) ** 2), dtype=bool)
    return pack(patches, places, mask, np.ones(blocks, dtype=bool), np.full(blocks, float(BLOCK * BLOCK)))


def _padded(planes: np.ndarray) -> Region:
    """A picture as a region, with the margin that patches at its border need."""
    grid = min(planes.shape[1:]) > BLOCK
    ls = least_squares(planes, (0, 0) if grid else None)
    margin = [(REACH, max(0, SIDE - side)) for side in planes.shape[1:]]
    planes, ls = np.pad(planes, [(0, 0), *margin], mode="edge"), np.pad(ls, [*margin, (0, 0)], mode="edge")
    columns, rows = (np.arange(side) - REACH for side in planes.shape[:0:-1])
    return Region(planes, ls, columns, rows, grid)
