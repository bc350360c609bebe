"""The C core against what torch computed once (golden/make_files.py torch). Needs no torch; test_network does."""

import json
from pathlib import Path

import numpy as np
import pytest
import tiny
from agreement import check_bits, check_gradient, check_latents, frequencies, gradient_of, latents_of

from bbans_cli.coders import weights_folder
from bbans_cli.coders.neural import weights

DUMP = Path(__file__).parents[1] / "golden" / "torch.npz"
GRID = (5, 14)  # column and row of the first pixel in the grid, in what was computed given latents


@pytest.fixture(scope="module")
def dump():
    with np.load(DUMP) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture
def model(dump, tmp_path, monkeypatch):
    tensors = {name.removeprefix("weights/"): a for name, a in dump.items() if name.startswith("weights/")}
    data = tiny.to_bytes(tensors, json.loads(str(dump["size"])))
    (tmp_path / f"dump-{weights_folder.file_id(data).hex()}.safetensors").write_bytes(data)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    return weights.by_name("dump")


def symbols(dump):
    levels = len(json.loads(str(dump["size"]))["latents"])
    return [dump[f"z{i}"].astype(np.uint32) for i in range(levels)]


def by_position(dump, name):
    bits = np.zeros(dump["pixels"].shape)
    bits[dump["y"], dump["x"]] = dump[name]
    return bits


def test_bits_agree(dump, model):
    check_bits(frequencies(model, dump["pixels"]), by_position(dump, "bits"))


def test_bits_and_gradient_given_latents_agree(dump, model):
    pixels = dump["pixels"]
    modulation = latents_of(model, pixels, len(pixels), symbols(dump))[2]
    check_bits(frequencies(model, pixels, modulation, first=0, grid_at=GRID), by_position(dump, "bits_given_latents"))
    check_gradient(gradient_of(model, pixels, modulation, grid_at=GRID), dump["gradient_given_latents"])


def test_layers_of_latents_agree(dump, model):
    pixels, levels = dump["pixels"], range(len(symbols(dump)))
    check_latents(
        latents_of(model, pixels, len(pixels), symbols(dump)),
        [dump[f"statistics{i}"] for i in levels],
        [dump[f"prior{i}"] for i in levels],
        [dump[f"posterior{i}"] for i in levels],
        dump["modulation"],
    )


def test_a_weight_a_little_off_shows(dump, model):
    pixels = dump["pixels"]
    model.network[5] += np.float32(0.01)
    with pytest.raises(AssertionError):
        check_bits(frequencies(model, pixels), by_position(dump, "bits"))
    modulation = latents_of(model, pixels, len(pixels), symbols(dump))[2]
    with pytest.raises(AssertionError):
        check_gradient(gradient_of(model, pixels, modulation, grid_at=GRID), dump["gradient_given_latents"])
