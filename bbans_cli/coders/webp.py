"""8-bit planes as one lossless WebP, through Pillow. The payload is the VP8L bitstream without its RIFF wrapping."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from bbans_cli.coders import raw
from bbans_cli.container import WEBP, Band, Part
from bbans_cli.errors import CorruptError
from bbans_cli.limits import MAX_WEBP_SIDE

# The RIFF header, and that of the one chunk in it.
WRAPPING = 20


# Methods of libwebp: the second takes up to twice as long as the first and gains, or loses, a few parts in a hundred,
# so it is tried where the first is at most this much larger than the bound. Tuned by hand, not recorded.
METHODS = (4, 6)
CLOSE = 1.08


def encode(planes: np.ndarray, max_bytes: int, quick: bool = False) -> Part | None:
    """(h, w, 1..4) uint8 -> the smaller part of both methods; of the first one if `quick`, or far above `max_bytes`.

    None if the picture is too large for WebP.
    """
    first = _encode(planes, METHODS[0])
    if first is None or quick or first.approximate_bytes > CLOSE * max_bytes:
        return first
    second = _encode(planes, METHODS[1])
    return first if second is None else min(first, second, key=lambda part: part.approximate_bytes)


def _encode(planes: np.ndarray, method: int) -> Part | None:
    """One part of one band, or None."""
    height, width, channels = planes.shape
    if max(height, width) > MAX_WEBP_SIDE:
        return None
    # WebP knows colour only: grey goes in as equal red, green and blue, which costs next to nothing.
    colour = planes if channels >= 3 else np.repeat(planes[:, :, :1], 3, axis=2)
    if channels == 2:
        colour = np.concatenate([colour, planes[:, :, 1:]], axis=2)
    out = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(colour))
    image.save(out, "WEBP", lossless=True, exact=True, quality=100, method=method)
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
