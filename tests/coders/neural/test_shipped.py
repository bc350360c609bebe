"""The weights that ship, on the sample photograph: the size is what real-valued probabilities say, and latents pay."""

from pathlib import Path

import float_model
import numpy as np
import pytest
from PIL import Image
from scans import latents_of

from bbans_cli import container
from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural import weights
from bbans_cli.coders.neural.band import Band

SAMPLE = Path(__file__).parents[3] / "samples" / "roman-colosseum.png"
NAMES = sorted({level[0] for level in neural_coder.LEVELS.values()})


@pytest.fixture(scope="module")
def photograph():
    with Image.open(SAMPLE) as picture:
        return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[60:210, 40:170])


@pytest.fixture(params=NAMES)
def model(request, monkeypatch):
    monkeypatch.delenv("BBC_WEIGHTS", raising=False)
    return weights.by_name(request.param)


def test_they_record_how_they_were_made(model):
    assert model.record["steps"] > 0 and all(np.isfinite(a).all() for a in model.tensors.values())


def test_the_size_is_the_negative_elbo(model, photograph):
    """Within 0.5 % of -log p(tail) - log p(head | z) - log p(z) + log q(z | head), in floating point at its own z, plus
    what the container adds."""
    band = Band(model, *photograph.shape)
    message, split = bands.encode(photograph, band)
    assert split > 100
    tail, head, prior, posterior = float_model.band_bits(model, photograph, split, latents_of(band, photograph, split))
    expected = (tail + head + prior - posterior) / 8
    payload = message.to_bytes()
    part = container.Part(container.MODEL, 3, 8, model.id, b"\0", 150, [container.Band(payload, split, 0)])
    size = len(container.to_bytes(container.Container(130, 150, "rgb", 8, [part])))
    assert size - len(payload) < 40
    assert abs((size - 40) / expected - 1) < 0.005


def test_latents_pay(model, photograph):
    """Without learning, pixels given latents and the latents' own cost are less by 0.2 % than the pixels without, and
    a block's latents say more than two bits."""
    latents = Band(model, *photograph.shape).latents(128)
    z = latents_of(Band(model, *photograph.shape), photograph, 128)
    prior, posterior, modulation = float_model.latent_bits(model, photograph, 128, z)
    given = float_model.pixel_bits(model, photograph, 0, 128, modulation).sum()
    alone = float_model.pixel_bits(model, photograph, 0, 128, None).sum()
    blocks = 2 * 3
    assert latents.count == 16 * blocks and prior - posterior > 2 * blocks
    assert given + prior - posterior < 0.998 * alone
