"""The folder of what the coders were trained to be, and the files in it.

A weights file of a network is a safetensors file named ``<name>-<id>.safetensors``. The id is the first 8 hex digits of
its SHA-256. A .bbc file carries the id, so that it is never decoded with other weights. These files are in the folder
that the environment variable BBC_WEIGHTS names, else in the installed package, else in the folder ``weights`` of a
checkout. Others are numbered, and come with the package alone.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from bbans_cli.errors import ModelMismatchError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# pathlib and hashlib are imported where needed: thumbnails need neither, and their import takes as long as one.
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PACKAGED = os.path.join(_PACKAGE, "weights")
_CHECKOUT = os.path.join(os.path.dirname(_PACKAGE), "weights")


def packaged() -> Path:
    """That of the installed package, else the folder `weights` of a checkout."""
    from pathlib import Path

    return Path(_packaged())


def _packaged() -> str:
    return _PACKAGED if os.path.isdir(_PACKAGED) else _CHECKOUT


def folder() -> Path:
    """The folder of the networks' weights files."""
    from pathlib import Path

    return Path(os.environ.get("BBC_WEIGHTS") or _packaged())


def file_id(data: bytes) -> bytes:
    """The id of a weights file: the first 4 bytes of its SHA-256."""
    import hashlib

    return hashlib.sha256(data).digest()[:4]


def find(pattern: str, what: str) -> Path:
    """The last of the weights files of a pattern; ``what`` names it in the error."""
    found = sorted(folder().glob(pattern))
    if not found:
        have = ", ".join(path.stem for path in sorted(folder().glob("*.safetensors"))) or "none"
        raise ModelMismatchError(f"{what} are not here (there are: {have}); another version of bbc has them")
    return found[-1]


def find_name(name: str) -> Path:
    """The last of the weights files of a name. Raises ModelMismatchError if there is none."""
    any_id = "[0-9a-f]" * 8  # not "*", which would take in names that begin with this one and a hyphen
    return find(f"{name}-{any_id}.safetensors", f"weights {name!r}")


def numbered(stem: str, suffix: str, number: int, checksums: Mapping[int, int], what: str) -> bytes:
    """The bytes of the file STEM-NUMBER.SUFFIX, which must have the CRC-32 that `checksums` has for its number.

    `what` names it in messages. Raises ModelMismatchError if it is unknown, not there, or damaged.
    """
    path = os.path.join(_packaged(), f"{stem}-{number}.{suffix}")
    if number not in checksums or not os.path.isfile(path):
        raise ModelMismatchError(f"the {what} {number} that this file was written with is not here")
    with open(path, "rb") as file:
        data = file.read()
    if zlib.crc32(data) != checksums[number]:
        raise ModelMismatchError(f"{path} is damaged")
    return data
