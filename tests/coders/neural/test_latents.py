"""Latents as codecs: pop and push undo each other, levels depend on the level above, shapes at every size."""

import numpy as np
import pytest
import tiny

from bbans_cli.codecs import bin_values
from bbans_cli.coders.neural.latents import BITS, Latents
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import UnderflowError

SIZES = [(64, 64), (1, 1), (17, 33), (130, 70), (65, 200)]


def random_message(seed=1, words=20_000):
    return Message.random(words, np.random.default_rng(seed))


@pytest.mark.parametrize("size", SIZES)
def test_push_undoes_pop(model, size):
    latents = Latents(model, width=size[1], rows=size[0])
    posterior = latents.posterior(tiny.picture(*size, 3))
    for codec in (posterior, latents.prior):
        message = random_message()
        z = codec.pop(message)
        assert message != random_message()
        assert sum(level.size for level in z) == latents.count
        assert [level.shape[0] for level in z] == [down * across for down, across in latents.map_shapes]
        assert all(level.max() < 1 << BITS for level in z)
        codec.push(message, z)
        assert message == random_message()


@pytest.mark.parametrize("size", SIZES)
def test_pop_undoes_push(model, size):
    latents = Latents(model, width=size[1], rows=size[0])
    posterior = latents.posterior(tiny.picture(*size, 1))
    z = [
        tiny.integers(level, 1 << BITS, down * across, n).astype(np.uint32)
        for level, ((down, across), n) in enumerate(zip(latents.map_shapes, model.latents, strict=True))
    ]
    for codec in (posterior, latents.prior):
        message = random_message(2, 10)
        codec.push(message, z)
        assert all(np.array_equal(a, b) for a, b in zip(codec.pop(message), z, strict=True))
        assert message == random_message(2, 10)


def test_the_ends_of_the_bins_can_be_coded(model):
    """The bins that are least likely under the posterior keep a frequency of 1 at least."""
    latents = Latents(model, width=64, rows=64)
    posterior = latents.posterior(tiny.picture(64, 64, 3))
    for symbol in (0, (1 << BITS) - 1):
        z = [
            np.full((d * a, n), symbol, np.uint32) for (d, a), n in zip(latents.map_shapes, model.latents, strict=True)
        ]
        assert min(freqs.min() for _, freqs in posterior.intervals(z)) >= 1
        message = Message()
        posterior.push(message, z)
        assert all(np.array_equal(a, b) for a, b in zip(posterior.pop(message), z, strict=True))
        assert message.empty


def test_the_prior_costs_its_bits(model):
    latents = Latents(model, width=100, rows=100)
    message = random_message()
    before = message.bits
    z = latents.prior.pop(message)
    assert before - message.bits == pytest.approx(BITS * latents.count, abs=1e-6)
    assert np.bincount(z[0].ravel() >> 9, minlength=2).min() > 0


def test_popping_draws_from_the_posterior(least):
    """Popped from random bits, the first latents' values scatter about the posterior's mean by its deviation."""
    latents = Latents(least, width=64, rows=64)
    pixels = tiny.picture(64, 64, 3)
    posterior = latents.posterior(pixels)
    standard = (np.zeros((1, 16)), np.ones((1, 16)))
    mean, deviation = posterior.moments(level=0, above=None)
    drawn = np.array(
        [bin_values(posterior.pop(random_message(seed, 200))[0], *standard, BITS)[0] for seed in range(400)]
    )
    assert np.all(np.abs(drawn.mean(0) - mean[0]) < 4.5 * deviation[0] / 20)
    assert np.all(np.abs(drawn.std(0) / deviation[0] - 1) < 0.2)


def test_lower_levels_follow_the_upper(two_levels):
    latents = Latents(two_levels, width=130, rows=70)
    posterior = latents.posterior(tiny.picture(70, 130, 3))
    z = latents.prior.pop(random_message())
    before = posterior.intervals(z)
    z[0][4] = 1023 - z[0][4]  # the second of three blocks of the second row, of which six rows are left
    after = posterior.intervals(z)
    changed = (before[1][0] != after[1][0]).reshape(*latents.map_shapes[1], 16).any(2)
    inside = np.zeros((5, 9), bool)
    inside[4:, 4:8] = True
    assert np.array_equal(changed, inside)
    modulation = [latents.modulation(z)]
    z[1][30] ^= 512
    modulation.append(latents.modulation(z))
    assert np.flatnonzero((modulation[0] != modulation[1]).any(1)).tolist() == [30]


def test_maps_cover_every_size(model):
    for width, rows in [(1, 1), (64, 64), (65, 63), (200, 130)]:
        for (down, across), side in zip(Latents(model, width=width, rows=rows).map_shapes, model.blocks, strict=True):
            assert (down - 1) * side < rows <= down * side and (across - 1) * side < width <= across * side


def test_no_rows_have_no_latents(model):
    latents = Latents(model, width=50, rows=0)
    message = random_message()
    assert latents.count == 0
    assert all(level.size == 0 for level in latents.posterior(tiny.picture(3, 50, 3)).pop(message))
    assert message == random_message()


def test_an_empty_message_holds_no_latents(model):
    latents = Latents(model, width=64, rows=64)
    with pytest.raises(UnderflowError):
        latents.posterior(tiny.picture(64, 64, 3)).pop(Message())
    with pytest.raises(UnderflowError):
        latents.prior.pop(Message())


def test_symbols_outside_the_bins_are_refused(model):
    latents = Latents(model, width=64, rows=64)
    z = latents.prior.pop(random_message())
    z[0][0, 0] = 1 << BITS
    with pytest.raises(ValueError, match="range"):
        latents.modulation(z)
    with pytest.raises(ValueError, match="range"):
        latents.posterior(tiny.picture(64, 64, 3)).intervals(z)


def test_wrong_pixels_are_refused(least):
    latents = Latents(least, width=64, rows=64)
    pixels = tiny.picture(64, 64, 3)
    for wrong in (
        pixels[:-1],
        pixels[:, :-1],
        pixels[:, :, 0],
        pixels.astype(np.int16),
        pixels[:, ::-1],
        pixels[..., :2],
    ):
        with pytest.raises(ValueError):
            latents.posterior(wrong)
