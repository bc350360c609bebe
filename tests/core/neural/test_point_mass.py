"""The point mass that mixtures of deep samples have in flat neighbourhoods: equal bits, and what it is for."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
from mixtures import check_floor, hard_cases, random_outputs, surroundings
from scans import inputs, small_scan

from bbans_cli.coders.neural import weights
from bbans_cli.coders.neural.band_scan import PRECISION, BandScan
from bbans_cli.coders.neural.settings import Settings, band_codec
from bbans_cli.entropy.rans import Message
from bbans_cli.reference import mixture as reference
from bbans_cli.reference.band_scan import ReferenceScan
from bbans_cli.reference.sample_range import SampleRange

MOST = np.float32(1 - 2**-10)


def flat_in_part(height: int, width: int, channels: int, low_bits: int) -> np.ndarray:
    """A deep picture whose middle third is one value, and whose last third another one in half of the columns."""
    pixels = tiny.deep_picture(height, width, channels, low_bits)
    pixels[height // 3 : 2 * height // 3] = (128 << low_bits) - 1
    pixels[2 * height // 3 :, : width // 2] = 0
    return pixels


@pytest.mark.parametrize("channels, low_bits, fraction", [(1, 2, 0), (1, 8, 8), (3, 1, 1), (3, 5, 2)])
def test_equal_bits_with_the_reference(isa, channels, low_bits, fraction):
    """Encoded, decoded, and learned: of values that are the base of their mixture, and of others."""
    shape = small_scan(
        width=24, height=24, channels=channels, batch=20, learning_rate=3e-3, low_bits=low_bits, fraction=fraction
    )
    network, pixels = inputs(shape)[0], flat_in_part(24, 24, channels, low_bits)
    work, known = BandScan(shape, network, None, pixels), ReferenceScan(shape, network, None, pixels)
    found = work.intervals(1, lambda done: None)
    assert np.array_equal(np.array(found), np.array(known.intervals()))
    assert work.weights().tobytes() == known.weights.tobytes()
    assert np.all(known.points.mass[:channels] > 0.2)
    message = Message()
    message.push(*found, PRECISION)
    decoded = np.full_like(pixels, 7)
    BandScan(shape, network, None, decoded).pop(message, 1, lambda done: None)
    assert np.array_equal(decoded, pixels) and message.empty


def test_samples_of_eight_bits_have_none():
    shape = small_scan(width=24, height=24, batch=20, learning_rate=3e-3)
    known = ReferenceScan(shape, inputs(shape)[0], None, np.zeros((24, 24, 3), np.uint8))
    known.intervals()
    assert not known.points.mass.any()


@pytest.mark.parametrize("low_bits, fraction", [(1, 0), (8, 8)])
def test_every_value_has_an_interval(low_bits, fraction):
    """Whatever the network says, and wherever the point lies."""
    units, rng = SampleRange(low_bits, fraction), np.random.default_rng(7)
    out = np.concatenate([hard_cases()[::5], random_outputs(rng, 500)])
    _, activity, earlier = surroundings(rng, len(out))
    base = rng.integers(0, 256 << low_bits, len(out)) * units.step
    for point in (MOST, np.float32(2**-10)):
        flat = np.full_like(activity, reference.LEAST_ACTIVITY)
        mix = reference.mixture(out, base, flat, earlier, units, point)
        assert np.all(mix.point == point)
        check_floor(reference.cumulative(mix, np.broadcast_to(np.arange(257), (len(out), 257)), units.bin_edges))
        high, symbols = rng.integers(0, 256, len(out)), np.arange((1 << low_bits) + 1)
        low = reference.low_cumulative(mix, high, np.broadcast_to(symbols, (len(out), len(symbols))), units)
        assert np.all(low[:, 0] == 0) and np.all(low[:, -1] == 1 << 24)
        assert np.diff(low, axis=1).min() >= reference.FLOOR


@pytest.mark.parametrize("point", [0.0, 0.3, 0.999])
def test_gradient_is_the_derivative(point):
    """Against differences of -ln p in float64, of values at the point and beside it."""
    units, rng = SampleRange(2, 0), np.random.default_rng(11)
    n = 60
    out = rng.normal(0, 1, (n, 16)).astype(np.float32)
    base, earlier = rng.integers(100, 140, n).astype(np.float32), np.zeros((n, 4), np.float32)
    flat, value = np.full(n, reference.LEAST_ACTIVITY), base.astype(int) + np.arange(n) % 3 - 1
    mix = reference.mixture(out, base, flat, earlier, units, np.float32(point))
    found, _, share = reference.gradient(mix, out, value, flat, earlier, np.float32(1), units=units)

    def probability(outputs: np.ndarray) -> np.ndarray:
        logit, mean, log_scale = outputs[:, :4], outputs[:, 4:8], outputs[:, 8:12]
        weight = np.exp(logit) / np.exp(logit).sum(1, keepdims=True)
        centre, scale = base[:, None] + 0.7 * mean, 0.7 * np.exp(log_scale)
        ends = [1 / (1 + np.exp(-(value[:, None] + side - centre) / scale)) for side in (-0.5, 0.5)]
        return (1 - point) * (weight * (ends[1] - ends[0])).sum(1) + point * (value == base)

    assert np.allclose(share, point * (value == base) / probability(out.astype(float)), atol=1e-3)
    for column in range(12):
        step = np.zeros((n, 16))
        step[:, column] = 1e-5
        ahead, behind = (np.log(probability(out + sign * step)) for sign in (1, -1))
        assert np.allclose(found[:, column], (behind - ahead) / 2e-5, rtol=0.02, atol=0.01)


def test_a_flat_area_after_noise_costs_next_to_nothing():
    """Whatever the network has learned from the noise."""
    noise = 40 + tiny.integers(3, 400, 160, 192, 1).astype(np.uint16)
    picture = np.concatenate([noise, np.zeros((80, 192, 1), np.uint16)])
    codec = band_codec(picture.shape, weights.by_name("medium"), Settings(rate_index=4, low_bits=2, fraction=0))
    rows = codec.initial_bits_rows(0)
    settled = replace(rows, shape=replace(rows.shape, last_row=180))
    assert rows.code_length(picture) - settled.code_length(picture) < 0.01 * 60 * 192
