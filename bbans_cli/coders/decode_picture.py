"""Container -> picture, by the rules of docs/format.md, "Parts and channels"; encode_picture.py is the other side.

The parts cover the picture's channels from the first to the last. Where an RGB or RGBA picture lacks two channels, the
first stands for three equal ones. Parts of a region do the same for the region, and take the place of what parts before
them gave there.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

import numpy as np

from bbans_cli.coders.damaged_bands import Rescue, without_metadata
from bbans_cli.coders.registry import CODERS, Coder, DecodeRequest
from bbans_cli.coders.row_bands import Rows, cut, resolved
from bbans_cli.container import Container, Damage, Part, Region, histogram_packing, palette_order
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.pictures.picture import Picture, coded_depth, from_items
from bbans_cli.progress import ShareProgress, no_progress


def decode(
    container: Container,
    threads: int = 1,
    progress: ShareProgress = no_progress,
    coders: Mapping[int, Coder] = CODERS,
    damage: Damage | None = None,
) -> Picture:
    """Decode all parts. Raises CorruptError, ModelMismatchError, UnsupportedError.

    damage  gets what is lost; CorruptError is then raised for what is wrong with the header alone
    """
    table = _table(container)
    depth = coded_depth(container.depth) if table is None or len(table) > 256 else 8
    items = [item for item in container.metadata if item[0] not in (*kinds.OF_PARTS, kinds.PREVIEW)]
    if damage is not None and damage.metadata:
        depth = container.parts[0].depth if depth == 16 else depth  # 8 with a list of values that is lost
        items = without_metadata(container, damage)
    rescue = None if damage is None else Rescue(container, damage, table)
    planes = _Decoder(container, threads, progress, coders, rescue).planes(depth)
    progress(1.0)
    pixels = planes if table is None else histogram_packing.restore(planes, table)
    if container.depth > 8:
        pixels = pixels.astype(np.uint16, copy=False)
    try:
        return from_items(pixels, container.mode, container.depth, items)
    except ValueError as error:
        raise CorruptError(f"corrupt: {error}") from error


def _table(container: Container) -> np.ndarray | None:
    """The samples by the numbers that parts hold instead, or None where they hold samples."""
    necessary = dict(container.metadata)
    listed, palette = necessary.get(kinds.VALUES), necessary.get(kinds.PALETTE)
    if listed is not None:
        return histogram_packing.from_bytes(listed, container.depth)
    if kinds.ORDER not in necessary:
        return None
    if palette is None or not palette or len(palette) % 3 or container.depth != 8:
        raise CorruptError("corrupt metadata: an order of no palette of 8 bits")
    return palette_order.order(palette)


def _check(container: Container, of_region: list[Part], depth: int) -> None:
    """Raise CorruptError unless the parts of a region hold all channels, in samples of `depth` bits."""
    channels = sum(part.channels for part in of_region)
    grey = container.mode in ("rgb", "rgba") and channels == container.channels - 2
    if channels != container.channels and not grey or any(part.depth != depth for part in of_region):
        raise CorruptError("corrupt header: its parts do not make up the picture")


def decode_rows(
    container: Container,
    rows: Rows,
    threads: int = 1,
    progress: ShareProgress = no_progress,
    coders: Mapping[int, Coder] = CODERS,
    damage: Damage | None = None,
) -> tuple[Picture, bool]:
    """Those rows of a picture, and whether all others had to be decoded too, as where there is only one band.

    damage  as in `decode`; of lost rows it gets those that are among the wanted ones

    Raises as `decode`, InputError for rows that the picture does not have, and UnsupportedError for stacks.
    """
    if container.pages > 1:
        raise UnsupportedError("rows of a stack of pages cannot be decoded alone")
    first, end = resolved(rows, container.height)
    part, top = cut(container, first, end, coders)
    picture = decode(part, threads, progress, coders, damage)
    if damage is not None:
        damage.rows = [lost._replace(first=lost.first + top, end=lost.end + top) for lost in damage.rows]
        damage.keep_rows(first, end)
    return picture.with_rows(first - top, end - top), part.height == container.height > end - first


class _Decoder:
    """Decodes the parts one after the other, each with the help of those of its region before it."""

    def __init__(
        self,
        container: Container,
        threads: int,
        progress: ShareProgress,
        coders: Mapping[int, Coder],
        rescue: Rescue | None,
    ) -> None:
        self.container, self.threads, self.progress, self.coders = container, threads, progress, coders
        self.rescue = rescue
        self.whole = Region(0, 0, container.width, container.height)
        areas = [part.region or self.whole for part in container.parts]
        self.done, self.total = 0, sum(area.width * area.height for area in areas)

    def planes(self, depth: int) -> np.ndarray:
        """(height, width, channels) samples of `depth` bits. Raises CorruptError."""
        if self.container.parts[0].region is not None:
            raise CorruptError("corrupt header: its parts do not make up the picture")
        groups = [(box, list(parts)) for box, parts in groupby(self.container.parts, key=lambda part: part.region)]
        for _, parts in groups:
            _check(self.container, parts, depth)
        picture = self._region(groups[0][1], self.whole)
        for box, parts in groups[1:]:
            area = box or self.whole
            rows, columns = slice(area.top, area.top + area.height), slice(area.left, area.left + area.width)
            picture[rows, columns] = self._region(parts, area)
        return picture

    def _region(self, parts: list[Part], area: Region) -> np.ndarray:
        planes: list[np.ndarray] = []
        grey = sum(part.channels for part in parts) < self.container.channels
        for part in parts:
            known = np.concatenate(planes, axis=2) if planes else None
            planes.append(self._decode(part, area, known, grey))
        whole = np.concatenate(planes, axis=2) if len(planes) > 1 else planes[0]
        if grey:
            whole = np.concatenate([whole[:, :, :1], whole[:, :, :1], whole], axis=2)
        return np.ascontiguousarray(whole)

    def _decode(self, part: Part, area: Region, known: np.ndarray | None, grey: bool) -> np.ndarray:
        coder = self.coders.get(part.coder)
        if coder is None:
            raise UnsupportedError(f"needs a newer bbc: unknown coder {part.coder}")
        request = DecodeRequest(part, area.width, area.height, self.threads, self._count, known)
        return coder.decode(request) if self.rescue is None else self.rescue.decode(coder, request, area, grey)

    def _count(self, pixels: int) -> None:
        self.done += pixels
        self.progress(min(1.0, self.done / self.total))
