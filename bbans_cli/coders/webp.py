"""8-bit planes as one lossless WebP, through Pillow. The payload is the VP8L bitstream without its RIFF wrapping."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from bbans_cli.coders import raw
from bbans_cli.container import WEBP, Band, Part
from bbans_cli.errors import CorruptError
from bbans_cli.limits import MAX_WEBP_SIDE

# The RIFF header, and that of the one chunk in it.
WRAPPING = 20


class Effort(NamedTuple):
    """Quality and method of libwebp, which both say how long it searches; and how many times the bound the result may
    be for the next effort to be tried."""

    quality: int
    method: int
    close: float


# Each takes two to five times as long as the one before. The last two differ by a few parts in a hundred, either way.
# How much smaller the full effort is than the first and the second: docs/experiments.md, Efforts of WebP.
FULL = Effort(quality=100, method=4, close=1.08)
EFFORTS = (Effort(50, 2, 1.4), Effort(75, 4, 1.15), FULL, Effort(100, 6, 0))


def encode(planes: np.ndarray, max_bytes: int, quick: bool = False) -> Part | None:
    """(h, w, 1..4) uint8 -> the smallest part of all efforts; of FULL if `quick`, of the first ones if these are far
    above `max_bytes`.

    None if the picture is too large for WebP.
    """
    if max(planes.shape[:2]) > MAX_WEBP_SIDE:
        return None
    if quick:
        return _encode(planes, FULL)
    best: Part | None = None
    for effort in EFFORTS:
        part = _encode(planes, effort)
        if best is None or part and part.approximate_bytes < best.approximate_bytes:
            best = part
        if part is None or part.approximate_bytes > effort.close * max_bytes:
            break
    return best


def _encode(planes: np.ndarray, effort: Effort) -> Part | None:
    """One part of one band, or None where libwebp writes something else."""
    height, _, channels = planes.shape
    # WebP knows colour only: grey goes in as equal red, green and blue, which costs next to nothing.
    colour = planes if channels >= 3 else np.repeat(planes[:, :, :1], 3, axis=2)
    if channels == 2:
        colour = np.concatenate([colour, planes[:, :, 1:]], axis=2)
    out = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(colour))
    image.save(out, "WEBP", lossless=True, exact=True, quality=effort.quality, method=effort.method)
    data = out.getvalue()
    size = int.from_bytes(data[16:20], "little")
    if data[12:16] != b"VP8L" or len(data) - WRAPPING - size not in (0, 1):
        return None
    payload = data[WRAPPING : WRAPPING + size]
    return Part(WEBP, channels, 8, b"", b"", height, [Band(payload, 0, raw.checksum(planes, payload))])


def decode(part: Part, width: int, height: int) -> np.ndarray:
    """A part -> (height, width, channels) uint8. Raises CorruptError."""
    if len(part.bands) != 1 or part.depth != 8:
        raise CorruptError("corrupt header: a WebP part has one band of 8 bits")
    (band,) = part.bands
    chunk = b"VP8L" + len(band.payload).to_bytes(4, "little") + band.payload + bytes(len(band.payload) % 2)
    data = b"RIFF" + (4 + len(chunk)).to_bytes(4, "little") + b"WEBP" + chunk
    try:
        image = Image.open(io.BytesIO(data), formats=["WEBP"])
        if image.size != (width, height):
            raise CorruptError("corrupt: a WebP payload of another size than the picture")
        colour = np.array(image.convert("RGBA"))
    except CorruptError:
        raise
    # Pillow raises several types for damaged data.
    except Exception as error:
        raise CorruptError(f"corrupt: a WebP payload cannot be decoded: {error}") from error
    planes = np.ascontiguousarray(colour[:, :, {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[part.channels]])
    raw.check(planes, band)
    return planes
