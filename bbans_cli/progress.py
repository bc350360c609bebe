"""Callbacks that report progress: one type for each unit.

They may be called from several threads at a time. A counting callback gets what was done
since its last call, not a sum.
"""

from __future__ import annotations

from collections.abc import Callable

# Gets the share of the whole that is done, 0 to 1.
ShareProgress = Callable[[float], None]

# Gets a number of pixels that were just coded or decoded.
PixelProgress = Callable[[int], None]

# Gets a number of 8x8 blocks of a JPEG file that were just coded or decoded.
BlockProgress = Callable[[int], None]


def no_progress(done: float) -> None:
    """For callers who do not follow the progress."""


def shared_out(progress: PixelProgress, pixels: int, count: int) -> Callable[[int], None]:
    """A callback that gets numbers of `count` things in all, for which `progress` gets so many pixels in all."""
    done = 0

    def more(number: int) -> None:
        nonlocal done
        before, done = done, done + number
        progress(pixels * done // count - pixels * before // count)

    return more
