"""The matrix product: equal bits with a chain of fma for every shape, stride and instruction set."""

import numpy as np
import pytest

from bbans_cli.reference import arithmetic

SHAPES = [
    (1, 96, 152), (2, 16, 7), (3, 32, 96), (4, 96, 5), (5, 48, 1), (7, 16, 32), (9, 96, 152), (11, 64, 13),
    (13, 80, 20), (16, 112, 9), (25, 32, 96), (50, 16, 32), (3, 208, 4), (1, 16, 0),
]  # fmt: skip


def matrix(seed, *shape, scale=1.0):
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


@pytest.mark.parametrize("m, n, k", SHAPES)
def test_against_the_reference(kernels, m, n, k):
    a, b, init = matrix(1, m, k), matrix(2, k, n), matrix(3, n)
    expected = arithmetic.gemm(a, b, init)
    assert kernels.gemm(a, b, init).tobytes() == expected.tobytes()
    # a weight's gradient reads the left operand by columns and adds to what is there
    c = np.tile(init, (m, 1))
    assert kernels.gemm(np.ascontiguousarray(a.T).T, b, None, c).tobytes() == expected.tobytes()


@pytest.mark.parametrize("m", range(1, 27))
def test_every_block_height(kernels, m):
    a, b, init = matrix(m, m, 6), matrix(50 + m, 6, 112), matrix(90, 112)
    assert kernels.gemm(a, b, init).tobytes() == arithmetic.gemm(a, b, init).tobytes()


def test_strides_leave_the_rest_alone(kernels):
    wide_a, wide_b = matrix(4, 10, 40), matrix(5, 12, 64)
    c = np.full((10, 50), 7, np.float32)
    a, b, init = wide_a[:, 3:27:2], wide_b[:, 16:48], matrix(6, 32)
    kernels.gemm(a, b, init, c[:, 5:37])
    assert c[:, 5:37].tobytes() == arithmetic.gemm(a, b, init).tobytes()
    assert np.all(c[:, :5] == 7) and np.all(c[:, 37:] == 7)


def test_hostile_values(kernels):
    """Subnormals, overflow to infinity and cancellation to zero come out as IEEE says."""
    a, b = matrix(7, 6, 24, scale=2.0**-70), matrix(8, 24, 32, scale=2.0**-70)
    init = np.zeros(32, np.float32)
    result = kernels.gemm(a, b, init)
    assert np.any((result != 0) & (np.abs(result) < 2.0**-126))
    assert result.tobytes() == arithmetic.gemm(a, b, init).tobytes()
    large = matrix(9, 6, 2, scale=2.0**64), matrix(10, 2, 32, scale=2.0**64)
    result = kernels.gemm(*large, init)
    assert np.any(np.isinf(result))
    assert np.array_equal(result, arithmetic.gemm(*large, init), equal_nan=True)


def test_close_to_float64():
    a, b, init = matrix(11, 40, 152), matrix(12, 152, 96), matrix(13, 96)
    assert np.max(np.abs(arithmetic.gemm(a, b, init) - (init + a.astype(float) @ b))) < 1e-4


def test_operands_are_checked(kernels):
    with pytest.raises(ValueError, match="multiple of 16"):
        kernels.gemm(matrix(1, 2, 3), matrix(2, 3, 8), matrix(3, 8))
    with pytest.raises(ValueError, match="contiguous"):
        kernels.gemm(matrix(1, 2, 3), matrix(2, 3, 32)[:, ::2], matrix(3, 16))
