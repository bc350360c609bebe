"""Parts of a container -> picture. docs/format.md, "Parts", has the rules that choose.py follows on the other side.

The parts cover the picture's channels from the first to the last. A part of the samples' own depth covers as many
channels as it has; of deeper samples, one of 8 bits has the high bits, and the next part the low ones. Where an RGB or
RGBA picture lacks two channels, the first stands for three equal ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bbans_cli.coders import context_mixing, raw, webp
from bbans_cli.container import DEEP, FEW_COLOURS, JPEG, NEURAL, RAW, WEBP, Container, Part, histogram_packing
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import CorruptError, UnsupportedError
from bbans_cli.pictures.picture import Picture, from_items
from bbans_cli.progress import ShareProgress

Decode = Callable[..., np.ndarray]


def container_to_picture(
    container: Container, threads: int = 1, progress: ShareProgress | None = None, decode: Decode | None = None
) -> Picture:
    """Decode all parts. `decode` takes the place of codec.decode.

    Raises CorruptError, ModelMismatchError, UnsupportedError.
    """
    listed = dict(container.metadata).get(kinds.VALUES)
    table = None if listed is None else histogram_packing.from_bytes(listed, container.depth)
    depth = container.depth if table is None or len(table) > 256 else 8
    planes = _Decoder(container, threads, progress, decode).run(depth)
    if progress:
        progress(1.0)
    pixels = planes if table is None else histogram_packing.restore(planes, table)
    items = [item for item in container.metadata if item[0] != kinds.VALUES]
    try:
        return from_items(pixels, container.mode, container.depth, items)
    except ValueError as error:
        raise CorruptError(f"corrupt: {error}") from error


def _model_decode(*arguments: Any) -> np.ndarray:
    from bbans_cli.coders.neural import coder as neural_coder

    return neural_coder.decode(*arguments)


def _jpeg_decode(*arguments: Any) -> np.ndarray:
    from bbans_cli.coders.jpeg import coder as jpeg_coder

    return jpeg_coder.decode(*arguments)


def _groups(container: Container, depth: int) -> list[tuple[Part, Part | None]]:
    """Each part, with the part of its low bits where it has only the high ones. Raises CorruptError."""
    groups: list[tuple[Part, Part | None]] = []
    channels = 0
    parts = iter(container.parts)
    for part in parts:
        low = None
        if part.depth != depth:
            low = next(parts, None)
            fits = low is not None and (low.coder, low.depth, low.channels) == (DEEP, 8, part.channels)
            if not fits or (depth, part.depth) != (16, 8):
                raise CorruptError("corrupt header: its parts do not make up the picture")
        groups.append((part, low))
        channels += part.channels
    grey = container.mode in ("rgb", "rgba") and channels == container.channels - 2
    if channels != container.channels and not grey:
        raise CorruptError("corrupt header: its parts do not make up the picture")
    return groups


class _Decoder:
    """Decodes the parts one after the other, each with the help of those before it."""

    def __init__(
        self, container: Container, threads: int, progress: ShareProgress | None, decode: Decode | None
    ) -> None:
        self.container, self.threads, self.progress, self.decode = container, threads, progress, decode
        self.done, self.total = 0, container.width * container.height * len(container.parts)

    def run(self, depth: int) -> np.ndarray:
        """(height, width, channels) samples of `depth` bits."""
        groups = _groups(self.container, depth)
        planes: list[np.ndarray] = []
        for part, low in groups:
            known = np.concatenate(planes, axis=2) if planes else None
            plane = self._decode(part, known)
            if low is not None:
                plane = context_mixing.decode(low, *self._size(), known, plane, self.threads, self._count)
            planes.append(plane)
        whole = np.concatenate(planes, axis=2) if len(planes) > 1 else planes[0]
        if whole.shape[2] < self.container.channels:
            whole = np.concatenate([whole[:, :, :1], whole[:, :, :1], whole], axis=2)
        return np.ascontiguousarray(whole)

    def _size(self) -> tuple[int, int]:
        return self.container.width, self.container.height

    def _count(self, pixels: int) -> None:
        self.done += pixels
        if self.progress:
            self.progress(min(1.0, self.done / self.total))

    def _decode(self, part: Part, known: np.ndarray | None) -> np.ndarray:
        if part.coder == NEURAL:
            return (self.decode or _model_decode)(part, *self._size(), part.channels, self.threads, self._count)
        if part.coder == RAW:
            return raw.decode(part, *self._size())
        if part.coder == WEBP:
            return webp.decode(part, *self._size())
        if part.coder == JPEG:
            return _jpeg_decode(part, *self._size(), self._count)
        if part.coder in (FEW_COLOURS, DEEP):
            return context_mixing.decode(part, *self._size(), known, None, self.threads, self._count)
        raise UnsupportedError(f"needs a newer bbc: unknown coder {part.coder}")
