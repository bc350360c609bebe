"""a*b + c rounded once: the instruction, our own for machines without it, and the numpy mirror."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbans_cli.reference import arithmetic

TINY, EPS = 2.0**-149, 2.0**-23
HARD = [
    (1 + EPS, (1 - EPS) * 2.0**-24, 1 + EPS),  # binary64 lands on a tie that the exact sum is not
    (1 + EPS, (1 - EPS) * 2.0**-24, -1 - EPS),
    (-1 - EPS, (1 - EPS) * 2.0**-24, 1 + EPS),
    (1 + EPS, (1 + EPS) * 2.0**-24, 1.0),
    (1 - EPS / 2, 2.0**-24, 1.0),
    (2.0**-100, 2.0**-100, 1.0),
    (2.0**-100, -(2.0**-100), 1.0),
    (2.0**-75, 2.0**-75, 0.0),  # a tie between 0 and the smallest number
    (2.0**-75, 2.0**-75 * (1 + EPS), 0.0),
    (2.0**-75, 2.0**-75, TINY),
    (2.0**-75, -(2.0**-75), TINY),
    (3 * TINY, 0.5, TINY),
    (3 * TINY, 0.5, 2.0**-126),
    (TINY, TINY, TINY),
    (TINY, -TINY, TINY),
    ((2 - EPS) * 2.0**127, 1.0, 2.0**103),  # a tie between the largest number and infinity
    ((2 - EPS) * 2.0**127, 1.0, 2.0**102),
    ((2 - EPS) * 2.0**127, 1 + EPS, -(2.0**127)),
    (2.0**127, 2.0, -(2 - EPS) * 2.0**127),
    (0.1, 10.0, -1.0),
    (-1.0, 1.0, 1.0),
]


def rounded(x: Fraction) -> float:
    """The float32 nearest to x != 0, ties to even; infinity beyond the range. By the definition, in integers."""
    sign, x = (-1.0 if x < 0 else 1.0), abs(x)
    exponent = max(x.numerator.bit_length() - x.denominator.bit_length() - 1, -126)
    while x >= Fraction(2) ** (exponent + 1):
        exponent += 1
    step = Fraction(2) ** (exponent - 23)
    value = round(x / step) * step  # round() of a Fraction takes ties to even
    return sign * (float(value) if value < Fraction(2) ** 128 else np.inf)


def exact(a, b, c) -> np.float32:
    total = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    return np.float32(rounded(total)) if total else np.float32(float(a) * float(b) + float(c))


def same(x, y) -> bool:
    """Equal bits, but any NaN equals any other."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    return bool(np.all((x.view(np.uint32) == y.view(np.uint32)) | (np.isnan(x) & np.isnan(y))))


def triples(count):
    """Random operands: any bit pattern; comparable magnitudes; and sums that nearly cancel."""
    rng = np.random.default_rng(5)
    any_bits = rng.integers(0, 2**32, (3, count), np.uint32).view(np.float32)
    near = rng.standard_normal((3, count)).astype(np.float32)
    with np.errstate(all="ignore"):
        cancel = np.stack([near[0], near[1], -(near[0] * near[1])])
        low = near * np.float32(2.0**-70)
        low[2] = near[2] * np.float32(2.0**-140)
    return np.concatenate([any_bits, near, cancel, low], axis=1)


def test_hard_cases_against_exact_rounding(kernels):
    a, b, c = np.array(HARD, np.float32).T
    expected = np.array([exact(*row) for row in zip(a, b, c, strict=True)])
    assert same(kernels.fma(a, b, c), expected)
    assert same(arithmetic.fma(a, b, c), expected)


def test_double_arithmetic_alone_fails_the_hard_case():
    a, b, c = (np.float32(v) for v in HARD[0])
    assert np.float32(float(a) * float(b) + float(c)) != exact(a, b, c)


def test_random_operands_against_exact_rounding():
    a, b, c = triples(400)
    finite = np.isfinite(a) & np.isfinite(b) & np.isfinite(c)
    a, b, c = a[finite], b[finite], c[finite]
    assert same(arithmetic.fma(a, b, c), [exact(*row) for row in zip(a, b, c, strict=True)])


def test_random_operands_against_the_reference(kernels):
    a, b, c = triples(50_001)
    assert same(kernels.fma(a, b, c), arithmetic.fma(a, b, c))


def test_infinities_and_nan(kernels):
    values = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, TINY, (2 - EPS) * 2.0**127], np.float32)
    a, b, c = (v.ravel() for v in np.meshgrid(values, values, values))
    with np.errstate(all="ignore"):
        special = a.astype(np.float64) * b + c  # exact, or infinite, or NaN: nothing here is a tie
    got = kernels.fma(a, b, c)
    assert same(got, arithmetic.fma(a, b, c))
    assert np.array_equal(np.isnan(got), np.isnan(special))
    zero = special == 0
    assert np.array_equal(np.signbit(got[zero]), np.signbit(special[zero]))


floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(a=floats, b=floats, c=floats)
def test_reference_rounds_exactly(a, b, c):
    assert same(arithmetic.fma(np.float32([a]), np.float32([b]), np.float32([c])), [exact(a, b, c)])


@pytest.mark.parametrize("value, expected", [(Fraction(1, 3), 0.3333333432674408), (Fraction(2) ** 128, np.inf)])
def test_the_exact_rounding_itself(value, expected):
    assert rounded(value) == expected
