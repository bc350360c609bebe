"""FF bytes in entropy-coded data that only fill: those before an FF that is stuffed or begins a restart marker."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FILL = re.compile(rb"(?<!\xff)\xff{2,}(?=[\x00\xd0-\xd7])", re.DOTALL)


def remove(data: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """The data without fill bytes; positions in them before which there were some, and how many."""
    pieces, fill, end, size = [], [], 0, 0
    for found in _FILL.finditer(data):
        pieces.append(data[end : found.start()])
        size += len(pieces[-1])
        end = found.end() - 1
        fill.append((size, end - found.start()))
    return (b"".join([*pieces, data[end:]]), fill) if fill else (data, fill)


def insert(data: bytes, fill: Sequence[tuple[int, int]]) -> bytes:
    """Undo `remove`."""
    pieces, end = [], 0
    for position, count in fill:
        pieces += [data[end:position], b"\xff" * count]
        end = position
    return b"".join([*pieces, data[end:]])
