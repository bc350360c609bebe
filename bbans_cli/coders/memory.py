"""How much memory coding takes, about, before any is taken: what --max-memory is compared with.

The numbers follow from the core's states and from the arrays that the coders make. tests/test_hostile_files.py compares
them with what is taken.
"""

from __future__ import annotations

from bbans_cli.coders.context_mixing import BAND_PIXELS
from bbans_cli.container import (
    DEEP,
    FEW_COLOURS,
    FITTED,
    JPEG,
    NEURAL,
    WEBP,
    Container,
    Part,
    Region,
    StoredFile,
)
from bbans_cli.container.bounds import Bounds
from bbans_cli.pictures.picture import Picture
from bbans_cli.scheduler import sharing_at_once

# Copies of the samples of a picture: of its parts, put together, restored from a table, packed, and the file.
COPIES = 4
# What coders keep whatever the size of the picture: weights, tables, match models. Context mixing has buckets as well.
MIXING_BYTES, SCAN_BYTES, JPEG_BYTES = 16 << 20, 32 << 20, 48 << 20
BUCKET_BYTES, MOST_BUCKETS = 64, 1 << 20
# Bytes of a block of a JPEG file: 64 coefficients, twice for a moment, and what the coder keeps of it.
BLOCK_BYTES = 64 * 2 * 2 + 8
# Bytes a pixel of a band that is encoded by the network: the scan, the frequencies of its samples, the message; by
# context mixing: up to four samples, and the payload.
ENCODED_PIXEL, MIXED_PIXEL = 40, 16
# Bytes a pixel of the coefficients of a JPEG, their state and the planes that they become.
JPEG_PIXEL = 20
# Segments of coefficients, which are decoded at the same time, at most; of so many pixels or more.
SEGMENTS, SEGMENT_PIXELS = 16, 1 << 20


def check_content(content: Container | StoredFile, threads: int, max_memory: int | None) -> None:
    """Raise LimitError if decoding a .bbc file takes more memory than that; None: than half of the machine's."""
    of = of_file(content, threads) if isinstance(content, StoredFile) else of_picture(content, threads)
    Bounds(max_memory=max_memory).check_memory(of)


def check_picture(picture: Picture, threads: int, max_memory: int | None) -> None:
    """The same for encoding a picture that has been read."""
    size, pixels = picture.pixels.nbytes, picture.pixels.shape[0] * picture.pixels.shape[1]
    count, of_band = -(-pixels // BAND_PIXELS), min(pixels, BAND_PIXELS)
    scans = sharing_at_once(count, threads) * of_band * ENCODED_PIXEL + SCAN_BYTES
    buckets = min(MOST_BUCKETS, 4 * size) * BUCKET_BYTES
    mixed = min(threads, count) * (of_band * MIXED_PIXEL + buckets + MIXING_BYTES)
    Bounds(max_memory=max_memory).check_memory(COPIES * size + max(scans, mixed))


def of_picture(content: Container, threads: int) -> int:
    """Bytes for the decoded picture and the bands in work."""
    samples = content.width * content.height * content.channels * (1 + (content.depth > 8))
    return COPIES * samples + max(_of_part(part, content, threads) for part in content.parts)


def of_file(stored: StoredFile, threads: int) -> int:
    """Bytes for a file and, of a JPEG file, the coefficients of its first picture and a coder for each thread.

    What the header says may be wrong: the decoder looks at each stream again.
    """
    size = of_bytes(stored.size)
    if stored.jpeg is None:
        return size
    pixels = stored.jpeg.width * stored.jpeg.height
    at_once = min(threads, SEGMENTS, -(-pixels // SEGMENT_PIXELS))
    return size + pixels * max(1, stored.jpeg.components) * BLOCK_BYTES // 64 + at_once * JPEG_BYTES


def of_bytes(size: int) -> int:
    """Bytes for a file of that size: its parts, and what they are joined to, level by level."""
    return 4 * size


def _of_part(part: Part, content: Container, threads: int) -> int:
    """Bytes beside the samples while a part is decoded."""
    area = part.region or Region(0, 0, content.width, content.height)
    width, rows = area.width, min(area.height, part.band_rows)
    at_once = min(threads, len(part.bands))
    if part.coder == NEURAL:
        return sharing_at_once(len(part.bands), threads) * _of_scan(width, rows) + SCAN_BYTES
    if part.coder == FITTED:
        return at_once * 512 * width + SCAN_BYTES
    if part.coder in (FEW_COLOURS, DEEP):
        row = 32 if part.coder == FEW_COLOURS else 64 * content.channels
        buckets = min(MOST_BUCKETS, 1 << min(20, part.settings[0]) if part.settings else 0) * BUCKET_BYTES
        return at_once * (4 * content.channels * rows * width + row * width + buckets + MIXING_BYTES)
    if part.coder == JPEG:
        return JPEG_PIXEL * width * rows + JPEG_BYTES
    return (12 if part.coder == WEBP else 2 * part.channels) * width * rows


def _of_scan(width: int, rows: int) -> int:
    """A band scan: planes of 16 bits with margins, errors of a few diagonals, activations of one diagonal."""
    return 6 * (width + 32) * (rows + 8) + 256 * rows + 16384 * min(rows, width // 4 + 1)
