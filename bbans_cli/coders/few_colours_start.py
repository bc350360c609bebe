"""Where the coder of few colours starts, trained beforehand: a file of weights/, which scripts/training/
train_few_colours_start.py makes. It is a part of the format: what was written with it cannot be read with another.

The file is a zlib stream of the numbers that core/mixing/few_colours_start.h describes.
"""

from __future__ import annotations

import zlib
from functools import cache

from bbans_cli.coders.weights_folder import numbered
from bbans_cli.core import CData, ffi, lib

# Files by number, with their CRC-32; the number that is written with
STARTS = {1: 0xE73605A1}
START = 1


@cache
def load(number: int = START) -> CData:
    """The start of that number for the core. Raises ModelMismatchError if the file is not there or damaged."""
    return from_bytes(numbered("few-colours", "start", number, STARTS, "start of few colours"))


def from_bytes(raw: bytes) -> CData:
    """The bytes of a file as numbers for the core."""
    try:
        numbers = zlib.decompressobj().decompress(raw, lib.BBC_FEW_COLOURS_START_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"no start of few colours: {error}") from None
    if len(numbers) != lib.BBC_FEW_COLOURS_START_BYTES:
        raise ValueError(f"{len(numbers)} bytes are no start of few colours")
    return ffi.from_buffer("uint8_t[]", numbers)
