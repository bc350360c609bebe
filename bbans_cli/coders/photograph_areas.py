"""Rectangles of a picture that are photographs, while what lies around them is flat: screens, pages, frames.

Two things tell photographs from text and drawings. In drawings nearly each pixel equals one of the four beside, above
and below; those that do not are *busy*. And in drawings a pixel that differs from its neighbour does so by much, while
photographs have *soft* steps, by a few values, across and down. Blocks of 8x8 pixels with many busy pixels or soft
steps that touch make up an area, whose bounding box is a candidate if they fill it (filled_boxes.py). Its sides then
move to the pixel where columns and rows begin to have soft steps.

The rectangles are candidates. encode_picture.py codes them, and keeps those that pay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bbans_cli.coders import filled_boxes
from bbans_cli.coders.filled_boxes import Mask
from bbans_cli.container import Region

Samples = npt.NDArray[np.uint8]

# All numbers below were tuned by hand on dev/screens, dev/photos, dev/imagenet and pictures made of them, and are not
# recorded.

SIDE = 8  # of a block in pixels
MOST_PIXELS = 1 << 26  # of a picture: a look takes about 6 bytes for each
# Share of the pixels of a block that are busy, or have soft steps both across and down, at least; the largest of these
# steps.
BUSY, SOFT, SOFT_STEP = 0.4, 0.1, 16
# Pixels of a rectangle's sides, colours in it, at least.
LEAST_SIDE, LEAST_COLOURS = 24, 64
# A side lies where the share of soft steps along columns or rows differs most from that of the line outside, or by
# this much of that further outside.
NEARLY = 0.85
# What that share differs by at a side, at least; and at the four sides on average.
LEAST_STEP, MEAN_STEP = 0.1, 0.3
# Rectangles of a picture, at most: the largest.
MOST = 16
# Share of a picture's pixels that must lie outside the rectangles, and of those that must not be busy.
LEAST_AROUND, FLAT_AROUND = 0.02, 0.6
# Of every so many rows two are looked at first; the share of blocks that must change, and be flat, for a closer look.
LOOK_STEP, LEAST_LOOK = 8, 0.002


def find(pixels: Samples) -> list[Region]:
    """Rectangles of (h, w, 1 to 4) pixels that are photographs, none over another, from the top; none if all is one."""
    height, width, channels = pixels.shape
    if min(height, width) < LEAST_SIDE or height * width > MOST_PIXELS or not _worth_a_look(pixels):
        return []
    changes = _Changes.of(_packed(pixels))
    busy = changes.busy()
    soft = _Softness.of(pixels, changes)
    blocks = _without_speckles((_shares(busy) >= BUSY) | soft.blocks())
    found: list[Region] = []
    for box in sorted(filled_boxes.boxes(blocks), key=lambda box: -box.width * box.height):
        region = soft.refined(box)
        if region is None or any(_overlap(region, other) for other in found):
            continue
        least = LEAST_COLOURS if channels > 2 else LEAST_COLOURS // 2
        found += [piece for piece in changes.pieces(region) if _colours(pixels, piece) >= least]
    found = sorted(found, key=lambda box: -box.width * box.height)[:MOST]
    if not found or not _flat_around(busy, found):
        return []
    return sorted(found, key=lambda region: (region.top, region.left))


def _packed(pixels: Samples) -> npt.NDArray[np.uint32]:
    """One number for each pixel."""
    packed: npt.NDArray[np.uint32] = pixels[:, :, 0].astype(np.uint32)
    for channel in range(1, pixels.shape[2]):
        packed <<= 8
        packed |= pixels[:, :, channel]
    return packed


def _worth_a_look(pixels: Samples) -> bool:
    """Whether some of the rows have parts with changes, and flat ones."""
    height = len(pixels) // LOOK_STEP * LOOK_STEP
    pairs = pixels[:height].reshape(-1, LOOK_STEP, *pixels.shape[1:])[:, :2]
    packed = _packed(pairs.reshape(-1, *pixels.shape[1:])).reshape(-1, 2, pixels.shape[1])
    here, above = packed[:, 1], packed[:, 0]
    flat = here == above
    flat[:, 1:] &= here[:, 1:] == here[:, :-1]
    columns = flat.shape[1] // SIDE * SIDE
    shares = flat[:, :columns].reshape(len(flat), -1, SIDE).mean(axis=2)
    return bool((shares <= 1 - BUSY).mean() >= LEAST_LOOK and (shares == 1).mean() >= LEAST_LOOK)


def _shares(marked: Mask) -> npt.NDArray[np.float32]:
    """Of each whole block of the picture the share of its pixels that are marked."""
    rows, columns = (side // SIDE for side in marked.shape)
    of_rows = marked[: rows * SIDE].reshape(rows, SIDE, -1).sum(axis=1, dtype=np.uint8)
    blocks = of_rows[:, : columns * SIDE].reshape(rows, columns, SIDE).sum(axis=2, dtype=np.uint16)
    shares: npt.NDArray[np.float32] = blocks.astype(np.float32) / SIDE**2
    return shares


@dataclass(frozen=True)
class _Changes:
    """Which pixels differ from the one on the left, and from the one above; (h, w), those at the border do not."""

    across: Mask
    down: Mask

    @classmethod
    def of(cls, packed: npt.NDArray[np.uint32]) -> _Changes:
        across, down = np.zeros(packed.shape, np.bool_), np.zeros(packed.shape, np.bool_)
        np.not_equal(packed[:, 1:], packed[:, :-1], out=across[:, 1:])
        np.not_equal(packed[1:], packed[:-1], out=down[1:])
        return cls(across, down)

    def busy(self) -> Mask:
        """The pixels that differ from all beside, above and below."""
        busy = self.across & self.down
        busy[:, :-1] &= self.across[:, 1:]
        busy[:-1] &= self.down[1:]
        return busy

    def pieces(self, box: Region) -> list[Region]:
        """A rectangle cut at its columns and rows of one colour, such as those between photographs beside each other;
        without pieces that are too small."""
        rows, columns = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
        across = [
            Region(box.left + first, box.top, end - first, box.height)
            for first, end in _lines(self.down[box.top + 1 : box.top + box.height, columns].T)
        ]
        if len(across) > 1:
            return [piece for part in across for piece in self.pieces(part)]
        down = [
            Region(box.left, box.top + first, box.width, end - first)
            for first, end in _lines(self.across[rows, box.left + 1 : box.left + box.width])
        ]
        if len(down) > 1:
            return [piece for part in down for piece in self.pieces(part)]
        return [box] if min(box.width, box.height) >= LEAST_SIDE else []


def _lines(changed: Mask) -> list[tuple[int, int]]:
    """Where runs of lines in which something changes begin, and where they end (exclusive)."""
    return [(first, end) for _, first, end in filled_boxes.runs(np.asarray(changed.any(axis=1))[None])]


@dataclass(frozen=True)
class _Softness:
    """Which pixels differ from the one on the left, and from the one above, by a few values; (h, w)."""

    across: Mask
    down: Mask

    @classmethod
    def of(cls, pixels: Samples, changes: _Changes) -> _Softness:
        return cls(_small(pixels, changes.across, 1), _small(pixels, changes.down, 0))

    def blocks(self) -> Mask:
        """Blocks with soft steps both across and down."""
        soft: Mask = (_shares(self.across) >= SOFT) & (_shares(self.down) >= SOFT)
        return soft

    def refined(self, box: Region) -> Region | None:
        """A rectangle of blocks with its sides at the pixel where it ends; None if it is then too small, or if it ends
        by and by, as objects of drawings and photographs do."""
        left, top = box.left * SIDE, box.top * SIDE
        right, bottom = left + box.width * SIDE, top + box.height * SIDE
        steps: list[float] = []
        for _ in range(2):  # the sides of the first round limit what the second one looks at
            left, right, *steps = _ends(self.down[top:bottom].mean(axis=0), left, right)
            top, bottom, *more = _ends(self.across[:, left:right].mean(axis=1), top, bottom)
            steps += more
        if min(right - left, bottom - top) < LEAST_SIDE or min(steps) < LEAST_STEP or np.mean(steps) < MEAN_STEP:
            return None
        return Region(left, top, right - left, bottom - top)


def _small(pixels: Samples, changed: Mask, axis: int) -> Mask:
    """Those of the changed pixels whose samples differ by a few values from the pixel before along an axis."""
    soft: Mask = changed.copy()
    inside = soft[:, 1:] if axis else soft[1:]
    for channel in range(pixels.shape[2]):  # one by one, to take less memory
        steps = np.diff(pixels[:, :, channel], axis=axis)  # modulo 256
        steps += SOFT_STEP
        inside &= steps <= 2 * SOFT_STEP
    return soft


def _without_speckles(blocks: Mask) -> Mask:
    """Blocks with at least two that are marked beside, above and below them: text and icons have few such."""
    around = np.zeros(blocks.shape, np.uint8)
    around[1:] += blocks[:-1]
    around[:-1] += blocks[1:]
    around[:, 1:] += blocks[:, :-1]
    around[:, :-1] += blocks[:, 1:]
    return blocks & (around >= 2)


def _ends(shares: npt.NDArray[np.float64], first: int, end: int) -> tuple[int, int, float, float]:
    """Where the shares of lines rise near the first one, fall near the last (exclusive), and by how much they do."""
    middle = (first + end) // 2
    low, high = max(0, first - 2 * SIDE), min(len(shares), end + 2 * SIDE)
    rises = np.diff(shares[low:middle], prepend=0.0 if low == 0 else shares[low - 1])
    falls = -np.diff(shares[middle:high], append=0.0 if high == len(shares) else shares[high])[::-1]
    rise, fall = (int(np.argmax(steps >= NEARLY * steps.max())) for steps in (rises, falls))
    return low + rise, high - fall, float(rises[rise]), float(falls[fall])


def _overlap(one: Region, other: Region) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


def _colours(pixels: Samples, region: Region) -> int:
    """How many colours some rows of a rectangle have."""
    step = max(1, region.width * region.height >> 14)
    rows = pixels[region.top : region.top + region.height : step, region.left : region.left + region.width]
    return len(np.unique(_packed(rows)))


def _flat_around(busy: Mask, found: list[Region]) -> bool:
    """Whether enough lies outside the rectangles, and most of that is not busy."""
    inside = sum(region.width * region.height for region in found)
    rest = int(busy.sum(dtype=np.int64))
    for box in found:
        rest -= int(busy[box.top : box.top + box.height, box.left : box.left + box.width].sum(dtype=np.int64))
    around = busy.size - inside
    return bool(around >= LEAST_AROUND * busy.size and rest <= (1 - FLAT_AROUND) * around)
