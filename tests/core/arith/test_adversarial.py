"""Subnormals, huge numbers, infinities, NaN and long chains: the bits of every instruction set are those of plain C.

A NaN may differ from another in bits that no result depends on, since all clipping turns it into the lower end.
"""

import numpy as np
import pytest

from bbans_cli.core.kernel_calls import MAP32, MAP64, KernelCalls

LARGEST, TINY = np.finfo(np.float32).max, np.float32(1e-45)
SPECIAL = np.array(
    [0, -0.0, 1, -1, TINY, -TINY, 1.1754942e-38, 1.1754944e-38, -1e-40, LARGEST, -LARGEST, 1e38, np.inf, -np.inf,
     np.nan, 2.0**-126, 2.0**64, -(2.0**-75), 1 + 2.0**-23, 3e-39], np.float32)  # fmt: skip


@pytest.fixture(scope="module")
def base():
    return KernelCalls("base")


def drawn(seed, *shape):
    """Random bits as float32, a third of them special values."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 1 << 32, shape, np.uint32).view(np.float32)
    return np.where(rng.integers(0, 3, shape) == 0, rng.choice(SPECIAL, shape), bits)


def same(one, other):
    """Equal bits, but for NaN."""
    nan = np.isnan(one)
    return np.array_equal(nan, np.isnan(other)) and np.where(nan, 0, one).tobytes() == np.where(nan, 0, other).tobytes()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("m, n, k", [(1, 16, 20), (7, 48, 33), (26, 32, 5)])
def test_matrix_products_of_any_bits(kernels, base, m, n, k):
    a, b, init = drawn(1, m, k), drawn(2, k, n), drawn(3, n)
    assert same(kernels.gemm(a, b, init), base.gemm(a, b, init))
    c, d = drawn(4, m, n), drawn(4, m, n)
    assert same(kernels.gemm(a, b, None, c), base.gemm(a, b, None, d))


def test_a_chain_of_thousands_that_cancel(kernels, base):
    """Every rounding counts: the sum goes through huge and subnormal numbers and nearly back to zero."""
    rng = np.random.default_rng(5)
    half = (rng.standard_normal((3, 3000)) * 2.0 ** rng.integers(-60, 60, (3, 3000))).astype(np.float32)
    a = np.concatenate([half, -half[:, ::-1]], axis=1)
    b = np.repeat((2.0 ** rng.integers(-60, 60, (6000, 1))).astype(np.float32), 32, axis=1)
    result = kernels.gemm(a, b, np.zeros(32, np.float32))
    assert np.all(np.isfinite(result)) and same(result, base.gemm(a, b, np.zeros(32, np.float32)))


def test_fused_products_of_any_bits(kernels, base):
    a, b, c = (drawn(seed, 20_000) for seed in (6, 7, 8))
    assert same(kernels.fma(a, b, c), base.fma(a, b, c))
    grid = np.meshgrid(SPECIAL, SPECIAL, SPECIAL)
    assert same(kernels.fma(*grid), base.fma(*grid))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", [*MAP32, *MAP64])
def test_functions_of_any_bits(kernels, base, function):
    x = np.concatenate([SPECIAL, drawn(9, 5000)])
    if function in MAP64:
        bits = np.random.default_rng(10).integers(0, 1 << 64, 5000, np.uint64).view(np.float64)
        x = np.concatenate([x.astype(np.float64), bits])
    found = kernels.map(function, x)
    assert not np.isnan(found).any() and found.tobytes() == base.map(function, x).tobytes()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_mixtures_of_any_bits(kernels, base, channel):
    out, earlier = drawn(11, 300, 16), drawn(12, 300, 4)
    values = np.arange(300) % 256
    activity = np.abs(drawn(13, 300))
    edges = np.sort(np.nan_to_num(drawn(14, 257)))
    for boundaries in (None, edges):
        found = kernels.mixture(channel, out, values, activity, earlier, boundaries)
        assert np.array_equal(found, base.mixture(channel, out, values, activity, earlier, boundaries))
        assert np.all(np.diff(found, axis=1) > 0) and np.all(found[:, -1] == 1 << 24)
