"""Bin edges that adapt to which values of a picture are rare. Their bits in band scans: test_band_scan.py."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from mixtures import check_floor, hard_cases, surroundings
from scans import inputs, small_scan

from bbans_cli.coders.neural.band_scan import BandScan
from bbans_cli.reference import mixture as reference
from bbans_cli.reference.online_learning import BinEdges

SHAPE = small_scan(width=96, height=80, layers=2, batch=64, learning_rate=1e-4)


def bits(shape, pixels):
    freqs = BandScan(shape, inputs(shape)[0], None, pixels).intervals(1, lambda done: None)[1]
    return -np.log2(freqs / 2**24).mean()


def test_moved_edges_have_equal_bits_with_the_reference(kernels):
    rng = np.random.default_rng(4)
    edges = reference.EDGES + rng.uniform(-0.45, 0.45, 257).astype(np.float32)
    out = rng.normal(0, 2, (300, 16)).astype(np.float32)
    base, activity = rng.integers(0, 256, 300), rng.uniform(0.7, 20, 300).astype(np.float32)
    earlier = np.zeros((300, 4), np.float32)
    mix = reference.mixture(out, base, activity, earlier)
    expected = reference.cumulative(mix, np.broadcast_to(np.arange(257), (300, 257)), edges)
    found = kernels.mixture(0, out, base, activity, earlier, edges)
    assert np.array_equal(found, expected)
    assert np.all(np.diff(found) >= 16)


def test_the_densities_are_the_derivative_of_the_code_length():
    rng = np.random.default_rng(6)
    out = rng.normal(0, 1, (200, 16)).astype(np.float32)
    base, activity = rng.integers(60, 190, 200), rng.uniform(4, 20, 200).astype(np.float32)
    earlier, value = np.zeros((200, 4), np.float32), base + rng.integers(-5, 6, 200)
    mix = reference.mixture(out, base, activity, earlier)
    _, density, _ = reference.gradient(mix, out, value, activity, earlier, np.float32(1))

    def nats(moved):
        weight, mean, inverse = (each.astype(np.float64) for each in (mix.weight, mix.mean, mix.inverse))
        low, high = (
            1 / (1 + np.exp(-((value + at)[:, None] - mean) * inverse)) for at in (moved[0] - 0.5, moved[1] + 0.5)
        )
        return -np.log((weight * (high - low)).sum(1) + 2.0**-20)

    lower = (nats((1e-4, 0)) - nats((-1e-4, 0))) / 2e-4
    upper = (nats((0, 1e-4)) - nats((0, -1e-4))) / 2e-4
    assert np.allclose(density[:, 0], np.clip(lower, 0, 4), rtol=0.01, atol=1e-3)
    assert np.allclose(density[:, 1], np.clip(-upper, 0, 4), rtol=0.01, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_missing_values_are_learned(channels):
    """Noise without odd values has a bit less; half of it is found within 7,680 pixels, and none without learning."""
    shape = replace(SHAPE, channels=channels)
    noise = tiny.integers(7, 128, 80, 96, channels).astype(np.uint8)
    every, even = noise + 64, (noise // 2 * 2 + 64).astype(np.uint8)
    static = replace(shape, batch=0)
    assert abs(bits(static, every) - bits(static, even)) < 0.05
    assert bits(shape, every) - bits(shape, even) > 0.3


def test_edges_stay_within_reach_and_ascend():
    edges = BinEdges()
    for _ in range(2000):
        edges.learn(0, np.array([7, 9]), np.full((2, 2), 4, np.float32))
    assert np.all(np.diff(edges.edge[0]) > 0.09)
    assert np.isclose(edges.edge[0, 8] - edges.edge[0, 7], 1.9) and np.isclose(edges.edge[0, 9] - edges.edge[0, 8], 0.1)
    assert np.array_equal(edges.edge[1:], np.tile(reference.EDGES, (2, 1)))


@pytest.mark.parametrize("first", [0, 1])
def test_the_closest_edges_leave_every_value_its_floor(kernels, first):
    """Every other bin as narrow as the clip allows, under hostile outputs (docs/exactness.md)."""
    reach = np.float32(0.45)
    edges = reference.EDGES + np.where(np.arange(257) % 2 == first, reach, -reach)
    assert 0.0999 < np.diff(edges).min() < 0.1001
    out = hard_cases()
    check_floor(kernels.mixture(2, out, *surroundings(np.random.default_rng(first), len(out)), edges))


def test_edges_increase_whatever_the_densities_are():
    edges, rng = BinEdges(), np.random.default_rng(2)
    sizes = np.float32([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, 0, 4, 300])
    for channel in range(3):
        with np.errstate(all="ignore"):
            edges.learn(channel, rng.integers(0, 256, 4000), rng.choice(sizes, (4000, 2)))
    assert np.isfinite(edges.edge).all() and np.diff(edges.edge).min() > 0.0999
