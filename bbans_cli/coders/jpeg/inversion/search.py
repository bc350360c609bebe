"""The quantised coefficients of the JPEG file that planes were decoded from, found from the samples alone.

A decoder rounds twice: the samples of the inverse transform, Y, Cb, Cr; and the R, G, B that it makes of them. The
second rounding is undone exactly, except where a colour was clipped; there ranges are left (inversion_colour.c, in
core/jpeg/inversion as all C files named here). Rounding the samples mostly changes a coefficient by less than half a
quantiser. So most blocks need no more than the quantisers, and the others a search (inversion_block.c). quantisers.py
finds the quantisers.

Where chroma is subsampled, its samples are estimated by least squares from the upsampled ones (inversion_upsampling.c),
and coefficients are looked for that give those (inversion_chroma.c).

What is not found does no harm: coder.py stores corrections for the blocks that come out wrong.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from bbans_cli.coders.jpeg import coder as jpeg_coder
from bbans_cli.coders.jpeg import ycbcr
from bbans_cli.coders.jpeg.coder import JpegCoefficients
from bbans_cli.coders.jpeg.inversion.component import MEDIUM, QUICK, THOROUGH, Component, Effort
from bbans_cli.coders.jpeg.inversion.quantisers import find_table
from bbans_cli.coders.jpeg.inversion.subsampled import Subsampled
from bbans_cli.core import ffi, lib
from bbans_cli.limits import MAX_JPEG_PIXELS
from bbans_cli.progress import PixelProgress, no_progress

Planes = npt.NDArray[np.uint8]
Round = tuple[Effort, tuple[int, ...]]

MIN_SIDE = 64  # rows and columns below which a picture says too little of the quantisers
MAX_SIDE = 65535  # rows and columns of a JPEG file
# Share of the samples of an upsampled plane that may be as the filter cannot make them: they were painted later. Tuned
# by hand, not recorded.
PAINTED = 0.01
# Each round's effort for a block, and the components whose blocks with wrong samples are searched again in the rounds
# after it. Chroma comes first: it is smoother, and what is found of it narrows the ranges of Y.
ROUNDS: list[Round] = [(QUICK, (0,)), (MEDIUM, (1, 2)), (THOROUGH, ())]
# Moves that all rounds together may try: for a picture, and for each pixel. Tuned by hand, not recorded.
PICTURE_BUDGET = 1 << 21
PIXEL_BUDGET = 110
CALL_PIXELS = 1 << 14  # pixels whose ranges one call of the core narrows


def find(planes: Planes, progress: PixelProgress = no_progress, thorough: bool = True) -> JpegCoefficients | None:
    """What a picture was decoded from, or None where that is not found.

    planes (h, w, 1 or 3) uint8, grey or R, G, B; None for other shapes and types, too. progress gets numbers of pixels.
    Not thorough: one round only, in about half the time.
    """
    height, width, channels = planes.shape
    if planes.dtype != np.uint8 or channels not in (1, 3):
        return None
    if min(height, width) < MIN_SIDE or max(height, width) > MAX_SIDE or height * width > MAX_JPEG_PIXELS:
        return None
    report = _Report(progress, height * width)
    rounds = ROUNDS if thorough else ROUNDS[:1]
    if channels == 1:
        found = _find_grey(np.ascontiguousarray(planes[:, :, 0]), rounds, report)
    else:
        found = _find_colour(planes, rounds, report)
    report.finish()
    return found


class _Report:
    """Progress in pixels, as equal parts of the work are done."""

    def __init__(self, progress: PixelProgress, pixels: int) -> None:
        self.progress, self.pixels, self.left = progress, pixels, pixels

    def part(self, parts: int) -> None:
        """One of so many parts is done."""
        self._done(min(self.left, self.pixels // parts))

    def finish(self) -> None:
        """All that was not reported is done."""
        self._done(self.left)

    def _done(self, pixels: int) -> None:
        self.left -= pixels
        if pixels:
            self.progress(pixels)


def _find_grey(plane: Planes, rounds: list[Round], report: _Report) -> JpegCoefficients | None:
    luma = Component(0, plane, plane, plane)
    if not find_table(luma, None):
        return None
    budget = PICTURE_BUDGET + PIXEL_BUDGET * plane.size
    for effort, _ in rounds:
        budget = luma.solve(effort, budget)
        report.part(len(rounds))
    return _coefficients((False, False), [luma])


def _find_colour(planes: Planes, rounds: list[Round], report: _Report) -> JpegCoefficients | None:
    planes = np.ascontiguousarray(planes)
    nearest = ycbcr.from_rgb(planes)
    if nearest is None:
        return None
    guess = [np.ascontiguousarray(nearest[:, :, c]) for c in (1, 0, 2)]
    ranges = np.empty((2, 3, *planes.shape[:2]), np.uint8)
    ranges[0], ranges[1] = 0, 255
    narrow(planes, ranges)
    luma = Component(0, ranges[0, 0], ranges[1, 0], guess[0])
    if not find_table(luma, None):
        return None
    for subsampled in _subsamplings(guess, ranges):
        kind = partial(Subsampled, vertical=subsampled[1]) if subsampled[0] else Component
        chroma = [kind(c, ranges[0, c], ranges[1, c], guess[c]) for c in (1, 2)]
        quality = jpeg_coder.quality_of(luma.table, 0)
        if find_table(chroma[0], quality) and find_table(chroma[1], jpeg_coder.quality_of(chroma[0].table, 1)):
            return _solve(planes, ranges, subsampled, [luma, *chroma], rounds, report)
    return None


def _solve(
    planes: Planes,
    ranges: Planes,
    subsampled: tuple[bool, bool],
    components: list[Component],
    rounds: list[Round],
    report: _Report,
) -> JpegCoefficients:
    """All blocks, in rounds: where colours were clipped, what is found of one component narrows the ranges of the
    others."""
    clipped = Clipped(planes, ranges)
    budget = PICTURE_BUDGET + PIXEL_BUDGET * planes.shape[0] * planes.shape[1]
    for effort, reopened in rounds:
        for c in (2, 1, 0):
            clipped.narrow(ranges, components, c)
            budget = components[c].solve(effort, budget)
            report.part(len(rounds) * len(components))
        height, width, _ = planes.shape
        decoded = jpeg_coder.decoded_samples(_coefficients(subsampled, components), width, height)
        wrong = (decoded != planes).any(axis=2)
        if not wrong.any():
            break
        for c in reopened:
            components[c].reopen(wrong)
    return _coefficients(subsampled, components)


class Clipped:
    """The pixels whose Y, Cb, Cr do not follow from their colours alone.

    where (n,): their numbers; colours (n, 1, 3) uint8; ranges (2, 3, n) uint8: those that follow from the colours.
    """

    def __init__(self, planes: Planes, ranges: Planes) -> None:
        self.where = np.flatnonzero((ranges[0] != ranges[1]).any(axis=0))
        self.colours = planes.reshape(-1, 1, 3)[self.where]
        self.ranges = ranges.reshape(2, 3, -1)[:, :, self.where]

    def narrow(self, ranges: Planes, components: list[Component], which: int) -> None:
        """Narrows ranges (2, 3, h, w) of component `which` by what was found of the others."""
        if not len(self.where):
            return
        now = self.ranges.copy()
        for c, component in enumerate(components):
            if c != which:
                known = np.flatnonzero(component.found_samples().reshape(-1)[self.where])
                now[:, c, known] = component.samples().reshape(-1)[self.where[known]]
        narrow(self.colours, now[:, :, :, None])
        for bound, found in zip(ranges[:, which], now[:, which], strict=True):
            bound.reshape(-1)[self.where] = found
        component = components[which]
        if component.searched:
            component.guess = np.clip(component.samples(), component.low, component.high)


def _subsamplings(guess: list[Planes], ranges: Planes) -> list[tuple[bool, bool]]:
    """How chroma may be subsampled, horizontally and vertically; the likelier ways first."""
    across = all(_is_upsampled(guess[c], ranges[0, c] == ranges[1, c]) for c in (1, 2))
    down = across and all(_is_upsampled(guess[c].T, (ranges[0, c] == ranges[1, c]).T) for c in (1, 2))
    return [(True, True)] * down + [(True, False)] * across + [(False, False)]


def _is_upsampled(plane: Planes, known: npt.NDArray[np.bool_]) -> bool:
    """Whether rows (h, w) are as the triangle filter makes them, judging by the known samples of some of them.

    Of any four outputs that begin at an odd x the third difference is 0, but for rounding: they are combinations of
    three inputs.
    """
    step = max(1, len(plane) // 128)
    rows, known = plane[step // 2 :: step].astype(np.int16), known[step // 2 :: step]
    count = (rows.shape[1] - 2) // 2
    parts = [rows[:, 1 + i :][:, : 2 * count : 2][:, : count - 1] for i in range(4)]
    sure = np.logical_and.reduce([known[:, 1 + i :][:, : 2 * count : 2][:, : count - 1] for i in range(4)])
    third = np.abs(parts[3] - 3 * parts[2] + 3 * parts[1] - parts[0])[sure]
    return third.size > 0 and float((third > 4).mean()) < PAINTED


def _coefficients(subsampled: tuple[bool, bool], components: list[Component]) -> JpegCoefficients:
    return JpegCoefficients(subsampled, [c.table for c in components], [c.blocks for c in components])


def narrow(planes: Planes, ranges: Planes) -> None:
    """Narrows ranges (2, 3, h, w) uint8, lowest and highest Y, Cb, Cr, to what colours (h, w, 3) uint8 allow."""
    height, width, _ = planes.shape
    rows = max(1, CALL_PIXELS // width)
    for top in range(0, height, rows):
        count = min(rows, height - top) * width
        low, high = (ffi.from_buffer("uint8_t[]", bound.reshape(-1)[top * width :]) for bound in ranges)
        colours = ffi.from_buffer("uint8_t[]", planes[top : top + rows])
        lib.bbc_inversion_ranges(count, height * width, colours, low, high)
