"""Picture -> container: the parts that take the fewest bytes.

What codes a picture, or a rectangle of it, is found by trying (trials.py). Screens, pages and frames with photographs
on them are split (photograph_areas.py finds the rectangles): each photograph becomes a region with parts of its own,
and what is left is coded with the rectangles filled. The picture as a whole is tried too, and the smaller result kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bbans_cli.coders import photograph_areas
from bbans_cli.coders.registry import CODERS, FLAT, FLATTER, Coder
from bbans_cli.coders.trials import Job, Planes, Trial, approximate_bytes, candidates, look, smallest_parts
from bbans_cli.container import (
    FEW_COLOURS,
    FITTED,
    JPEG,
    NEURAL,
    WEBP,
    Container,
    Part,
    Region,
    histogram_packing,
    palette_order,
)
from bbans_cli.container import metadata as kinds
from bbans_cli.pictures.picture import Picture, coded_depth
from bbans_cli.progress import ShareProgress, no_progress

# Coders of photographs: a rectangle that another one codes best stays in the picture.
PHOTOGRAPHIC = (NEURAL, FITTED, JPEG)
# Flatness of a rectangle from which few-colours is tried on it too, and so may prove that it is none. Tuned by hand,
# not recorded.
DOUBTFUL = 0.25
# Pixels below which the neural coder is tried on the whole of a split picture, even if most of it is flat.
SMALL = 1 << 16
# Colours of a palette from which its indices may be intensities.
MANY = 48


def encode(
    picture: Picture,
    level: int = 5,
    threads: int = 1,
    progress: ShareProgress = no_progress,
    coders: Mapping[int, Coder] = CODERS,
    band_rows: int | None = None,
) -> Container:
    """Encode a picture at a level (1, 5, 9), with bands of at most `band_rows` rows.

    The JPEG coder has one band all the same: without it, a picture that was a JPEG file takes a multiple of the bytes.

    The bytes do not depend on `threads`.
    """
    pixels, items = picture.pixels, picture.items()
    table = histogram_packing.find(pixels) if _may_be_sparse(picture) else None
    if table is not None:
        pixels = histogram_packing.number(pixels, table)
        items.insert(0, (kinds.VALUES, histogram_packing.to_bytes(table)))
    elif picture.palette is not None and picture.depth == 8 and not _is_ordered(picture):
        places = palette_order.find(pixels, picture.palette)
        if places is not None:
            pixels = places
            items.insert(0, (kinds.ORDER, b""))
    # Deep samples of few values have become 8-bit numbers of those.
    whole = coded_depth(picture.depth)
    depth = min(whole, 8 * pixels.dtype.itemsize)
    planes = Planes.split(pixels, picture.mode, depth, _is_ordered(picture))
    traits = look(planes, level, packed=depth < whole)
    job = Job(planes, traits, level, threads, coders, band_rows)
    parts = _parts(job, pixels, picture.mode, progress)
    progress(1.0)
    return Container(picture.width, picture.height, picture.mode, picture.depth, parts, items)


def _may_be_sparse(picture: Picture) -> bool:
    """One list serves all channels, and those of 8-bit colour seldom leave out the same values."""
    depth = coded_depth(picture.depth)
    return depth == 16 or depth == 8 and picture.mode == "grey"


def _is_ordered(picture: Picture) -> bool:
    """Whether the colours of a palette that occur are many and go from dark to light, or from light to dark."""
    if picture.palette is None or picture.depth != 8:
        return False
    entries = np.frombuffer(picture.palette, np.uint8).reshape(-1, 3)
    used = np.flatnonzero(np.bincount(picture.pixels.ravel(), minlength=256))
    if len(used) < MANY or used[-1] >= len(entries):
        return False
    steps = np.diff(entries[used] @ palette_order.LUMA)
    return bool(np.all(steps >= 0) or np.all(steps <= 0))


def _parts(job: Job, pixels: np.ndarray, mode: str, progress: ShareProgress) -> list[Part]:
    """The parts of (h, w, c) pixels of a mode, as one or split, whichever is smaller.

    Where rows are to be decoded alone, they are not split: a region's bands would not end where the others do.
    """
    traits = job.traits
    trials = candidates(traits, job.coders)
    if job.band_rows:
        trials = [trial for trial in trials if trial.number != WEBP]  # it has no bands
    splits = traits.continuous and not traits.packed and traits.jpeg is None and not job.band_rows
    boxes = _boxes(job, pixels) if splits else []
    if not boxes:
        return smallest_parts(job, trials, progress)
    job.best, around = _Split(job, pixels, mode, _portion(progress, 0, 0.5)).smallest(boxes)
    if job.best and around >= FLATTER and not traits.alpha and job.planes.pixels >= SMALL:
        # Around the photographs few-colours is better, and on them nothing is gained by what lies around.
        trials = [trial for trial in trials if trial.number != NEURAL]
    return smallest_parts(job, trials, _portion(progress, 0.5, 1))


def _boxes(job: Job, pixels: np.ndarray) -> list[Region]:
    """What may become regions: what is left of a JPEG file from its first whole block on, or photographs."""
    if job.traits.flatness <= FLAT:
        found = _on_grid(job.planes.colour, Region(0, 0, pixels.shape[1], pixels.shape[0]))
        if found.left or found.top:
            return [found]
    return photograph_areas.find(pixels)


def _on_grid(colour: np.ndarray, box: Region) -> Region:
    """A rectangle from the first whole block of a JPEG file on, where one was cut off at its left or upper side."""
    from bbans_cli.coders.jpeg.inversion import alignment

    x, y = alignment.find(_cut(colour, box))
    return Region(box.left + x, box.top + y, box.width - x, box.height - y)


def _cut(pixels: np.ndarray, box: Region) -> np.ndarray:
    return np.ascontiguousarray(pixels[box.top : box.top + box.height, box.left : box.left + box.width])


def _portion(progress: ShareProgress, first: float, end: float) -> ShareProgress:
    """Progress of what takes the portion from `first` to `end` of the whole."""
    return lambda share: progress(first + share * (end - first))


@dataclass(frozen=True)
class _Coded:
    """Some pixels in parts. flatness: as PictureTraits has it. box: where they lie, None for all that is around."""

    parts: list[Part]
    flatness: float
    box: Region | None = None

    @property
    def photographic(self) -> bool:
        return self.parts[0].coder in PHOTOGRAPHIC

    @property
    def sure(self) -> bool:
        """Whether few-colours would certainly take more for it, within the picture too, where it knows what repeats."""
        return self.parts[0].coder == JPEG or self.flatness <= DOUBTFUL

    def placed(self) -> list[Part]:
        return [replace(part, region=self.box) for part in self.parts]


class _Split:
    """The (h, w, c) pixels of a picture in parts of photographs and parts of what is around them."""

    def __init__(self, job: Job, pixels: np.ndarray, mode: str, progress: ShareProgress) -> None:
        self.job, self.pixels, self.mode, self.progress = job, pixels, mode, progress

    def smallest(self, boxes: list[Region]) -> tuple[list[Part], float]:
        """Parts with regions for the rectangles that photographic coders code best, and the flatness around; no parts
        if there are none."""
        shares = np.cumsum([0, *(box.width * box.height for box in boxes)]) / self.job.planes.pixels
        found = []
        for number, box in enumerate(boxes):
            progress = _portion(self.progress, float(shares[number]), float(shares[number + 1]))
            placed = _on_grid(self.job.planes.colour, box)
            found.append(self._coded(_cut(self.pixels, placed), progress, placed))
        found = [each for each in found if each.photographic]
        if not found:
            return [], 0.0
        sure = [each for each in found if each.sure]
        choices = [sure, found] if 0 < len(sure) < len(found) else [found]
        return min(map(self._with, choices), key=lambda split: approximate_bytes(split[0]))

    def _with(self, regions: list[_Coded]) -> tuple[list[Part], float]:
        """The parts with these regions, and the flatness around them."""
        around = _filled(self.pixels, [each.box for each in regions if each.box])
        rest = self._coded(around, no_progress)
        return rest.parts + [part for each in regions for part in each.placed()], rest.flatness

    def _coded(self, pixels: np.ndarray, progress: ShareProgress, box: Region | None = None) -> _Coded:
        """Some of the pixels; those of a box may be no photograph."""
        job = self.job
        planes = Planes.split(pixels, self.mode, job.planes.depth, job.planes.ordered)
        traits = look(planes, job.level)
        trials = candidates(traits, job.coders)
        if box and traits.jpeg is None and traits.flatness > DOUBTFUL and Trial(FEW_COLOURS) not in trials:
            trials = [Trial(FEW_COLOURS), *trials]
        parts = smallest_parts(Job(planes, traits, job.level, job.threads, job.coders), trials, progress)
        return _Coded(parts, traits.flatness, box)


def _filled(pixels: np.ndarray, boxes: list[Region]) -> np.ndarray:
    """The pixels with those of rectangles replaced by what costs next to nothing: in each row the pixel on the left, at
    the left border that on the right; over the picture's whole width the row above or below."""
    filled: np.ndarray = pixels.copy()
    for box in sorted(boxes, key=lambda box: box.left):
        rows = filled[box.top : box.top + box.height]
        right = box.left + box.width
        if box.left > 0:
            rows[:, box.left : right] = rows[:, box.left - 1 : box.left]
        elif right < filled.shape[1]:
            rows[:, :right] = rows[:, right : right + 1]
        else:
            rows[:] = filled[box.top - 1 if box.top else min(box.height, len(filled) - 1)]
    return filled
