"""The gradient that start weights are trained by: that of the code length, in the order of torch's tensors."""

import dataclasses

import numpy as np
import pytest
import tiny
from agreement import gradient_of
from PIL import Image

from bbans_cli.coders.neural import band
from bbans_cli.coders.neural.weights import flatten
from bbans_cli.reference import band_scan
from bbans_cli.training.config import ConfigError, Draw, Folder, Size, Stage
from bbans_cli.training.pictures import Pictures

pytestmark = pytest.mark.train

SIZE = Size(hidden=16, layers=2, head=16)
STAGE = Stage(steps=9, minutes=1, rate=1e-3, warm_up=1, average=0, clip=1, blocks=3, pixels=500, measure_interval=4)


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def scans(torch):
    from bbans_cli.training import scans

    return scans


@pytest.fixture
def vae(torch):
    from bbans_cli.training.vae import Vae

    torch.manual_seed(3)
    return Vae(SIZE)


@pytest.fixture
def source(scans, vae, tmp_path):
    """Makes the same pictures that are coded, again and again, for weights of a name."""
    for seed in range(2):
        Image.fromarray(tiny.picture(90, 100, 3, seed)).save(tmp_path / f"{seed}.png")
    draw = Draw("crops", side=96, kept=1, first=1, interval=1, grey=0.2, without_latents=0.5)
    return lambda weights: scans.Scans(Pictures(tmp_path, {".": Folder(1.0, scaled=0.3)}), draw, 5, weights, vae)


def test_positions_find_each_weight(torch, scans, vae):
    flat = flatten({name: each.numpy() for name, each in vae.state_dict().items()}, SIZE.layers)
    ordered = torch.cat([each.reshape(-1) for each in vae.likelihood.parameters()]).detach().numpy()
    assert np.array_equal(ordered[scans.positions(vae.likelihood, SIZE.layers)], flat)


@pytest.mark.parametrize("turn", [1, 300, 10_000])
def test_turns_add_up_to_the_gradient_of_the_code_length(scans, model, turn):
    """At a rate of next to nothing, where nothing but the bins' edges learns, against one mini-batch of all pixels."""
    pixels = tiny.picture(60, 50, 3)
    codec = band.BandCodec(model, *pixels.shape, batch=64, learning_rate=1e-9)
    scan = scans.Scan(codec.latent_rows(60, None), pixels, trunk=0)
    found = np.zeros(len(model.network))
    while not scan.ended:
        found += scan.turn(turn)
    assert scan.coded == pixels[:, :, 0].size
    assert scan.bits == pytest.approx(codec.latent_rows(60, None).code_length(pixels) / pixels.size)
    expected = gradient_of(model, pixels, None) * scan.coded
    assert np.linalg.norm(found - expected) < 0.05 * np.linalg.norm(expected)


def test_after_many_pixels_a_third_of_the_trunk_s_pixels_counts_for_all(scans, model):
    pixels = tiny.picture(60, 50, 3)
    codec = band.BandCodec(model, *pixels.shape, batch=64, learning_rate=1e-9).latent_rows(60, None)
    some = dataclasses.replace(codec, shape=dataclasses.replace(codec.shape, trunk_after=0))
    trunk = len(model.network) // 2
    once = scans.Scan(some, pixels, trunk=0).turn(10_000)
    thrice = scans.Scan(some, pixels, trunk=trunk).turn(10_000)
    assert np.allclose(3 * once[:trunk], thrice[:trunk], atol=1e-2)
    assert np.array_equal(once[trunk:], thrice[trunk:])
    assert np.abs(once[:trunk]).max() > 1 and scans.TRUNK_INTERVAL == band_scan.TRUNK_INTERVAL


def test_without_modulation_layers_are_as_they_are(scans, vae):
    found = scans.modulation_of(tiny.picture(70, 130, 3), vae)
    assert found.shape == (6, SIZE.layers, 2, SIZE.hidden) and found.dtype == np.float32
    assert (found[:, :, 0] == 1).all() and (found[:, :, 1] == 0).all()


def test_pictures_begin_anew_after_a_line_of_the_log(torch, source, vae):
    """So a training that was stopped there goes on with the same numbers. The loss moves the likelihood alone."""
    first, second = source("small"), source("small")
    losses = [first.loss(step, STAGE) for step in range(6)]
    again = [second.loss(step, STAGE) for step in range(4, 6)]
    assert [(a.item(), b.item()) for a, b in losses[4:]] == [(a.item(), b.item()) for a, b in again]
    torch.autograd.backward(losses[5][0])
    assert all(each.grad is not None and each.grad.abs().max() > 0 for each in vae.likelihood.out.parameters())
    assert all(each.grad is None for each in vae.latents.parameters())


def test_pictures_that_other_weights_code_are_passed_over(source):
    with pytest.raises(ConfigError, match="none of 200 pictures is coded with the weights camera"):
        source("camera").loss(0, STAGE)
