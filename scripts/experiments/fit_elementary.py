"""Fits the polynomials of core/arith/exact.h; prints coefficients, lowest power first, and the largest error.

    python -m scripts.experiments.fit_elementary        (needs mpmath; a minute)

binary32: minimax by Remez exchange, since the accuracy of a short polynomial matters to the last bit. binary64:
interpolation at Chebyshev nodes, whose error is within a small factor of the minimax error, of a degree at which this
is below the rounding of the result.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp
import numpy as np

mp.mp.dps = 60
Function = Callable[[mp.mpf], mp.mpf]


def solve(points: list[mp.mpf], f: Function, degree: int, extra: list[mp.mpf] | None) -> list[mp.mpf]:
    """Coefficients through the points; with `extra`, the last unknown is the size of the alternating error."""
    rows = mp.matrix(len(points), len(points))
    right = mp.matrix(len(points), 1)
    for i, x in enumerate(points):
        for j in range(degree + 1):
            rows[i, j] = x**j
        if extra:
            rows[i, degree + 1] = extra[i]
        right[i] = f(x)
    return list(mp.lu_solve(rows, right))[: degree + 1]


def value(c: list[mp.mpf], x: mp.mpf) -> mp.mpf:
    return mp.polyval([mp.mpf(v) for v in reversed(c)], x)


def chebyshev(f: Function, low: mp.mpf, high: mp.mpf, degree: int) -> list[mp.mpf]:
    n = degree + 1
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    return solve(nodes, f, degree, None)


def remez(f: Function, low: mp.mpf, high: mp.mpf, degree: int, weight: Function, grid: int = 2000) -> list[mp.mpf]:
    n = degree + 2
    points = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (n - 1 - i) / (n - 1)) for i in range(n)]
    xs = [low + (high - low) * mp.mpf(i) / grid for i in range(grid + 1)]
    c: list[mp.mpf] = []
    for _ in range(12):
        c = solve(points, f, degree, [(-1) ** i / weight(x) for i, x in enumerate(points)])
        errors = [(value(c, x) - f(x)) * weight(x) for x in xs]
        peaks, best = [], 0  # the largest error between two changes of sign
        for i in range(1, grid + 1):
            if mp.sign(errors[i]) != mp.sign(errors[best]) and errors[i] != 0:
                peaks.append(best)
                best = i
            elif abs(errors[i]) > abs(errors[best]):
                best = i
        peaks.append(best)
        while len(peaks) > n:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if len(peaks) < n:
            break
        points = [xs[i] for i in peaks]
    return c


def show(
    name: str, c: list[mp.mpf], f: Function, low: mp.mpf, high: mp.mpf, weight: Function, single: bool = False
) -> None:
    kept = [float(np.float32(float(v))) if single else float(v) for v in c]
    xs = [low + (high - low) * mp.mpf(i) / 500 for i in range(501)]
    error = max(abs((value(kept, x) - f(x)) * weight(x)) for x in xs)
    print(f"{name}: error 2^{mp.nstr(mp.log(error, 2), 4)}")
    for v in kept:
        print("   ", v.hex())


def exp_rest(r: mp.mpf) -> mp.mpf:
    """(exp(r) - 1 - r) / r^2"""
    return mp.mpf(1) / 2 + r / 6 + r * r / 24 if abs(r) < 1e-15 else (mp.expm1(r) - r) / r**2


def atanh_rest(s: mp.mpf) -> mp.mpf:
    """(2 atanh(z) / z - 2) / z^2 with s = z^2"""
    return mp.mpf(2) / 3 + 2 * s / 5 if s < 1e-18 else (2 * mp.atanh(mp.sqrt(s)) / mp.sqrt(s) - 2) / s


def scaled_erfc(t: mp.mpf) -> mp.mpf:
    """(1 + 2u) exp(u^2) erfc(u) with t = (u - 4) / (u + 4)"""
    u = 4 * (1 + t) / (1 - t)
    return (1 + 2 * u) * mp.erfc(u) * mp.e ** (u * u)


def main() -> None:
    half, zero = mp.log(2) / 2 * mp.mpf("1.0001"), mp.mpf(0)

    def relative(r: mp.mpf) -> mp.mpf:
        return (r * r + mp.mpf("1e-18")) / mp.e**r

    c = remez(exp_rest, -half, half, 4, relative)
    show("ex_exp", c, exp_rest, -half, half, relative, single=True)
    ninth = mp.mpf(1) / 9
    c = remez(atanh_rest, zero, ninth, 3, lambda s: s / 2 + mp.mpf("1e-12"))
    show("ex_two_atanh", c, atanh_rest, zero, ninth, lambda s: s / 2, single=True)
    half = mp.log(2) / 2 * mp.mpf("1.001")
    c = chebyshev(exp_rest, -half, half, 10)
    show("ex_exp64", c, exp_rest, -half, half, lambda r: r * r)
    top = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.001")
    c = chebyshev(atanh_rest, zero, top, 7)
    show("ex_log64", c, atanh_rest, zero, top, lambda s: s / 2)
    edge = mp.mpf(36) / 44  # u = 40
    c = chebyshev(scaled_erfc, mp.mpf(-1), edge, 22)
    show("ex_erfc_right64", c, scaled_erfc, mp.mpf(-1), edge, lambda t: mp.mpf(1))


if __name__ == "__main__":
    main()
