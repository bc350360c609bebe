"""The start of the coder of few colours: the core reads its numbers as the second decoder does, and it saves bytes."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from mixing_pictures import screen

from bbans_cli.coders import context_mixing, few_colours_start
from bbans_cli.coders.weights_folder import numbered
from bbans_cli.container import DEEP, FEW_COLOURS
from bbans_cli.core import ffi, lib
from bbans_cli.errors import ModelMismatchError, UnsupportedError
from bbans_cli.reference.mixing import few_colours_start as reference
from bbans_cli.reference.mixing import mixer
from scripts.training import train_few_colours_start as training


@pytest.fixture(scope="module")
def raw():
    return numbered("few-colours", "start", 1, few_colours_start.STARTS, "start")


def begun(channels, known, start):
    """What a coder of a shape has right after it began with a start."""
    shape = ffi.new("bbc_mixing_shape *", (3, channels, known, 8, 8))
    state = ffi.from_buffer("uint8_t[]", np.zeros(lib.bbc_few_colours_size(shape), np.uint8))
    lib.bbc_few_colours_begin(state, shape, ffi.NULL, ffi.NULL, 0)
    if start is not None:
        lib.bbc_few_colours_start(state, start)
    return training.learned(state, channels)


@pytest.mark.parametrize(("channels", "known"), [(1, 0), (3, 0), (4, 0), (4, 3), (2, 1)])
def test_the_core_takes_it_apart_as_the_second_decoder_does(channels, known):
    start = reference.load(1)
    plain, found = begun(channels, known, None), begun(channels, known, few_colours_start.load(1))
    assert np.array_equal(found.candidates - plain.candidates, start.candidates)
    for c in range(channels):
        kind = reference.kind(c, channels, known)
        wanted = (start.samples[kind], start.apms[kind]) if c >= known else (0, plain.apms[c])
        assert np.array_equal(found.samples[c] - plain.samples[c], np.broadcast_to(wanted[0], found.samples[c].shape))
        assert np.array_equal(found.apms[c], wanted[1])


def test_no_weight_comes_to_its_limit(raw):
    numbers = reference.from_bytes(zlib.decompress(raw))
    for weights, first in ((numbers.candidates, (2 << 16) // 24), (numbers.samples, (2 << 16) // 48)):
        assert np.abs(weights + first).max() < mixer.WEIGHT_LIMIT


def test_sets_of_the_second_decoder():
    """One of each array, by its place in the file."""
    start = reference.load(1)
    assert np.array_equal(start.candidate_sets(1)[2, 9], start.candidates[2, 256 + 9])
    assert np.array_equal(start.sample_sets(0, [4, 5])[1, 3, 9], start.samples[5, 9])
    assert np.array_equal(start.sample_sets(1, [4])[0, 3, 7], start.samples[4, 256 + 16 * 3 + 7])
    assert np.array_equal(start.sample_sets(2, [0])[0, 7, 17], start.samples[0, 527])
    assert start.maps([3])[0, 7, 17] == [*start.apms[3, 143]]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_saves_bytes(channels):
    planes = screen(80, 120, channels=channels)
    soft = np.add.outer(np.arange(30) * 3, np.arange(40))
    planes[20:50, 40:80] = soft[:, :, None] // np.arange(1, channels + 1)
    sizes = {}
    for number in (0, 1):
        part = context_mixing.encode(FEW_COLOURS, planes, 8, start=number)
        assert part.settings[0] >> 5 == number
        assert np.array_equal(context_mixing.decode(part, 120, 80), planes)
        sizes[number] = len(part.bands[0].payload)
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize(
    ("coder", "settings", "error"),
    [
        (FEW_COLOURS, 2 << 5 | 8, ModelMismatchError),
        (DEEP, 1 << 5 | 8, UnsupportedError),
        (FEW_COLOURS, 1 << 5 | 7, UnsupportedError),
    ],
)
def test_unknown_starts_are_refused(coder, settings, error):
    part = replace(context_mixing.encode(coder, screen(9, 9, channels=1), 8), settings=bytes([settings]))
    with pytest.raises(error):
        context_mixing.decode(part, 9, 9)


def test_what_is_no_start_is_refused(raw):
    for other in (raw[:9], b"no stream of zlib's", zlib.compress(bytes(lib.BBC_FEW_COLOURS_START_BYTES + 1))):
        with pytest.raises(ValueError, match="no start of few colours"):
            few_colours_start.from_bytes(other)


def test_training_makes_what_it_saw_smaller():
    examples = [
        training.Example(np.ascontiguousarray(screen(40, 60, channels=c).astype(np.uint16)), 0, 8) for c in (1, 3)
    ]
    numbers = training.train(examples * 2, [0.5, 0.3])
    assert training.Learned(**vars(reference.from_bytes(numbers))).to_bytes() == numbers
    assert all(training.code(each, numbers)[0] < training.code(each, None)[0] for each in examples)
