"""Training batches of thumbnails: whole small pictures with their borders, without a grid and without latents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli.coders.neural.band_scan import LS_COLUMNS
from bbans_cli.coders.neural.neighbourhood import BLOCK, REACH
from bbans_cli.training.crops import FILTERS, PATCH, Batch, pack, places_of
from bbans_cli.training.pictures import files, grey, planes_of, read
from bbans_cli.training.regions import SIDE, Region

# The shares and ranges of what is drawn were set by hand, not recorded.
OF_EACH = 4  # thumbnails of a picture that are kept
SHORTER = (20, BLOCK)  # sides of those that are not BLOCK by BLOCK
LARGEST_CUT = 2.5  # a thumbnail shows at least 1 / this of its picture's shorter side
GREY = 0.04


class Thumbnails:
    """Draws batches from pictures scaled down to at most BLOCK by BLOCK, as `crops.Crops` does from larger ones."""

    def __init__(self, folder: Path, seed: int, limit: int | None = None) -> None:
        self.random = np.random.default_rng(seed)
        groups = [group for group in sorted(folder.iterdir()) if group.is_dir()] or [folder]
        self.paths = [path for group in groups for path in files(group)[:limit]]
        self.kept = [made for path in self.paths for made in self._thumbnails(path, OF_EACH)]

    def refresh(self) -> None:
        """Replace the thumbnails of one random picture."""
        i = int(self.random.integers(len(self.paths)))
        self.kept[i * OF_EACH : (i + 1) * OF_EACH] = self._thumbnails(self.paths[i], OF_EACH)

    def batch(self, blocks: int, pixels: int) -> Batch:
        """``blocks`` random thumbnails with ``pixels`` random pixels each."""
        drawn = [self.kept[i] for i in self.random.integers(len(self.kept), size=blocks)]
        found = []
        mask = np.zeros((blocks, BLOCK // PATCH, BLOCK // PATCH), dtype=bool)
        for i, (_, height, width) in enumerate(drawn):
            mask[i, : height // PATCH, : width // PATCH] = True
            x, y = self.random.integers(width, size=pixels), self.random.integers(height, size=pixels)
            found.append(places_of(i, x, y, width))
        area = np.array([float(height * width) for _, height, width in drawn])
        patches = [patch for patch, _, _ in drawn]
        return pack(patches, found, mask.reshape(blocks, -1), np.zeros(blocks, dtype=bool), area)

    def _thumbnails(self, path: Path, count: int) -> list[tuple[Region, int, int]]:
        """Thumbnails of a picture, as patches, with their heights and widths."""
        picture = read(path)
        return [self._thumbnail(picture) for _ in range(count)]

    def _thumbnail(self, picture: Image.Image) -> tuple[Region, int, int]:
        height = width = BLOCK
        if self.random.random() < 0.25:
            height, width = (int(side) for side in self.random.integers(*SHORTER, size=2))
        # the part of the picture that is shown, of the thumbnail's shape
        largest = min(picture.width / width, picture.height / height)
        smallest = min(largest, max(1.0, largest / LARGEST_CUT))
        factor = largest if self.random.random() < 0.5 else self.random.uniform(smallest, largest)
        left = self.random.random() * max(0.0, picture.width - factor * width)
        top = self.random.random() * max(0.0, picture.height - factor * height)
        box = (left, top, min(left + factor * width, picture.width), min(top + factor * height, picture.height))
        small = picture.resize((width, height), FILTERS[self.random.integers(len(FILTERS))], box)
        planes = planes_of(small)
        if self.random.random() < 0.5:
            planes = planes[:, :, ::-1]
        if self.random.random() < GREY:
            planes = np.broadcast_to(grey(planes), planes.shape)
        below, beside = SIDE - REACH - height, SIDE - REACH - width
        planes = np.pad(planes, [(0, 0), (REACH, below), (REACH, beside)], mode="edge")
        nowhere, none = np.zeros(SIDE, int), np.zeros((SIDE, SIDE, LS_COLUMNS), np.float16)
        patch = Region(np.ascontiguousarray(planes), none, nowhere, nowhere, grid=False)
        return patch.bordered(height, width, grid=False), height, width
