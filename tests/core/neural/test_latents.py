"""The latents' C: equal bits with the plain reference, and what the statistics of a block do not see."""

import numpy as np
import pytest
import tiny

from bbans_cli.coders.neural import latents
from bbans_cli.reference import latents as reference

SIZES = [(64, 64), (70, 131), (17, 33), (3, 5), (1, 1), (66, 3), (16, 16)]


def statistics(model, pixels, rows, level=0):
    """Statistics by block: (down, across, 64)."""
    of = latents.Latents(model, pixels.shape[1], rows)
    return of.statistics(pixels, level).reshape(*of.map_shapes[level], 64)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_statistics_equal_the_reference(isa, model, size, channels):
    pixels = tiny.picture(*size, channels)
    rows = max(1, size[0] - 2)
    for level, side in enumerate(model.blocks):
        layers = model.layer("latents.embed"), model.layer("latents.mix")
        expected = reference.statistics(*layers, pixels, rows, side)
        assert statistics(model, pixels, rows, level).tobytes() == expected.tobytes()


def test_layers_equal_the_reference(isa, model):
    name = "latents.levels.0."
    inputs = tiny.uniform(4, 37, 64) * np.float32(9)
    for layer, leaky in ((name + "hidden", True), (name + "posterior", False), ("latents.modulation", False)):
        expected = reference.dense(inputs, *model.layer(layer), leaky)
        assert latents.dense(inputs, *model.layer(layer), leaky=leaky).tobytes() == expected.tobytes()


def test_gaussian_equals_the_reference(isa):
    outputs = tiny.uniform(5, 40, 64) * np.float32(10)
    outputs[0, :8] = outputs[0, 32:40] = [np.inf, -np.inf, np.nan, -7, 2, 1e-40, 3e38, 0]
    found, expected = latents.moments(outputs), reference.gaussian(outputs, -7.0, 2.0)
    assert np.array_equal(found[0], expected[0], equal_nan=True) and np.array_equal(found[1], expected[1])
    assert found[1].min() == np.exp(-7.0) and found[1].max() == pytest.approx(np.exp(2.0), rel=1e-15)


def test_only_whole_patches_of_the_head_are_seen(model):
    """Rows and columns of patches that the head or the picture cut, and all below the head, change nothing."""
    pixels = tiny.picture(80, 75, 3)
    before = statistics(model, pixels, 70)
    hidden = pixels.copy()
    hidden[68:], hidden[:, 72:] = 255 - hidden[68:], 255 - hidden[:, 72:]
    assert np.array_equal(statistics(model, hidden, 70), before)
    seen = pixels.copy()
    seen[67, 71] ^= 64
    changed = (statistics(model, seen, 70) != before).any(2)
    assert np.array_equal(changed, [[False, False], [False, True]])


def test_each_block_is_its_own(model):
    """The statistics of a block are those of a picture that is that block alone."""
    pixels = tiny.picture(128, 100, 3)
    whole = statistics(model, pixels, 128)
    for down in range(2):
        for across in range(2):
            block = np.ascontiguousarray(pixels[64 * down : 64 * down + 64, 64 * across : 64 * across + 64])
            assert np.array_equal(statistics(model, block, 64)[0, 0], whole[down, across])


def test_a_block_without_a_whole_patch_says_nothing(model):
    found = statistics(model, tiny.picture(3, 70, 3), 3)
    assert np.all(found[:, :, :32] == 0) and np.all(found[:, :, 32:] == np.sqrt(np.float32(1e-6)))


def test_grey_is_three_equal_channels(model):
    grey = tiny.picture(40, 40, 1)
    assert np.array_equal(statistics(model, grey, 40), statistics(model, np.repeat(grey, 3, axis=2), 40))
