"""The folder of what the coders were trained to be."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path

from bbans_cli.errors import ModelMismatchError

_PACKAGED = Path(__file__).parents[1] / "weights"
_CHECKOUT = Path(__file__).parents[2] / "weights"


def packaged() -> Path:
    """That of the installed package, else the folder `weights` of a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def numbered(stem: str, suffix: str, number: int, checksums: Mapping[int, int], what: str) -> bytes:
    """The bytes of the file STEM-NUMBER.SUFFIX, which must have the CRC-32 that `checksums` has for its number.

    `what` names it in messages. Raises ModelMismatchError if it is unknown, not there, or damaged.
    """
    path = packaged() / f"{stem}-{number}.{suffix}"
    if number not in checksums or not path.is_file():
        raise ModelMismatchError(f"the {what} {number} that this file was written with is not here")
    data = path.read_bytes()
    if zlib.crc32(data) != checksums[number]:
        raise ModelMismatchError(f"{path} is damaged")
    return data
