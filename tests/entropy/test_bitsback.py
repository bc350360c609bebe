"""Bits-back coding: exact inverses, the negative ELBO as the cost, several levels of latents, initial bits."""

import math

import numpy as np
import pytest

from bbans_cli.codecs import (
    BBANS,
    Categorical,
    Gaussian,
    GaussianBins,
    Message,
    UnderflowError,
    Uniform,
    bin_values,
    check_codec,
    hierarchy,
    repeat,
)

PRIOR = np.array([0.2, 0.3, 0.5])
LIKELIHOOD = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.6, 0.2, 0.1], [0.05, 0.15, 0.3, 0.5]])
JOINT = PRIOR[:, None] * LIKELIHOOD
POSTERIOR = JOINT / JOINT.sum(0)


def mixture(posterior):
    return BBANS(Categorical(PRIOR), lambda z: Categorical(LIKELIHOOD[z]), lambda x: Categorical(posterior[:, x]))


@pytest.mark.parametrize("x", range(4))
def test_the_order_on_the_message(x):
    message = Message.random(50, np.random.default_rng(x))
    by_hand = message.copy()
    z = Categorical(POSTERIOR[:, x]).pop(by_hand)
    Categorical(LIKELIHOOD[z]).push(by_hand, x)
    Categorical(PRIOR).push(by_hand, z)
    codec = mixture(POSTERIOR)
    check_codec(codec, x, message)
    codec.push(message, x)
    assert message == by_hand


def test_with_the_true_posterior_the_cost_is_the_evidence():
    """log p(x) = log p(x, z) - log p(z | x) for every z, so the cost does not depend on the popped z."""
    for x in range(4):
        bits = check_codec(mixture(POSTERIOR), x)
        assert bits == pytest.approx(-math.log2(JOINT.sum(0)[x]), abs=0.01)


def test_with_another_posterior_the_cost_is_the_elbo():
    guess = np.array([[0.5, 0.2, 0.2, 0.1], [0.3, 0.5, 0.3, 0.1], [0.2, 0.3, 0.5, 0.8]])
    elbo = (guess * (np.log2(JOINT) - np.log2(guess))).sum(0)
    for x in range(4):
        messages = [Message.random(2, np.random.default_rng(seed)) for seed in range(400)]
        bits = [check_codec(mixture(guess), x, message) for message in messages]
        assert np.mean(bits) == pytest.approx(-elbo[x], rel=0.04)


def test_a_chain_needs_initial_bits_only_once():
    codec = repeat(mixture(POSTERIOR), 400)
    x = np.random.default_rng(0).choice(4, 400, p=JOINT.sum(0)).tolist()
    with pytest.raises(UnderflowError):
        codec.push(Message(), x)
    message = Message.random(1, np.random.default_rng(1))
    start = message.copy()
    codec.push(message, x)
    assert codec.pop(message) == x
    assert message == start


# A linear Gaussian model of two levels: z1 ~ N(0, 1), z2 ~ N(z1, 1/2), x ~ N(10 z2, 3), integers.
def prior(above):
    return (np.zeros(6), np.ones(6)) if not above else (above[-1], np.full(6, 0.5))


def posterior(x, above):
    return (x / 14, np.full(6, 0.6)) if not above else (x / 11 + 0.1 * above[0], np.full(6, 0.28))


def likelihood(values):
    return Gaussian(10 * values[-1], 3.0, -128, 127)


def samples(n):
    rng = np.random.default_rng(2)
    z2 = rng.normal(rng.normal(0, 1, (n, 6)), 0.5)
    return list(np.rint(rng.normal(10 * z2, 3.0)).astype(np.int32))


@pytest.mark.parametrize("levels, bits", [(1, 8), (2, 8), (2, 12)])
def test_hierarchies_round_trip(levels, bits):
    top = (lambda above: prior(above)) if levels == 2 else (lambda above: (np.zeros(6), np.full(6, 1.2)))
    codec = hierarchy(levels, top, posterior, likelihood, bits)
    check_codec(repeat(codec, 20), samples(20))


def test_the_cost_of_a_hierarchy_is_its_elbo():
    n = 800
    data = samples(n)
    bits = check_codec(repeat(hierarchy(2, prior, posterior, likelihood, 12), n), data) / n
    rng = np.random.default_rng(3)

    def log2_normal(v, mean, deviation):
        return (-0.5 * ((v - mean) / deviation) ** 2 - np.log(deviation * math.sqrt(2 * math.pi))) / math.log(2)

    x = np.stack(data)
    total = 0.0
    for _ in range(4):
        z1 = rng.normal(*posterior(x, []))
        z2 = rng.normal(*posterior(x, [z1]))
        total += log2_normal(z1, x / 14, 0.6) + log2_normal(z2, x / 11 + 0.1 * z1, 0.28)
        total -= log2_normal(z1, 0, 1) + log2_normal(z2, z1, 0.5) + log2_normal(x, 10 * z2, 3.0)
    assert bits == pytest.approx(total.sum() / 4 / n, rel=0.015)
    # the evidence: the marginal of x is normal, since the model is linear
    evidence = -log2_normal(x, 0, math.sqrt(125 + 9)).sum() / n
    assert evidence * 0.999 < bits < evidence * 1.1


def test_levels_follow_their_conditional_prior():
    """The bins of the second level depend on the value of the first, and are equal in push and pop."""
    seen = []

    def watch(values):
        seen.append([v.copy() for v in values])
        return likelihood(values)

    codec = hierarchy(2, prior, posterior, watch, 3)
    check_codec(codec, samples(1)[0])
    pushed, popped = seen
    assert all(np.array_equal(a, b) for a, b in zip(pushed, popped, strict=True))
    centres = bin_values(np.arange(8), 0.0, 1.0, 3)
    assert np.isin(pushed[0], centres).all()
    assert np.isin(np.round((pushed[1] - pushed[0]) / 0.5, 9), np.round(centres, 9)).all()


def test_bins_under_their_own_prior_are_uniform():
    mean, deviation = np.linspace(-5, 5, 64), np.linspace(0.1, 9, 64)
    codec = GaussianBins(mean, deviation, mean, deviation, 6)
    starts, freqs = codec.intervals(np.arange(64))
    assert np.ptp(freqs) <= 1
    assert codec.bits(np.arange(64)) == pytest.approx(Uniform(64, 64).bits(np.arange(64)), abs=1e-4)


def test_too_few_initial_bits_are_an_error():
    message = Message()
    codec = hierarchy(2, prior, posterior, likelihood)
    with pytest.raises(UnderflowError, match="too short"):
        codec.push(message, samples(1)[0])
    assert message.empty
