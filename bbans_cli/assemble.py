"""Parts of a container -> picture. docs/format.md, "Parts", has the rules that choose.py follows on the other side.

The parts cover the picture's channels from the first to the last:
- a part of the picture's own depth covers as many channels as it has;
- in an RGB or RGBA picture, a first part of one channel stands for three equal ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bbans_cli import discrete, stored, webp
from bbans_cli.container import DISCRETE, MODEL, STORED, WEBP, Container, Part
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
    total = container.width * container.height * len(container.parts)
    done = 0

    def count(pixels: int) -> None:
        nonlocal done
        done += pixels
        if progress:
            progress(min(1.0, done / total))

    planes: list[np.ndarray] = []
    for part in container.parts:
        known = np.concatenate(planes, axis=2) if planes else None
        planes.append(_decode(part, container, known, threads, count, decode))
    pixels = _join(planes, container)
    try:
        return from_items(pixels, container.mode, container.depth, container.metadata)
    except ValueError as error:
        raise CorruptError(f"corrupt: {error}") from error


def _decode(
    part: Part,
    container: Container,
    known: np.ndarray | None,
    threads: int,
    count: Callable[[int], None],
    decode: Decode | None,
) -> np.ndarray:
    width, height = container.width, container.height
    if part.coder == MODEL:
        if decode is None:
            from bbans_cli.codec import decode
        return decode(part, width, height, part.channels, threads, count)
    if part.coder == STORED:
        return stored.decode(part, width, height)
    if part.coder == WEBP:
        return webp.decode(part, width, height)
    if part.coder == DISCRETE:
        return discrete.decode(part, width, height, known, threads, count)
    raise UnsupportedError(f"needs a newer bbc: unknown coder {part.coder}")


def _join(planes: list[np.ndarray], container: Container) -> np.ndarray:
    """The picture's channels from the parts' planes."""
    wanted = container.channels
    if container.mode in ("rgb", "rgba") and planes[0].shape[2] == 1:
        planes = [np.repeat(planes[0], 3, axis=2), *planes[1:]]
    depths = {part.depth for part in container.parts}
    if sum(plane.shape[2] for plane in planes) != wanted or depths != {container.depth}:
        raise CorruptError("corrupt header: its parts do not make up the picture")
    return np.ascontiguousarray(np.concatenate(planes, axis=2))
