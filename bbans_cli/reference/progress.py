"""How the slow decoders say that they get on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

# Gets numbers of pixels as they are decoded.
Tick: TypeAlias = Callable[[int], None]


def silent(pixels: int) -> None:
    """Nobody waits."""


def shared(tick: Tick, pixels: int, count: int) -> Tick:
    """What gets the numbers of `count` things, for which `tick` gets so many pixels in all."""
    done = 0

    def more(number: int) -> None:
        nonlocal done
        before, done = done, done + number
        tick(pixels * done // count - pixels * before // count)

    return more
