"""The C core against torch, live: bits of sub-pixels, gradients by autograd, the latents' layers."""

from math import erf, sqrt

import numpy as np
import pytest
import tiny
from agreement import check_bits, check_gradient, check_latents, frequencies, gradient_of, latents_of

from bbans_cli.coders.neural import weights
from bbans_cli.coders.neural.latents import Latents

pytestmark = pytest.mark.train

THREE_LAYERS = {"hidden": 48, "layers": 3, "head": 32, "latents": [16, 32], "blocks": [64, 32]}
SIZES = {"least": tiny.LEAST, "two levels": tiny.TWO_LEVELS, "three layers": THREE_LAYERS}


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def torch_forward(torch):
    return pytest.importorskip("torch_forward")


@pytest.fixture(params=SIZES)
def pair(request, tmp_path, monkeypatch, torch_forward):
    """The same model in torch and for the C core."""
    size = SIZES[request.param]
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    return torch_forward.build(size, tiny.tensors(size)), weights.by_id(tiny.save(tmp_path, size, ["small"]))


def symbols(model, pixels, rows):
    shapes = Latents(model, width=pixels.shape[1], rows=rows).map_shapes
    return [
        tiny.integers(level, 1024, down * across, n).astype(np.uint32)
        for level, ((down, across), n) in enumerate(zip(shapes, model.latents, strict=True))
    ]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("first, grid_at", [(0, None), (1, (0, 0)), (9, (5, 14))])
def test_bits_agree(torch_forward, pair, channels, first, grid_at):
    theirs, ours = pair
    pixels = tiny.picture(24, 70, channels)
    result = torch_forward.pixel_bits(theirs, pixels, None, first, grid_at)
    bits = np.zeros((24, 70, 3))
    bits[result.y, result.x] = result.bits.detach().numpy()
    check_bits(frequencies(ours, pixels, None, first, grid_at), bits[first:, :, :channels])


@pytest.mark.parametrize("channels, grid_at", [(1, (3, 4)), (3, None), (3, (15, 9))])
def test_bits_and_gradient_given_latents_agree(torch_forward, pair, channels, grid_at):
    theirs, ours = pair
    pixels = tiny.picture(40, 75, channels)
    z = symbols(ours, pixels, 40)
    modulation = torch_forward.latents(theirs, pixels, 40, z).modulation
    result = torch_forward.pixel_bits(theirs, pixels, modulation, 0, grid_at)
    bits = np.zeros((40, 75, 3))
    bits[result.y, result.x] = result.bits.detach().numpy()
    coded = latents_of(ours, pixels, 40, z)[2]
    check_bits(frequencies(ours, pixels, coded, 0, grid_at), bits[:, :, :channels])
    check_gradient(gradient_of(ours, pixels, coded, grid_at), torch_forward.gradient(theirs, result.bits, channels))


@pytest.mark.parametrize("size", [(64, 64), (130, 70), (17, 33), (3, 5)])
def test_layers_of_latents_agree(torch_forward, pair, size):
    theirs, ours = pair
    pixels = tiny.picture(*size, 3)
    rows = size[0] - 1
    z = symbols(ours, pixels, rows)
    expected = torch_forward.latents(theirs, pixels, rows, z)
    check_latents(
        latents_of(ours, pixels, rows, z),
        expected.statistics,
        expected.prior,
        expected.posterior,
        expected.modulation.numpy(),
    )


def test_training_goes_through_the_levels_as_coding_does(torch, torch_forward, pair):
    """Latents.forward of bbans_cli.training chains the layers as torch_forward does, tried with z at the mean."""
    theirs, _ = pair
    pixels = tiny.picture(64, 128, 3)
    blocks = torch.from_numpy(pixels.reshape(64, 2, 64, 3).transpose(1, 3, 0, 2)[:, [1, 0, 2]].copy()).float()
    noise = _NoNoise(torch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "randn", noise)
        modulation, kl = theirs.latents(blocks, torch.ones(2, 256, dtype=torch.bool))
    assert noise.calls == len(theirs.size.latents) and torch.all(kl > 0)
    # A bin is 1/1024 of the prior's mass, so that the bins' values are only about the means.
    z = _bins_of_means(theirs, torch_forward, pixels)
    finest = torch_forward.latents(theirs, pixels, 64, z).modulation
    n = 64 // theirs.size.blocks[-1]
    by_block = modulation.detach().reshape(2, n, n, -1).permute(1, 0, 2, 3).reshape(finest.shape)
    assert (by_block - finest).abs().mean() < 0.02 * finest.abs().mean()


class _NoNoise:
    """Zeros in place of torch.randn."""

    def __init__(self, torch):
        self.torch, self.calls = torch, 0

    def __call__(self, shape):
        self.calls += 1
        return self.torch.zeros(shape)


def _bins_of_means(theirs, torch_forward, pixels):
    """Level by level, the bins that hold the posterior's means."""
    sides = theirs.size.blocks
    z = [np.zeros((64 * 128 // s**2, n), np.uint32) for s, n in zip(sides, theirs.size.latents, strict=True)]
    for level in range(len(z)):
        layers = torch_forward.latents(theirs, pixels, 64, z)
        (mean, deviation), (q_mean, _) = layers.prior[level], layers.posterior[level]
        share = np.vectorize(lambda x: 0.5 + 0.5 * erf(x / sqrt(2)))((q_mean - mean) / deviation)
        z[level] = np.clip(share * 1024, 0, 1023).astype(np.uint32)
    return z
