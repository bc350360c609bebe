"""The fit of the weights in C: its gradient is that of the code length; equal bits on every instruction set."""

import hashlib

import fitted_bands
import numpy as np

from bbans_cli.coders.fitted import fitting, layout, scan
from bbans_cli.coders.fitted.scan import BandScan
from bbans_cli.progress import no_progress


def samples(channels=3):
    return BandScan(fitted_bands.picture(64, 160, channels), fitted_bands.weights()).collect(1, no_progress)


def nats(weights, rows):
    """The mean code length of a pixel, in float64."""
    tensors = layout.tensors_of(weights)
    units = rows[:, : layout.INPUTS] @ tensors["trunk"]
    bent = layout.UNITS - layout.LINEAR
    units[:, :bent] = np.where(units[:, :bent] > 0, units[:, :bent], 0.1 * units[:, :bent])
    residual, total = rows[:, layout.VALUE] - rows[:, layout.BASE], 0.0
    for c in range(3):
        o = np.concatenate([np.ones((len(rows), 1)), units, rows[:, layout.EXTRA[c]]], 1) @ tensors[f"head.{c}"]
        terms = [residual[:, e] if e < c else 0 * residual[:, e] for e in range(2)] + [
            rows[:, layout.CONDITIONAL][:, c]
        ]
        centre = rows[:, layout.BASE][:, c] + sum(o[:, 9 + k] * term for k, term in enumerate(terms))
        activity, value = rows[:, layout.ACTIVITY][:, c], rows[:, layout.VALUE][:, c]
        e = np.exp(o[:, :3])
        mass = 0
        for k in range(3):
            mean, inverse = centre + activity * o[:, 3 + k], np.exp(-np.clip(o[:, 6 + k], -6, 4)) / activity
            low, high = (1 / (1 + np.exp(-(value + side - mean) * inverse)) for side in (-0.5, 0.5))
            mass = mass + e[:, k] / e.sum(1) * (np.where(value < 255, high, 1) - np.where(value > 0, low, 0))
        total = total - np.log(mass + 1e-9)
    return total.mean()


def fit(weights, rows, order, rate=1e-3, second=1e12, channels=3, threads=1, turned=False):
    size = len(weights)
    rates = np.full(len(order), rate, np.float32)
    ones = np.ones(size, np.float32)
    basis = scan.basis_of(rows) if turned else np.eye(layout.INPUTS, dtype=np.float32)
    second = ones * np.float32(second)
    return scan.fit(channels, weights, basis, second, ones, rates, order, rows, threads, lambda n: None)


def test_the_gradient_is_that_of_the_code_length():
    """With a second moment so large that it does not change, a step is the gradient times a constant. A few pixels have
    derivatives that are cut at 64."""
    weights, rows = fitted_bands.weights(), samples()
    order = np.arange(layout.BATCH_CHUNKS, dtype=np.int32)[None] * 100 + 50
    after = fit(weights, rows, order, rate=1e6)
    gradient = (weights.astype(np.float64) - after) / (1e6 * (0.5 + 0.5 * 0.03) / np.sqrt(0.99 * 1e12))
    chosen = scan.unpacked(rows[order[0]]).astype(np.float64)
    where = np.flatnonzero(layout.padded({name: np.ones(shape, np.int32) for name, shape in layout.TENSORS.items()}))
    near = []
    for i in where[:: len(where) // 60]:
        step = np.zeros(len(weights))
        step[i] = 1e-4
        expected = (nats(weights + step, chosen) - nats(weights - step, chosen)) / 2e-4
        near.append(abs(gradient[i] - expected) < 1e-3 * max(1, abs(expected)))
    assert np.mean(near) > 0.9


def test_it_shortens_the_code():
    weights, rows = fitted_bands.weights(), samples()
    order = fitting.shuffled(len(rows), 200 * layout.BATCH_CHUNKS).reshape(200, -1)
    after = fit(weights, rows, order, second=1e-2)
    flat = scan.unpacked(rows).astype(np.float64)
    assert nats(after.astype(np.float64), flat) < nats(weights.astype(np.float64), flat) - 0.3


def test_padding_stays_zero():
    weights, rows = fitted_bands.weights(), samples()
    after = fit(weights, rows, fitting.shuffled(len(rows), 80).reshape(10, -1), second=1e-2)
    assert np.array_equal(layout.padded(layout.tensors_of(after)), after)


def test_every_instruction_set_fits_the_same(isa):
    for channels in (1, 3):
        rows = samples(channels)
        order = fitting.shuffled(len(rows), 160).reshape(20, -1)
        after = fit(fitted_bands.weights(), rows, order, channels=channels, turned=True)
        assert hashlib.sha256(after.tobytes()).hexdigest()[:16] == PINNED[channels]


def test_threads_fit_the_same():
    rows, order = samples(), fitting.shuffled(600, 160).reshape(20, -1)
    one = fit(fitted_bands.weights(), rows, order, turned=True)
    for threads in (2, 3, 8, 20):
        assert np.array_equal(fit(fitted_bands.weights(), rows, order, threads=threads, turned=True), one)


def test_the_basis_parts_the_inputs():
    """It is orthonormal, and in it the second moments of the inputs are a diagonal."""
    rows = samples()[:1000]
    basis = scan.basis_of(rows).astype(np.float64)
    assert np.abs(basis @ basis.T - np.eye(layout.INPUTS)).max() < 1e-4
    inputs = scan.unpacked(rows).astype(np.float64)[:, : layout.INPUTS] @ basis.T
    moments = inputs.T @ inputs
    assert np.abs(moments - np.diag(np.diag(moments))).max() < 1e-3 * np.diag(moments).max()


def test_each_turn_has_every_chunk_in_another_order():
    order = fitting.shuffled(50, 120)
    assert sorted(order[:50]) == sorted(order[50:100]) == list(range(50))
    assert list(order[:50]) != list(order[50:100]) and len(order) == 120


PINNED = {1: "550af5144d27745f", 3: "b620978119efc37c"}
