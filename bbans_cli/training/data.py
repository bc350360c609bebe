"""Training crops: random blocks of photographs, mirrored, rotated, scaled, cut, some grey, some with borders."""

import pathlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bbans_cli.coders.jpeg.ycbcr import from_rgb
from bbans_cli.coders.neural.band_scan import MAPS, regression
from bbans_cli.coders.neural.neighbourhood import BLOCK, CHANNELS, PERIOD, PHASE_ROWS, PHASES, REACH, locate, phase_rows

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".ppm", ".bmp", ".tif", ".tiff"}
FILTERS = [Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.HAMMING, Image.Resampling.BICUBIC,
           Image.Resampling.LANCZOS]  # fmt: skip
SIDE = BLOCK + 2 * REACH
REGION = 256  # side of what is kept of a picture at a time
BORDERS = 500  # patches with borders that are kept
ABOVE, ASIDE = 14, 8  # what the regression should have seen around a block


def load(path: pathlib.Path) -> Image.Image:
    """A picture file as 8-bit RGB."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


def planes(picture: Image.Image) -> np.ndarray:
    """(3, h, w) uint8 in coding order."""
    return np.ascontiguousarray(np.asarray(picture)[:, :, list(CHANNELS)].transpose(2, 0, 1))


def interleaved(planes: np.ndarray) -> np.ndarray:
    """(3, h, w) uint8 in coding order -> (h, w, 3), as the codec has it."""
    return np.ascontiguousarray(planes[np.argsort(CHANNELS)].transpose(1, 2, 0))


def decorrelate(planes: np.ndarray) -> np.ndarray:
    """(3, h, w) uint8 in coding order -> Y, Cb, Cr where that is what the picture came from, else as it was."""
    found = from_rgb(interleaved(planes))
    return planes if found is None else np.ascontiguousarray(found[:, :, list(CHANNELS)].transpose(2, 0, 1))


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Picture files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


@dataclass
class Region:
    """A part of a picture: planes (3, h, w) uint8; maps (h, w, MAPS) float16 of its least squares; where its columns
    (w,) and rows (h,) lie in the grid; whether it has one."""

    planes: np.ndarray
    maps: np.ndarray
    columns: np.ndarray
    rows: np.ndarray
    grid: bool

    @classmethod
    def of(cls, planes: np.ndarray, columns: np.ndarray, rows: np.ndarray, grid: bool) -> "Region":
        return cls(planes, regress(planes, (columns[0], rows[0]) if grid else None), columns, rows, grid)

    def cut(self, top: int, left: int, side: int = SIDE) -> "Region":
        """The square of ``side`` pixels at (left, top)."""
        rows, columns = slice(top, top + side), slice(left, left + side)
        return Region(
            self.planes[:, rows, columns], self.maps[rows, columns], self.columns[columns], self.rows[rows], self.grid
        )


def regress(planes: np.ndarray, corner: tuple[int, int] | None = None) -> np.ndarray:
    """(3, h, w) uint8 in coding order, and where its corner lies in a grid, if in any -> maps (h, w, MAPS) float16."""
    pixels = interleaved(planes)
    if (planes == planes[:1]).all():  # a codec has one channel then
        pixels = np.ascontiguousarray(pixels[:, :, :1])
    if corner is None:
        return regression(pixels).astype(np.float16)
    return regression(pixels, (corner[0] % PHASES, corner[1] % PHASES), PERIOD).astype(np.float16)


class Crops:
    """Draws batches from all pictures below ``folder``; its direct subfolders equally often, or by ``shares``.

    Six of ten draws come from pictures as they are, the others from a copy scaled down by 1.3 to 4, filtered at random.
    Of each, one region in one orientation is kept with its least squares, which saw the whole picture; ``refresh``
    takes another of some picture. Seven of ten regions that a JPEG decoder wrote are Y, Cb, Cr, as the codec has them.
    """

    def __init__(
        self, folder: pathlib.Path, seed: int, limit: int | None = None, shares: dict[str, float] | None = None
    ):
        self.random = np.random.default_rng(seed)
        groups = [f for f in sorted(folder.iterdir()) if f.is_dir()] or [folder]
        drawn = np.array([(shares or {}).get(group.name, 1.0) for group in groups])
        self.drawn = drawn / drawn.sum()
        self.paths = [files(group)[:limit] for group in groups]
        self.pools = [[[self.region(p, scaled) for p in paths] for scaled in (False, True)] for paths in self.paths]
        self.borders: list[tuple[Region, int, int]] = []
        self.shares = [np.cumsum(self.areas(paths)) / sum(self.areas(paths)) for paths in self.paths]

    @staticmethod
    def areas(paths: list[pathlib.Path]) -> list[float]:
        """Pixels of each picture."""
        found = []
        for path in paths:
            with Image.open(path) as picture:
                found.append(float(picture.width * picture.height))
        return found

    def refresh(self) -> None:
        """Replaces the region of one random picture."""
        group, scaled = self.random.choice(len(self.pools), p=self.drawn), self.random.random() < 0.4
        i = self.random.integers(len(self.paths[group]))
        self.pools[group][int(scaled)][i] = self.region(self.paths[group][i], scaled)

    def region(self, path: pathlib.Path, scaled: bool) -> Region:
        """A random region of a picture in a random orientation; most scaled ones are without a grid."""
        p = planes(self.shrink(load(path)) if scaled else load(path))
        need = BLOCK + ABOVE + REACH, BLOCK + 2 * ASIDE + 1
        margin = [max(0, max(need) - side) for side in p.shape[1:]]
        p = np.pad(p, [(0, 0), (0, margin[0]), (0, margin[1])], mode="symmetric")
        if not scaled and self.random.random() < 0.7:
            p = decorrelate(p)
        columns, rows = np.arange(p.shape[2]), np.arange(p.shape[1])
        if self.random.random() < 0.5:
            p, columns, rows = p.transpose(0, 2, 1), rows, columns
        if self.random.random() < 0.5:
            p, rows = p[:, ::-1], PHASES - 1 - rows[::-1]
        if self.random.random() < 0.5:
            p, columns = p[:, :, ::-1], PHASES - 1 - columns[::-1]
        if self.random.random() < 0.06:
            p = np.broadcast_to(self.grey(p), p.shape)
        whole = Region.of(np.ascontiguousarray(p), columns, rows, self.random.random() < (0.25 if scaled else 0.85))
        top, left = (int(self.random.integers(max(0, side - REGION) + 1)) for side in p.shape[1:])
        part = whole.cut(top, left, REGION)
        return Region(part.planes.copy(), part.maps.copy(), part.columns, part.rows, part.grid)

    def shrink(self, picture: Image.Image) -> Image.Image:
        largest = max(1.0, min(4.0, min(picture.size) / (SIDE + 16)))
        factor = self.random.uniform(min(1.3, largest), largest)
        size = [max(1, round(side / factor)) for side in picture.size]
        return picture.resize(size, FILTERS[self.random.integers(len(FILTERS))])

    def patch(self) -> Region:
        """SIDE by SIDE pixels of a random place of a random picture."""
        group = self.random.choice(len(self.pools), p=self.drawn)
        i = min(np.searchsorted(self.shares[group], self.random.random()), len(self.shares[group]) - 1)
        region = self.pools[group][int(self.random.random() < 0.4)][i]
        height, width = region.planes.shape[1:]
        top = self.random.integers(ABOVE, height - BLOCK - REACH + 1) - REACH
        left = self.random.integers(ASIDE, width - BLOCK - ASIDE + 1) - REACH
        return region.cut(top, left)

    def bordered(self, patch: Region, height: int, width: int, fresh: bool) -> tuple[Region, int, int]:
        """A patch whose block's corner is a picture of its own, of what height and width: made of ``patch`` if
        ``fresh``, else one made earlier, since its least squares take as long as a step of training."""
        if fresh or not self.borders:
            made = _bordered(patch, height, width, self.random.random() < 0.3), height, width
            if len(self.borders) < BORDERS:
                self.borders.append(made)
            else:
                self.borders[self.random.integers(BORDERS)] = made
            return made
        return self.borders[self.random.integers(len(self.borders))]

    @staticmethod
    def grey(patch: np.ndarray) -> np.ndarray:
        green, red, blue = patch.astype(np.float32)
        return np.round(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)

    def batch(self, crops: int, pixels: int) -> dict[str, np.ndarray]:
        """``crops`` blocks with ``pixels`` random pixels each.

        planes (3, crops * SIDE * SIDE) uint8; index (n, taps) and x (n,) flat positions in them; known (n, taps) bool;
        maps (n, MAPS) float32: of the least squares; phase (n, 3): rows of the network's table;
        blocks (crops, 3, BLOCK, BLOCK) uint8; mask (crops, patches) bool: the 4x4 patches that the posterior may read;
        latent (crops,) bool: False where z is left out; area (crops,): pixels that share the block's KL.
        """
        patches, places, fresh = [self.patch() for _ in range(crops)], [], True
        mask = np.zeros((crops, BLOCK // 4, BLOCK // 4), dtype=bool)
        area = np.empty(crops)
        for i in range(crops):
            height = width = BLOCK
            if self.random.random() < 0.3:
                height, width = (int(self.random.integers(8, BLOCK + 1)) for _ in range(2))
            bordered = self.random.random() < 0.15
            if bordered:
                patches[i], height, width = self.bordered(patches[i], height, width, fresh)
                fresh = False
            mask[i, : height // 4, : width // 4] = True
            area[i] = height * width
            x, y = self.random.integers(width, size=pixels), self.random.integers(height, size=pixels)
            places.append(_places(i, x, y, width if bordered else None))
        return _pack(patches, places, mask.reshape(crops, -1), self.random.random(crops) < 0.8, area)


def _bordered(patch: Region, height: int, width: int, grid: bool) -> Region:
    """A patch whose block's corner is a picture of its own."""
    rows, columns = slice(REACH, REACH + height), slice(REACH, REACH + width)
    maps = patch.maps.copy()
    maps[rows, columns] = regress(patch.planes[:, rows, columns], (0, 0) if grid else None)
    own = np.arange(SIDE) - REACH
    return Region(patch.planes, maps, own, own, grid)


