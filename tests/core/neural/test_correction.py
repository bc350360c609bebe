"""The correction by own errors: its gradient is that of the code length. Equal bits with C: test_band_scan.py."""

import numpy as np
import tiny
from code_length import nats
from scans import inputs, small_scan

from bbans_cli.reference.band_scan import ReferenceScan
from bbans_cli.reference.correction import columns
from bbans_cli.reference.online_learning import backward

SHAPE = small_scan(width=13, height=9, batch=117, learning_rate=1e-3)


def corrected(weights):
    """A scan whose correction has these weights, its pixels' values, and what the network makes of them."""
    network, modulation, pixels = inputs(SHAPE)
    work = ReferenceScan(SHAPE, network, modulation, pixels)
    y, x = (a.ravel() for a in np.mgrid[: SHAPE.height, : SHAPE.width])
    work.forward(x, y)  # enters the errors
    work.correction.weights[:] = weights
    return work, work.planes[:, y, x].T, work.forward(x, y)


def length(weights):
    """The code length where the correction has these weights."""
    _, value, done = corrected(weights)
    return nats(done, value, 3)


def test_gradient_is_the_derivative_of_the_code_length():
    """Clips have kinks, which cost the comparison some per cent."""
    weights = np.float32(0.02) * tiny.uniform(3, 3, 29, 16)
    work, value, done = corrected(weights)
    backward(work.net, done, value, 3)
    gradient = work.correction.gradient(done.corrections, done.columns, done.d_output).astype(float)
    for seed in range(4):
        direction = tiny.uniform(20 + seed, *weights.shape)
        step = np.float32(1e-3)
        expected = (length(weights + step * direction) - length(weights - step * direction)) / (2 * float(step))
        assert abs((gradient * direction).sum() - expected) < 0.03 * np.linalg.norm(gradient)


def test_without_weights_nothing_changes():
    work, _, done = corrected(0)
    for c in range(3):
        assert np.array_equal(
            work.correction.apply(done.corrections[c], done.columns[c], done.output[c], c), done.output[c]
        )
        assert done.corrections[c].any() and np.isfinite(done.corrections[c]).all()


def test_a_pixel_uses_the_sets_of_its_phase_and_of_its_expected_error():
    x, y = np.array([0, 1, 0, 3, 2]), np.array([0, 0, 1, 5, 2])
    expected = np.array([0.5, 1.0, 3.9, 4.0, np.nan], np.float32)
    assert columns(x, y, expected).tolist() == [[0, 8], [2, 10], [4, 12], [6, 14], [0, 8]]
