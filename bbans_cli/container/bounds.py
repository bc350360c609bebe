"""How large a picture may be, and how much memory may be taken for it: what every reader and decoder asks first."""

from __future__ import annotations

from typing import NamedTuple

from bbans_cli import posix_calls
from bbans_cli.errors import LimitError
from bbans_cli.limits import MAX_PIXELS

# Times that a reader holds the samples of a picture at once: packed, unpacked, and put in order.
_READ_COPIES = 3


def half_of_memory() -> int:
    """Bytes of memory that are taken unless the caller says otherwise: half of the machine's."""
    return posix_calls.memory() // 2


class Bounds(NamedTuple):
    """What is taken at most.

    max_pixels  of a picture, all pages of a stack together
    max_memory  bytes; None: half of the machine's
    """

    max_pixels: int = MAX_PIXELS
    max_memory: int | None = None

    def check_pixels(self, width: int, height: int, pages: int = 1) -> None:
        """Raise LimitError for a picture of more pixels, in so many pages of that size."""
        count = width * height * pages
        if count > self.max_pixels:
            what = (f"{pages:,} pages of " if pages > 1 else "") + f"{width}x{height}"
            raise LimitError(f"{what} is {count:,} pixels, above the limit of {self.max_pixels:,}")

    def check_memory(self, size: int) -> None:
        """Raise LimitError for more bytes of memory."""
        most = half_of_memory() if self.max_memory is None else self.max_memory
        if size > most:
            need = f"needs about {_shown(size)} of memory"
            raise LimitError(f"{need}, above the limit of {_shown(most)}; --max-memory sets it")

    def check(self, width: int, height: int, sample_bytes: int, pages: int = 1) -> None:
        """Both, for a picture file with so many bytes of unpacked samples a pixel. Raises LimitError."""
        self.check_pixels(width, height, pages)
        self.check_memory(width * height * pages * sample_bytes * _READ_COPIES)


def _shown(size: int) -> str:
    """Bytes in words: 100 bytes, 512 MiB, 1.5 GiB."""
    if size < 1 << 20:
        return f"{size:,} byte{'s' * (size != 1)}"
    return f"{size / (1 << 30):,.1f} GiB" if size >= 1 << 30 else f"{-(-size // (1 << 20)):,} MiB"
