"""Planes -> parts by the coder that makes them smallest: each that may be the best is tried.

1. A look at the planes (picture_traits.py) rules coders out (registry.py): photographs go to the neural coder, what a
   JPEG decoder wrote to the JPEG coder, screens and palettes to few-colours or WebP, 16-bit samples to neural or deep.
2. If several are left and the picture is large, each codes a sample of rows; those far from the best are dropped.
3. The others code the whole picture, the likeliest first, each bounded by the smallest result so far.
4. The smallest is kept. Raw samples, which are made first, bound them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bbans_cli.coders import raw, sample_rows
from bbans_cli.coders.picture_traits import PictureTraits, flatness
from bbans_cli.coders.registry import FLATTER, Coder, EncodeRequest
from bbans_cli.container import DEEP, FEW_COLOURS, JPEG, MODES, NEURAL, RAW, WEBP, Part
from bbans_cli.limits import FAST
from bbans_cli.progress import PixelProgress, ShareProgress, no_progress

# All numbers below were tuned by hand and not recorded.

# The JPEG coder is the only one tried where its quantisers spare this many bits a coefficient: it then always wins.
COARSE = 0.5

# Pixels from which a sample is tried first (an eighth of it at the fast level and of deep samples), pixels of the
# sample.
LARGE, SAMPLE_PIXELS = 1 << 19, 1 << 17
# Coders whose sample is at most this much larger than the best one's are tried on the whole.
CLOSE = 1.08
# From LARGE pixels of 8 bits on, but not at the fast level, a sample of a quarter comes first: those larger there
# by this factor are dropped (docs/experiments.md, Trials by a part of the sample).
FAR = 1.15
# At the fast level few-colours takes ten times as long as the fitted coder, whose sample is coded without a fit. From
# 1.02 to CLOSE few-colours lost (docs/experiments.md, Trials at the fast level).
CLOSE_TO_FAST = 1.02
# Bytes of raw samples below which nothing else is tried.
TINY = 32


def approximate_bytes(parts: list[Part]) -> int:
    """Bytes of the parts' payloads, and about those of their tables."""
    return sum(part.approximate_bytes for part in parts)


