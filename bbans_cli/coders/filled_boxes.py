"""Rectangles that marked blocks fill: connected components of a mask, cut until they fill their bounding boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from bbans_cli.container import Region

Mask = npt.NDArray[np.bool_]

# All numbers below were tuned by hand on dev/screens, dev/photos, dev/imagenet and pictures made of them, and are not
# recorded.

# Share of the blocks of a rectangle that are marked, at least; blocks of an area, at least.
FILLED, LEAST_BLOCKS = 0.6, 12
# Areas that are cut in two because they do not fill a rectangle, at most.
MOST_CUTS = 16


def boxes(blocks: Mask) -> list[Region]:
    """Rectangles, in blocks, that marked blocks fill."""
    found, waiting, cuts = [], [(blocks, 0, 0)], 0
    while waiting and cuts < MOST_CUTS:
        mask, x, y = waiting.pop()
        for area in _areas(mask):
            if area.blocks < LEAST_BLOCKS:
                continue
            box = mask[area.top : area.bottom, area.left : area.right]
            if area.blocks >= FILLED * box.size:
                found.append(Region(x + area.left, y + area.top, box.shape[1], box.shape[0]))
            else:
                cuts += 1
                waiting += [(part, x + area.left + dx, y + area.top + dy) for part, dx, dy in _cut(box)]
    return found


def _cut(box: Mask) -> list[tuple[Mask, int, int]]:
    """A box that is not filled in two, with their places, where rows or columns are least like those before."""
    best, where = 0.0, None
    for axis in (0, 1):
        filled = box.mean(axis=1 - axis)
        steps = np.abs(np.diff(filled))
        if steps.size and steps.max() > best:
            best, where = float(steps.max()), (axis, int(steps.argmax()) + 1)
    if where is None:
        return []
    axis, at = where
    if axis == 0:
        return [(box[:at], 0, 0), (box[at:], 0, at)]
    return [(box[:, :at], 0, 0), (box[:, at:], at, 0)]


def runs(blocks: Mask) -> Iterator[tuple[int, int, int]]:
    """Row, first column and the one behind the last of each run of marked blocks, in reading order."""
    edges = np.diff(blocks.astype(np.int8), prepend=0, append=0)
    rows, lefts = np.nonzero(edges == 1)
    rights = np.nonzero(edges == -1)[1]
    return zip(rows.tolist(), lefts.tolist(), rights.tolist(), strict=True)


@dataclass
class _Area:
    """Blocks that touch: their number and bounding box (right and bottom are exclusive)."""

    left: int
    top: int
    right: int
    bottom: int
    blocks: int

    def add(self, other: _Area) -> None:
        self.left, self.top = min(self.left, other.left), min(self.top, other.top)
        self.right, self.bottom = max(self.right, other.right), max(self.bottom, other.bottom)
        self.blocks += other.blocks


class _Forest:
    """Areas that are being joined: each has the number of the one that it went into, or its own."""

    def __init__(self) -> None:
        self.areas: list[_Area] = []
        self.parents: list[int] = []

    def add(self, area: _Area) -> int:
        self.areas.append(area)
        self.parents.append(len(self.parents))
        return len(self.parents) - 1

    def root(self, number: int) -> int:
        while self.parents[number] != number:
            self.parents[number] = self.parents[self.parents[number]]
            number = self.parents[number]
        return number

    def join(self, one: int, other: int) -> None:
        one, other = self.root(one), self.root(other)
        if one != other:
            self.areas[one].add(self.areas[other])
            self.parents[other] = one

    def roots(self) -> list[_Area]:
        return [area for number, area in enumerate(self.areas) if self.parents[number] == number]


def _areas(blocks: Mask) -> list[_Area]:
    """Areas of blocks that touch, corners included: runs of each row are joined with those of the row above."""
    forest = _Forest()
    above: list[tuple[int, int, int]] = []
    last = -1
    for y, of_row in groupby(runs(blocks), key=lambda run: run[0]):
        of_this = []
        for _, left, right in of_row:
            number = forest.add(_Area(left, y, right, y + 1, right - left))
            for first, end, other in above if y == last + 1 else ():
                if first <= right and left <= end:
                    forest.join(other, number)
            of_this.append((left, right, number))
        above, last = of_this, y
    return forest.roots()
