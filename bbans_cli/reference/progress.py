"""How the slow decoders say that they get on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

# Gets numbers of pixels as they are decoded.
Tick: TypeAlias = Callable[[int], None]


def silent(pixels: int) -> None:
    """Nobody waits."""
