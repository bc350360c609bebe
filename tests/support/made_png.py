"""PNG pictures within JPEG files, as thermal cameras have them."""

from __future__ import annotations

import zlib

import numpy as np
import tiny
from made_stream import Scan, make, make_frame, random_blocks, segment

from bbans_cli.coders.files import png_data


def png(depth: int, channels: int, level: int, low_first: bool = False) -> bytes:
    """A PNG picture whose rows have all filters, deflated by zlib; the bytes of samples in either order."""
    rng = np.arange(36 * 40 * channels).reshape(36, 40 * channels)
    samples = (1000 * np.sin(rng / 150) + 1200 + tiny.integers(67, 40, rng.size).reshape(rng.shape)) / (
        1 if depth == 16 else 16
    )
    data = samples.astype("<u2" if low_first else ">u2" if depth == 16 else "u1").view(np.uint8).tobytes()
    width = len(data) // 36
    filters = bytes(range(5)) * 7 + b"\4"
    rows = png_data.filtered(np.frombuffer(data, np.uint8).reshape(36, width), filters, width // 40)
    stream = zlib.compress(rows, level)
    colour = 2 if channels > 1 else 0
    chunks = [(b"IHDR", (40).to_bytes(4, "big") + (36).to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0]))]
    chunks += [(b"IDAT", stream[at : at + 512]) for at in range(0, len(stream), 512)]
    out = png_data.SIGNATURE
    for kind, content in [*chunks, (b"IEND", b"")]:
        out += len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
    return out


def with_content(content: bytes) -> bytes:
    """A JPEG file with a content that is cut into segments."""
    cut = b"".join(
        segment(0xE1, b"FLIR\0\1" + bytes([number, 2]) + content[at : at + 2000])
        for number, at in enumerate(range(0, len(content), 2000))
    )
    outer = make_frame(0, 16, 16, [(1, 1)])
    around = make(outer, random_blocks(outer, 47), [Scan([0])])
    return around[:2] + cut + around[2:]
