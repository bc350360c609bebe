"""Training crops: random blocks of photographs, mirrored, rotated, scaled, cut, some grey, some with borders."""

import pathlib

import numpy as np
from PIL import Image

from bbans_cli.context import BLOCK, CHANNELS, REACH, locate

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".ppm", ".bmp", ".tif", ".tiff"}
FILTERS = [Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.HAMMING, Image.Resampling.BICUBIC,
           Image.Resampling.LANCZOS]  # fmt: skip
SIDE = BLOCK + 2 * REACH


def load(path: pathlib.Path) -> Image.Image:
    """A picture file as 8-bit RGB."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


def planes(picture: Image.Image) -> np.ndarray:
    """(3, h, w) uint8 in coding order."""
    return np.ascontiguousarray(np.asarray(picture)[:, :, list(CHANNELS)].transpose(2, 0, 1))


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Picture files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


class Crops:
    """Draws batches from all pictures below ``folder``; its direct subfolders are drawn equally often.

    Half of the draws come from pictures as they are, the others from a copy scaled down by 1.3 to 4 with a random filter.
    """

    def __init__(self, folder: pathlib.Path, seed: int, limit: int | None = None):
        self.random = np.random.default_rng(seed)
        groups = [f for f in sorted(folder.iterdir()) if f.is_dir()] or [folder]
        self.pools = []
        for group in groups:
            originals, scaled = [], []
            for path in files(group)[:limit]:
                picture = load(path)
                originals.append(planes(picture))
                scaled.append(planes(self.shrink(picture)))
            self.pools.append([self.pool(originals), self.pool(scaled)])

    def shrink(self, picture: Image.Image) -> Image.Image:
        largest = max(1.0, min(4.0, min(picture.size) / (SIDE + 8)))
        factor = self.random.uniform(min(1.3, largest), largest)
        size = [max(1, round(side / factor)) for side in picture.size]
        return picture.resize(size, FILTERS[self.random.integers(len(FILTERS))])

    @staticmethod
    def pool(pictures):
        usable = [p for p in pictures if min(p.shape[1:]) >= SIDE]
        area = np.array([p.shape[1] * p.shape[2] for p in usable], dtype=float)
        return usable, np.cumsum(area / area.sum())

    def patch(self) -> np.ndarray:
        """(3, SIDE, SIDE) uint8: a random place of a random picture in a random orientation."""
        pools = self.pools[self.random.integers(len(self.pools))]
        pictures, cumulative = pools[int(self.random.random() < 0.4)]
        picture = pictures[min(np.searchsorted(cumulative, self.random.random()), len(pictures) - 1)]
        top = self.random.integers(picture.shape[1] - SIDE + 1)
        left = self.random.integers(picture.shape[2] - SIDE + 1)
        patch = picture[:, top : top + SIDE, left : left + SIDE]
        if self.random.random() < 0.5:
            patch = patch.transpose(0, 2, 1)
        if self.random.random() < 0.5:
            patch = patch[:, ::-1]
        if self.random.random() < 0.5:
            patch = patch[:, :, ::-1]
        if self.random.random() < 0.06:
            patch = np.broadcast_to(self.grey(patch), patch.shape)
        return patch

    @staticmethod
    def grey(patch: np.ndarray) -> np.ndarray:
        green, red, blue = patch.astype(np.float32)
        return np.round(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)

    def batch(self, crops: int, pixels: int) -> dict[str, np.ndarray]:
        """``crops`` blocks with ``pixels`` random pixels each.

        planes (3, crops * SIDE * SIDE) uint8; index (n, taps) and x (n,) flat positions in them; known (n, taps) bool;
        blocks (crops, 3, BLOCK, BLOCK) uint8; mask (crops, patches) bool: the 4x4 patches that the posterior may read;
        latent (crops,) bool: False where z is left out; area (crops,): pixels that share the block's KL.
        """
        patches = np.stack([self.patch() for _ in range(crops)])
        places = []
        mask = np.zeros((crops, BLOCK // 4, BLOCK // 4), dtype=bool)
        area = np.empty(crops)
        for i in range(crops):
            height = width = BLOCK
            if self.random.random() < 0.3:
                height, width = (int(self.random.integers(8, BLOCK + 1)) for _ in range(2))
            mask[i, : height // 4, : width // 4] = True
            area[i] = height * width
            x, y = self.random.integers(width, size=pixels), self.random.integers(height, size=pixels)
            places.append(_places(i, x, y, width if self.random.random() < 0.25 else None))
        return _pack(patches, places, mask.reshape(crops, -1), self.random.random(crops) < 0.8, area)


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


def _pack(patches: np.ndarray, places: list, mask: np.ndarray, latent: np.ndarray, area: np.ndarray) -> dict:
    """A batch as Crops.batch describes it, from patches (crops, 3, SIDE, SIDE) and each crop's _places."""
    index, centre, known = (np.concatenate(part) for part in zip(*places, strict=True))
    return {
        "planes": np.ascontiguousarray(patches.transpose(1, 0, 2, 3)).reshape(3, -1),
        "index": index,
        "x": centre,
        "known": known,
        "blocks": patches[:, :, REACH:-REACH, REACH:-REACH].copy(),
        "mask": mask,
        "latent": latent,
        "area": area,
    }


def whole_blocks(paths: list[pathlib.Path], count: int, seed: int, pixels: int) -> dict[str, np.ndarray]:
    """A fixed evaluation batch in the form of Crops.batch: ``count`` interior blocks, all with latents."""
    random = np.random.default_rng(seed)
    patches = []
    for i in range(count):
        picture = planes(load(paths[i % len(paths)]))
        margin = [max(0, SIDE - side) for side in picture.shape[1:]]
        picture = np.pad(picture, [(0, 0), (REACH, margin[0]), (REACH, margin[1])], mode="edge")
        top = random.integers(picture.shape[1] - SIDE + 1)
        left = random.integers(picture.shape[2] - SIDE + 1)
        patches.append(picture[:, top : top + SIDE, left : left + SIDE])
    places = [
        _places(i, random.integers(BLOCK, size=pixels), random.integers(BLOCK, size=pixels), None) for i in range(count)
    ]
    mask = np.ones((count, (BLOCK // 4) ** 2), dtype=bool)
    return _pack(np.stack(patches), places, mask, np.ones(count, dtype=bool), np.full(count, BLOCK * BLOCK))
