"""The data of a PNG picture from its samples: docs/format.md, *Data of PNG pictures*."""

from __future__ import annotations

import zlib

import numpy as np

from bbans_cli.errors import CorruptError
from bbans_cli.reference.files.deflate import deflate
from bbans_cli.reference.files.tree import PngData
from bbans_cli.reference.mixing import deep

MOST_BUCKET_BITS = 18
FILTERS = range(5)


def chunks(item: PngData) -> bytes:
    """The IDAT chunks. Raises CorruptError."""
    samples = np.zeros(item.shape, np.uint16)
    bits = min(MOST_BUCKET_BITS, max(8, (4 * samples.size - 1).bit_length()))
    deep.decode(item.payload, samples, 0, item.depth, bits)
    rows = _filtered(samples, item)
    stream = bytes([0x78, item.flags]) + deflate(rows, item.level, item.filtered)
    stream += zlib.adler32(rows).to_bytes(4, "big")
    if len(stream) != item.size:
        raise CorruptError("corrupt structure: a PNG picture's data of another size")
    out = b""
    for start in range(0, item.size, item.chunk):
        content = b"IDAT" + stream[start : start + item.chunk]
        out += (len(content) - 4).to_bytes(4, "big") + content + zlib.crc32(content).to_bytes(4, "big")
    return out


def _filtered(samples: np.ndarray, item: PngData) -> bytes:
    """Rows of bytes, each behind the number of its filter."""
    _, width, channels = item.shape
    sample_bytes, order = item.depth // 8, "little" if item.swapped else "big"
    distance = channels * sample_bytes
    above = [0] * (width * distance)
    out = bytearray()
    for number, row in zip(item.filters, samples, strict=True):
        if number not in FILTERS:
            raise CorruptError("corrupt structure: an unknown filter of a PNG picture")
        data = b"".join(sample.to_bytes(sample_bytes, order) for sample in row.reshape(-1).tolist())
        left, corner = [0] * distance + list(data), [0] * distance + above
        out.append(number)
        out += bytes(
            byte - _predicted(number, *near) & 255 for byte, *near in zip(data, left, above, corner, strict=False)
        )
        above = list(data)
    return bytes(out)


def _predicted(number: int, a: int, b: int, c: int) -> int:
    """By filter `number`, from the bytes on the left, above, and above on the left."""
    if number < 4:
        return (0, a, b, a + b >> 1)[number]
    return min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
