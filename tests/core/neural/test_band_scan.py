"""Band scans of the C core: equal bits with the reference, on every instruction set, for any number of threads."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import tiny
from scans import inputs, intervals, small_scan

from bbans_cli.coders.neural.band_scan import PRECISION, BandScan
from bbans_cli.entropy.rans import Message
from bbans_cli.reference.band_scan import ReferenceScan

CASES = {
    "1x1": small_scan(width=1, height=1),
    "1x1 grey": small_scan(width=1, height=1, channels=1, layers=2),
    "1x7": small_scan(width=1, height=7, layers=2, batch=3, learning_rate=1e-3),
    "7x1": small_scan(width=7, height=1, block=4, batch=3, learning_rate=1e-3),
    "3x5": small_scan(width=5, height=3, layers=3, block=2),
    "static": small_scan(width=33, height=17, layers=2),
    "learning": small_scan(width=33, height=17, layers=2, batch=64, learning_rate=3e-3),
    "learning without a correction": small_scan(width=33, height=17, batch=64, learning_rate=3e-3, correction=0),
    "learning with latents": small_scan(width=33, height=17, layers=2, block=8, batch=32, learning_rate=3e-3),
    "one layer, learning with latents": small_scan(width=33, height=17, block=16, batch=64, learning_rate=3e-3),
    "learning from every second mini-batch": small_scan(
        width=33, height=17, block=8, batch=48, learning_rate=3e-3, update_interval=2
    ),
    "learning from every fourth mini-batch": small_scan(
        width=61, height=24, channels=1, first_row=3, batch=40, learning_rate=3e-3, update_interval=4
    ),
    "the trunk from fewer groups": small_scan(
        width=130, height=40, layers=2, batch=70, learning_rate=3e-3, trunk_after=1000, grid=(3, 1), period=2
    ),
    "linear light, deep": small_scan(
        width=33, height=20, batch=32, learning_rate=3e-3, grid=(0, 1), period=2, light=1, low_bits=4, fraction=2
    ),
    "the trunk not at every step": small_scan(
        width=21, height=20, layers=3, block=8, batch=20, learning_rate=3e-3, trunk_after=100
    ),
    "grey, the trunk from fewer groups": small_scan(
        width=40, height=33, channels=1, batch=40, learning_rate=3e-3, trunk_after=0
    ),
    "every second group, which the trunk learns from, too": small_scan(
        width=33, height=17, layers=2, batch=48, learning_rate=3e-3, update_interval=2, trunk_after=0
    ),
    "grey": small_scan(width=33, height=17, channels=1, layers=2, block=8),
    "grey, learning": small_scan(width=33, height=17, channels=1, batch=50, learning_rate=3e-3),
    "latent rows": small_scan(width=21, height=20, last_row=13, layers=2, block=8, batch=40, learning_rate=3e-3),
    "initial-bits rows from 1": small_scan(width=21, height=20, first_row=1, layers=2),
    "initial-bits rows from 2": small_scan(width=21, height=20, first_row=2, batch=40, learning_rate=3e-3),
    "initial-bits rows from 13": small_scan(width=21, height=20, first_row=13, layers=2, batch=40, learning_rate=3e-3),
    "nothing": small_scan(width=21, height=20, first_row=20),
    "wide layers": small_scan(width=19, height=9, hidden=112, layers=4, head=48, block=8, batch=64, learning_rate=1e-3),
    "2 columns": small_scan(width=2, height=12, batch=8, learning_rate=3e-3),
    "3 columns in a grid": small_scan(width=3, height=30, first_row=1, grid=(15, 15), period=4),
    "4 columns": small_scan(width=4, height=12),
    "5 columns in a grid": small_scan(
        width=5, height=20, channels=1, batch=8, learning_rate=3e-3, grid=(12, 0), period=8
    ),
    "grid": small_scan(width=33, height=19, layers=2, grid=(3, 13), period=8),
    "grid, learning": small_scan(width=33, height=17, layers=2, batch=64, learning_rate=3e-3, grid=(0, 0)),
    "grid, learning with latents": small_scan(
        width=34, height=17, layers=2, block=8, batch=48, learning_rate=3e-3, update_interval=2, grid=(7, 1), period=8
    ),
    "grid, grey, learning": small_scan(
        width=35, height=17, channels=1, batch=50, learning_rate=3e-3, grid=(15, 2), period=16
    ),
    "grid, initial-bits rows": small_scan(
        width=21, height=20, first_row=13, layers=2, batch=40, learning_rate=3e-3, grid=(5, 11), period=2
    ),
    "more blocks in a wave than lanes": small_scan(
        width=150,
        height=40,
        first_row=2,
        last_row=39,
        batch=400,
        learning_rate=3e-3,
        update_interval=4,
        grid=(9, 9),
        period=8,
    ),
    "9 bits, grey, learning": small_scan(
        width=21, height=17, channels=1, batch=40, learning_rate=3e-3, low_bits=1, fraction=1
    ),
    "10 bits in units of one step": small_scan(width=21, height=17, layers=2, batch=40, learning_rate=3e-3, low_bits=2),
    "12 bits, initial-bits rows": small_scan(
        width=21, height=20, first_row=13, batch=40, learning_rate=3e-3, grid=(5, 11), period=2, low_bits=4, fraction=3
    ),
    "13 bits, latent rows": small_scan(
        width=21, height=17, last_row=13, layers=2, block=8, low_bits=5, fraction=0, batch=20, learning_rate=3e-3
    ),
    "16 bits": small_scan(width=1, height=1, low_bits=8, fraction=8),
    "16 bits, learning": small_scan(
        width=40, height=17, layers=2, batch=64, learning_rate=3e-3, grid=(3, 13), period=8, low_bits=8, fraction=8
    ),
    "16 bits in small units": small_scan(
        width=21, height=17, channels=1, batch=40, learning_rate=3e-3, low_bits=8, fraction=2
    ),
}
DEEP = [name for name, shape in CASES.items() if shape.low_bits]
DECODED = [*DEEP, "1x1 grey", "7x1", "learning with latents", "initial-bits rows from 13", "grey, learning",
           "grid, initial-bits rows", "5 columns in a grid", "grid, learning with latents",
           "the trunk not at every step"]  # fmt: skip


# A second or more of the reference, of what the others see in part
SLOW = {
    "grid, learning",
    "learning from every fourth mini-batch",
    "more blocks in a wave than lanes",
    "one layer, learning with latents",
}


def run_scan(shape, threads=1):
    """starts, freqs, and what learning leaves: the weights and the last gradient."""
    work = BandScan(shape, *inputs(shape))
    gradient = work.keep_gradient() if shape.batch else None
    return *work.intervals(threads, lambda done: None), work.weights(), gradient


@cache
def expected(name):
    work = ReferenceScan(CASES[name], *inputs(CASES[name]))
    return *work.intervals(), work


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in CASES])
def test_equal_bits_with_the_reference(isa, name):
    starts, freqs, weights, gradient = run_scan(CASES[name])
    expected_starts, expected_freqs, reference = expected(name)
    assert np.array_equal(starts, expected_starts) and np.array_equal(freqs, expected_freqs)
    assert weights.tobytes() == reference.weights.tobytes()
    assert gradient is None or gradient.tobytes() == reference.gradient.tobytes()


@pytest.mark.parametrize("low_bits, fraction", [(1, 0), (4, 3), (8, 8), (8, 0)])
def test_the_ends_of_the_range_have_intervals(isa, low_bits, fraction):
    """The least and the largest sample, one beside the other, and constant planes."""
    shape = small_scan(
        width=12, height=9, channels=1, batch=20, learning_rate=3e-3, low_bits=low_bits, fraction=fraction
    )
    network, last = inputs(shape)[0], (256 << low_bits) - 1
    chequers = (np.indices((9, 12, 1)).sum(0) % 2 * last).astype(np.uint16)
    for pixels in (chequers, np.full_like(chequers, last), np.zeros_like(chequers)):
        message = Message()
        message.push(*BandScan(shape, network, None, pixels).intervals(1, lambda done: None), PRECISION)
        decoded = np.full_like(pixels, 7)
        BandScan(shape, network, None, decoded).pop(message, 1, lambda done: None)
        assert np.array_equal(decoded, pixels) and message.empty


def test_the_reference_does_learn():
    _, _, work = expected("learning")
    start = inputs(CASES["learning"])[0]
    assert np.abs(work.weights - start).max() > 3e-3
    assert work.adam.updates > 7


@pytest.mark.parametrize("low_bits", [0, 8])
def test_a_network_of_nonsense_codes_all_the_same(isa, low_bits):
    """Infinities and NaN among the weights: equal bits, learning included, and no pixel without an interval."""
    shape = small_scan(width=9, height=8, layers=2, block=4, batch=16, learning_rate=1e-2, grid=(3, 14), period=8)
    shape = replace(shape, low_bits=low_bits, fraction=low_bits)
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


@pytest.mark.parametrize("low_bits", [0, 3, 8])
def test_symbols_outside_the_window_are_found(isa, low_bits):
    """Noise under a sure network: the decoder's first guess is wrong nearly always."""
    shape = small_scan(width=40, height=12, low_bits=low_bits, fraction=low_bits)
    network = inputs(shape)[0]
    pixels = tiny.integers(5, 256 << low_bits, 12, 40, 3).astype(shape.dtype)
    message = Message()
    message.push(*BandScan(shape, network, None, pixels).intervals(1, lambda done: None), PRECISION)
    decoded = np.zeros_like(pixels)
    BandScan(shape, network, None, decoded).pop(message, 1, lambda done: None)
    assert np.array_equal(decoded, pixels) and message.empty


