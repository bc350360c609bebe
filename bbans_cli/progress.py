"""How much of the work is done, as it is told to whoever waits: one type of callback for each unit.

All may be called from several threads at a time, and by a worker that knows nothing of the others: a counting callback
gets what was done since its last call, never a sum.
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
    """Progress that nobody follows."""
