"""The gradient is the derivative of the code length, QHAdam is QHAdam. Equal bits with C: test_band_scan.py."""

import numpy as np
import tiny
from code_length import nats
from scans import inputs, small_scan

from bbans_cli.coders.neural.band_scan import BandScan
from bbans_cli.coders.neural.network_layout import OUTPUTS
from bbans_cli.reference.band_scan import ReferenceScan
from bbans_cli.reference.network import Net
from bbans_cli.reference.online_learning import QHAdam, backward

SHAPE = small_scan(width=12, height=10, layers=2, block=4, batch=120, learning_rate=1e-3, grid=(9, 13), period=8)


def length(shape, network, modulation, pixels):
    """The code length, what the network makes of the pixels, and their values."""
    work = ReferenceScan(shape, network, modulation, pixels)
    y, x = (a.ravel() for a in np.mgrid[: shape.height, : shape.width])
    value, done = work.planes[:, y, x].T, work.forward(x, y)
    return nats(done, value, shape.channels), done, value


def test_gradient_is_the_derivative_of_the_code_length():
    """Along random directions, against differences of the length itself; clipping and float32 cost a little."""
    network, modulation, pixels = inputs(SHAPE)
    _, done, value = length(SHAPE, network, modulation, pixels)
    gradient = backward(Net(network, 16, 2, 16), done, value, 3)
    for seed in range(5):
        direction = tiny.uniform(100 + seed, len(network))
        named = Net(direction, 16, 2, 16)
        named.trunk[0].weight[:] *= seed % 2  # inputs are many: without them, too
        if seed == 4:  # the rows of phases alone
            phase = named.phase.copy()
            direction[:] = 0
            named.phase[:] = phase
        step = np.float32(1e-4)
        ahead, behind = (length(SHAPE, network + s * direction, modulation, pixels)[0] for s in (step, -step))
        expected, found = (ahead - behind) / (2 * float(step)), float(gradient.astype(float) @ direction)
        assert abs(found - expected) < 0.01 * np.linalg.norm(gradient)


def test_the_core_leaves_the_gradient_of_its_last_step():
    network, modulation, pixels = inputs(SHAPE)
    work = BandScan(SHAPE, network, modulation, pixels)
    gradient = work.keep_gradient()
    assert not gradient.any()
    work.intervals(1, lambda done: None)
    _, done, value = length(SHAPE, network, modulation, pixels)
    expected = backward(Net(network, 16, 2, 16), done, value, 3)  # the same pixels, summed in another order
    assert np.linalg.norm(gradient - expected) < 1e-5 * np.linalg.norm(expected)


def test_derivatives_whose_products_could_be_subnormal_are_zero():
    """Of a component so far from most values that its mass there is below e^-60."""
    network, modulation, pixels = inputs(SHAPE)
    mean, scale = OUTPUTS["means"].start + 1, OUTPUTS["log_scales"].start + 1
    for layer in Net(network, 16, 2, 16).out:
        for column, bias in ((mean, 40), (scale, -1)):
            layer.weight[:, column], layer.bias[column] = 0, bias
    work = BandScan(SHAPE, network, modulation, pixels)
    gradient = work.keep_gradient()
    work.intervals(1, lambda done: None)
    _, done, value = length(SHAPE, network, modulation, pixels)
    expected = backward(Net(network, 16, 2, 16), done, value, 3)
    d = np.concatenate(done.d_output)
    assert 0 < np.count_nonzero(d[:, mean] == 0) and np.abs(d[d != 0]).min() > 2.0**-60
    assert np.array_equal(gradient == 0, expected == 0) and np.abs(gradient[gradient != 0]).min() > 2.0**-100


def test_a_grey_picture_teaches_one_head():
    shape = small_scan(width=12, height=10, channels=1, batch=60, learning_rate=1e-3)
    network, _, pixels = inputs(shape)
    work = BandScan(shape, network, None, pixels)
    work.intervals(1, lambda done: None)
    moved = Net((work.weights() != network).astype(np.float32), 16, 1, 16)
    assert moved.out[0].weight.any() and moved.head[0].weight.any() and moved.trunk[0].weight.any()
    for c in (1, 2):
        assert not moved.out[c].weight.any() and not moved.head[c].weight.any() and not moved.out[c].bias.any()


def test_qhadam_is_qhadam():
    """Against the paper (Ma and Yarats 2019) in float64, with the falling rate: nu1 is a half at twice the
    rate, and the first moment is not corrected for its start."""
    weights, rate = tiny.uniform(1, 500), 1e-2
    adam, expected = QHAdam(rate, np.ones(500, np.float32)), weights.astype(float)
    m, v = np.zeros(500), np.zeros(500)
    for t in range(1, 30):
        g = tiny.uniform(50 + t, 500) * np.float32(10.0 ** (t % 5 - 3))
        adam.step(weights, g)
        m, v = 0.98 * m + 0.02 * g, 0.99 * v + 0.01 * g.astype(float) ** 2
        now = rate * (1 + 200 / (t - 1 + 200))
        expected -= 2 * now * (0.5 * g + 0.5 * m) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
    assert np.abs(weights - expected).max() < 2e-5


def test_moments_do_not_linger_among_subnormals():
    adam, weights = QHAdam(1e-3, np.ones(4, np.float32)), np.zeros(4, np.float32)
    adam.step(weights, np.float32([1e-20, -1e-20, 1e-3, 0]))
    assert np.array_equal(adam.first != 0, [False, False, True, False])
    assert np.array_equal(adam.second != 0, [False, False, True, False])
