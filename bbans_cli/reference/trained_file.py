"""Files of the folder weights/ that the format numbers: dictionaries, and where coders start."""

from __future__ import annotations

import zlib
from pathlib import Path

from bbans_cli.errors import ModelMismatchError

# By name: CRC-32. The folder is that of a checkout, or within the installed package.
CHECKSUMS = {
    "jpeg-plain-1.dictionary": 0x89157AD8,
    "jpeg-plain-1.start": 0x684811C3,
    "jpeg-coefficients-1.start": 0x2308144E,
    "few-colours-1.start": 0xE73605A1,
}
PACKAGE = Path(__file__).parents[1]
FOLDERS = [PACKAGE / "weights", PACKAGE.parent / "weights"]


def read(name: str) -> bytes:
    """Raises ModelMismatchError if the file is unknown, not there, or damaged."""
    for path in (folder / name for folder in FOLDERS):
        if name in CHECKSUMS and path.is_file():
            data = path.read_bytes()
            if zlib.crc32(data) != CHECKSUMS[name]:
                raise ModelMismatchError(f"{path} is damaged")
            return data
    raise ModelMismatchError(f"{name}, which this file was written with, is not here")
