"""Passes of the C core: equal bits with the plain reference, on every instruction set, for any number of threads."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import tiny
from scans import inputs, intervals

from bbans_cli.coders.neural.band_scan import PRECISION, BandScan, ScanShape
from bbans_cli.entropy.rans import Message
from bbans_cli.reference.band_scan import ReferenceScan

# width, height, channels, first and last row; hidden, layers, head; block (0: no modulation), run,
# rate, every; grid_x, grid_y, period
CASES = {
    "1x1": ScanShape(1, 1, 3, 0, 1, 16, 1, 16),
    "1x1 grey": ScanShape(1, 1, 1, 0, 1, 16, 2, 16),
    "1x7": ScanShape(1, 7, 3, 0, 7, 16, 2, 16, 0, 3, 1e-3),
    "7x1": ScanShape(7, 1, 3, 0, 1, 16, 1, 16, 4, 3, 1e-3),
    "3x5": ScanShape(5, 3, 3, 0, 3, 16, 3, 16, 2),
    "static": ScanShape(33, 17, 3, 0, 17, 16, 2, 16),
    "learning": ScanShape(33, 17, 3, 0, 17, 16, 2, 16, 0, 64, 3e-3),
    "learning with latents": ScanShape(33, 17, 3, 0, 17, 16, 2, 16, 8, 32, 3e-3),
    "one layer, learning with latents": ScanShape(33, 17, 3, 0, 17, 16, 1, 16, 16, 64, 3e-3),
    "learning from every second run": ScanShape(33, 17, 3, 0, 17, 16, 1, 16, 8, 48, 3e-3, 2),
    "learning from every fourth run": ScanShape(61, 24, 1, 3, 24, 16, 1, 16, 0, 40, 3e-3, 4),
    "grey": ScanShape(33, 17, 1, 0, 17, 16, 2, 16, 8),
    "grey, learning": ScanShape(33, 17, 1, 0, 17, 16, 1, 16, 0, 50, 3e-3),
    "head": ScanShape(21, 20, 3, 0, 13, 16, 2, 16, 8, 40, 3e-3),
    "tail from row 1": ScanShape(21, 20, 3, 1, 20, 16, 2, 16),
    "tail from row 2": ScanShape(21, 20, 3, 2, 20, 16, 1, 16, 0, 40, 3e-3),
    "tail from row 13": ScanShape(21, 20, 3, 13, 20, 16, 2, 16, 0, 40, 3e-3),
    "nothing": ScanShape(21, 20, 3, 20, 20, 16, 1, 16),
    "wide layers": ScanShape(19, 9, 3, 0, 9, 112, 4, 48, 8, 64, 1e-3),
    "2 columns": ScanShape(2, 12, 3, 0, 12, 16, 1, 16, 0, 8, 3e-3),
    "3 columns in a grid": ScanShape(3, 30, 3, 1, 30, 16, 1, 16, 0, 0, 0.0, 1, 15, 15, 4),
    "4 columns": ScanShape(4, 12, 3, 0, 12, 16, 1, 16),
    "5 columns in a grid": ScanShape(5, 20, 1, 0, 20, 16, 1, 16, 0, 8, 3e-3, 1, 12, 0, 8),
    "grid": ScanShape(33, 19, 3, 0, 19, 16, 2, 16, 0, 0, 0.0, 1, 3, 13, 8),
    "grid, learning": ScanShape(33, 17, 3, 0, 17, 16, 2, 16, 0, 64, 3e-3, 1, 0, 0),
    "grid, learning with latents": ScanShape(34, 17, 3, 0, 17, 16, 2, 16, 8, 48, 3e-3, 2, 7, 1, 8),
    "grid, grey, learning": ScanShape(35, 17, 1, 0, 17, 16, 1, 16, 0, 50, 3e-3, 1, 15, 2, 16),
    "grid, tail": ScanShape(21, 20, 3, 13, 20, 16, 2, 16, 0, 40, 3e-3, 1, 5, 11, 2),
    "more cells in a wave than lanes": ScanShape(150, 40, 3, 2, 39, 16, 1, 16, 0, 400, 3e-3, 4, 9, 9, 8),
}
DECODED = ["1x1 grey", "7x1", "learning with latents", "tail from row 13", "grey, learning", "grid, tail",
           "5 columns in a grid", "grid, learning with latents"]  # fmt: skip


def run_scan(shape, threads=1):
    """starts, freqs and the pass itself."""
    work = BandScan(shape, *inputs(shape))
    return *work.intervals(threads, lambda done: None), work


@cache
def expected(name):
    work = ReferenceScan(CASES[name], *inputs(CASES[name]))
    return *work.intervals(), work


@pytest.mark.parametrize("name", CASES)
def test_equal_bits_with_the_reference(isa, name):
    starts, freqs, work = run_scan(CASES[name])
    expected_starts, expected_freqs, reference = expected(name)
    assert np.array_equal(starts, expected_starts) and np.array_equal(freqs, expected_freqs)
    assert work.weights().tobytes() == reference.weights.tobytes()
    if CASES[name].batch:
        assert work.gradient().tobytes() == reference.gradient.tobytes()


def test_the_reference_does_learn():
    _, _, work = expected("learning")
    start = inputs(CASES["learning"])[0]
    assert np.abs(work.weights - start).max() > 3e-3
    assert work.adam.updates > 7


def test_a_network_of_nonsense_codes_all_the_same(isa):
    """Infinities and NaN among the weights: equal bits, learning included, and no pixel without an interval."""
    shape = ScanShape(9, 8, 3, 0, 8, 16, 2, 16, 4, 16, 1e-2, 1, 3, 14, 8)
    network, modulation, pixels = inputs(shape)
    for at, value in enumerate([np.inf, -np.inf, np.nan, 3e38, -3e38, 1e30, 1e-40]):
        network[at * 577 % len(network) :: 4001] = value
    work = BandScan(shape, network, modulation, pixels)
    starts, freqs = work.intervals(1, lambda done: None)
    reference = ReferenceScan(shape, network, modulation, pixels)
    assert np.array_equal(np.array([starts, freqs]), np.array(reference.intervals()))
    assert np.array_equal(work.weights(), reference.weights, equal_nan=True)
    assert np.isnan(work.weights()).any() and freqs.min() >= 1


@pytest.mark.parametrize("name", DECODED)
def test_decoding(isa, name):
    shape = CASES[name]
    starts, freqs, work = expected(name)
    message = Message()
    message.push(starts, freqs, PRECISION)
    network, modulation, pixels = inputs(shape)
    decoded = pixels.copy()
    decoded[shape.first_row :] = 99
    learned = BandScan(shape, network, modulation, decoded)
    learned.pop(message, 1, lambda done: None)
    assert np.array_equal(decoded[: shape.last_row], pixels[: shape.last_row]) and message.empty
    assert learned.weights().tobytes() == work.weights.tobytes()


def test_symbols_outside_the_window_are_found(isa):
    """Noise under a sure network: the decoder's first guess is wrong nearly always."""
    shape = ScanShape(40, 12, 3, 0, 12, 16, 1, 16)
    network = inputs(shape)[0]
    pixels = tiny.integers(5, 256, 12, 40, 3).astype(np.uint8)
    message = Message()
    message.push(*BandScan(shape, network, None, pixels).intervals(1, lambda done: None), PRECISION)
    decoded = np.zeros_like(pixels)
    BandScan(shape, network, None, decoded).pop(message, 1, lambda done: None)
    assert np.array_equal(decoded, pixels) and message.empty


