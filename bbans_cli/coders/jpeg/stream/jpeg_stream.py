"""A JPEG stream taken apart, and the error that says why one cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class NotCodableError(Exception):
    """The bytes are no JPEG stream of a kind whose coefficients can be coded; the message is a short reason."""


class MoreBlocksError(NotCodableError):
    """The data have more blocks than the caller allows."""


class Component(NamedTuple):
    """A component of the frame header (T.81, B.2.2): sampling factors 1..4, identifier 0..255."""

    horizontal: int
    vertical: int
    identifier: int

    @property
    def factors(self) -> tuple[int, int]:
        """Horizontal and vertical sampling factor."""
        return self.horizontal, self.vertical


class JpegStream(NamedTuple):
    """A JPEG stream from SOI to EOI.

    process     0, 1, 2: SOF0 baseline, SOF1 extended, SOF2 progressive
    width       pixels of the frame header
    height      pixels of the frame header, or as many as the coded data have
    components  1 to 4
    tables      (64,) uint16 quantisers of each component, row by row: those in effect at its first scan
    blocks      int16 (rows, columns, 64) for each component, row by row within a block; whole MCUs
    plain       all bytes but the entropy-coded data of the coded scans
    scans       which scans are coded, and where their data differ from what the coefficients give
    size        bytes of the stream: up to EOI, or all that were given if there is none
    """

    process: int
    width: int
    height: int
    components: list[Component]
    tables: list[np.ndarray]
    blocks: list[np.ndarray]
    plain: bytes
    scans: bytes
    size: int
