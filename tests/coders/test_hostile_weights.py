"""Networks whose weights are random, zero, huge, subnormal, infinite or NaN: pictures still come back, on every
instruction set, from the same bytes."""

import fitted_bands
import numpy as np
import pytest
import tiny

from bbans_cli import core
from bbans_cli.coders.fitted import coder as fitted_coder
from bbans_cli.coders.fitted import fitting
from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural import levels
from bbans_cli.coders.neural.settings import Settings, band_codec
from bbans_cli.errors import ModelMismatchError

SHIPPED = sorted({name for level in levels.LEVELS.values() for name in level.networks()})
RNG = np.random.default_rng(4)


def mixed(array):
    """Every tenth number is one that no training gives."""
    odd = RNG.choice(np.float32([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, 1e-40, 0]), array.shape)
    return np.where(RNG.integers(0, 10, array.shape) == 0, odd, array)


KINDS = {
    "random bits": lambda array: RNG.integers(0, 1 << 32, array.shape, np.uint32).view(np.float32),
    "large": lambda array: array * np.float32(1e4),
    "zero": np.zeros_like,
    "huge": lambda array: np.where(array > 0, np.float32(3e38), np.float32(-3e38)),
    "subnormal": lambda array: array * np.float32(1e-39),
    "infinite": lambda array: np.where(array > 0, np.float32(np.inf), np.float32(-np.inf)),
    "nan": lambda array: np.full_like(array, np.nan),
    "mixed": mixed,
}


def isas():
    """The instruction sets that this machine has."""
    return core.available_isas()


@pytest.fixture
def other_isas():
    before = core.current_isa()
    yield [name for name in isas() if name != before]
    core.select_isa(before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_the_neural_coder(kind, tmp_path, monkeypatch, other_isas):
    changed = {name: KINDS[kind](array).astype(np.float32) for name, array in tiny.tensors(tiny.TWO_LEVELS).items()}
    data = tiny.to_bytes(changed, tiny.TWO_LEVELS)
    id = neural_coder.weights.file_id(data).hex()
    for level in levels.LEVELS.values():
        for network in level.networks():
            (tmp_path / f"{network}-{id}.safetensors").write_bytes(data)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    for planes in (tiny.picture(24, 40, 3), tiny.deep_picture(9, 12, 1, 4)):
        size = planes.shape[1], planes.shape[0], planes.shape[2]
        part = neural_coder.encode(planes, 9, 1)
        for isa in other_isas:
            core.select_isa(isa)
            assert np.array_equal(neural_coder.decode(part, *size, 1), planes)
            assert neural_coder.encode(planes, 9, 1) == part


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_the_fitted_coder(kind, tmp_path, monkeypatch, other_isas):
    named = {name: KINDS[kind](array).astype(np.float32) for name, array in fitted_bands.tensors().items()}
    scales = {f"{name}.scale": np.full_like(array, 0.5) for name, array in named.items()}
    data = tiny.to_bytes(named | scales, {"fitted": 1})
    (tmp_path / f"fitted-{neural_coder.weights.file_id(data).hex()}.safetensors").write_bytes(data)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(fitting, "LEAST_STEPS", 12)
    planes = tiny.picture(30, 40, 3)
    part = fitted_coder.encode(planes, 1)
    for isa in other_isas:
        core.select_isa(isa)
        assert np.array_equal(fitted_coder.decode(part, 40, 30, 3, 1), planes)
        assert fitted_coder.encode(planes, 1) == part


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SHIPPED)
def test_the_networks_that_ship(name, kind, tmp_path, monkeypatch, other_isas):
    """Their shapes, with what no training gives; samples of 8 bits with latents, and of 12 bits."""
    shipped = neural_coder.weights.by_name(name)
    size = {key: getattr(shipped, key) for key in ("hidden", "layers", "head", "latents", "blocks")}
    changed = {tensor: KINDS[kind](array).astype(np.float32) for tensor, array in shipped.tensors.items()}
    data = tiny.to_bytes(changed, size)
    (tmp_path / f"{name}-{neural_coder.weights.file_id(data).hex()}.safetensors").write_bytes(data)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    network = neural_coder.weights.by_name(name)
    for settings, latents in ((Settings(7), True), (Settings(5, low_bits=4, fraction=2), False)):
        pixels = tiny.deep_picture(4, 9, 3, settings.low_bits)
        message, split = bands.encode(pixels, band_codec(pixels.shape, network, settings), latents)
        for isa in [core.current_isa(), *other_isas]:
            core.select_isa(isa)
            found, codec = np.empty_like(pixels), band_codec(pixels.shape, network, settings)
            bands.decode(message.copy(), found, codec, split)
            assert np.array_equal(found, pixels)
            assert bands.encode(pixels, codec, latents) == (message, split)


@pytest.mark.parametrize("name", ["small", "fitted"])
def test_weights_of_another_shape_are_refused(name, tmp_path, monkeypatch):
    data = tiny.to_bytes({"trunk": np.zeros((2, 2), np.float32)}, {"hidden": 16})
    id = neural_coder.weights.file_id(data).hex()
    (tmp_path / f"{name}-{id}.safetensors").write_bytes(data)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    with pytest.raises(ModelMismatchError, match="is not of the"):
        fitted_coder.weights_files.shipped() if name == "fitted" else neural_coder.weights.by_name(name)
