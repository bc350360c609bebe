"""numpy arrays into the C coder and its status codes out: checks before, pieces during, exceptions after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bbans_cli.core import ffi, lib
from bbans_cli.errors import CorruptError, TruncatedError

# One call of C stays below 0.1 s with the slowest model, so that signals and progress bars get their turn.
PIECE = 1 << 16

_CTYPES = {
    np.dtype(np.uint8): "uint8_t[]",
    np.dtype(np.uint32): "uint32_t[]",
    np.dtype(np.float64): "double[]",
}


class UnderflowError(TruncatedError):
    """A pop asked for more than the message holds: a damaged file, or bits back without enough initial
    bits."""


def integers(values: Any, dtype: type, name: str) -> np.ndarray:
    """``values`` as a C-contiguous array of an unsigned type; ValueError unless they are integers that
    fit."""
    array = np.asarray(values)
    if array.dtype == dtype:
        return np.ascontiguousarray(array)
    if array.size and array.dtype.kind not in "iub":
        raise ValueError(f"{name} must be integers, not {array.dtype}")
    if array.size and (int(array.min()) < 0 or int(array.max()) > np.iinfo(dtype).max):
        raise ValueError(f"{name} must lie in 0..{np.iinfo(dtype).max}")
    return np.ascontiguousarray(array, dtype)


def doubles(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """``values`` broadcast to ``shape`` as C-contiguous float64; float32 and integers become it exactly."""
    return np.ascontiguousarray(np.broadcast_to(np.asarray(values, np.float64), shape))


def pointer(array: np.ndarray) -> Any:
    """The array's memory for C, whole; it must be C-contiguous and outlive the call."""
    return ffi.from_buffer(_CTYPES[array.dtype], array)


def in_pieces(
    function: Callable[..., int],
    count: int,
    arguments: Sequence[Any],
    before: Sequence[Any] = (),
    piece: int = PIECE,
    backwards: bool = False,
) -> None:
    """Call ``function(*before, *arguments, n, done)`` for pieces of ``count`` symbols; raise what it reports.

    ndarrays among the arguments, C-contiguous with one row per symbol, are cut into pieces; the rest is
    passed on as it is. backwards: last piece first, and the function itself takes the last symbol of each
    first.
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
    """The exception for a code of enum bbc_ans_status, met at the given symbol of an array."""
    if status == lib.BBC_ANS_UNDERFLOW:
        return UnderflowError(f"the message is too short: it ends at symbol {symbol} of this pop")
    if status == lib.BBC_ANS_MISMATCH:
        return CorruptError(f"the value on top of the message is outside the interval of symbol {symbol}")
    if status == lib.BBC_ANS_BAD_INTERVAL:
        return ValueError(f"symbol {symbol}: needs freq >= 1, start + freq <= 2^precision, precision 1 to 31")
    if status == lib.BBC_ANS_BAD_SYMBOL:
        return ValueError(f"symbol {symbol}, or what its model was given, is out of range")
    return RuntimeError(f"the coder's state is not valid (code {status})")
