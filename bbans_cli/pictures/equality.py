"""Whether two pictures have the same pixels."""

from __future__ import annotations

import numpy as np

from bbans_cli.pictures.picture import Picture

# Rows that are compared at a time: as many truth values as samples would take the memory of a picture.
_ROWS = 256


def equal_pixels(one: Picture, other: Picture) -> bool:
    """Whether pixels, colours and transparency are equal; mode and depth depend on the file format, too."""
    return (
        one.pixels.dtype == other.pixels.dtype
        and one.pixels.shape == other.pixels.shape
        and all(
            np.array_equal(one.pixels[top : top + _ROWS], other.pixels[top : top + _ROWS])
            for top in range(0, one.height, _ROWS)
        )
        and _equal_palettes(one.palette, other.palette)
        and one.transparency == other.transparency
        and one.maximum == other.maximum
        and one.alpha == other.alpha
        and one.pages == other.pages
        and one.colours == other.colours
    )


def _equal_palettes(one: bytes | None, other: bytes | None) -> bool:
    """Whether palettes are equal but for black behind the last colour, with which some formats fill theirs up."""
    if one is None or other is None:
        return one is other
    length = max(len(one), len(other))
    return one.ljust(length, b"\0") == other.ljust(length, b"\0")
