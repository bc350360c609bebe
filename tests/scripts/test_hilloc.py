"""HiLLoC: the weights of weights/examples code pictures of every size exactly and at the rate of the bound."""

import os
from pathlib import Path

import numpy as np
import pytest

from bbans_cli.codecs import Message, check_codec
from bbans_cli.core import available_isas, select_isa

DATA = Path(os.environ.get("BBC_DATA", "."), "dev", "small64")


def hills(height=64, width=96, seed=0):
    """A synthetic picture, uint8 (h, w, 3): smooth shapes, an edge and noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    light = 110 + 60 * np.sin(x / 17 + seed) * np.cos(y / 23) + 40 * (x + 2 * y > width)
    return (light[..., None] + [20, 0, -30] + random.normal(0, 6, (height, width, 3))).clip(0, 255).astype(np.uint8)


def test_a_synthetic_picture_takes_the_rate_of_the_bound(script):
    model, picture = script("experiments.hilloc_model").Model(), hills()
    before = Message.random(8000, np.random.default_rng(0))
    bits = check_codec(model.codec(*picture.shape[:2]), picture, before)
    bound = np.mean([model.elbo(picture, seed) for seed in range(4)])
    assert bits == pytest.approx(bound, rel=0.02)
    assert bits < 7.5 * picture.size


def test_every_instruction_set_writes_the_same_message(script):
    model, messages = script("experiments.hilloc_model").Model, set()
    try:
        for isa in available_isas():
            select_isa(isa)
            message = Message.random(2000, np.random.default_rng(0))
            model().codec(32, 40).push(message, hills(32, 40))
            messages.add(message.to_bytes())
    finally:
        select_isa(os.environ.get("BBC_ISA"))
    assert len(messages) == 1


def test_a_single_file_pays_for_its_initial_bits(script):
    photos = script("experiments.hilloc_photos")
    model, picture = script("experiments.hilloc_model").Model(), hills(32, 32)
    message = Message.random(2000, np.random.default_rng(0))
    added, initial = photos.push_one(model, message, picture)
    assert initial > 0.8 * 10 * 16 * (64 + 16)
    alone = Message.random(int(initial / 32) + 8, np.random.default_rng(0))
    model.codec(32, 32).push(alone, picture)
    assert 8 * len(alone.to_bytes()) == pytest.approx(added + initial + photos.EMPTY, rel=0.05)


def test_an_album_begins_with_bbc_files(script):
    photos, model = script("experiments.hilloc_photos"), script("experiments.hilloc_model").Model()
    album = [hills(32, 32 + 8 * (seed % 3), seed) for seed in range(7)]
    result = photos.measure(model, album)
    assert 1 <= result.first <= 4
    assert result.achieved == pytest.approx(result.bound, rel=0.05)
    assert result.alone > result.achieved + 2 > result.product
    with pytest.raises(SystemExit, match="too few bits"):
        photos.measure(model, album[:1])


def test_cells_and_pixels_are_inverses(script):
    model = script("experiments.hilloc_model")
    picture = np.random.default_rng(1).choice(np.array([0, 1, 100, 254, 255], np.uint8), (16, 24, 3))
    folded = model.cells(picture)
    assert folded.shape == (4, 6, 48) and folded[..., :16].min() == -128 and folded[..., 16:].max() == 255
    assert np.array_equal(model.pixels(folded), picture)
    with pytest.raises(ValueError, match="multiples of 8"):
        model.Model().codec(32, 36)


def test_likelihoods_of_the_bound_equal_those_of_the_codecs(script):
    model, shape = script("experiments.hilloc_model"), (1, 2, 48)
    means, scales = np.random.default_rng(2).normal(0, 60, shape), np.full(shape, 30.0)
    for green, other in ((-128, -255), (-40, 17), (127, 255)):
        x = np.full(shape, other)
        x[..., :16] = green
        coded = model.Logistic(means[..., :16], scales[..., :16], *model.GREEN).bits(x[..., :16])
        coded += model.Logistic(means[..., 16:], scales[..., 16:], *model.DIFFERENCE).bits(x[..., 16:])
        assert model.logistic(x, means, scales) / np.log(2) == pytest.approx(coded, rel=2e-3)


@pytest.mark.slow
def test_the_rate_is_the_bound_at_sizes_outside_the_training(script):
    if not DATA.is_dir():
        pytest.skip("needs BBC_DATA, a folder with dev/small64")
    photos, model = script("experiments.hilloc_photos"), script("experiments.hilloc_model").Model()
    cropped = photos.ALBUMS["imagenet"]._replace(height=192, width=256)
    for album, count in ((photos.ALBUMS["32"], 8), (photos.ALBUMS["64"], 4), (cropped, 5)):
        result = photos.measure(model, photos.pictures(album, count))
        assert result.achieved == pytest.approx(result.bound, rel=0.02) and result.first <= 3
        assert result.product < result.achieved < result.alone


@pytest.mark.train
def test_trained_weights_give_the_likelihood_of_torch(script, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    training, exact = script("experiments.hilloc_train"), script("experiments.hilloc_model")
    monkeypatch.setattr(training, "WEIGHTS", tmp_path)
    threads, data = torch.get_num_threads(), np.stack([hills(32, 32, seed) for seed in range(40)])
    path = training.train(0.02, data)
    path = training.train(0.02, data, more=path)
    torch.set_num_threads(threads)
    assert list(tmp_path.iterdir()) == [path]
    model = exact.Model(path)
    assert len(model.record["sessions"]) == 2 and model.record["sessions"][0]["steps"] > 0
    check_codec(model.codec(32, 48), hills(32, 48), Message.random(4000, np.random.default_rng(0)))
    network = training.VAE()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in model.tensors.items()})
    cells = torch.from_numpy(exact.cells(hills(64, 64)).astype(np.float32)).permute(2, 0, 1)[None]
    with torch.no_grad():
        nats = sum(network(cells)).item()
    assert nats / np.log(2) == pytest.approx(model.elbo(hills(64, 64)), rel=0.02)
