"""The folder of what the coders were trained to be, and the files in it.

A weights file of a network is a safetensors file named ``<name>-<id>.safetensors``. The id is the first 8 hex digits of
its SHA-256. A .bbc file carries the id, so that it is never decoded with other weights. These files are in the folder
that the environment variable BBC_WEIGHTS names, else in the installed package, else in the folder ``weights`` of a
checkout. Others are numbered, and come with the package alone.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

from bbans_cli.errors import ModelMismatchError

_PACKAGED = Path(__file__).parents[1] / "weights"
_CHECKOUT = Path(__file__).parents[2] / "weights"


def packaged() -> Path:
    """That of the installed package, else the folder `weights` of a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def folder() -> Path:
    """The folder of the networks' weights files."""
    if os.environ.get("BBC_WEIGHTS"):
        return Path(os.environ["BBC_WEIGHTS"])
    return packaged()


def file_id(data: bytes) -> bytes:
    """The id of a weights file: the first 4 bytes of its SHA-256."""
    return hashlib.sha256(data).digest()[:4]


def find(pattern: str, what: str) -> Path:
    """The last of the weights files of a pattern; ``what`` names it in the error."""
    found = sorted(folder().glob(pattern))
    if not found:
        have = ", ".join(path.stem for path in sorted(folder().glob("*.safetensors"))) or "none"
        raise ModelMismatchError(f"{what} are not here (there are: {have}); another version of bbc has them")
    return found[-1]


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