@dataclass(frozen=True)
class Planes:
    """The planes to code, with samples of `depth` bits: colour (h, w, 1 or 3), alpha (h, w, 0 or 1).

    palette, ordered  as PictureTraits has them
    """

    colour: np.ndarray
    alpha: np.ndarray
    depth: int
    palette: bool
    ordered: bool = False

    @classmethod
    def split(cls, pixels: np.ndarray, mode: str, depth: int, ordered: bool = False) -> Planes:
        """Cut (h, w, c) pixels of a mode into colour, one channel if its three are equal, and alpha.

        Of CMYK, C, M, Y are taken for colour, even if they are equal, and K for alpha.
        """
        count = 3 if mode in ("rgb", "rgba", "cmyk") else 1
        colour, alpha = pixels[:, :, :count], pixels[:, :, count:]
        if count == 3 and mode != "cmyk" and _is_grey(colour):
            colour = np.ascontiguousarray(colour[:, :, :1])
        return cls(colour, alpha, depth, mode == "palette", ordered)

    @property
    def pixels(self) -> int:
        height, width, _ = self.colour.shape
        return int(height * width)

    def whole(self) -> np.ndarray:
        """Colour and alpha together."""
        return np.concatenate([self.colour, self.alpha], axis=2) if self.alpha.size else self.colour

    def sample(self, most: int = SAMPLE_PIXELS) -> Planes:
        """Strips of rows from all over the picture, below each other: about `most` pixels."""
        strips = sample_rows.strips(self.whole(), min(most, self.pixels // 4))
        mode = "palette" if self.palette else MODES[strips.shape[2] - 1]
        return Planes.split(strips, mode, self.depth, self.ordered)


def _is_grey(colour: np.ndarray) -> bool:
    """Whether the three channels are equal everywhere; looked at 64 rows at a time until they are not."""
    return all(np.all(rows[:, :, 1:] == rows[:, :, :1]) for rows in np.array_split(colour, max(1, len(colour) // 64)))


@dataclass
class Job:
    """Planes, how they are to be coded, and the smallest parts so far.

    band_rows, quick  see EncodeRequest
    raw_bytes  of raw samples, which serve where there are no other parts yet
    progress  gets numbers of pixels of the trial at work
    """

    planes: Planes
    traits: PictureTraits
    level: int
    threads: int
    coders: Mapping[int, Coder]
    band_rows: int | None = None
    quick: bool = False
    best: list[Part] = field(default_factory=list)
    progress: PixelProgress = no_progress
    raw_bytes: int = 0

    @property
    def bound(self) -> int:
        """About the bytes that parts must stay below to be of use."""
        return approximate_bytes(self.best) if self.best else self.raw_bytes

    def encode(
        self,
        number: int,
        planes: np.ndarray,
        depth: int,
        known: np.ndarray | None = None,
    ) -> Part | None:
        """Planes by a coder, or None where they would take more than the best parts so far."""
        request = EncodeRequest(
            planes,
            depth,
            max_bytes=self.bound,
            level=self.level,
            threads=self.threads,
            progress=self.progress,
            known=known,
            jpeg=self.traits.jpeg,
            quick=self.quick,
            band_rows=self.band_rows,
        )
        return self.coders[number].encode(request)

    def add_alpha(self, parts: list[Part]) -> list[Part] | None:
        """Parts of the colours and that of the alpha channel, if there is one; a decoder has the colours before it."""
        colour, alpha, depth = self.planes.colour, self.planes.alpha, self.planes.depth
        if not alpha.size:
            return parts
        if np.all(alpha == alpha[0, 0]):
            part = self.encode(RAW, alpha, depth)
        else:
            part = self.encode(FEW_COLOURS, alpha, depth, known=colour)
        return None if part is None else [*parts, part]

    def offer(self, parts: list[Part] | None) -> None:
        """Keep the parts if they are smaller than the best."""
        if parts is not None and approximate_bytes(parts) < self.bound:
            self.best = parts


@dataclass(frozen=True)
class Trial:
    """The colours by the coder of a number, and with them the alpha channel if the coder takes both at once."""

    number: int

    def parts(self, job: Job) -> list[Part] | None:
        """All parts of the picture, or None where this coder cannot be the best."""
        with_alpha = job.coders[self.number].with_alpha
        planes = job.planes.whole() if with_alpha else job.planes.colour
        part = job.encode(self.number, planes, job.planes.depth)
        if part is None:
            return None
        return [part] if with_alpha else job.add_alpha([part])


def look(planes: Planes, level: int, packed: bool = False) -> PictureTraits:
    """The traits of planes; packed as PictureTraits has it."""
    columns, alpha = planes.colour.shape[1], planes.alpha.size > 0
    found = flatness(planes.colour)
    traits = PictureTraits(planes.depth, planes.palette, packed, found, alpha, columns, ordered=planes.ordered)
    if traits.continuous and not packed and traits.flatness < FLATTER:
        from bbans_cli.coders.jpeg.inversion import search

        return replace(traits, jpeg=search.find(planes.colour, thorough=level != FAST))
    return traits


def coarseness(tables: list[np.ndarray]) -> float:
    """Bits that quantisers spare a coefficient, on average."""
    return float(np.mean([np.log2(table) for table in tables]))


def candidates(traits: PictureTraits, coders: Mapping[int, Coder]) -> list[Trial]:
    """What may be best by the traits, the likeliest first."""

    def applying(*numbers: int) -> list[Trial]:
        return [Trial(number) for number in numbers if coders[number].applies(traits)]

    if traits.depth == 16:
        return applying(NEURAL, DEEP, FEW_COLOURS)
    if traits.jpeg is not None and coarseness(traits.jpeg.tables) > COARSE:
        return applying(JPEG)
    found = applying(JPEG, FEW_COLOURS, DEEP, NEURAL)
    # Never better than the neural coder where nothing else is in question; last, as its second effort is slow.
    return found if found == [Trial(NEURAL)] else found + applying(WEBP)


def smallest_parts(job: Job, trials: Sequence[Trial], progress: ShareProgress) -> list[Part]:
    """The smallest parts that one of the trials makes of the planes, raw samples, or `job.best`."""
    planes = job.planes
    large = planes.pixels >= (LARGE // 8 if job.level == FAST or planes.depth == 16 else LARGE)
    # Deflate has its chance where it is quick; on more pixels, and on photographs, the others are always better.
    thorough = not large and list(trials) not in ([Trial(NEURAL)], [Trial(JPEG)])
    whole = planes.whole()
    job.raw_bytes = raw.encoded_bytes(whole, planes.depth, job.band_rows)
    if job.bound >= job.raw_bytes:
        job.best = []
    if thorough or job.raw_bytes < TINY:
        packed = [raw.encode(whole, planes.depth, thorough, job.band_rows)]
        job.best = min(job.best or packed, packed, key=approximate_bytes)
    if job.bound < TINY:
        return job.best
    del whole
    if len(trials) > 1 and large and job.traits.jpeg is None:
        trials = _shortlist(trials, job)
    costs = [job.coders[trial.number].cost for trial in trials]
    meter = _Meter(max(1, planes.pixels * sum(costs)), progress)
    for trial, cost in zip(trials, costs, strict=True):
        job.progress = meter.weighted(cost)
        job.offer(trial.parts(job))
    # Where they only bound the others, raw samples are not kept meanwhile: those of a large picture are large.
    return job.best or [raw.encode(planes.whole(), planes.depth, False, job.band_rows)]


def _shortlist(trials: Sequence[Trial], job: Job) -> Sequence[Trial]:
    """The trials that come near to the best on a sample of the picture."""
    if job.level != FAST and job.planes.depth == 8 and job.planes.pixels >= LARGE:
        trials = _near(trials, job, job.planes.sample(SAMPLE_PIXELS // 4), [FAR] * len(trials))
    if len(trials) == 1:
        return trials
    return _near(trials, job, job.planes.sample(), [_close(trial, job) for trial in trials])


def _near(trials: Sequence[Trial], job: Job, planes: Planes, factors: Sequence[float]) -> list[Trial]:
    """Those that code the sample `planes` in at most so many times the bytes of the best."""
    raw_sample = [raw.encode(planes.whole(), planes.depth, False, job.band_rows)]
    sizes = []
    for trial in trials:
        sample = replace(job, planes=planes, quick=True, best=raw_sample, progress=no_progress)
        sample.offer(trial.parts(sample))
        sizes.append(sample.bound)
    least = min(sizes)
    return [trial for trial, size, factor in zip(trials, sizes, factors, strict=True) if size <= least * factor]


def _close(trial: Trial, job: Job) -> float:
    """In ratio to the best sample: whose sample is larger is not tried on the whole."""
    return CLOSE_TO_FAST if job.level == FAST and job.planes.depth == 8 and trial.number == FEW_COLOURS else CLOSE


class _Meter:
    """Pixels of one trial after the other -> the share of all work that is done,
    weighted by the trials' costs."""

    def __init__(self, total: int, progress: ShareProgress) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def weighted(self, cost: int) -> PixelProgress:
        def count(pixels: int) -> None:
            self._done += cost * pixels
            self._progress(min(1.0, self._done / self._total))

        return count
