"""Plain numpy mirror of exact.h and gemm-inl.h: slow, readable, equal bits.

Every function repeats the C source operation by operation; numpy's elementwise + - * / on float32 and float64 are
IEEE's, so the results agree in every bit, NaN results apart. float32 functions take and give float32 arrays, the
others float64, of any shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

Array = np.ndarray
Operand = Array | np.floating
Function = TypeVar("Function", bound=Callable[..., Array])


def f32(text: str) -> np.float32:
    """A float32 from C's hexadecimal notation; ValueError where float32 does not hold it exactly."""
    value: np.float32 = np.float32(float.fromhex(text))
    if float(value) != float.fromhex(text):
        raise ValueError(f"{text} is not a float32")
    return value


def _silent(function: Function) -> Function:
    """Overflow to infinity and NaN are results here, not accidents to warn about."""
    return np.errstate(all="ignore")(function)


@_silent
def fma(a: Operand, b: Operand, c: Operand) -> Array:
    """a*b + c rounded once to float32: ex_soft_fma."""
    return _rounded_sum(np.multiply(a, b, dtype=np.float64), np.asarray(c, np.float64))


def _rounded_sum(p: Array, c: Array) -> Array:
    """p + c, of float64 p and float64 c that float32 holds, rounded once to float32."""
    s = p + c
    bits = s.view(np.int64)
    # If none lies half-way between two float32, rounding twice does no harm.
    if not np.logical_and.reduce(bits & 0xFFFFFFF, axis=None):
        t = s - p
        e = (p - (s - t)) + (c - t)  # s + e is exact
        to_odd = (e != 0) & (bits & 1 == 0) & np.isfinite(s)
        away = ((e > 0) == (s > 0)) * 2 - 1
        s = (bits + to_odd * away).view(np.float64)
    found: Array = s.astype(np.float32)
    return found


@_silent
def gemm(a: Array, b: Array, start: Array) -> Array:
    """start + a @ b as one fma chain per element, k ascending. a (m, k), b (k, n), start (n,) or (m, n), float32."""
    total = np.array(np.broadcast_to(np.asarray(start, np.float32), (a.shape[0], b.shape[1])))
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    for k in range(a.shape[1]):
        total = _rounded_sum(wide_a[:, k, None] * wide_b[None, k], total.astype(np.float64))
    return total


def clip(x: Array, low: Operand | float, high: Operand | float) -> Array:
    """ex_clip and ex_clip64: NaN becomes `low`."""
    x = np.where(x > low, x, low)
    return np.where(x < high, x, high)


@_silent
def exp(x: Array) -> Array:
    """exp of float32, argument clipped to [-87, 88]."""
    x = clip(np.asarray(x, np.float32), np.float32(-87), np.float32(88))
    magic = f32("0x1.8p23")
    t = fma(x, f32("0x1.715476p+0"), magic)
    n = t - magic
    r = fma(n, f32("-0x1.62e4p-1"), x)
    r = fma(n, f32("-0x1.7f7d1cp-20"), r)
    p = np.full_like(r, f32("0x1.6a2434p-10"))
    for c in ("0x1.1239e2p-7", "0x1.5558f2p-5", "0x1.555492p-3", "0x1.fffffcp-2"):
        p = fma(p, r, f32(c))
    p = fma(p, r * r, r) + np.float32(1)
    result: Array = p * ((t.view(np.uint32) << np.uint32(23)) + np.uint32(0x3F800000)).view(np.float32)
    return result


def two_atanh(z: Array, tail: Array) -> Array:
    """2 atanh(z) + tail for float32 |z| <= 1/3."""
    s = z * z
    p = np.full_like(s, f32("0x1.1ef87p-2"))
    for c in ("0x1.1eb612p-2", "0x1.99d27cp-2", "0x1.5555p-1"):
        p = fma(p, s, f32(c))
    result: Array = fma(np.float32(2), z, fma(p * s, z, tail))
    return result


@_silent
def log(x: Array) -> Array:
    """log of float32, argument clipped to [2^-126, largest float]."""
    x = clip(np.asarray(x, np.float32), f32("0x1p-126"), f32("0x1.fffffep127"))
    u = x.view(np.uint32)
    e = (u + np.uint32(0x3F800000 - 0x3F3504F3)) >> np.uint32(23)
    m = (u - (e << np.uint32(23)) + np.uint32(0x3F800000)).view(np.float32)
    n = (e | np.uint32(0x4B000000)).view(np.float32) - np.float32(2**23 + 127)
    z = (m - np.float32(1)) / (m + np.float32(1))
    result: Array = fma(n, f32("0x1.62e4p-1"), two_atanh(z, n * f32("0x1.7f7d1cp-20")))
    return result


