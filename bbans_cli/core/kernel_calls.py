"""Single kernels of one instruction set on numpy arrays: for tests and measurements, not for coding."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bbans_cli.core import CData, ffi, isa_index, lib

Floats: TypeAlias = npt.NDArray[np.float32]
Reals: TypeAlias = npt.NDArray[np.floating]

# Elementary functions, in the order in which kernels.h numbers them.
MAP32 = ("exp", "log", "sigmoid", "softplus")
MAP64 = ("exp64", "log64", "erf64", "normal_cdf64", "normal_quantile64")


def _floats(array: Floats) -> CData:
    return ffi.cast("float *", array.ctypes.data)


class KernelCalls:
    """The kernels of the instruction set called `isa`; ValueError where this CPU lacks it."""

    def __init__(self, isa: str) -> None:
        self.isa = isa
        self._index = isa_index(isa)
        if not lib.bbc_isa_supported(self._index):
            raise ValueError(f"this CPU has no {isa}")

    def map(self, function: str, x: npt.ArrayLike) -> Reals:
        """An elementary function of each number of x, of any shape: one of MAP32 in float32, or of MAP64 in float64.

        exact.h says how arguments are clipped and how far results err. KeyError for any other name.
        """
        if function in MAP32:
            single = np.ascontiguousarray(x, np.float32)
            mapped = np.empty_like(single)
            lib.bbc_kernel_map32(self._index, MAP32.index(function), single.size, _floats(single), _floats(mapped))
            return mapped
        if function not in MAP64:
            raise KeyError(function)
        double = np.ascontiguousarray(x, np.float64)
        out = np.empty_like(double)
        pointers = [ffi.cast("double *", array.ctypes.data) for array in (double, out)]
        lib.bbc_kernel_map64(self._index, MAP64.index(function), double.size, *pointers)
        return out

    def fma(self, a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> Floats:
        """a*b + c rounded once; float32, broadcast to one shape."""
        a, b, c = (np.ascontiguousarray(v, np.float32) for v in np.broadcast_arrays(a, b, c))
        out = np.empty_like(a)
        lib.bbc_kernel_fma(self._index, a.size, _floats(a), _floats(b), _floats(c), _floats(out))
        return out

    def gemm(self, a: Floats, b: Floats, init: Floats | None, c: Floats | None = None) -> Floats:
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
        lib.bbc_kernel_gemm(
            self._index, m, n, k, _floats(a), a.strides[0] // 4, a.strides[1] // 4, _floats(b), b.strides[0] // 4,
            ffi.NULL if init is None else _floats(init), _floats(c), c.strides[0] // 4,
        )  # fmt: skip
        return c

    def mixture(
        self,
        channel: int,
        output: Floats,
        base: npt.NDArray[np.integer],
        activity: Floats,
        earlier: Floats,
        edges: Floats | None = None,
    ) -> npt.NDArray[np.int32]:
        """All cumulative frequencies of n pixels of a channel (0, 1, 2): (n, 257) int32.

        output (n, 16) float32, base (n,) integers, activity (n,) and earlier (n, 4) float32, as in
        bbans_cli.reference.mixture. edges (257,) float32: the bin boundaries; None for v - 1/2.
        ValueError for other shapes or channels.
        """
        edges = np.arange(257, dtype=np.float32) - np.float32(0.5) if edges is None else edges
        output, activity, earlier = (np.ascontiguousarray(a, np.float32) for a in (output, activity, earlier))
        base = np.ascontiguousarray(base, np.int32)
        cum = np.empty((len(base), 257), np.int32)
        if output.shape != (len(base), 16) or activity.shape != base.shape or earlier.shape != (len(base), 4):
            raise ValueError("shapes do not fit")
        integers = [ffi.cast("int32_t *", a.ctypes.data) for a in (base, cum)]
        floats = [_floats(a) for a in (output, activity, earlier, edges)]
        if lib.bbc_kernel_mixture(self._index, len(base), channel, floats[0], integers[0], *floats[1:], integers[1]):
            raise ValueError("a channel is 0, 1 or 2")
        return cum

    def gemm_rate(self, m: int, n: int, k: int, transposed: bool = False, seconds: float = 0.2) -> float:
        """Multiply-adds per second of one shape on this thread; `transposed` reads a by columns."""
        return float(lib.bbc_kernel_gemm_rate(self._index, m, n, k, transposed, seconds))
