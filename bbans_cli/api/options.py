"""The options of a codec."""

from __future__ import annotations

from dataclasses import dataclass

from bbans_cli.coders.row_bands import Rows
from bbans_cli.container.bounds import Bounds
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.formats import DEFLATE_LEVEL


@dataclass(frozen=True)
class Options:
    """How files are encoded and decoded.

    level       1 fast, 5 default, 9 best
    max_pixels  larger pictures are refused before memory is taken for them
    verify      decode each .bbc and compare before handing it out
    strip       leave out metadata that pixels do not depend on
    pixels      take the pixels of lossy formats (JPEG), not the file
    deflate_level  of PNG and TIFF files that are written: 1 is the fastest, 9 the smallest
    preview     pixels a side of the preview that .bbc files get; 0: none
    band_rows   rows of a band at most, so that some rows can be decoded without the others; 0: as suits the coder
    rows        decode these rows of pictures alone; None: all
    keep_going  of damaged .bbc files decode what holds, and say in `Outcome.damage` what is lost
    max_memory  bytes: what needs more, as far as is known before, is refused; None: half of the machine's
    """

    level: int = 5
    max_pixels: int = MAX_PIXELS
    verify: bool = True
    strip: bool = False
    pixels: bool = False
    deflate_level: int = DEFLATE_LEVEL
    preview: int = 0
    band_rows: int = 0
    rows: Rows | None = None
    keep_going: bool = False
    max_memory: int | None = None

    @property
    def bounds(self) -> Bounds:
        """The limits of pixels and memory."""
        return Bounds(self.max_pixels, self.max_memory)
