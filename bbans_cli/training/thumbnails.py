"""Training batches of thumbnails: whole small pictures with their borders, without a grid and without latents."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from bbans_cli.coders.neural.band_scan import LS_COLUMNS
from bbans_cli.coders.neural.neighbourhood import BLOCK, REACH
from bbans_cli.training.config import Draw
from bbans_cli.training.crops import PATCH, Batch, Bordered, pack, places_of
from bbans_cli.training.pictures import FILTERS, Pictures, grey, planes_of, read
from bbans_cli.training.pool import Pool
from bbans_cli.training.regions import SIDE, Region

# Set by hand, not recorded.
SMALLER, SHORTEST = 0.25, 20  # share of thumbnails with random sides, and the least of these
LARGEST_CUT = 2.5  # a thumbnail shows at least 1 / this of its picture's shorter side
_THUMBNAIL, _BATCH = range(2)  # what random numbers are for


class Thumbnails:
    """Draws batches from pictures scaled down to at most BLOCK by BLOCK, as `crops.Crops` does from larger ones."""

    def __init__(self, pictures: Pictures, draw: Draw, seed: int, workers: ThreadPoolExecutor) -> None:
        self._pictures, self._draw, self._seed = pictures, draw, seed
        self.kept = Pool(self._thumbnail, draw.kept, workers)

    def batch(self, step: int, blocks: int, pixels: int) -> Batch:
        """``blocks`` random thumbnails with ``pixels`` random pixels each."""
        self.kept.grow(self._draw.first + step // self._draw.interval)
        random = np.random.default_rng([self._seed, _BATCH, step])
        drawn = [self.kept[int(i)] for i in random.integers(len(self.kept), size=blocks)]
        found = []
        mask = np.zeros((blocks, BLOCK // PATCH, BLOCK // PATCH), dtype=bool)
        for i, (_, height, width) in enumerate(drawn):
            mask[i, : height // PATCH, : width // PATCH] = True
            x, y = random.integers(width, size=pixels), random.integers(height, size=pixels)
            found.append(places_of(i, x, y, width))
        area = np.array([float(height * width) for _, height, width in drawn])
        patches = [patch for patch, _, _ in drawn]
        return pack(patches, found, mask.reshape(blocks, -1), np.zeros(blocks, dtype=bool), area)

    def _thumbnail(self, number: int) -> Bordered:
        """A thumbnail of a random picture, as a patch."""
        random = np.random.default_rng([self._seed, _THUMBNAIL, number])
        planes = shown(read(self._pictures.draw(random)[0]), self._draw.side, random)
        height, width = planes.shape[1:]
        if random.random() < 0.5:
            planes = planes[:, :, ::-1]
        if random.random() < self._draw.grey:
            planes = np.broadcast_to(grey(planes), planes.shape)
        below, beside = SIDE - REACH - height, SIDE - REACH - width
        planes = np.pad(planes, [(0, 0), (REACH, below), (REACH, beside)], mode="edge")
        nowhere, none = np.zeros(SIDE, int), np.zeros((SIDE, SIDE, LS_COLUMNS), np.float16)
        patch = Region(np.ascontiguousarray(planes), none, nowhere, nowhere, grid=False)
        return Bordered(patch.bordered(height, width, grid=False), height, width)


def shown(picture: Image.Image, side: int, random: np.random.Generator) -> np.ndarray:
    """Planes (3, height, width) of a thumbnail of a random part of a picture. side: of most of them, and the most."""
    height = width = side
    if random.random() < SMALLER:
        height, width = (int(each) for each in random.integers(SHORTEST, side, size=2))
    # the part of the picture that is shown, of the thumbnail's shape
    largest = min(picture.width / width, picture.height / height)
    smallest = min(largest, max(1.0, largest / LARGEST_CUT))
    factor = largest if random.random() < 0.5 else random.uniform(smallest, largest)
    left = random.random() * max(0.0, picture.width - factor * width)
    top = random.random() * max(0.0, picture.height - factor * height)
    box = (left, top, min(left + factor * width, picture.width), min(top + factor * height, picture.height))
    return planes_of(picture.resize((width, height), FILTERS[random.integers(len(FILTERS))], box))
