"""Pictures from formulas, and the same after a JPEG encoder and decoder."""

import io

import numpy as np
import tiny
from PIL import Image

FULL, ACROSS, BOTH = 0, 1, 2  # Pillow's numbers for 4:4:4, 4:2:2 and 4:2:0
SUBSAMPLED = {FULL: (False, False), ACROSS: (True, False), BOTH: (True, True)}


def photo(height, width, seed=1):
    """Clouds at several scales, edges and grain; no colour is clipped."""
    planes = tiny.picture(height, width, 3, seed).astype(int)
    fine = tiny.picture(height * 2, width * 2, 3, seed + 40).astype(int)[::2, ::2]
    return (40 + (planes + fine) // 3 + tiny.integers(seed + 80, 4, height, width, 3)).clip(12, 243).astype(np.uint8)


def bright(height, width):
    """Many colours are clipped after JPEG."""
    return np.clip(tiny.picture(height, width, 3).astype(int) * 3 - 250, 0, 255).astype(np.uint8)


def through_jpeg(planes, quality=85, subsampling=FULL, **options):
    file = io.BytesIO()
    grey = planes.ndim == 2
    Image.fromarray(planes).save(
        file, "JPEG", quality=quality, **({} if grey else {"subsampling": subsampling}), **options
    )
    decoded = np.asarray(Image.open(file))
    return decoded[:, :, None] if grey else decoded
