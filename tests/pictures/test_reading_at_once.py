"""Several files at a time read through Pillow, whose settings belong to the process."""

import io
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from bbans_cli.pictures.read_write import read_picture


def test_the_process_keeps_its_settings() -> None:
    pixels = np.arange(300 * 200 * 3, dtype=np.uint32).reshape(200, 300, 3).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "BMP")
    guard, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(read_picture, [file.getvalue()] * 200))
    assert all(np.array_equal(picture.pixels, pixels) for picture in pictures)
    assert Image.MAX_IMAGE_PIXELS == guard and warnings.filters == filters
