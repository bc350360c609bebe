"""Comparisons of the C core with real-valued results of the same network, and how far they may differ."""

import numpy as np
from scans import grid

from bbans_cli.coders.neural import latents as module
from bbans_cli.coders.neural.band_scan import BandScan, ScanShape
from bbans_cli.coders.neural.latents import Latents
from bbans_cli.coders.neural.neighbourhood import PERIOD
from bbans_cli.coders.neural.weights import Weights

SPREAD, FLOOR, FLOOR_BITS = 2**24 - 4096, 16, 20


def shape_of(model: Weights, pixels: np.ndarray, first: int = 0, run: int = 0, grid_at=None) -> ScanShape:
    """Of a pass over the rows from `first` on; with a run, one whose step of learning changes next to nothing.

    grid_at: the grid's x and y, or None."""
    height, width, channels = pixels.shape
    widths = (model.hidden, model.layers, model.head, model.blocks[-1])
    place = () if grid_at is None else (*grid_at, PERIOD)
    return ScanShape(width, height, channels, first, height, *widths, run, 1e-9 if run else 0.0, 1, *place)


def frequencies(model, pixels, modulation=None, first=0, grid_at=None):
    """By place, rows from `first` on: (rows, width, channels)."""
    shape = shape_of(model, pixels, first, 0, grid_at)
    return grid(shape, BandScan(shape, model.network, modulation, pixels).intervals(1, lambda done: None)[1])[first:]


def check_bits(freqs: np.ndarray, bits: np.ndarray) -> None:
    """Frequencies against -log2(mass + 2^-20): the mass to 2e-4 bits and four units of 2^-24."""
    mass = np.exp2(-bits.astype(float)) - 2.0**-FLOOR_BITS
    expected = np.log2((FLOOR + SPREAD * mass) / 2**24)
    apart = np.abs(np.log2(freqs / 2**24) - expected)
    assert np.all(apart < 2e-4 + 4 / np.log(2) / freqs), apart.max()
    likely = freqs > 1000
    assert abs((np.log2(freqs / 2**24) - expected)[likely].mean()) < 5e-5


def gradient_of(model, pixels, modulation, grid_at=None):
    """The C core's gradient of the mean over all pixels of a picture."""
    run = pixels.shape[0] * pixels.shape[1]
    work = BandScan(shape_of(model, pixels, 0, run, grid_at), model.network, modulation, pixels)
    work.intervals(1, lambda done: None)
    return work.gradient()


def check_gradient(found: np.ndarray, expected: np.ndarray) -> None:
    """1e-4 of the whole's norm, and each element to 2e-4 of the largest."""
    assert np.linalg.norm(found - expected) < 1e-4 * np.linalg.norm(expected)
    assert np.abs(found - expected).max() < 2e-4 * np.abs(expected).max()


def latents_of(model, pixels, rows, z):
    """statistics, prior and posterior by level, and the modulation: from the C core."""
    latents = Latents(model, pixels.shape[1], rows)
    posterior = latents.posterior(pixels)
    parameters = []

    def choose(level, prior, above):
        parameters.append((*prior, *posterior.moments(level, above)))
        return z[level]

    features = latents.top_down(choose)
    modulation = module.dense(features, *model.layer("latents.modulation"), leaky=False)
    assert np.array_equal(modulation, latents.modulation(z))
    return posterior.statistics, parameters, modulation.reshape(-1, model.layers, 2, model.hidden)


def check_latents(found, statistics, prior, posterior, modulation) -> None:
    """modulation: scales as the model makes them, to which the C core's are 1 larger."""
    close = {"rtol": 1e-4, "atol": 1e-4}
    for level, parameters in enumerate(found[1]):
        np.testing.assert_allclose(found[0][level], statistics[level], **close)
        for ours, theirs in zip(parameters, (*prior[level], *posterior[level]), strict=True):
            np.testing.assert_allclose(ours, theirs, **close)
    np.testing.assert_allclose(found[2] - np.array([1, 0])[:, None], modulation, **close)
