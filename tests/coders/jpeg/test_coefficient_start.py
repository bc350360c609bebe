"""The start of the coefficient coder: the core takes its file apart as the layout says."""

import zlib

import numpy as np
import pytest

from bbans_cli.coders.jpeg import coefficient_start
from bbans_cli.coders.weights_folder import numbered
from bbans_cli.core import ffi, lib
from scripts.training import jpeg_start_arrays as arrays


@pytest.fixture(scope="module")
def raw():
    return numbered("jpeg-coefficients", "start", 1, coefficient_start.STARTS, "start")


def test_the_core_takes_it_apart_as_the_layout_says(raw):
    parts = arrays.unpack(raw)
    again = arrays.unpack(arrays.pack(parts))
    assert all(np.array_equal(again[name], parts[name]) for name in parts)
    start = coefficient_start.from_bytes(raw)
    for core, prefix in [(start.networks, ""), (start.last_networks, "last_")]:
        _compare_networks(np.frombuffer(ffi.buffer(core), np.int16), parts, prefix)
    mixer = np.frombuffer(ffi.buffer(start.weights), np.int16).reshape(arrays.MIXED, arrays.SETS, arrays.INPUTS)
    first = np.full(arrays.USED_INPUTS, 4096 // 40)
    first[:5] = 4096 // 5
    wanted = first + parts["mixer"] * np.int16(arrays.MIXER_STEP)
    assert np.array_equal(mixer[..., : arrays.USED_INPUTS], wanted) and not mixer[..., arrays.USED_INPUTS :].any()
    moments = np.frombuffer(ffi.buffer(start.moments), np.float32).reshape(parts["moments"].shape)
    assert np.array_equal(moments, parts["moments"])


def _compare_networks(core: np.ndarray, parts: dict[str, np.ndarray], prefix: str) -> None:
    """The core's networks, one behind the other, and the arrays of the file of that prefix."""
    packed = parts[prefix + "hidden"]
    networks = core.reshape(*packed.shape[:-2], -1)
    leading, outputs = networks.shape[:-1], parts[prefix + "bias"].shape[-1]
    hidden_end = arrays.FEATURES * arrays.HIDDEN
    hidden = networks[..., :hidden_end].reshape(*leading, arrays.FEATURES // 2, arrays.HIDDEN, 2)
    assert np.array_equal(hidden.swapaxes(-2, -1).reshape(packed.shape), packed)
    output = networks[..., hidden_end:-outputs].reshape(*leading, outputs, arrays.HIDDEN).swapaxes(-2, -1)
    shift = parts[prefix + "output_shift"][..., None]
    assert np.array_equal(output, parts[prefix + "output"].astype(np.int16) << shift)
    assert np.array_equal(networks[..., -outputs:], parts[prefix + "bias"])


def test_what_training_starts_from_and_writes():
    assert np.array_equal(arrays.first_mixer()[3:7], [819, 819, 102, 102])
    halves = arrays.plain()
    halves["moments"].flat[:4] = np.float16([-0.5, 2**-24, -(2**-20), 65504])
    packed = arrays.pack(halves)
    start = coefficient_start.from_bytes(packed)
    assert list(start.moments[0][0][0])[:4] == [-0.5, 2**-24, -(2**-20), 65504]
    for other in (packed[:9], b"no stream of zlib's", zlib.compress(bytes(lib.BBC_COEFFICIENT_START_BYTES + 1))):
        with pytest.raises(ValueError, match="no start of the coefficients"):
            coefficient_start.from_bytes(other)
