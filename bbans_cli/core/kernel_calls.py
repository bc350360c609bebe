"""Single kernels of one instruction set on numpy arrays: for tests and measurements, not for coding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bbans_cli.core import ffi, isa_index, lib

Array = np.ndarray[Any, Any]

MAP32 = ("exp", "log", "sigmoid", "softplus")
MAP64 = ("exp64", "log64", "erf64", "normal_cdf64", "normal_quantile64")


def _floats(array: Array) -> Any:
    return ffi.cast("float *", array.ctypes.data)


def _doubles(array: Array) -> Any:
    return ffi.cast("double *", array.ctypes.data)


class KernelCalls:
    """The kernels of the instruction set called `isa`; ValueError where this CPU lacks it.

    exp, log, sigmoid and softplus map float32 arrays of any shape, exp64, log64, erf64, normal_cdf64 and
    normal_quantile64 float64 arrays; exact.h says how they clip and how far they err.
    """

    def __init__(self, isa: str) -> None:
        self.isa = isa
        self._index = isa_index(isa)
        if not lib.bbc_isa_supported(self._index):
            raise ValueError(f"this CPU has no {isa}")

    def __getattr__(self, name: str) -> Callable[[Array], Array]:
        if name in MAP32:
            return lambda x: self._map(lib.bbc_direct_map32, _floats, MAP32.index(name), np.float32, x)
        if name in MAP64:
            return lambda x: self._map(lib.bbc_direct_map64, _doubles, MAP64.index(name), np.float64, x)
        raise AttributeError(name)

    def _map(self, call: Any, pointer: Any, function: int, dtype: Any, x: Array) -> Array:
        x = np.ascontiguousarray(x, dtype)
        out = np.empty_like(x)
        call(self._index, function, x.size, pointer(x), pointer(out))
        return out

    def fma(self, a: Array, b: Array, c: Array) -> Array:
        """a*b + c rounded once; float32, broadcast to one shape."""
        a, b, c = (np.ascontiguousarray(v, np.float32) for v in np.broadcast_arrays(a, b, c))
        out = np.empty_like(a)
        lib.bbc_direct_fma(self._index, a.size, _floats(a), _floats(b), _floats(c), _floats(out))
        return out

    def gemm(self, a: Array, b: Array, init: Array | None, c: Array | None = None) -> Array:
        """init + a @ b, or c + a @ b in place where `init` is None; returns c.

        a (m, k) float32 with any strides, b (k, n) and c (m, n) float32 with contiguous rows, n a multiple of 16,
        init (n,). ValueError for shapes or strides that do not fit.
        """
        (m, k), n = a.shape, b.shape[1]
        if c is None:
            c = np.empty((m, n), np.float32)
        operands = [a, b, c] if init is None else [a, b, c, init]
        if any(v.dtype != np.float32 for v in operands) or any(s % 4 for v in operands for s in v.strides):
            raise ValueError("operands must be aligned float32 arrays")
        if b.shape[0] != k or c.shape != (m, n) or n % 16 or (init is not None and init.shape != (n,)):
            raise ValueError("shapes do not fit, or the number of columns is no multiple of 16")
        if any(v.size and v.strides[-1] != 4 for v in operands[1:]):
            raise ValueError("rows must be contiguous")
        lib.bbc_direct_gemm(
            self._index, m, n, k, _floats(a), a.strides[0] // 4, a.strides[1] // 4, _floats(b), b.strides[0] // 4,
            ffi.NULL if init is None else _floats(init), _floats(c), c.strides[0] // 4,
        )  # fmt: skip
        return c

    def mixture(
        self, channel: int, output: Array, base: Array, activity: Array, earlier: Array, edges: Array | None = None
    ) -> Array:
        """All cumulative frequencies of n pixels of a channel (0, 1, 2): (n, 257) int32.

        output (n, 16) float32, base (n,) integers, activity (n,) and earlier (n, 4) as in reference_mixture,
        float32. edges (257,) float32: where values begin; None for v - 1/2.
        """
        edges = np.arange(257, dtype=np.float32) - np.float32(0.5) if edges is None else edges
        output, activity, earlier = (np.ascontiguousarray(a, np.float32) for a in (output, activity, earlier))
        base = np.ascontiguousarray(base, np.int32)
        cum = np.empty((len(base), 257), np.int32)
        if output.shape != (len(base), 16) or activity.shape != base.shape or earlier.shape != (len(base), 4):
            raise ValueError("shapes do not fit")
        integers = [ffi.cast("int32_t *", a.ctypes.data) for a in (base, cum)]
        floats = [_floats(a) for a in (output, activity, earlier, edges)]
        if lib.bbc_direct_mixture(self._index, len(base), channel, floats[0], integers[0], *floats[1:], integers[1]):
            raise ValueError("a channel is 0, 1 or 2")
        return cum

    def gemm_rate(self, m: int, n: int, k: int, transposed: bool = False, seconds: float = 0.2) -> float:
        """Multiply-adds per second of one shape on this thread; `transposed` reads a by columns."""
        return float(lib.bbc_direct_gemm_rate(self._index, m, n, k, transposed, seconds))
