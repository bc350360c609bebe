"""BB-ANS on MNIST: the weights of weights/examples code pictures at the rate of the bound, exactly."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

from bbans_cli.codecs import Message
from bbans_cli.core import available_isas, select_isa

DATA = Path(os.environ.get("BBC_DATA", "."), "mnist")
KINDS = ("binarised", "raw")


def strokes(kind, count=20):
    """Pictures similar to MNIST: a bright stroke on black."""
    pictures = np.zeros((count, 28, 28), np.uint8)
    for i, picture in enumerate(pictures):
        picture[4:24, 8 + i % 12 : 11 + i % 12] = 1 if kind == "binarised" else 200 + i % 50
    return pictures.reshape(count, -1)


@pytest.mark.parametrize("kind", KINDS)
def test_synthetic_pictures_round_trip(script, kind):
    result = script("experiments.bbans_mnist").measure(script("experiments.mnist_model").Model(kind), strokes(kind))
    assert 0 < result.rate < (1 if kind == "binarised" else 8)
    assert result.size == pytest.approx((result.rate * 20 * 784 + result.initial) / 8, abs=12)


@pytest.mark.parametrize("kind", KINDS)
def test_every_instruction_set_writes_the_same_message(script, kind):
    model, messages = script("experiments.mnist_model").Model, set()
    try:
        for isa in available_isas():
            select_isa(isa)
            message = Message.random(40, np.random.default_rng(0))
            model(kind).chain(20).push(message, strokes(kind))
            messages.add(message.to_bytes())
    finally:
        select_isa(os.environ.get("BBC_ISA"))
    assert len(messages) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_rate_is_the_bound(script, kind):
    if not DATA.is_dir():
        pytest.skip("needs BBC_DATA, a folder with mnist")
    model = script("experiments.mnist_model")
    pictures = model.images("test")[:100]
    if kind == "binarised":
        pictures = model.binarised(pictures)
    result = script("experiments.bbans_mnist").measure(model.Model(kind), pictures)
    assert result.rate == pytest.approx(result.bound, rel=0.02)
    assert result.initial < 12 * model.Model(kind).latents


def test_groups_grow_with_the_bits_below_them(script):
    groups = script("experiments.mnist_model").sizes(10_000)
    assert sum(groups) == 10_000 and max(groups) == 200 and groups[-6:] == [1] * 6
    assert all(size <= 1 + sum(groups[i + 1 :]) // 6 for i, size in enumerate(groups))


def test_binarised_pixels_are_drawn_with_the_probability_of_their_value(script):
    draw = script("experiments.mnist_model").binarised
    levels = np.repeat(np.array([0, 51, 255], np.uint8), 20_000)
    drawn = draw(levels).reshape(3, -1)
    assert drawn[0].max() == 0 and drawn[2].min() == 1
    assert drawn[1].mean() == pytest.approx(0.2, abs=0.015)
    assert np.array_equal(draw(levels), draw(levels)) and not np.array_equal(draw(levels), draw(levels, seed=1))


def test_likelihoods_of_the_bound_equal_those_of_the_codecs(script):
    model = script("experiments.mnist_model")
    rng = np.random.default_rng(3)
    alpha, beta = np.exp(rng.uniform(-6, 5, (2, 256)))
    x = np.arange(256)
    coded = model.BetaBinomial(255, alpha, beta)
    exact = [
        math.lgamma(256) - math.lgamma(k + 1) - math.lgamma(256 - k)
        + math.lgamma(k + a) + math.lgamma(255 - k + b) - math.lgamma(255 + a + b)
        - math.lgamma(a) - math.lgamma(b) + math.lgamma(a + b)
        for k, a, b in zip(x, alpha, beta, strict=True)
    ]  # fmt: skip
    bound = model.beta_binomial(x, alpha, beta)
    assert np.allclose(bound, exact, rtol=0, atol=1e-7)
    likely = bound > math.log(1e-4)
    freqs = coded.intervals(x)[1] / 2**24
    assert likely.sum() > 40 and np.allclose(np.log(freqs[likely]), bound[likely], atol=5e-3)


@pytest.mark.train
@pytest.mark.parametrize("kind", KINDS)
def test_training_makes_weights_that_code(script, kind, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    training, model = script("experiments.mnist_train"), script("experiments.mnist_model")
    threads = torch.get_num_threads()
    monkeypatch.setattr(training, "WEIGHTS", tmp_path)
    monkeypatch.setattr(training, "images", lambda part: strokes("raw", 256))
    for more in (False, True):
        training.train(kind, 0.01, hidden=32, latents=16, more=more)
    torch.set_num_threads(threads)
    trained = model.Model(kind, tmp_path / f"mnist-{kind}.safetensors")
    assert trained.record["latents"] == 16 and len(trained.record["sessions"]) == 2
    assert script("experiments.bbans_mnist").measure(trained, strokes(kind)).rate < 8


@pytest.mark.train
def test_log_gamma_equals_that_of_torch(script):
    torch = pytest.importorskip("torch")
    x = torch.logspace(-3.5, 2.8, 200, requires_grad=True)
    values = script("experiments.mnist_train").LogGamma.apply(x)
    values.sum().backward()
    assert torch.allclose(values, torch.lgamma(x), rtol=1e-5, atol=1e-5)
    assert torch.allclose(x.grad, torch.digamma(x), rtol=1e-5, atol=1e-5)
