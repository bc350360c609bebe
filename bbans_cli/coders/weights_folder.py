"""The folder of what the coders were trained to be."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parents[1] / "weights"
_CHECKOUT = Path(__file__).parents[2] / "weights"


def packaged() -> Path:
    """That of the installed package, else the folder `weights` of a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
