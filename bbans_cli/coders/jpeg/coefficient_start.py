"""Where the coder of coefficients starts, trained beforehand: a file of weights/, which scripts/training/
train_jpeg_start.py makes. The file is a part of the format: what was written with it cannot be read with another.

The file is a zlib stream of arrays, one behind the other. Of each network: weights of the hidden layer, int8 (features,
hidden units), in units that differ from one hidden unit to the next; weights of the output layer, int8 (hidden units,
outputs), with powers of two uint8 (hidden units) by which to multiply; biases int16 (outputs). The networks of 64
coefficients make a last index, and the first is 2, for luma and chroma. The same of the networks of the place of the
last coefficient. Weights of the mixer, int8 (3, sets, inputs), in 1/128, less those before training; those of level 5,
int8 (2, sets, inputs), less the ones before. Moments of the least squares, float16 (2, 2, 72, 64). Where the last index
is that of 64 coefficients, all but the first are differences from the one before, so that they take fewer bytes;
numbers of 16 bits are in two planes, low and high bytes. core/jpeg/coefficient_start.c takes them apart. No LZMA, as
unpacking that takes longer than decoding a thumbnail. Imports no numpy.
"""

from __future__ import annotations

import zlib
from functools import cache

from bbans_cli.coders.weights_folder import numbered
from bbans_cli.core import CData, ffi, lib

# Files by number, with their CRC-32; the number that is written with
STARTS = {1: 0x2308144E}
START = 1


@cache
def load(number: int = START) -> CData:
    """The start of that number for the core. Raises ModelMismatchError if the file is not there or damaged."""
    return from_bytes(numbered("jpeg-coefficients", "start", number, STARTS, "start of the coefficients"))


def from_bytes(raw: bytes) -> CData:
    """The bytes of a file as a bbc_coefficients_start."""
    try:
        numbers = zlib.decompressobj().decompress(raw, lib.BBC_COEFFICIENT_START_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"no start of the coefficients: {error}") from None
    if len(numbers) != lib.BBC_COEFFICIENT_START_BYTES:
        raise ValueError(f"{len(numbers)} bytes are no start of the coefficients")
    start = ffi.new("bbc_coefficients_start *")
    lib.bbc_coefficient_start_unpack(ffi.from_buffer("uint8_t[]", bytearray(numbers)), start)
    return start
