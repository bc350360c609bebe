"""Picture files for training: found, drawn, read, scaled down, and as planes in coding order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.training.config import Folder

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".ppm", ".bmp", ".tif", ".tiff"}
FILTERS = [Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.HAMMING, Image.Resampling.BICUBIC,
           Image.Resampling.LANCZOS]  # fmt: skip
SCALES = (1.3, 4.0)  # pictures are scaled down by factors from this to this; set by hand, not recorded


def files(folder: Path) -> list[Path]:
    """Picture files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


class Pictures:
    """Draws files of folders: folders by their shares, the files of one by their area."""

    def __init__(self, root: Path, folders: Mapping[str, Folder]) -> None:
        self._folders = list(folders.values())
        self._paths = [files(root / name) for name in folders]
        self._cumulative = [np.cumsum([_area(path) for path in paths]) for paths in self._paths]
        self._shares = np.cumsum([folder.share for folder in self._folders])

    def draw(self, random: np.random.Generator) -> tuple[Path, Folder]:
        """A file, and how its folder's pictures are treated."""
        i = _drawn(self._shares, random)
        return self._paths[i][_drawn(self._cumulative[i], random)], self._folders[i]


def _drawn(cumulative: np.ndarray, random: np.random.Generator) -> int:
    """A number that is drawn as often as its difference in `cumulative` says."""
    return min(int(np.searchsorted(cumulative, random.random() * cumulative[-1], side="right")), len(cumulative) - 1)


def _area(path: Path) -> int:
    with Image.open(path) as picture:
        width, height = picture.size
    return int(width * height)


def read(path: Path) -> Image.Image:
    """A picture file as 8-bit RGB."""
    with Image.open(path) as picture:
        rgb: Image.Image = picture.convert("RGB")
    return rgb


def shrunk(picture: Image.Image, least: int, random: np.random.Generator) -> Image.Image:
    """The picture scaled down by a random factor with a random filter, to sides of at least `least` if it has them."""
    largest = max(1.0, min(SCALES[1], min(picture.size) / least))
    factor = random.uniform(min(SCALES[0], largest), largest)
    width, height = (max(1, round(side / factor)) for side in picture.size)
    return picture.resize((width, height), FILTERS[random.integers(len(FILTERS))])


def planes_of(picture: Image.Image) -> np.ndarray:
    """An RGB picture as planes (3, height, width) uint8 in coding order: G, R, B."""
    return np.ascontiguousarray(np.asarray(picture)[:, :, list(CHANNELS)].transpose(2, 0, 1))


def interleaved(planes: np.ndarray) -> np.ndarray:
    """Planes (3, height, width) uint8 in coding order -> (height, width, 3) R, G, B, as the coder takes them."""
    return np.ascontiguousarray(planes[np.argsort(CHANNELS)].transpose(1, 2, 0))


def to_ycbcr(planes: np.ndarray) -> np.ndarray:
    """Planes (3, height, width) uint8 in coding order -> Y, Cb, Cr if a JPEG decoder made them, else as they are."""
    found = ycbcr.from_rgb(interleaved(planes))
    return planes if found is None else np.ascontiguousarray(found[:, :, list(CHANNELS)].transpose(2, 0, 1))


def grey(planes: np.ndarray) -> np.ndarray:
    """The luma of planes (3, height, width) uint8 in coding order, (height, width) uint8 (ITU-R BT.601)."""
    green, red, blue = planes.astype(np.float32)
    return np.asarray(np.round(0.299 * red + 0.587 * green + 0.114 * blue), np.uint8)
