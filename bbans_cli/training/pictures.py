"""Picture files for training: found, read, and as planes in coding order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli.coders.coding_order import CHANNELS
from bbans_cli.coders.jpeg import ycbcr

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".ppm", ".bmp", ".tif", ".tiff"}


def files(folder: Path) -> list[Path]:
    """Picture files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def read(path: Path) -> Image.Image:
    """A picture file as 8-bit RGB."""
    with Image.open(path) as picture:
        rgb: Image.Image = picture.convert("RGB")
    return rgb


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
