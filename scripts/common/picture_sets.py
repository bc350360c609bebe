"""Folders of pictures to measure on, as pixels that every codec of bench/formats.py takes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from PIL import Image

from bbans_cli.pictures.formats import JPEG_SUFFIXES
from bbans_cli.pictures.read_write import read_picture

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".ppm", ".pgm", ".bmp", ".tif", ".tiff"}
_AS = {"1": "L", "L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "P": "RGB", "YCbCr": "RGB"}


@dataclass(frozen=True)
class PictureSet:
    """files: 8-bit pictures, which all codecs can code, and if asked for PNG of 16 bits; left_out: the others."""

    name: str
    files: list[Path]
    left_out: list[Path]


def find(name: str, limit: int | None = None, with_deep: bool = False) -> PictureSet:
    """The pictures of a folder, a path or a name below $BBC_DATA; at most `limit` of them, evenly spread.

    with_deep: PNG of 16 bits too. Subfolders are not read. Raises click.UsageError if there is no such folder or it has
    no pictures.
    """
    folder = _folder(name)
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    usable = [path for path in files if _mode(path) or with_deep and deep(path)]
    if not usable:
        raise click.UsageError(f"{folder} holds no 8-bit pictures")
    left_out = [path for path in files if path not in set(usable)]
    return PictureSet(name.rstrip("/"), spread(usable, limit or len(usable)), left_out)


def jpeg_files(name: str, limit: int | None = None) -> list[Path]:
    """The JPEG files of a folder, by their suffix; `name` and `limit` as in `find`. Raises as `find`."""
    files = sorted(path for path in _folder(name).iterdir() if path.suffix.lower() in JPEG_SUFFIXES)
    if not files:
        raise click.UsageError(f"{name} holds no JPEG files")
    return spread(files, limit or len(files))


def _folder(name: str) -> Path:
    places = [Path(os.environ.get("BBC_DATA", "."), name), Path(name)]
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        raise click.UsageError(f"{name} is no folder, nor is {places[0]}; BBC_DATA names the folder of the sets")
    return folder


def spread(items: list, count: int) -> list:
    """`count` of the items, evenly spread and in their order; all of them if there are no more."""
    count = min(count, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def read(path: Path) -> np.ndarray:
    """The pixels (h, w, c) uint8 of a picture, palettes expanded, JPEG decoded; uint16 where it is `deep`."""
    if deep(path):  # of which Pillow would drop the low bits
        return read_picture(path.read_bytes()).pixels
    with Image.open(path) as image:
        pixels = np.asarray(image.convert(_mode(path)))
    return np.ascontiguousarray(pixels[:, :, None] if pixels.ndim == 2 else pixels)


def deep(path: Path) -> bool:
    """Whether the file is PNG of 16 bits."""
    with path.open("rb") as file:
        head = file.read(25)
    return head[:8] == b"\x89PNG\r\n\x1a\n" and head[24] == 16


def timed(files: list[Path], pixels: float) -> list[Path]:
    """Files to take times on: the largest, for the peak of memory, and others evenly spread, up to `pixels` in all."""
    areas = {path: _area(path) for path in files}
    largest = max(files, key=lambda path: areas[path])
    others = [path for path in files if path != largest]
    for count in range(len(others), -1, -1):
        chosen = [largest, *spread(others, count)] if count else [largest]
        if sum(areas[path] for path in chosen) <= pixels:
            return chosen
    return [largest]


def _area(path: Path) -> int:
    with Image.open(path) as image:
        return image.width * image.height


def _mode(path: Path) -> str | None:
    """Pillow's mode to read it in; None if a conversion would lose something."""
    if deep(path):
        return None
    with Image.open(path) as image:
        mode = _AS.get(image.mode)
        return "RGBA" if mode and mode != "LA" and "transparency" in image.info else mode
