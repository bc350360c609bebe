"""Checks of what callers of the Python functions give: TypeError for the wrong type, ValueError for the wrong value.

What is wrong with a file or a picture is a BbcError instead. Imports nothing heavy, as viewers look at many files.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Collection

from bbans_cli.limits import LEVELS, MAX_THREADS


def number(name: str, value: object, least: int = 0, most: int | None = None) -> int:
    """An integer from `least` to `most`; None: without an upper limit."""
    try:
        found = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} is an integer, not {type(value).__name__}") from None
    if most is not None and not least <= found <= most:
        raise ValueError(f"{name} is {least} to {most}, not {found}")
    if found < least:
        raise ValueError(f"{name} is at least {least}, not {found}")
    return found


def level(value: object) -> int:
    """A level of compression."""
    if value not in LEVELS:
        raise ValueError(f"level {value!r} is not 1, 5 or 9")
    return int(value)


def threads(value: object) -> int:
    """A number of threads; 0: all cores."""
    return number("threads", value, 0, MAX_THREADS)


def limits(max_pixels: object, max_memory: object) -> tuple[int, int | None]:
    """The largest number of pixels, and of bytes of memory, None for half of the machine's."""
    pixels = number("max_pixels", max_pixels)
    return pixels, None if max_memory is None else number("max_memory", max_memory)


def rows(value: object) -> tuple[int, int | None] | None:
    """(first, end) with first < end; an end of None is that of the picture. None: all rows."""
    if value is None:
        return None
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"rows is a pair, the first row and the one behind the last, not {value!r}")
    first = number("the first row", value[0])
    return first, None if value[1] is None else number("the row behind the last", value[1], first + 1)


def choice(name: str, value: str, among: Collection[str]) -> str:
    """One of some words."""
    if value not in among:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(among)}")
    return value


def path_or_bytes(value: object) -> bytes | str | os.PathLike[str]:
    """A path, or the bytes of what has some."""
    if isinstance(value, (bytes, str, os.PathLike)):
        return value
    try:
        return bytes(memoryview(value))  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"source is a path or bytes, not {type(value).__name__}") from None
