"""The quantised coefficients of the JPEG file that planes were decoded from, found from the samples alone.

A decoder rounds twice: the inverse transform to Y, Cb, Cr, and these to R, G, B. The second is undone exactly but where
a colour was clipped; there ranges are left (core/jpeg/inversion/inversion_colour.c). What rounding samples adds to a coefficient is
mostly less than half a quantiser, so that most blocks need no more than the quantisers, and the others a search
(core/jpeg/inversion/inversion_block.c). The quantisers are those that coefficients are multiples of, mostly a standard's.

Where chroma is halved, what it was enlarged from is estimated by least squares (core/jpeg/inversion/inversion_upsampling.c), and
coefficients are sought that give the enlarged samples (core/jpeg/inversion/inversion_chroma.c).

What is not found does no harm: jpeg.py stores the squares that come out wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.jpeg.inversion.component import LITTLE, MUCH, SOME, Component, Effort, Halved
from bbans_cli.coders.jpeg.inversion.quantisers import find_table
from bbans_cli.core import ffi, lib
from bbans_cli.limits import MAX_JPEG_PIXELS

Progress = Callable[[int], None]
Turn = tuple[Effort, tuple[int, ...]]

LEAST = 64  # rows and columns that say enough of the quantisers
MOST = 65535  # rows and columns that a JPEG file can have
ODD = 0.01  # share of samples of an enlarged plane that may be as none is, as they were painted later
# Each turn's effort for a block, and the components that are sought again after it where samples are wrong. Chroma
# comes first: it is the smoother, and what is found of it narrows the ranges of Y.
TURNS: list[Turn] = [(LITTLE, (0,)), (SOME, (1, 2)), (MUCH, ())]
ALWAYS = 1 << 21  # steps for a picture in all turns, and
BUDGET = 110  # steps for a pixel in all turns


def find(
    planes: np.ndarray, progress: Progress | None = None, thorough: bool = True
) -> jpeg_coder.JpegCoefficients | None:
    """Planes (h, w, 1 or 3) uint8, grey or R, G, B -> what they were decoded from, or None where that is not found.

    progress gets numbers of pixels. Not thorough: half the time, one turn.
    """
    height, width, channels = planes.shape
    if planes.dtype != np.uint8 or channels not in (1, 3):
        return None
    if min(height, width) < LEAST or max(height, width) > MOST or height * width > MAX_JPEG_PIXELS:
        return None
    report = _Report(progress, height * width)
    turns = TURNS if thorough else TURNS[:1]
    if channels == 1:
        found = _grey(np.ascontiguousarray(planes[:, :, 0]), turns, report)
    else:
        found = _colour(planes, turns, report)
    report.finish()
    return found


class _Report:
    """Progress in pixels, as parts of the work are done."""

    def __init__(self, progress: Progress | None, pixels: int):
        self.progress, self.pixels, self.left = progress, pixels, pixels

    def part(self, parts: int) -> None:
        self._done(min(self.left, self.pixels // parts))

    def finish(self) -> None:
        self._done(self.left)

    def _done(self, pixels: int) -> None:
        self.left -= pixels
        if self.progress and pixels:
            self.progress(pixels)


def _grey(plane: np.ndarray, turns: list[Turn], report: _Report) -> jpeg_coder.JpegCoefficients | None:
    luma = Component(0, plane, plane, plane)
    if not find_table(luma, None):
        return None
    budget = ALWAYS + BUDGET * plane.size
    for effort, _ in turns:
        budget = luma.solve(effort, budget)
        report.part(len(turns))
    return _history((False, False), [luma])


def _colour(planes: np.ndarray, turns: list[Turn], report: _Report) -> jpeg_coder.JpegCoefficients | None:
    planes = np.ascontiguousarray(planes)
    near = ycbcr.from_rgb(planes)
    if near is None:
        return None
    guess = [np.ascontiguousarray(near[:, :, c]) for c in (1, 0, 2)]
    ranges = np.empty((2, 3, *planes.shape[:2]), np.uint8)
    ranges[0], ranges[1] = 0, 255
    narrow(planes, ranges)
    luma = Component(0, ranges[0, 0], ranges[1, 0], guess[0])
    if not find_table(luma, None):
        return None
    for halved in _halvings(guess, ranges):
        kind = partial(Halved, vertical=halved[1]) if halved[0] else Component
        chroma = [kind(c, ranges[0, c], ranges[1, c], guess[c]) for c in (1, 2)]
        quality = jpeg_coder.quality_of(luma.table, 0)
        if find_table(chroma[0], quality) and find_table(chroma[1], jpeg_coder.quality_of(chroma[0].table, 1)):
            return _solve(planes, ranges, halved, [luma, *chroma], turns, report)
    return None


def _solve(
    planes: np.ndarray,
    ranges: np.ndarray,
    halved: tuple[bool, bool],
    components: list[Component],
    turns: list[Turn],
    report: _Report,
) -> jpeg_coder.JpegCoefficients:
    """All blocks, in turns: what is found of one component narrows the ranges of the others where colours were
    clipped."""
    clipped = Clipped(planes, ranges)
    budget = ALWAYS + BUDGET * planes.shape[0] * planes.shape[1]
    for effort, reopened in turns:
        for c in (2, 1, 0):
            clipped.narrow(ranges, components, c)
            budget = components[c].solve(effort, budget)
            report.part(len(turns) * len(components))
        wrong = (_history_samples(halved, components) != planes).any(axis=2)
        if not wrong.any():
            break
        for c in reopened:
            components[c].reopen(wrong)
    return _history(halved, components)


class Clipped:
    """The pixels that are not certain, as their colours alone tell."""

    def __init__(self, planes: np.ndarray, ranges: np.ndarray):
        self.where = np.flatnonzero((ranges[0] != ranges[1]).any(axis=0))
        self.colours = planes.reshape(-1, 1, 3)[self.where]
        self.ranges = ranges.reshape(2, 3, -1)[:, :, self.where]

    def narrow(self, ranges: np.ndarray, components: list[Component], which: int) -> None:
        """Narrows the ranges of a component by what was found of the others."""
        if not len(self.where):
            return
        now = self.ranges.copy()
        for c, component in enumerate(components):
            if c != which:
                sure = np.flatnonzero(component.sure().reshape(-1)[self.where])
                now[:, c, sure] = component.samples().reshape(-1)[self.where[sure]]
        narrow(self.colours, now[:, :, :, None])
        for bound, found in zip(ranges[:, which], now[:, which], strict=True):
            bound.reshape(-1)[self.where] = found
        component = components[which]
        if component.sought:
            component.guess = np.clip(component.samples(), component.low, component.high)


def _history_samples(halved: tuple[bool, bool], components: list[Component]) -> np.ndarray:
    return jpeg_coder.decoded_samples(_history(halved, components), *components[0].guess.shape[::-1])


def _halvings(guess: list[np.ndarray], ranges: np.ndarray) -> list[tuple[bool, bool]]:
    """Which ways chroma may be halved, the likelier first."""
    across = all(_is_doubled(guess[c], ranges[0, c] == ranges[1, c]) for c in (1, 2))
    down = across and all(_is_doubled(guess[c].T, (ranges[0, c] == ranges[1, c]).T) for c in (1, 2))
    return [(True, True)] * down + [(True, False)] * across + [(False, False)]


def _is_doubled(plane: np.ndarray, known: np.ndarray) -> bool:
    """Whether columns are as the triangle filter makes them: their third differences, those from one place between its
    inputs to the next, are nothing but rounding."""
    step = max(1, len(plane) // 128)
    plane, known = plane[step // 2 :: step].astype(np.int16), known[step // 2 :: step]
    count = (plane.shape[1] - 2) // 2
    parts = [plane[:, 1 + i :][:, : 2 * count : 2][:, : count - 1] for i in range(4)]
    sure = np.logical_and.reduce([known[:, 1 + i :][:, : 2 * count : 2][:, : count - 1] for i in range(4)])
    third = np.abs(parts[3] - 3 * parts[2] + 3 * parts[1] - parts[0])[sure]
    return third.size > 0 and float((third > 4).mean()) < ODD


def _history(halved: tuple[bool, bool], components: list[Component]) -> jpeg_coder.JpegCoefficients:
    return jpeg_coder.JpegCoefficients(halved, [c.table for c in components], [c.blocks for c in components])


def narrow(planes: np.ndarray, ranges: np.ndarray) -> None:
    """Narrows ranges (2, 3, h, w) uint8, lowest and highest Y, Cb, Cr, to what colours (h, w, 3) allow."""
    height, width, _ = planes.shape
    rows = max(1, (1 << 14) // width)
    for top in range(0, height, rows):
        count = min(rows, height - top) * width
        low, high = (ffi.from_buffer("uint8_t[]", bound.reshape(-1)[top * width :]) for bound in ranges)
        colours = ffi.from_buffer("uint8_t[]", planes[top : top + rows])
        lib.bbc_recover_ranges(count, height * width, colours, low, high)
