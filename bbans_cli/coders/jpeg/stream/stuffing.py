"""Entropy-coded data whose FF bytes are not all followed by a stuffed 00 or a restart marker (T.81, B.1.1.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from bbans_cli.errors import CorruptError

_IRREGULAR = re.compile(rb"\xff[^\x00\xd0-\xd7]")
_FILL = re.compile(rb"(?<!\xff)\xff{2,}(?=[\x00\xd0-\xd7])")
_STRAY = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")

MOST_FILL = 1 << 20  # fill bytes of a scan that are not stored one by one


class Departures(NamedTuple):
    """What `regular` changed; positions are those in its result.

    fill    (position, count) of FF bytes that only fill, before an FF that is stuffed or begins a restart marker
    strays  (position, byte) of bytes after FF that were neither, and are 00 now
    """

    fill: Sequence[tuple[int, int]] = ()
    strays: Sequence[tuple[int, int]] = ()


def regular(data: bytes) -> tuple[bytes, Departures]:
    """Entropy-coded data without fill bytes, and with 00 or a restart marker after each FF."""
    if not _IRREGULAR.search(data):
        return data, Departures()
    fill = []
    if b"\xff\xff" in data and sum(len(found[0]) for found in _FILL.finditer(data)) <= MOST_FILL:
        pieces, end, size = [], 0, 0
        for found in _FILL.finditer(data):
            pieces.append(data[end : found.start()])
            size += len(pieces[-1])
            end = found.end() - 1
            fill.append((size, end - found.start()))
        data = b"".join([*pieces, data[end:]])
    strays = [(found.start(1), found[1][0]) for found in _STRAY.finditer(data)]
    return _STRAY.sub(b"\xff\0", data) if strays else data, Departures(fill, strays)


def irregular(data: bytes, departures: Departures) -> bytes:
    """Undo `regular`. Raises CorruptError for positions beyond the data, and for strays where there is no 00."""
    if departures.strays:
        changed = bytearray(data)
        for position, byte in departures.strays:
            if position >= len(changed) or changed[position]:
                raise CorruptError("corrupt JPEG scans: a stray byte where there is no zero")
            changed[position] = byte
        data = bytes(changed)
    pieces, end = [], 0
    for position, count in departures.fill:
        if position > len(data):
            raise CorruptError("corrupt JPEG scans: fill behind the data")
        pieces += [data[end:position], b"\xff" * count]
        end = position
    return b"".join([*pieces, data[end:]])