def _places(crop: int, x: np.ndarray, y: np.ndarray, width: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flat positions of the taps and of the pixels (x, y) of a crop's block, and which taps are known.

    width: that of the block as a picture of its own, with borders, or None for a block inside its picture.
    """
    if width is None:
        columns, rows, known = locate(x + REACH, y + REACH, SIDE)
    else:
        columns, rows, known = locate(x, y, width)
        columns, rows = columns + REACH, rows + REACH
    return (crop * SIDE + rows) * SIDE + columns, (crop * SIDE + y + REACH) * SIDE + x + REACH, known


def _pack(patches: list[Region], places: list, mask: np.ndarray, latent: np.ndarray, area: np.ndarray) -> dict:
    """A batch as Crops.batch describes it, from patches and each crop's _places."""
    index, centre, known = (np.concatenate(part) for part in zip(*places, strict=True))
    crop, row, column = centre // SIDE**2, centre // SIDE % SIDE, centre % SIDE
    columns, rows = (np.stack([getattr(p, name) for p in patches]) for name in ("columns", "rows"))
    phase = phase_rows(columns[crop, column], rows[crop, row])
    phase[~np.array([p.grid for p in patches])[crop]] = PHASE_ROWS
    blocks = np.stack([p.planes for p in patches])
    return {
        "planes": np.ascontiguousarray(blocks.transpose(1, 0, 2, 3)).reshape(3, -1),
        "index": index,
        "x": centre,
        "known": known,
        "maps": np.stack([p.maps for p in patches]).reshape(-1, MAPS)[centre].astype(np.float32),
        "phase": phase,
        "blocks": blocks[:, :, REACH:-REACH, REACH:-REACH].copy(),
        "mask": mask,
        "latent": latent,
        "area": area,
    }


def whole_blocks(paths: list[pathlib.Path], count: int, seed: int, pixels: int) -> dict[str, np.ndarray]:
    """A fixed evaluation batch in the form of Crops.batch: ``count`` interior blocks, all with latents.

    Pictures of one block or less have no grid, as the codec does it.
    """
    random, patches = np.random.default_rng(seed), []
    known: dict[pathlib.Path, tuple[np.ndarray, np.ndarray, bool]] = {}
    for i in range(count):
        path = paths[i % len(paths)]
        if path not in known:
            picture = decorrelate(planes(load(path)))
            grid = min(picture.shape[1:]) > BLOCK
            known[path] = picture, regress(picture, (0, 0) if grid else None), grid
        picture, maps, grid = known[path]
        margin = [(REACH, max(0, SIDE - side)) for side in picture.shape[1:]]
        picture, maps = np.pad(picture, [(0, 0), *margin], mode="edge"), np.pad(maps, [*margin, (0, 0)], mode="edge")
        columns, rows = (np.arange(side) - REACH for side in picture.shape[:0:-1])
        top, left = (int(random.integers(side - SIDE + 1)) for side in picture.shape[1:])
        patches.append(Region(picture, maps, columns, rows, grid).cut(top, left))
    places = [
        _places(i, random.integers(BLOCK, size=pixels), random.integers(BLOCK, size=pixels), None) for i in range(count)
    ]
    mask = np.ones((count, (BLOCK // 4) ** 2), dtype=bool)
    return _pack(patches, places, mask, np.ones(count, dtype=bool), np.full(count, BLOCK * BLOCK))
