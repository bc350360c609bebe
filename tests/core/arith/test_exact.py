"""The elementary functions: equal bits everywhere, defined for every argument, as accurate as exact.h says."""

import math

import numpy as np
import pytest

from bbans_cli.core.kernel_calls import MAP32, MAP64, KernelCalls
from bbans_cli.reference import arithmetic

SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    np.inf,
    -np.inf,
    np.nan,
    1e-45,
    -1e-45,
    1.1754944e-38,
    3.4028235e38,
    -3.4028235e38,
]
EDGES = [
    -709,
    -708,
    -88,
    -87.5,
    -87,
    -17.5,
    0.7071067,
    0.70710678,
    0.7071068,
    1.4142135,
    1.4142136,
    17.5,
    37.5,
    88,
    89,
    709,
]


def inputs(dtype, bits, count=20_000):
    """Special values, edges of the functions' ranges with their neighbours, any bit pattern, and usual sizes."""
    rng = np.random.default_rng(7)
    edges = np.array(EDGES, dtype)
    patterns = rng.integers(0, np.iinfo(bits).max, count, bits, endpoint=True).view(dtype)
    return np.concatenate(
        [
            np.array(SPECIAL, dtype),
            edges,
            np.nextafter(edges, dtype(np.inf)),
            np.nextafter(edges, dtype(-np.inf)),
            patterns,
            rng.uniform(-90, 90, count).astype(dtype),
            rng.uniform(0, 1, count).astype(dtype),
            np.exp(rng.uniform(-80, 80, count)).astype(dtype),
        ]
    )


REFERENCE = {
    "exp": arithmetic.exp,
    "log": arithmetic.log,
    "sigmoid": arithmetic.sigmoid,
    "softplus": arithmetic.softplus,
    "exp64": arithmetic.exp64,
    "log64": arithmetic.log64,
    "erf64": arithmetic.erf64,
    "normal_cdf64": arithmetic.normal_cdf64,
    "normal_quantile64": arithmetic.normal_quantile64,
}
INPUTS = {32: inputs(np.float32, np.uint32), 64: inputs(np.float64, np.uint64)}


def ulps(got, true, digits):
    """Error in units of the last place of the true value, whose type must be wider."""
    unit = np.exp2(np.floor(np.log2(np.abs(true))) + 1 - digits)
    return np.max(np.abs(got.astype(true.dtype) - true) / unit)


@pytest.mark.parametrize("name", MAP32 + MAP64)
def test_equal_bits_with_the_reference(kernels, name):
    bits = 32 if name in MAP32 else 64
    got = kernels.map(name, INPUTS[bits])
    expected = REFERENCE[name](INPUTS[bits])
    assert got.dtype == expected.dtype
    view = np.dtype(f"u{bits // 8}")
    differ = np.flatnonzero(got.view(view) != expected.view(view))
    assert not differ.size, (INPUTS[bits][differ[:5]], got[differ[:5]], expected[differ[:5]])


@pytest.mark.parametrize("name", MAP32 + MAP64)
def test_results_do_not_depend_on_the_position_in_the_array(kernels, name):
    x = INPUTS[32 if name in MAP32 else 64][:77]
    one_by_one = np.concatenate([kernels.map(name, x[i : i + 1]) for i in range(x.size)])
    assert one_by_one.tobytes() == kernels.map(name, x).tobytes()


@pytest.mark.parametrize("name", MAP32 + MAP64)
def test_every_argument_has_a_finite_result(name):
    assert np.all(np.isfinite(KernelCalls("base").map(name, INPUTS[32 if name in MAP32 else 64])))


FLOATS = np.random.default_rng(8).uniform(-87, 88, 300_000).astype(np.float32)


@pytest.mark.parametrize(
    "name, x, true, bound",
    [
        ("exp", FLOATS, np.exp, 1.0),
        ("log", np.exp(FLOATS), np.log, 2.1),
        ("log", 1 + FLOATS / 256, np.log, 2.1),
        ("sigmoid", FLOATS, lambda x: 1 / (1 + np.exp(-x)), 2.5),
        ("softplus", FLOATS, lambda x: np.logaddexp(0, x), 3.0),
    ],
)
def test_accuracy_in_float32(name, x, true, bound):
    x = x[x != 1]
    assert ulps(KernelCalls("base").map(name, x), true(x.astype(np.float64)), 24) < bound


def test_sigmoid_saturates():
    x = np.float32([-np.inf, -200, -88, 17.4, 100, np.inf])
    y = KernelCalls("base").map("sigmoid", x)
    assert np.all(y[:3] < 1e-38) and np.all(y[3:] == 1)
    steps = KernelCalls("base").map("sigmoid", np.linspace(-30, 30, 100_001, dtype=np.float32))
    true = 1 / (1 + np.exp(-np.linspace(-30, 30, 100_001, dtype=np.float32).astype(np.float64)))
    assert np.max(np.abs(steps - true)) < 2**-23


wide = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="long double is no wider than double here")
DOUBLES = np.random.default_rng(9).uniform(-708, 709, 200_000)


@wide
@pytest.mark.parametrize(
    "name, x, true, bound",
    [
        ("exp64", DOUBLES, np.exp, 1.0),
        ("exp64", DOUBLES / 700, np.exp, 1.0),
        ("log64", np.exp(DOUBLES), np.log, 2.1),
        ("log64", 1 + DOUBLES / 2048, np.log, 2.1),
    ],
)
def test_accuracy_in_float64(name, x, true, bound):
    x = x[x != 1]
    assert ulps(KernelCalls("base").map(name, x), true(x.astype(np.longdouble)), 53) < bound


def test_accuracy_of_the_normal_distribution():
    base = KernelCalls("base")
    x = np.concatenate([np.linspace(-9, 9, 20_001), np.linspace(-37, -9, 2001)])
    true = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])
    cdf = base.map("normal_cdf64", x)
    assert np.max(np.abs(cdf - true)) < 3e-16
    assert np.max(np.abs(cdf[x < 0] / true[x < 0] - 1)) < 5e-13
    assert np.max(np.abs(base.map("erf64", x) - np.array([math.erf(v) for v in x]))) < 4e-16


def test_quantile_inverts_the_distribution():
    base = KernelCalls("base")
    p = np.concatenate([np.linspace(0, 1, 10_001)[1:-1], 10.0 ** np.linspace(-300, -1, 1000)])
    x = base.map("normal_quantile64", p)
    assert np.max(np.abs(base.map("normal_cdf64", x) / p - 1)) < 1e-12
    assert np.all(np.diff(x[:9999]) > 0)
    exact = np.arange(1, 64) / 64  # 1 - p has no rounding
    assert np.array_equal(base.map("normal_quantile64", exact), -base.map("normal_quantile64", exact)[::-1])


def test_clipped_arguments():
    base = KernelCalls("base")
    assert base.map("exp", np.float32([np.nan, -np.inf])).tolist() == base.map("exp", np.float32([-87, -87])).tolist()
    assert base.map("exp", np.float32([np.inf])) == base.map("exp", np.float32([88]))
    assert (
        base.map("log", np.float32([np.nan, -1, 0])).tolist() == base.map("log", np.float32([2.0**-126] * 3)).tolist()
    )
    assert (
        base.map("normal_cdf64", np.float64([-np.inf]))[0] < 1e-300
        and base.map("normal_cdf64", np.float64([np.inf]))[0] == 1
    )