@pytest.mark.parametrize("threads", [2, 3, 7])
@pytest.mark.parametrize("run, every", [(0, 1), (100, 1), (4, 2)])
def test_threads_change_no_bit(threads, run, every):
    """Runs of 4 pixels, fewer than most steps have: every other step is learned from."""
    shape = ScanShape(90, 37, 3, 0, 37, 32, 2, 16, 16, run, 1e-3 if run else 0.0, every, 5, 6, 8)
    starts, freqs, one = run_scan(shape)
    many_starts, many_freqs, many = run_scan(shape, threads)
    assert np.array_equal(starts, many_starts) and np.array_equal(freqs, many_freqs)
    assert one.weights().tobytes() == many.weights().tobytes()
    message = Message()
    message.push(starts, freqs, PRECISION)
    network, modulation, pixels = inputs(shape)
    decoded = np.zeros_like(pixels)
    BandScan(shape, network, modulation, decoded).pop(message, threads, lambda done: None)
    assert np.array_equal(decoded, pixels) and message.empty


def test_more_threads_than_pixels():
    one, many = run_scan(CASES["1x7"]), run_scan(CASES["1x7"], 64)
    assert np.array_equal(one[0], many[0]) and np.array_equal(one[1], many[1])


def test_latents_that_change_nothing_equal_none():
    """A scale of 1 and a shift of 0 give the network without latents."""
    shape = replace(CASES["static"], block=8)
    network, modulation, pixels = inputs(shape)
    modulation[:, :, 0], modulation[:, :, 1] = 1, 0
    starts, freqs = BandScan(shape, network, modulation, pixels).intervals(1, lambda done: None)
    plain = run_scan(CASES["static"])
    assert np.array_equal(starts, plain[0]) and np.array_equal(freqs, plain[1])


def test_modulation_belongs_to_its_block():
    """Other latents of one block change the pixels of that block alone."""
    shape = replace(CASES["static"], block=8)
    _, modulation, pixels = inputs(shape)
    before = intervals(shape, pixels, modulation)
    modulation[7] *= np.float32(1.5)  # the third block of the second row of five
    after = intervals(shape, pixels, modulation)
    inside = np.zeros((17, 33), bool)
    inside[8:16, 16:24] = True
    assert np.array_equal((before != after).any(axis=(0, 3)), inside)
