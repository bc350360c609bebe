"""Training in miniature: SIGKILL changes nothing, and the weights that come out code pictures."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny
from agreement import check_bits, frequencies
from PIL import Image
from safetensors.numpy import load_file

from bbans_cli.coders import weights_folder
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural import weights
from bbans_cli.training.config import ConfigError

pytestmark = pytest.mark.train
ROOT = Path(__file__).parents[2]
STAGE = """
[[stages]]
steps = {steps}
minutes = 10
rate = 1e-3
warm_up = 2
average = {average}
clip = 1.0
blocks = 3
pixels = 8
kl_warm_up = 0.5
measure_interval = 2
"""
NETWORK = "[network]\nhidden = 16\nlayers = 1\nhead = 16\n"
TEXT = """
weights = "small"
model = "{model}"
seed = 4
threads = 1
dev = ["photos"]
{start}
{network}
[pictures]
first = {{ share = 1.0, scaled = 0.4, ycbcr = 0.7 }}
second = {{ share = 0.5 }}
[draw]
kind = "{kind}"
side = {side}
kept = 6
first = 4
interval = 2
grey = 0.1
drawn = 50
grid = 0.8
bordered = 0.2
without_latents = 0.2
"""


def text(kind, steps=(6, 4), start=""):
    model, network = ("fitted", "") if kind == "samples" else ("neural", NETWORK)
    start = f'start = "{start}"' if start else ""
    stages = [STAGE.format(steps=n, average=average) for n, average in zip(steps, (0.9, 0), strict=False)]
    if kind == "scans":
        kind, stages[-1] = "crops", stages[-1].replace("pixels = 8", "pixels = 200") + "scans = true\n"
    side = 64 if kind == "thumbnails" else 96
    return TEXT.format(model=model, network=network, kind=kind, start=start, side=side) + "".join(stages)


@pytest.fixture
def trainer(tmp_path, script):
    """The script, and pictures below tmp_path."""
    pytest.importorskip("torch")
    for folder in ("train/first", "train/second", "dev/photos"):
        (tmp_path / folder).mkdir(parents=True)
        for seed in range(2):
            Image.fromarray(tiny.picture(90, 100, 3, seed)).save(tmp_path / folder / f"{seed}.png")
    return script("training.train")


@pytest.fixture
def train(trainer, tmp_path):
    """Trains by a configuration in tmp_path; returns the tensors."""

    def run(name, out):
        trainer.train(trainer.read(tmp_path / f"{name}.toml"), name, tmp_path, tmp_path / out)
        return load_file(tmp_path / out / f"{name}.safetensors")

    return run


def lines(path):
    return [{**json.loads(line), "seconds": 0} for line in path.read_text().splitlines()]


def check_same(first, second):
    assert first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def killed(tmp_path):
    """Run the command in a process of its own, and kill it after its fourth step or later."""
    command = [sys.executable, "-m", "scripts.training.train", tmp_path / "try.toml", "--out", tmp_path / "stopped"]
    environment = os.environ | {"BBC_DATA": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while '"step": 4' not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)


def stopped(trainer, train):
    """Train until an error in the sixth step."""
    whole = trainer.Trainer.update

    def update(self, stage, share):
        assert self.progress.step < 5, "stopped"
        return whole(self, stage, share)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(AssertionError, match="stopped"):
        patch.setattr(trainer.Trainer, "update", update)
        train("try", "stopped")


@pytest.mark.parametrize(
    "kind, kill",
    [("crops", True), ("crops", False), ("thumbnails", False), ("samples", False), ("scans", False), ("scans", True)],
)
def test_a_training_that_was_stopped_ends_as_one_that_was_not(trainer, train, tmp_path, kind, kill):
    (tmp_path / "try.toml").write_text(text(kind))
    whole = train("try", "whole")
    if kill:
        killed(tmp_path)
    else:
        stopped(trainer, train)
    assert not (tmp_path / "stopped" / "try.safetensors").exists()
    check_same(whole, train("try", "stopped"))
    log = lines(tmp_path / "whole" / "try.log.jsonl")
    assert [line["step"] for line in log] == [2, 4, 6, 8, 10]
    assert log == lines(tmp_path / "stopped" / "try.log.jsonl")
    check_same(whole, train("try", "stopped"))  # all is done: it writes the file again


def test_a_training_starts_from_another_ones_result(train, tmp_path):
    (tmp_path / "try.toml").write_text(text("crops", steps=(2,)))
    (tmp_path / "further.toml").write_text(text("thumbnails", steps=(1,), start="try"))
    with pytest.raises(ConfigError, match="try.safetensors: not there; train `try` first"):
        train("further", "out")
    first, second = train("try", "out"), train("further", "out")
    assert all(np.abs(second[name] - first[name]).max() < 0.01 for name in first)
    (tmp_path / "try.toml").write_text(text("crops", steps=(3,)))
    with pytest.raises(ConfigError, match="of another configuration"):
        train("try", "out")


def test_weights_of_no_level_can_be_trained(train, tmp_path):
    (tmp_path / "try.toml").write_text(text("crops", steps=(1,)).replace('weights = "small"', 'weights = "other"'))
    assert train("try", "out")


def test_a_later_stage_starts_from_a_file(trainer, train, tmp_path):
    (tmp_path / "try.toml").write_text(text("crops", steps=(2,)))
    first, start = train("try", "out"), tmp_path / "out" / "try.safetensors"
    (tmp_path / "try.toml").write_text(text("scans", steps=(9, 1)))
    later = trainer.read(tmp_path / "try.toml")
    trainer.train(later, "try", tmp_path, tmp_path / "later", (2, start))
    second = load_file(tmp_path / "later" / "try.safetensors")
    assert [line["step"] for line in lines(tmp_path / "later" / "try.log.jsonl")] == [1]
    moved = {name for name in first if not np.array_equal(first[name], second[name])}
    assert moved and all(name.startswith("likelihood.") for name in moved)
    assert all(np.abs(second[name] - first[name]).max() < 0.01 for name in first)


def test_the_weights_that_are_trained_code(train, tmp_path, monkeypatch):
    (tmp_path / "try.toml").write_text(text("crops"))
    train("try", ".")
    data = (tmp_path / "try.safetensors").read_bytes()
    (tmp_path / f"try-{weights_folder.file_id(data).hex()}.safetensors").write_bytes(data)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    model = weights.by_id(weights_folder.file_id(data))
    assert (model.hidden, model.layers, model.head) == (16, 1, 16)
    assert model.record["steps"] == 10 and model.record["config"] == "try" and model.record["pictures"] == "others"

    import torch_forward

    raw = dict(model.tensors)
    raw["latents.modulation.bias"] = raw["latents.modulation.bias"].copy()
    raw["latents.modulation.bias"].reshape(1, 2, 16)[:, 0] -= 1
    size = {"hidden": 16, "layers": 1, "head": 16, "latents": model.latents, "blocks": model.blocks}
    pixels = tiny.picture(30, 40, 3)
    result = torch_forward.pixel_bits(torch_forward.build(size, raw), pixels, None)
    bits = np.zeros(pixels.shape)
    bits[result.y, result.x] = result.bits.detach().numpy()
    check_bits(frequencies(model, pixels), bits)

    monkeypatch.setattr(weights, "by_name", lambda name: model)
    part = neural_coder.encode(pixels, 5, threads=1)
    assert np.array_equal(neural_coder.decode(part, width=40, height=30, channels=3, threads=1), pixels)
