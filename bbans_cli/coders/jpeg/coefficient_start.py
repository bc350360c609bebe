"""Where the coder of coefficients starts, trained beforehand: a file of weights/, which scripts/training/
train_jpeg_start.py makes. The file is a part of the format: what was written with it cannot be read with another.

In the file, one behind the other: weights of the hidden layers, int8 (2, 64, features, hidden units), in units that
differ from one hidden unit to the next; weights of the output layers, int8 (2, 64, hidden units, outputs), with powers
of two uint8 (2, 64, hidden units) by which to multiply; biases int16 (2, 64, outputs); the same four of the networks of
the place of the last coefficient, (2, ...) in place of (2, 64, ...), with 64 outputs; weights of the mixer, int8
(inputs, 3, sets), in 1/128, less those before training; those of level 5, int8 (inputs, 2, sets), less the ones before;
moments of the least squares, float16 (2, 64, 2, 72). They are not compressed: a wheel is, and unpacking LZMA takes
longer than decoding a thumbnail. core/jpeg/coefficient_start.c takes them apart. Imports no numpy.
"""

from __future__ import annotations

from functools import cache

from bbans_cli.coders.weights_folder import numbered
from bbans_cli.core import CData, ffi, lib

# Files by number, with their CRC-32; the number that is written with
STARTS = {1: 0xFD0B5D4D}
START = 1


@cache
def load(number: int = START) -> CData:
    """The start of that number for the core. Raises ModelMismatchError if the file is not there or damaged."""
    return from_bytes(numbered("jpeg-coefficients", "start", number, STARTS, "start of the coefficients"))


def from_bytes(raw: bytes) -> CData:
    """The bytes of a file as a bbc_coefficients_start."""
    if len(raw) != lib.BBC_COEFFICIENT_START_BYTES:
        raise ValueError(f"{len(raw)} bytes are no start of the coefficients")
    start = ffi.new("bbc_coefficients_start *")
    lib.bbc_coefficient_start_unpack(ffi.from_buffer("uint8_t[]", raw), start)
    return start
