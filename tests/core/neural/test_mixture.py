"""Mixtures to cumulative frequencies: equal bits everywhere, an interval for every symbol whatever the network says."""

import numpy as np
import pytest
from mixtures import check_floor, hard_cases, random_outputs, surroundings

from bbans_cli.coders.neural.network_layout import OUTPUTS
from bbans_cli.reference import mixture as reference


def test_random_outputs_give_rising_frequencies(kernels):
    rng = np.random.default_rng(3)
    n = 8_000 if kernels.isa == "base" else 100_000
    check_floor(kernels.mixture(2, random_outputs(rng, n), *surroundings(rng, n)))


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_hard_cases_give_rising_frequencies(kernels, channel):
    out = hard_cases()
    rng = np.random.default_rng(channel)
    check_floor(kernels.mixture(channel, out, *surroundings(rng, len(out))))


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_equal_bits_with_the_reference(kernels, channel):
    rng = np.random.default_rng(11 + channel)
    out = np.concatenate([hard_cases()[::7], random_outputs(rng, 601)])
    base, activity, earlier = surroundings(rng, len(out))
    known = np.where([channel > 0, channel > 1, True, True], earlier, np.float32(0))
    mix = reference.mixture(out, base, activity, known)
    expected = reference.cumulative(mix, np.broadcast_to(np.arange(257), (len(out), 257)))
    assert np.array_equal(kernels.mixture(channel, out, base, activity, earlier), expected)


def test_frequencies_follow_the_mixture(kernels):
    """Against the mixture's distribution function in float64, with libm's exp."""
    rng = np.random.default_rng(5)
    out = rng.normal(0, 1.5, (500, 16)).astype(np.float32)
    base, activity, earlier = surroundings(rng, 500)
    weight = np.exp(out[:, OUTPUTS["logits"]].astype(float))
    weight /= weight.sum(1, keepdims=True)
    centre = base + (out[:, reference.COEFFICIENTS] * earlier).sum(1)
    mean = np.clip(centre[:, None] + activity[:, None] * out[:, OUTPUTS["means"]], -1024, 1280)
    scale = np.exp(np.clip(out[:, OUTPUTS["log_scales"]], -6, 4).astype(float)) * activity[:, None]
    edge = np.arange(257) - 0.5
    with np.errstate(over="ignore"):
        f = (weight[:, :, None] / (1 + np.exp(-(edge - mean[:, :, None]) / scale[:, :, None]))).sum(1)
    f[:, 0], f[:, 256] = 0, 1
    expected = 16 * np.arange(257) + (2**24 - 4096) * f
    # a mean of 1280 is known to 2^-13, which a scale of exp(-6) * 0.7 turns into 0.07 of a probability
    sharp = 1 / scale.min(1)
    tolerance = 30 + 2**24 * 2.0**-13 * sharp
    assert np.all(np.abs(kernels.mixture(2, out, base, activity, earlier) - expected).max(1) < tolerance)


def test_the_sigmoid_rises(kernels):
    """The lemma of docs/exactness.md, in part; scripts/experiments/scan_sigmoid.py tries all floats."""
    rng = np.random.default_rng(8)
    centres = np.concatenate([rng.uniform(-89, 89, 40), rng.normal(0, 2, 40), [-88, -87, 0.5, 16.6, 17.3, 18]])
    for centre in centres.astype(np.float32):
        neighbours = (centre.view(np.uint32) + np.arange(20_000, dtype=np.uint32)).view(np.float32)
        rising = neighbours if centre > 0 else neighbours[::-1]
        assert np.all(np.diff(kernels.map("sigmoid", rising)) >= 0)


def test_operands_are_checked(kernels):
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="shapes"):
        kernels.mixture(0, np.zeros((3, 15), np.float32), *surroundings(rng, 3))
    with pytest.raises(ValueError, match="channel"):
        kernels.mixture(3, np.zeros((3, 16), np.float32), *surroundings(rng, 3))
