"""Bands of the fitted coder in C: equal bits with the reference, on every instruction set; there and back."""

from functools import cache

import fitted_bands
import numpy as np
import pytest

from bbans_cli.coders.fitted.layout import LANES, tensors_of
from bbans_cli.coders.fitted.scan import PRECISION, BandScan
from bbans_cli.core import ffi, lib
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError
from bbans_cli.progress import no_progress
from bbans_cli.reference import fitted
from bbans_cli.reference.rans import ReferenceMessage

# The last has diagonals of more pixels than a chunk.
SHAPES = [(1, 1, 3), (1, 9, 1), (7, 1, 3), (5, 7, 3), (9, 8, 3), (2, 40, 1), (12, 17, 1), (17, 131, 1)]


def coded(pixels, weights):
    message = Message(LANES)
    message.push(*BandScan(pixels, weights).intervals(no_progress), PRECISION)
    return message


@cache
def expected(shape):
    return fitted.intervals(fitted_bands.picture(*shape), tensors_of(fitted_bands.weights()))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equal_bits_with_the_reference(isa, shape):
    pixels, weights = fitted_bands.picture(*shape), fitted_bands.weights()
    starts, freqs = BandScan(pixels, weights).intervals(no_progress)
    assert np.array_equal(starts, expected(shape)[0]) and np.array_equal(freqs, expected(shape)[1])


@pytest.mark.parametrize("shape", [*SHAPES, (40, 400, 3)], ids=str)
def test_there_and_back(isa, shape):
    pixels, weights = fitted_bands.picture(*shape), fitted_bands.weights()
    message, found = coded(pixels, weights), np.zeros_like(pixels)
    BandScan(found, weights).pop(message, no_progress)
    assert np.array_equal(found, pixels) and message.empty


@pytest.mark.parametrize("shape", [(5, 7, 3), (9, 20, 1)], ids=str)
def test_the_reference_decodes(shape):
    pixels, weights = fitted_bands.picture(*shape), fitted_bands.weights()
    message = ReferenceMessage.from_bytes(coded(pixels, weights).to_bytes(), LANES)
    assert np.array_equal(fitted.decode(message, *shape, tensors_of(weights)), pixels) and message.empty


def test_pieces_change_nothing():
    """The core codes as many pixels in a call as it is asked for, and goes on where it was."""
    pixels, weights = fitted_bands.picture(20, 30, 3), fitted_bands.weights()
    scan, found, told = BandScan(pixels, weights), [], 0
    starts, freqs = np.empty((2, 1800), np.uint32)
    while told < 600:
        views = [ffi.from_buffer("uint32_t[]", array[3 * told :]) for array in (starts, freqs)]
        found.append(lib.bbc_fitted_encode(scan._state, 1, *views))
        told += found[-1]
    assert len(found) > 100 and np.array_equal(starts, BandScan(pixels, weights).intervals(no_progress)[0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e38])
def test_no_weights_break_it(value):
    """Weights that a forged file can have still give intervals, and what was coded comes back."""
    pixels, weights = fitted_bands.picture(16, 24, 3), fitted_bands.weights().copy()
    weights[::7] = value
    message, found = coded(pixels, weights), np.zeros_like(pixels)
    BandScan(found, weights).pop(message, no_progress)
    assert np.array_equal(found, pixels)


def test_damage_is_an_error_or_other_pixels():
    pixels, weights = fitted_bands.picture(16, 24, 3), fitted_bands.weights()
    data = bytearray(coded(pixels, weights).to_bytes())
    for at in range(0, len(data), 41):
        damaged = bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        found = np.zeros_like(pixels)
        try:
            message = Message.from_bytes(damaged, LANES)
            BandScan(found, weights).pop(message, no_progress)
        except CorruptError:
            continue
        assert not (message.empty and np.array_equal(found, pixels))


def test_one_of_so_many_chunks_is_collected():
    pixels, weights = fitted_bands.picture(40, 300, 3), fitted_bands.weights()
    whole = BandScan(pixels, weights).collect(1, no_progress)
    some = BandScan(pixels, weights).collect(3, no_progress)
    assert len(whole) == BandScan(pixels, weights).chunks() and len(some) == len(whole) // 3
    assert all(any(np.array_equal(chunk, whole[3 * i + k]) for k in range(3)) for i, chunk in enumerate(some))


def test_impossible_shapes_are_refused():
    weights = fitted_bands.weights()
    for shape in ((2, 2, 2), (1, (1 << 18) + 1, 1)):
        with pytest.raises(ValueError, match="no band has this"):
            BandScan(np.zeros(shape, np.uint8), weights)
    with pytest.raises(ValueError, match="contiguous"):
        BandScan(np.zeros((4, 4, 6), np.uint8)[:, :, ::2], weights)
    with pytest.raises(ValueError, match="weights"):
        BandScan(np.zeros((4, 4, 3), np.uint8), weights[:-1])
