"""libtiff writes what it finds wrong with a file to standard error. Our own errors say it: its lines are for nobody."""

from __future__ import annotations

import ctypes

from PIL import _imaging


def silence() -> None:
    """Take libtiff's error handler away, for the whole process, as Pillow does with that for warnings.

    The functions of a library that Pillow's own module was linked with can be called through that module.
    """
    try:
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)
    except (AttributeError, OSError):
        return  # linked statically, with hidden names, or without libtiff
