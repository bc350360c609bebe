"""All bytes of a file, as far as its first ones are of use: for the command and for the Python functions."""

from __future__ import annotations

import os
from collections.abc import Callable

from bbans_cli.errors import LimitError

# Bytes from which the kind of a file can be told: a JPEG file may have 64 KiB before it.
FRONT = (1 << 16) + 3
# No uncompressed picture takes more than 8 bytes a pixel; the rest is for headers and metadata.
_BYTES_PER_PIXEL = 8
_BYTES_BESIDE_PIXELS = 256 << 20

Look = Callable[[bytes], None]


def max_bytes(max_pixels: int, max_memory: int | None = None) -> int:
    """How long a file may be of a picture of at most that many pixels, and of how much memory, in bytes."""
    most = max_pixels * _BYTES_PER_PIXEL + _BYTES_BESIDE_PIXELS
    return most if max_memory is None else min(most, max_memory)


def read_at_most(descriptor: int, limit: int, look: Look, size: int = 0) -> bytes:
    """All bytes, of which there are `size`, as far as that is known. A pipe gives as many at a time as it likes.

    look  gets the first FRONT bytes, or all of a smaller file, before the rest is read; what it raises ends the reading

    Raises OSError, and LimitError for more than `limit` bytes, before they are read where `size` tells it.
    """
    pieces: list[bytes] = []
    count = 0
    while count < FRONT and (piece := os.read(descriptor, FRONT - count)):
        pieces.append(piece)
        count += len(piece)
    look(b"".join(pieces))
    while max(size, count) <= limit and (piece := os.read(descriptor, 1 << 20)):
        pieces.append(piece)
        count += len(piece)
    if max(size, count) > limit:
        raise LimitError(f"more than {limit:,} bytes, the limit; --max-pixels and --max-memory set it")
    return b"".join(pieces)
