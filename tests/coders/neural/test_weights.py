"""Weights: found by name and by hash, refused when damaged, laid out as the C core and its reference read them."""

import numpy as np
import pytest
import tiny

from bbans_cli.coders.neural import weights
from bbans_cli.errors import ModelMismatchError
from bbans_cli.reference.network import Net


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    return tmp_path


def test_weights_are_found_by_name_and_by_id(folder):
    id = tiny.save(folder, tiny.TWO_LEVELS, ["small"])
    other = tiny.save(folder, tiny.LEAST, ["large", "small-other"])
    assert id != other
    model = weights.by_name("small")
    assert model is weights.by_id(id) and model.id == id and model.name == "small"
    assert (model.hidden, model.layers, model.head) == (16, 2, 16)
    assert (model.latents, model.blocks, model.record) == ((16, 16), (64, 16), {})
    assert weights.by_name("large").id == weights.by_name("small-other").id == other


def test_missing_weights_are_named(folder):
    with pytest.raises(ModelMismatchError, match="there are: none"):
        weights.by_name("small")
    tiny.save(folder, tiny.LEAST, ["small"])
    with pytest.raises(ModelMismatchError, match="12345678 .*there are: small-"):
        weights.by_id(bytes.fromhex("12345678"))


def test_a_damaged_file_is_refused(folder):
    id = tiny.save(folder, tiny.LEAST, ["small"])
    path = folder / f"small-{id.hex()}.safetensors"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelMismatchError, match="damaged"):
        weights.by_id(id)


def test_the_flat_network_holds_the_tensors_input_by_input(model):
    net = Net(model.network, model.hidden, model.layers, model.head)
    named = [(f"trunk.{i}", layer) for i, layer in enumerate(net.trunk)]
    named += [(f"{kind}.{c}", layers[c]) for kind, layers in (("head", net.head), ("out", net.out)) for c in range(3)]
    for name, layer in named:
        assert np.array_equal(layer.weight, model.tensors[f"likelihood.{name}.weight"].T)
        assert np.array_equal(layer.bias, model.tensors[f"likelihood.{name}.bias"])
    assert model.network.dtype == np.float32


def test_one_is_added_to_the_bias_of_scales(model):
    raw = tiny.tensors({**vars(model), "latents": model.latents, "blocks": model.blocks})["latents.modulation.bias"]
    change = (model.tensors["latents.modulation.bias"] - raw).reshape(model.layers, 2, model.hidden)
    assert np.allclose(change[:, 0], 1, atol=1e-6) and np.all(change[:, 1] == 0)
