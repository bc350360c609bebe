"""Lossless photo compression with a neural model and bits-back coding.

    >>> import bbans_cli
    >>> data = bbans_cli.compress("photo.png")        # or an array (h, w), (h, w, 3), ... of uint8
    >>> array = bbans_cli.decompress(data)            # or the path of a .bbc file

Errors are those of `bbans_cli.errors`: every one a BbcError, those about the data ValueErrors as well. A file that
cannot be opened is an OSError. Nothing is printed. numpy and the core are imported on first use.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bbans_cli.errors import BbcError
from bbans_cli.limits import MAX_PIXELS

if TYPE_CHECKING:
    import numpy as np

__version__ = "0.1.0"
__all__ = ["BbcError", "__version__", "compress", "decompress"]


def compress(
    picture: np.ndarray | str | os.PathLike[str],
    *,
    level: int = 5,
    threads: int = 0,
    verify: bool = True,
    strip: bool = False,
    pixels: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> bytes:
    """The bytes of a .bbc file for an array, or for a picture file with its metadata.

    picture     uint8 or uint16 array (h, w) grey, (h, w, 2) grey and alpha, (h, w, 3) RGB or (h, w, 4) RGBA; or a path
    level       1 fast, 5 default, 9 best
    threads     0: all cores; the bytes do not depend on it
    verify      decode the result and compare before returning it
    strip       leave out metadata
    pixels      take the pixels of lossy formats (JPEG) too
    max_pixels  raise LimitError for more

    Raises InputError, LimitError and UnsupportedError for pictures that cannot be kept in full, and OSError.
    """
    from bbans_cli import api, scheduler
    from bbans_cli.pictures.picture import from_array

    if level not in (1, 5, 9):
        raise ValueError(f"level {level!r} is not 1, 5 or 9")
    coder = api.PictureCodec(level, max_pixels, verify, strip, pixels)
    if isinstance(picture, (str, os.PathLike)):
        with open(picture, "rb") as file:
            return coder.compress_file(file.read(), threads or scheduler.cores()).data
    return coder.compress(from_array(picture), threads or scheduler.cores())


def decompress(source: bytes | str | os.PathLike[str], *, threads: int = 0, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """The pixels in a .bbc file, given its bytes or its path.

    Returns uint8 (uint16 for 16-bit pictures): (h, w) for grey and for palette pictures, whose indices these are, else
    (h, w, channels).

    Raises CorruptError and TruncatedError for damage, ModelMismatchError if the weights that it was made with are not
    at hand, UnsupportedError, LimitError for more than `max_pixels`, and OSError.
    """
    from bbans_cli import api, scheduler

    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            source = file.read()
    pixels = api.PictureCodec(max_pixels=max_pixels).decompress(source, threads or scheduler.cores()).pixels
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
