"""The parts of a damaged picture band by band: those that hold, and other samples in place of the rest.

These are grey, the middle value; of palettes index 0, of alpha opaque, of CMYK half of black.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bbans_cli import scheduler
from bbans_cli.coders.registry import Coder, DecodeRequest
from bbans_cli.container import Container, Damage, LostRows, Region
from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError
from bbans_cli.pictures.picture import CHANNEL_NAMES, coded_depth


@dataclass(frozen=True)
class Rescue:
    """Decodes parts of a picture as far as they hold.

    damage  gets the lost rows
    table   the values that samples are numbers of, or None
    """

    container: Container
    damage: Damage
    table: np.ndarray | None

    def decode(self, coder: Coder, request: DecodeRequest, area: Region, grey: bool) -> np.ndarray:
        """The planes of a part that covers an area.

        grey  the parts of the area have one channel for red, green and blue

        Raises ModelMismatchError and UnsupportedError.
        """
        part = request.part
        names = CHANNEL_NAMES[self.container.mode]
        if grey:
            names = ("grey", *names[3:])
        first = 0 if request.known is None else request.known.shape[2]
        own = names[first : first + part.channels]
        planes = np.empty((request.height, request.width, part.channels), np.uint16 if part.depth > 8 else np.uint8)
        most = (1 << part.depth) - 1  # which the values of samples may exceed where their list is lost
        planes[:] = np.array([min(self._fill(name), most) for name in own], planes.dtype)
        columns = None if area.width == self.container.width else (area.left, area.left + area.width)
        for top, end in _decode_bands(coder, request, planes):
            channels = None if own == names else own
            self.damage.rows.append(LostRows(area.top + top, area.top + end, columns, channels))
        return planes

    def _fill(self, name: str) -> int:
        """The sample that a channel has in lost bands."""
        container = self.container
        maximum = dict(container.metadata).get(kinds.MAXIMUM)
        top = Reader(maximum, "the metadata").varint() if maximum else (1 << container.depth) - 1
        if name == "index" and self.table is not None:
            return int(np.argmin(self.table))
        if name in ("index", "cyan", "magenta", "yellow"):
            return 0
        value = top if name == "alpha" else (top + 1) // 2
        if self.table is None:
            return value
        return min(int(np.searchsorted(self.table, value)), len(self.table) - 1)


def _decode_bands(coder: Coder, request: DecodeRequest, planes: np.ndarray) -> list[tuple[int, int]]:
    """Decode the bands that hold into their rows of the planes.

    Returns the first row of each other band, and the one behind its last.
    """
    part = request.part
    across = min(request.threads, len(part.bands))
    threads = max(1, request.threads // across)

    def one(number: int) -> tuple[int, int] | None:
        top = number * part.band_rows
        rows, band = planes[top : top + part.band_rows], part.bands[number]
        lost = top, top + len(rows)
        if band.missing:
            return lost
        settings = coder.settings_below(part.settings, top)
        alone = replace(part, bands=[band], band_rows=len(rows), settings=settings)
        known = None if request.known is None else request.known[lost[0] : lost[1]]
        try:
            rows[:] = coder.decode(replace(request, part=alone, height=len(rows), threads=threads, known=known))
        except CorruptError:
            return lost
        return None

    found = scheduler.map_ordered(one, range(len(part.bands)), across)
    return [rows for rows in found if rows is not None]


def without_metadata(container: Container, damage: Damage) -> list[tuple[int, bytes]]:
    """The items that a picture must have, where all are lost; what that does to the picture is noted."""
    if container.mode == "palette":
        damage.notes.append("the palette is lost: its indices are shown as grey")
        count = 1 << min(8, container.depth)
        return [(kinds.PALETTE, bytes(255 * index // (count - 1) for index in range(count) for _ in range(3)))]
    if container.parts[0].depth < coded_depth(container.depth):
        damage.notes.append("the list of values is lost: samples are the numbers of their values")
    return []
