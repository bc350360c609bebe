"""What a look at a picture's planes says of them, on which the choice of coders rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bbans_cli.coders.jpeg.coder import JpegCoefficients

# Pixels that are looked at for the flatness.
_LOOK = 1 << 18


@dataclass(frozen=True)
class PictureTraits:
    """Traits of the planes that are to be coded.

    depth     bits of their samples: 1, 2, 4, 8 or 16
    palette   the samples are indices of a palette
    ordered   they are, and its colours go from dark to light or from light to dark, so that indices are intensities
    packed    the samples were of 16 bits and are now 8-bit numbers of their values (histogram packing)
    flatness  see `flatness`; of the colours, without alpha
    alpha     there is an alpha channel
    columns   width in pixels
    jpeg      the JPEG coefficients that the colours were decoded from, where they were looked for and found
    """

    depth: int
    palette: bool
    packed: bool
    flatness: float
    alpha: bool
    columns: int
    jpeg: JpegCoefficients | None = None
    ordered: bool = False

    @property
    def continuous(self) -> bool:
        """Whether the samples are 8-bit intensities, and so may be a photograph's."""
        return (not self.palette or self.ordered) and self.depth == 8


def flatness(pixels: np.ndarray) -> float:
    """The share of pixels that equal the one on the left or the one above, in all channels.

    pixels  (h, w, c); large pictures are judged by some of their rows. 1 for a single pixel
    """
    height, width, _ = pixels.shape
    if height == 1 or width == 1:
        line = pixels.reshape(max(height, width), -1)
        return float(_equal(line[1:], line[:-1]).mean()) if len(line) > 1 else 1.0
    step = max(1, height * width // _LOOK)
    rows = np.arange(1, height, step)
    here, above, left = pixels[rows, 1:], pixels[rows - 1, 1:], pixels[rows, :-1]
    return float((_equal(here, left) | _equal(here, above)).mean())


def _equal(pixels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(..., c) -> bool (...): equal in all channels. Ten times as fast as np.all along the channels."""
    same: np.ndarray = pixels[..., 0] == others[..., 0]
    for channel in range(1, pixels.shape[-1]):
        same &= pixels[..., channel] == others[..., channel]
    return same