@_silent
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) of float32."""
    result: Array = np.float32(1) / (np.float32(1) + exp(-np.asarray(x, np.float32)))
    return result


@_silent
def softplus(x: Array) -> Array:
    """log(1 + exp(x)) of float32."""
    x = np.asarray(x, np.float32)
    y = exp(np.where(x > 0, -x, x))
    return two_atanh(y / (np.float32(2) + y), clip(x, np.float32(0), f32("0x1.fffffep127")))


def horner(x: Array, coefficients: tuple[str, ...]) -> Array:
    """A polynomial in float64, highest power first, product and sum rounded separately."""
    p = np.full_like(x, float.fromhex(coefficients[0]))
    for c in coefficients[1:]:
        p = p * x + float.fromhex(c)
    return p


EXP64 = (
    "0x1.1f7340dbc337ep-29",
    "0x1.af4e554377204p-26",
    "0x1.27e4db46cddd1p-22",
    "0x1.71de01fdbf9cap-19",
    "0x1.a01a01a6e1e2ap-16",
    "0x1.a01a01abf85abp-13",
    "0x1.6c16c16c162c3p-10",
    "0x1.11111111100bep-7",
    "0x1.5555555555556p-5",
    "0x1.5555555555557p-3",
    "0x1.0000000000000p-1",
)
LOG64 = (
    "0x1.0c0aff044a970p-3",
    "0x1.0fbde0f4ad17bp-3",
    "0x1.3b1c3c1c81c8fp-3",
    "0x1.745cf8e4bba1bp-3",
    "0x1.c71c7201a55d7p-3",
    "0x1.2492492476a1ap-2",
    "0x1.9999999999a39p-2",
    "0x1.5555555555555p-1",
)
ERFC64 = (
    "-0x1.98d895a2fd3ebp-31",
    "-0x1.6cc37f740cd0ep-27",
    "-0x1.187a85cfac87ep-27",
    "0x1.cbbd51f9f63dfp-24",
    "0x1.f86f21f52b008p-25",
    "-0x1.bb559d3ea8102p-21",
    "0x1.4b409fbe260dbp-22",
    "0x1.7f575dcec5685p-18",
    "-0x1.78d5310a7b8d5p-17",
    "-0x1.99628c7d8455ap-16",
    "0x1.3be216763d68dp-13",
    "-0x1.a1deac4f3c8c8p-13",
    "-0x1.8d4ab604639e6p-11",
    "0x1.49c671a1bcd5ep-8",
    "-0x1.096238636a04fp-6",
    "0x1.3079edfa6418dp-5",
    "-0x1.0fb06dff07bcdp-4",
    "0x1.7fee004dee2f3p-4",
    "-0x1.9ddb23c3e0496p-4",
    "0x1.16ecefcfa6682p-4",
    "0x1.f7f5df66fc342p-7",
    "-0x1.1df1ad154a2a5p-3",
    "0x1.3ba5916e9fd7fp+0",
)
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")


@_silent
def exp64(x: Array) -> Array:
    """exp of float64, argument clipped to [-708, 709]."""
    x = clip(np.asarray(x, np.float64), -708.0, 709.0)
    magic = float.fromhex("0x1.8p52")
    t = x * float.fromhex("0x1.71547652b82fep+0") + magic
    n = t - magic
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = horner(r, EXP64) * (r * r) + r
    result: Array = (p + 1.0) * ((t.view(np.uint64) << np.uint64(52)) + np.uint64(0x3FF << 52)).view(np.float64)
    return result


@_silent
def log64(x: Array) -> Array:
    """log of float64, argument clipped to [2^-1022, largest double]."""
    x = clip(np.asarray(x, np.float64), float.fromhex("0x1p-1022"), float.fromhex("0x1.fffffffffffffp1023"))
    u = x.view(np.uint64)
    e = (u + np.uint64((0x3FF << 52) - 0x3FE6A09E667F3BCD)) >> np.uint64(52)
    m = (u - (e << np.uint64(52)) + np.uint64(0x3FF << 52)).view(np.float64)
    n = (e | np.uint64(0x433 << 52)).view(np.float64) - (2.0**52 + 1023.0)
    z = (m - 1.0) / (m + 1.0)
    s = z * z
    result: Array = n * LN2_HIGH + (2.0 * z + (horner(s, LOG64) * s * z + n * LN2_LOW))
    return result


@_silent
def erfc_right64(u: Array) -> Array:
    """erfc of float64 u >= 0, clipped to 26.5."""
    u = clip(np.asarray(u, np.float64), 0.0, 26.5)
    t = (u - 4.0) / (u + 4.0)
    result: Array = horner(t, ERFC64) / (1.0 + 2.0 * u) * exp64(-(u * u))
    return result


@_silent
def erf64(x: Array) -> Array:
    """The error function of float64."""
    x = np.asarray(x, np.float64)
    r = 1.0 - erfc_right64(np.where(x > 0, x, -x))
    result: Array = np.where(x > 0, r, -r)
    return result


@_silent
def normal_cdf64(x: Array) -> Array:
    """The standard normal distribution function of float64."""
    x = np.asarray(x, np.float64)
    q = 0.5 * erfc_right64(np.where(x > 0, x, -x) * float.fromhex("0x1.6a09e667f3bcdp-1"))
    result: Array = np.where(x > 0, 1.0 - q, q)
    return result


@_silent
def normal_quantile64(p: Array) -> Array:
    """Its inverse, argument clipped to [1e-300, 1 - 2^-53]."""
    p = clip(np.asarray(p, np.float64), 1e-300, 1.0 - 2.0**-53)
    q = np.where(p < 0.5, p, 1.0 - p)
    t = np.sqrt(-2.0 * log64(q))
    x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(3):
        w = (normal_cdf64(x) - q) * float.fromhex("0x1.40d931ff62706p+1") * exp64(0.5 * x * x)
        x = x - w / (1.0 + 0.5 * x * w)
    x = np.where(q < 0.5, x, 0.0)
    return np.where(p < 0.5, x, 0.0 - x)
