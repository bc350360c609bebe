"""What the plain bytes of a stream say of its frame: size, components, quantisers. Imports no numpy."""

from __future__ import annotations

from collections.abc import Sequence

from bbans_cli.coders.jpeg.stream.scan_records import RecordReader
from bbans_cli.coders.jpeg.stream.segments import Frame, ScanHeader, Walk
from bbans_cli.errors import CorruptError

# Row-by-row indices in zigzag order (T.81, figure 5): along the diagonals, up those of an even number
ZIGZAG = sorted(range(64), key=lambda k: (k // 8 + k % 8, k // 8 if (k // 8 + k % 8) % 2 else k % 8))


def read_frame(plain: bytes, scans: bytes) -> tuple[Frame, list[list[int]]]:
    """The frame of the JpegStream that has these bytes, with its height, and its tables. Raises CorruptError."""
    walk = Walk(plain)
    headers = []
    while header := walk.next_scan():
        headers.append(header)
    height = RecordReader(scans).height
    found = walk.frame
    if found is None or not headers:
        raise CorruptError("corrupt JPEG stream: no picture in it")
    return found._replace(height=height or found.height), tables_of(walk, headers)


def tables_of(walk: Walk, headers: Sequence[ScanHeader]) -> list[list[int]]:
    """64 quantisers of each component, row by row: those at its first scan, ones where none are defined."""
    tables = []
    for index, slot in enumerate(walk.slots):
        own = [header for header in headers if index in [part[0] for part in header.components]]
        in_effect = (own or headers[-1:])[0].quantisers.get(slot)
        table = [1] * 64
        if in_effect is not None:
            for k, quantiser in zip(ZIGZAG, in_effect, strict=True):
                table[k] = quantiser
        tables.append(table)
    return tables
