"""A band: round trips for every split, bits back counted against real-valued probabilities."""

import float_model
import numpy as np
import pytest
import tiny
from scans import coded, latents_of

from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural.band import Band
from bbans_cli.entropy.native import UnderflowError
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError


def decoded(band, pixels, split, message):
    out = np.zeros_like(pixels)
    bands.pop(message, out, band, split)
    return out


@pytest.mark.parametrize("run, rate", [(0, 0.0), (40, 1e-3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_round_trips_for_every_split(model, channels, run, rate):
    pixels = tiny.picture(23, 37, channels)
    band = Band(model, *pixels.shape, run, rate)
    paid = 0
    for split in range(23):
        try:
            message = coded(band, pixels, split)
        except UnderflowError:
            continue
        paid += 1
        assert np.array_equal(decoded(band, pixels, split, message), pixels)
        assert message.empty
    assert paid >= 2  # 0 always


def test_the_split_leaves_a_tail_that_pays(model):
    pixels = tiny.picture(70, 60, 3)
    band = Band(model, *pixels.shape)
    message, split = bands.encode(pixels, band)
    assert 35 < split < 70
    assert message.to_bytes() == coded(band, pixels, split).to_bytes()
    assert np.array_equal(decoded(band, pixels, split, message), pixels)
    with pytest.raises(UnderflowError):
        coded(band, pixels, 70)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 60, 3), (4, 2, 1)])
def test_a_band_too_small_for_latents_has_no_head(model, shape):
    pixels = tiny.picture(*shape)
    assert bands.encode(pixels, Band(model, *shape))[1] == 0


def test_bits_left_over_are_an_error(model):
    pixels = tiny.picture(20, 20, 3)
    band = Band(model, *pixels.shape)
    message = Message()
    message.push_bits(np.array([1]), 8)
    band.tail(0).push(message, pixels)
    with pytest.raises(CorruptError, match="left over"):
        decoded(band, pixels, 0, message)


def test_a_message_too_short_is_an_error(model):
    pixels = tiny.picture(70, 60, 3)
    band = Band(model, *pixels.shape)
    with pytest.raises(CorruptError, match="too short"):
        decoded(band, pixels, 60, Message.random(30, np.random.default_rng(1)))


def test_bits_are_those_of_the_negative_elbo(model):
    pixels = tiny.picture(80, 100, 3)
    band = Band(model, *pixels.shape)
    size, split = bands.encode(pixels, band)
    z = latents_of(band, pixels, split)
    tail, head, prior, posterior = float_model.band_bits(model, pixels, split, z)
    expected = tail + head + prior - posterior
    assert prior > posterior + 20  # the latents tell something
    assert abs(size.bits / expected - 1) < 0.001
    assert abs(8 * len(size.to_bytes()) / expected - 1) < 0.005


def test_latents_cost_their_divergence(model):
    """Over many messages below, the pop and the pushes of z cost the same to 2 % as real-valued densities say."""
    pixels = tiny.picture(64, 64, 3)
    latents = Band(model, *pixels.shape).latents(64)
    posterior = latents.posterior(pixels)
    found = expected = 0.0
    for seed in range(5):
        message = Message.random(4000, np.random.default_rng(seed))
        before = message.bits
        z = posterior.pop(message)
        latents.prior.push(message, z)
        found += message.bits - before
        prior, back, _ = float_model.latent_bits(model, pixels, 64, z)
        expected += prior - back
    assert found == pytest.approx(expected, rel=0.02)
