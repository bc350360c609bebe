"""From numpy arrays to the C coder and back: checks of arguments, calls in pieces, status codes as exceptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from bbans_cli.core import CData, ffi, lib
from bbans_cli.errors import CorruptError, UnderflowError

# Symbols of one call of C. It then takes below 0.1 s with the slowest distribution, so that signals and progress
# bars are handled in time. Tuned by hand, not recorded.
PIECE = 1 << 16

_CTYPES = {
    np.dtype(np.uint8): "uint8_t[]",
    np.dtype(np.uint32): "uint32_t[]",
    np.dtype(np.float32): "float[]",
    np.dtype(np.float64): "double[]",
}


def integers(values: ArrayLike, dtype: type[np.unsignedinteger], name: str) -> np.ndarray:
    """``values`` as a C-contiguous array of an unsigned ``dtype``, of the same shape (at least one axis).

    ValueError, which calls the argument ``name``, for numbers that are not integers or do not fit.
    """
    array = np.asarray(values)
    if array.dtype == dtype:
        return np.ascontiguousarray(array)
    if array.size and array.dtype.kind not in "iub":
        raise ValueError(f"{name} must be integers, not {array.dtype}")
    if array.size and (int(array.min()) < 0 or int(array.max()) > np.iinfo(dtype).max):
        raise ValueError(f"{name} must lie in 0..{np.iinfo(dtype).max}")
    return np.ascontiguousarray(array, dtype)


def doubles(values: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """A copy of ``values`` broadcast to ``shape``, C-contiguous float64; float32 and 32-bit integers convert exactly.

    Always a copy: a codec keeps it, and the caller may change his array before the pop.
    """
    return np.array(np.broadcast_to(np.asarray(values, np.float64), shape), order="C")


def pointer(array: np.ndarray) -> CData:
    """The memory of an array for C. The array must be C-contiguous and outlive the call."""
    return ffi.from_buffer(_CTYPES[array.dtype], array)


def in_pieces(
    function: Callable[..., int],
    count: int,
    arguments: Sequence[object],
    before: Sequence[object] = (),
    piece: int = PIECE,
    backwards: bool = False,
) -> None:
    """Call ``function(*before, *arguments, n, done)`` on pieces of n <= ``piece`` of ``count`` symbols.

    ndarrays among ``arguments``, C-contiguous with one row for each symbol, are cut into pieces; all other
    arguments are passed on unchanged. backwards: the last piece first, for a function that takes the last
    symbol of a piece first. An error code of the function is raised as an exception, see `failure`.
    """
    done = ffi.new("size_t *")
    firsts = range(0, count, piece)
    for first in reversed(firsts) if backwards else firsts:
        end = min(first + piece, count)
        cut = [pointer(each[first:end]) if isinstance(each, np.ndarray) else each for each in arguments]
        status = function(*before, *cut, end - first, done)
        if status != lib.BBC_ANS_OK:
            raise failure(status, end - 1 - done[0] if backwards else first + done[0])


def failure(status: int, symbol: int) -> Exception:
    """The exception for a code of enum bbc_ans_status that occurred at index ``symbol`` of an array."""
    if status == lib.BBC_ANS_UNDERFLOW:
        return UnderflowError(f"the message is too short: it ends at symbol {symbol} of this pop")
    if status == lib.BBC_ANS_MISMATCH:
        return CorruptError(f"the value on top of the message is outside the interval of symbol {symbol}")
    if status == lib.BBC_ANS_BAD_INTERVAL:
        return ValueError(f"symbol {symbol}: needs freq >= 1, start + freq <= 2^precision, precision 1 to 31")
    if status == lib.BBC_ANS_BAD_SYMBOL:
        return ValueError(f"symbol {symbol}, or a parameter of its distribution, is out of range")
    return RuntimeError(f"the coder's state is not valid (code {status})")
