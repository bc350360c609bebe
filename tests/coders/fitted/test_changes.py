"""Changes of the weights as bytes: there and back, at most a grid step off; what is damaged is refused."""

import fitted_bands
import numpy as np
import pytest
import tiny

from bbans_cli.coders.fitted import changes, layout
from bbans_cli.coders.fitted import weights as weights_files
from bbans_cli.container.byte_reader import Reader
from bbans_cli.errors import CorruptError


@pytest.fixture
def model(tmp_path, monkeypatch):
    fitted_bands.save(tmp_path)
    monkeypatch.setenv("BBC_WEIGHTS", str(tmp_path))
    return weights_files.shipped()


def steps(seed, most):
    numbers = tiny.integers(seed, 1 << 16, layout.WEIGHTS) % (2 * most + 1) - most
    return layout.padded(layout.tensors_of(numbers.astype(np.int32)))


@pytest.mark.parametrize("most", [0, 1, 3, 40, changes.MOST])
def test_there_and_back(most):
    for shift in (0, 7, changes.MOST_SHIFT):
        data = changes.to_bytes(steps(1, most), shift)
        found, found_shift = changes.from_bytes(reader := Reader(data, "settings"))
        assert np.array_equal(found, steps(1, most)) and found_shift == shift and reader.left == 0


def test_few_changes_take_few_bytes():
    assert len(changes.to_bytes(steps(1, 0), 3)) < 20
    few = steps(1, 1) * (tiny.integers(2, 64, layout.WEIGHTS) == 0).astype(np.int32)
    assert len(changes.to_bytes(few, 3)) < 80


def test_weights_come_near(model):
    fitted = model.start + model.scale * tiny.uniform(5, layout.WEIGHTS)
    found = changes.changed(model, changes.steps_of(fitted, model, 6), 6)
    assert np.all(np.abs(found - fitted) <= model.scale * 2.0**-6 * 0.59)
    assert np.array_equal(found[model.scale == 0], model.start[model.scale == 0])


def test_large_changes_are_cut(model):
    found = changes.steps_of(model.start + model.scale * np.float32(1e4), model, 4)
    assert found.max() == changes.MOST


def test_damage_is_refused():
    data = changes.to_bytes(steps(1, 3), 5)
    for at in [*range(40), *range(40, len(data), 13)]:
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]):
            try:
                found, shift = changes.from_bytes(Reader(damaged, "settings"))
            except CorruptError:
                continue
            assert not (np.array_equal(found, steps(1, 3)) and shift == 5)


def test_pinned_bytes():
    assert changes.to_bytes(steps(3, 2), 4)[:24].hex() == "0433532e5030543656ce08f4e837be30f55c1e5964679245"
