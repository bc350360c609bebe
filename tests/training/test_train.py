"""Training in miniature: it runs, resumes where it stopped, and the weights that it writes code pictures."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny
from agreement import check_bits, frequencies
from PIL import Image

from bbans_cli.coders import weights_folder
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural import weights

pytestmark = pytest.mark.train


@pytest.fixture
def train(monkeypatch, tmp_path, capsys, script):
    """Runs the script with small sizes and further arguments; returns the log lines that it prints."""
    pytest.importorskip("torch")
    module = script("training.train")
    for folder in ("data/first", "data/second", "dev/photos", "dev/imagenet", "dev/small64"):
        (tmp_path / folder).mkdir(parents=True)
        for seed in range(2):
            Image.fromarray(tiny.picture(90, 100, 3, seed)).save(tmp_path / folder / f"{seed}.png")

    def run(*more):
        words = f"--data {tmp_path}/data --out {tmp_path}/try.safetensors --hidden 16 --layers 1 --head 16"
        words += " --crops 3 --pixels 8 --measure-every 2"
        monkeypatch.setattr(sys, "argv", ["train.py", *words.split(), *map(str, more)])
        module.main()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]

    return run


def written(folder: Path) -> weights.Weights:
    """The weights that the script wrote, loaded after giving the file the name that weights files have."""
    data = (folder / "try.safetensors").read_bytes()
    (folder / f"try-{weights_folder.file_id(data).hex()}.safetensors").write_bytes(data)
    return weights.by_id(weights_folder.file_id(data))


def test_training_resumes_and_its_weights_code(train, tmp_path, monkeypatch):
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    lines = train("--steps", 4)
    first = written(tmp_path)
    assert lines[0]["step"] == 2 and np.isfinite(lines[-1]["train"]) and 0 < lines[-1]["train"] < 30
    more = train("--steps", 8, "--dev", tmp_path / "dev")
    assert more[0]["step"] > lines[-1]["step"] and more[-1]["step"] >= 8
    assert set(more[-1]["dev"]) == {"photos", "imagenet", "small64"}
    assert [json.loads(line) for line in (tmp_path / "try.log.jsonl").read_text().splitlines()] == lines + more
    model = written(tmp_path)
    assert model.id != first.id and not np.array_equal(model.network, first.network)
    assert (model.hidden, model.layers, model.head) == (16, 1, 16) and model.record["steps"] == more[-1]["step"]

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
