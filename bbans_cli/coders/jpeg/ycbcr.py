"""Pictures that once were a JPEG file: back to the integers Y, Cb, Cr that their colours were computed from.

Every pixel that a JPEG decoder writes has one of less than a quarter of all colours, which no smooth distribution of
R, G and B can express: that takes two bits a pixel. The planes are Cb, Y, Cr: Y, in the place of green, is coded
first.
"""

import numpy as np

from bbans_cli.core import ffi, lib


def from_rgb(planes: np.ndarray) -> np.ndarray | None:
    """(h, w, 3) uint8 R, G, B -> Cb, Y, Cr that decode to them, or None where some pixel is no colour of JPEG's."""
    height, width, channels = planes.shape
    if channels != 3:
        return None
    planes = np.ascontiguousarray(planes)
    found = np.empty_like(planes)
    count = height * width
    done = lib.bbc_ycbcr_find(
        count, width, ffi.from_buffer("uint8_t[]", planes), ffi.from_buffer("uint8_t[]", found, require_writable=True)
    )
    return found if done == count else None


def to_rgb(planes: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 Cb, Y, Cr -> R, G, B (ITU-T T.871, as libjpeg rounds)."""
    planes = np.ascontiguousarray(planes)
    colours = np.empty_like(planes)
    lib.bbc_ycbcr_decode(
        planes.size // 3,
        ffi.from_buffer("uint8_t[]", planes),
        ffi.from_buffer("uint8_t[]", colours, require_writable=True),
    )
    return colours
