"""The weights that ship, on the sample photograph: its size is what real-valued probabilities say; latents help."""

from pathlib import Path

import float_model
import numpy as np
import pytest
from mosaics import interpolated
from PIL import Image
from scans import latents_of

from bbans_cli import container
from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import levels, weights
from bbans_cli.coders.neural.band import BandCodec
from bbans_cli.coders.neural.latents import BITS
from bbans_cli.coders.neural.settings import band_codec
from bbans_cli.entropy.codecs.bitsback import POSTERIOR_PRECISION
from bbans_cli.entropy.rans import Message

SAMPLE = Path(__file__).parents[3] / "samples" / "roman-colosseum.png"
NAMES = sorted({name for level in levels.LEVELS.values() for name in level.networks()})


@pytest.fixture(scope="module")
def photograph():
    with Image.open(SAMPLE) as picture:
        return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[60:210, 40:170])


def codec_for(model, pixels):
    height, width, channels = pixels.shape
    return BandCodec(weights=model, height=height, width=width, channels=channels)


def slow_if_large(names):
    return [pytest.param(name, marks=pytest.mark.slow if name == "large" else ()) for name in names]


@pytest.fixture(params=slow_if_large(NAMES))
def model(request, monkeypatch):
    return shipped(request.param, monkeypatch)


def shipped(name, monkeypatch):
    monkeypatch.delenv("BBC_WEIGHTS", raising=False)
    return weights.by_name(name)


def test_the_weights_record_their_training(model):
    assert model.record["steps"] > 0 and all(np.isfinite(a).all() for a in model.tensors.values())


def test_the_size_is_the_negative_elbo(model, photograph):
    """The file takes -log p(initial-bits rows) - log p(latent rows | z) - log p(z) + log q(z | latent rows) to 0.5 %,
    computed in floating point at the file's own z, plus what the container adds."""
    band = codec_for(model, photograph)
    message, split = bands.encode(photograph, band)
    assert split > 100
    z = latents_of(band, photograph, split)
    initial, latent_rows, prior, posterior = float_model.band_bits(model, photograph, split, z)
    expected = (initial + latent_rows + prior - posterior) / 8
    payload = message.to_bytes()
    part = container.Part(
        coder=container.NEURAL,
        channels=3,
        depth=8,
        model_id=model.id,
        settings=b"\0",
        band_rows=150,
        bands=[container.Band(payload, split, crc=0)],
    )
    size = len(container.to_bytes(container.Container(130, 150, "rgb", 8, [part])))
    assert size - len(payload) < 40
    assert abs((size - 40) / expected - 1) < 0.005


@pytest.mark.parametrize("name", slow_if_large(["camera", "camera-large", "large", "small"]))
def test_latents_save_more_than_they_cost(name, photograph, monkeypatch):
    """Without learning, the pixels given latents and the latents themselves cost 0.2 % less than the pixels without
    latents, and a block's latents say more than two bits, as the mean of four draws; pixels are given the last one.
    Weights for mosaics see one. Those for thumbnails code no latents; medium: see the next test."""
    model = shipped(name, monkeypatch)
    if model.name == "camera":
        photograph = interpolated(photograph).astype(np.uint8)
    band, rows, blocks = codec_for(model, photograph), 128, 2 * 3
    latents = band.latents(rows)
    assert latents.count == 16 * blocks
    message = Message()
    band.initial_bits_rows(rows).push(message, photograph)
    costs = []
    for _ in range(4):
        z = latents.posterior(photograph).pop(message)
        prior, posterior, modulation = float_model.latent_bits(model, photograph, rows, z)
        costs.append(prior - posterior)
    given = float_model.pixel_bits(model, photograph, 0, rows, modulation).sum()
    without = float_model.pixel_bits(model, photograph, 0, rows, None).sum()
    assert np.mean(costs) > 2 * blocks
    assert given + np.mean(costs) < 0.998 * without


@pytest.mark.parametrize("name, level", [("medium", 5), pytest.param("large", 9, marks=pytest.mark.slow)])
def test_latents_save_more_than_they_cost_while_the_network_learns(name, level, monkeypatch):
    """As files of large photographs are coded. What a network without latents needs some hundred updates to learn of a
    picture, latents say before; `medium` starts from weights that are trained for being learned from."""
    model = shipped(name, monkeypatch)
    with Image.open(SAMPLE) as picture:
        samples, settings, found = levels.prepare(np.asarray(picture.convert("RGB"))[100:700, 100:900], level)
    samples = np.ascontiguousarray(samples)
    assert found == name
    band = band_codec(samples.shape, model, settings)
    message, split = bands.encode(samples, band)
    assert split > 500
    z = latents_of(band, samples, split)
    without, _ = bands.encode(samples, band, latents=False)
    assert message.bits < without.bits
    posterior = band.latents(split).posterior(samples).intervals(z)
    said = sum((BITS - POSTERIOR_PRECISION + np.log2(freqs)).sum() for _, freqs in posterior)  # log q(z | x) - log p(z)
    assert said > 2 * band.latents(split).count / model.latents[0]
