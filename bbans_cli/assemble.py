"""Parts of a container -> picture. docs/format.md, "Parts", has the rules that choose.py follows on the other side.

The parts cover the picture's channels from the first to the last. A part of the samples' own depth covers as many
channels as it has; of deeper samples, one of 8 bits has the high bits, and the next part the low ones. In an RGB or
RGBA picture a first part of one channel stands for three equal ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bbans_cli import adaptive, stored, values, webp
from bbans_cli import metadata as kinds
from bbans_cli.container import DISCRETE, GRADED, MODEL, STORED, WEBP, Container, Part
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.pictures import Picture, from_items

# Gets the share that is done, 0 to 1.
Progress = Callable[[float], None]
Decode = Callable[..., np.ndarray]


def container_to_picture(
    container: Container, threads: int = 1, progress: Progress | None = None, decode: Decode | None = None
) -> Picture:
    """Decode all parts. `decode` takes the place of codec.decode.

    Raises CorruptError, ModelMismatchError, UnsupportedError.
    """
    listed = dict(container.metadata).get(kinds.VALUES)
    table = None if listed is None else values.from_bytes(listed, container.depth)
    depth = container.depth if table is None or len(table) > 256 else 8
    planes = _Decoder(container, threads, progress, decode).run(depth)
    pixels = planes if table is None else values.restore(planes, table)
    items = [item for item in container.metadata if item[0] != kinds.VALUES]
    try:
        return from_items(pixels, container.mode, container.depth, items)
    except ValueError as error:
        raise CorruptError(f"corrupt: {error}") from error


class _Decoder:
    """Decodes the parts one after the other, each with the help of those before it."""

    def __init__(self, container: Container, threads: int, progress: Progress | None, decode: Decode | None) -> None:
        self.container, self.threads, self.progress, self.decode = container, threads, progress, decode
        self.done, self.total = 0, container.width * container.height * len(container.parts)

    def run(self, depth: int) -> np.ndarray:
        """(height, width, channels) samples of `depth` bits."""
        container = self.container
        planes: list[np.ndarray] = []
        left = container.channels
        parts = iter(container.parts)
        for part in parts:
            known = np.concatenate(planes, axis=2) if planes else None
            plane = self._plane(part, depth, parts, known)
            stands_for = part.channels
            if not planes and part.channels == 1 and container.mode in ("rgb", "rgba"):
                stands_for = 3
            left -= stands_for
            planes.append(plane)
        if left != 0:
            raise CorruptError("corrupt header: its parts do not make up the picture")
        if container.mode in ("rgb", "rgba") and planes[0].shape[2] == 1:
            planes[0] = np.repeat(planes[0], 3, axis=2)
        return np.ascontiguousarray(np.concatenate(planes, axis=2))

    def _plane(self, part: Part, depth: int, following, known: np.ndarray | None) -> np.ndarray:
        if part.depth == depth:
            return self._decode(part, known)
        low = next(following, None) if depth == 16 and part.depth == 8 else None
        if low is None or low.coder != GRADED or low.depth != 8 or low.channels != part.channels:
            raise CorruptError("corrupt header: its parts do not make up the picture")
        high = self._decode(part, known)
        return adaptive.decode(low, *self._size(), known, high, self.threads, self._count)

    def _size(self) -> tuple[int, int]:
        return self.container.width, self.container.height

    def _count(self, pixels: int) -> None:
        self.done += pixels
        if self.progress:
            self.progress(min(1.0, self.done / self.total))

    def _decode(self, part: Part, known: np.ndarray | None) -> np.ndarray:
        if part.coder == MODEL:
            decode = self.decode
            if decode is None:
                from bbans_cli.codec import decode
            return decode(part, *self._size(), part.channels, self.threads, self._count)
        if part.coder == STORED:
            return stored.decode(part, *self._size())
        if part.coder == WEBP:
            return webp.decode(part, *self._size())
        if part.coder in (DISCRETE, GRADED):
            return adaptive.decode(part, *self._size(), known, None, self.threads, self._count)
        raise UnsupportedError(f"needs a newer bbc: unknown coder {part.coder}")
