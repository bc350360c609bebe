"""A band: round trips at every split; the bits of bits-back coding counted against real-valued probabilities."""

import float_model
import numpy as np
import pytest
import tiny
from scans import coded, latents_of

from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural.band import BandCodec
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, UnderflowError


def codec_for(model, pixels, **settings):
    height, width, channels = pixels.shape
    return BandCodec(weights=model, height=height, width=width, channels=channels, **settings)


def decoded(band, pixels, split, message):
    out = np.zeros_like(pixels)
    bands.decode(message, out, band, split)
    return out


@pytest.mark.parametrize("learning", [{}, {"batch": 40, "learning_rate": 1e-3}], ids=["static", "learning"])
@pytest.mark.parametrize("channels", [1, 3])
def test_round_trips_for_every_split(model, channels, learning):
    pixels = tiny.picture(23, 37, channels)
    band = codec_for(model, pixels, **learning)
    possible = 0
    for split in range(23):
        try:
            message = coded(band, pixels, split)
        except UnderflowError:
            continue
        possible += 1
        assert np.array_equal(decoded(band, pixels, split, message), pixels)
        assert message.empty
    assert possible >= 2  # a split of 0 always is


def test_the_split_leaves_enough_initial_bits(model):
    pixels = tiny.picture(70, 60, 3)
    band = codec_for(model, pixels)
    message, split = bands.encode(pixels, band)
    assert 35 < split < 70
    assert message.to_bytes() == coded(band, pixels, split).to_bytes()
    assert np.array_equal(decoded(band, pixels, split, message), pixels)
    with pytest.raises(UnderflowError):
        coded(band, pixels, 70)


def test_empty_rows_below_are_not_tried_again_and_again(model, monkeypatch):
    """The search used to double the rows, from the first one on."""
    pixels = tiny.picture(300, 60, 3)
    pixels[200:] = 0
    tried = []
    code = BandCodec.initial_bits_rows
    monkeypatch.setattr(BandCodec, "initial_bits_rows", lambda band, split: tried.append(split) or code(band, split))
    band = codec_for(model, pixels)
    message, split = bands.encode(pixels, band)
    assert split == min(tried) and len(tried) == 1 and 160 < split < 200
    assert np.array_equal(decoded(band, pixels, split, message), pixels)


def test_deep_samples_with_latents(model):
    """Residuals of deep samples are those of their high bits."""
    pixels = tiny.picture(70, 60, 3).astype(np.uint16) << 4 | 15
    pixels[::7, ::5] ^= 0xFFF
    band = codec_for(model, pixels, low_bits=4, fraction=2)
    message, split = bands.encode(pixels, band)
    assert 35 <= split < 70 and np.array_equal(decoded(band, pixels, split, message), pixels)


@pytest.mark.parametrize("low_bits, most", [(0, 65536), (1, 1048576), (8, 1048576)])
def test_the_trunk_learns_from_more_deep_samples(model, low_bits, most):
    pixels = np.zeros((3, 4, 1), np.uint16 if low_bits else np.uint8)
    assert codec_for(model, pixels, low_bits=low_bits).initial_bits_rows(0).shape.trunk_after == most


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 60, 3), (4, 2, 1)])
def test_a_band_too_small_for_latents_has_no_latent_rows(model, shape):
    pixels = tiny.picture(*shape)
    assert bands.encode(pixels, codec_for(model, pixels))[1] == 0


def test_bits_left_over_are_an_error(model):
    pixels = tiny.picture(20, 20, 3)
    band = codec_for(model, pixels)
    message = Message()
    message.push_bits(np.array([1]), 8)
    band.initial_bits_rows(0).push(message, pixels)
    with pytest.raises(CorruptError, match="left over"):
        decoded(band, pixels, 0, message)


def test_a_message_too_short_is_an_error(model):
    pixels = tiny.picture(70, 60, 3)
    band = codec_for(model, pixels)
    with pytest.raises(CorruptError, match="too short"):
        decoded(band, pixels, 60, Message.random(30, np.random.default_rng(1)))


def test_bits_are_those_of_the_negative_elbo(model):
    pixels = tiny.picture(80, 100, 3)
    band = codec_for(model, pixels)
    message, split = bands.encode(pixels, band)
    z = latents_of(band, pixels, split)
    initial, latent_rows, prior, posterior = float_model.band_bits(model, pixels, split, z)
    expected = initial + latent_rows + prior - posterior
    assert prior > posterior + 20  # the latents say something
    assert abs(message.bits / expected - 1) < 0.001
    assert abs(8 * len(message.to_bytes()) / expected - 1) < 0.005


def test_latents_cost_their_divergence(model):
    """On average over many messages, popping and pushing z costs what real-valued densities say, to 2 %."""
    pixels = tiny.picture(64, 64, 3)
    latents = codec_for(model, pixels).latents(64)
    posterior = latents.posterior(pixels)
    found = expected = 0.0
    for seed in range(5):
        message = Message.random(4000, np.random.default_rng(seed))
        before = message.bits
        z = posterior.pop(message)
        latents.prior.push(message, z)
        found += message.bits - before
        prior, popped, _ = float_model.latent_bits(model, pixels, 64, z)
        expected += prior - popped
    assert found == pytest.approx(expected, rel=0.02)