@pytest.mark.parametrize("threads", [2, 3, 7])
@pytest.mark.parametrize("batch, update_interval, low_bits", [(0, 1, 0), (100, 1, 0), (4, 2, 0), (100, 1, 6)])
def test_threads_change_no_bit(threads, batch, update_interval, low_bits):
    """Mini-batches of 4 pixels, fewer than most diagonals have: every other diagonal is learned from. After 2,000 of
    the 3,330 pixels the trunk learns from fewer."""
    shape = small_scan(
        width=90,
        height=37,
        hidden=32,
        layers=2,
        block=16,
        batch=batch,
        learning_rate=1e-3 if batch else 0.0,
        update_interval=update_interval,
        trunk_after=2000,
        grid=(5, 6),
        period=8,
        low_bits=low_bits,
        fraction=low_bits,
    )
    starts, freqs, weights, gradient = run_scan(shape)
    many_starts, many_freqs, many_weights, many_gradient = run_scan(shape, threads)
    assert np.array_equal(starts, many_starts) and np.array_equal(freqs, many_freqs)
    assert weights.tobytes() == many_weights.tobytes() and np.array_equal(gradient, many_gradient)
    message = Message()
    message.push(starts, freqs, PRECISION)
    network, modulation, pixels = inputs(shape)
    decoded = np.zeros_like(pixels)
    BandScan(shape, network, modulation, decoded).pop(message, threads, lambda done: None)
    assert np.array_equal(decoded, pixels) and message.empty


@pytest.mark.parametrize("threads", [64, 65, 1024])
def test_more_threads_than_pixels(threads):
    """A machine may have more cores than a scan of the core takes threads."""
    one, many = run_scan(CASES["1x7"]), run_scan(CASES["1x7"], threads)
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
