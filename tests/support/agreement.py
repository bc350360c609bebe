"""Comparisons of the C core with real-valued results of the same network, and how far they may differ."""

from __future__ import annotations

import numpy as np
from scans import by_position

from bbans_cli.coders.neural import latents as neural_latents
from bbans_cli.coders.neural.band_scan import BandScan
from bbans_cli.coders.neural.latents import Latents
from bbans_cli.coders.neural.neighbourhood import PERIOD
from bbans_cli.coders.neural.scan_shape import ScanShape
from bbans_cli.coders.neural.weights import Weights
from bbans_cli.progress import no_progress

# A value's frequency is the floor plus this times its mass, of 2^24; training adds 2^-20 to the mass.
FLOOR, SPREAD, TRAINING_FLOOR = 16, 2**24 - 4096, 2.0**-20


def shape_of(
    model: Weights, pixels: np.ndarray, first: int = 0, batch: int = 0, grid_at: tuple[int, int] | None = None
) -> ScanShape:
    """A scan of the rows from ``first`` on. With a mini-batch it learns at a rate that changes next to nothing.

    grid_at: column and row of the first pixel in the grid, or None.
    """
    height, width, channels = pixels.shape
    return ScanShape(
        width=width,
        height=height,
        channels=channels,
        first_row=first,
        last_row=height,
        hidden=model.hidden,
        layers=model.layers,
        head=model.head,
        block=model.blocks[-1],
        batch=batch,
        learning_rate=1e-9 if batch else 0.0,
        grid_x=grid_at[0] if grid_at else -1,
        grid_y=grid_at[1] if grid_at else -1,
        period=PERIOD if grid_at else 1,
    )


def frequencies(
    model: Weights,
    pixels: np.ndarray,
    modulation: np.ndarray | None = None,
    first: int = 0,
    grid_at: tuple[int, int] | None = None,
) -> np.ndarray:
    """Frequencies of 2^24 of the pixels of rows from ``first`` on, by position: (rows, width, channels)."""
    shape = shape_of(model, pixels, first=first, grid_at=grid_at)
    freqs = BandScan(shape, model.network, modulation, pixels).intervals(1, no_progress)[1]
    return by_position(shape, freqs)[first:]


def check_bits(freqs: np.ndarray, bits: np.ndarray) -> None:
    """Frequencies against -log2(mass + 2^-20): the mass to 2e-4 bits and four units of 2^-24."""
    mass = np.exp2(-bits.astype(float)) - TRAINING_FLOOR
    expected = np.log2((FLOOR + SPREAD * mass) / 2**24)
    apart = np.abs(np.log2(freqs / 2**24) - expected)
    assert np.all(apart < 2e-4 + 4 / np.log(2) / freqs), apart.max()
    likely = freqs > 1000
    assert abs((np.log2(freqs / 2**24) - expected)[likely].mean()) < 5e-5


def gradient_of(
    model: Weights, pixels: np.ndarray, modulation: np.ndarray, grid_at: tuple[int, int] | None = None
) -> np.ndarray:
    """The C core's gradient of the mean over all pixels of a picture: one mini-batch."""
    height, width, _ = pixels.shape
    shape = shape_of(model, pixels, batch=height * width, grid_at=grid_at)
    scan = BandScan(shape, model.network, modulation, pixels)
    gradient = scan.keep_gradient()
    scan.intervals(1, no_progress)
    return gradient


def check_gradient(found: np.ndarray, expected: np.ndarray) -> None:
    """The whole to 1e-4 of its norm, each element to 2e-4 of the largest."""
    assert np.linalg.norm(found - expected) < 1e-4 * np.linalg.norm(expected)
    assert np.abs(found - expected).max() < 2e-4 * np.abs(expected).max()


Parameters = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def latents_of(
    model: Weights, pixels: np.ndarray, rows: int, z: list[np.ndarray]
) -> tuple[list[np.ndarray], list[Parameters], np.ndarray]:
    """From the C core: statistics by level; means and deviations of prior and posterior by level; the modulation."""
    latents = Latents(model, width=pixels.shape[1], rows=rows)
    posterior = latents.posterior(pixels)
    parameters: list[Parameters] = []

    def choose(level: int, prior: neural_latents.Moments, above: np.ndarray | None) -> np.ndarray:
        parameters.append((*prior, *posterior.moments(level, above)))
        return z[level]

    features = latents.top_down(choose)
    modulation = neural_latents.dense(features, *model.layer("latents.modulation"), leaky=False)
    assert np.array_equal(modulation, latents.modulation(z))
    return posterior.statistics, parameters, modulation.reshape(-1, model.layers, 2, model.hidden)


def check_latents(found, statistics, prior, posterior, modulation) -> None:
    """found: of `latents_of`. modulation: as training computes it, to whose scales the C core's have 1 added."""
    close = {"rtol": 1e-4, "atol": 1e-4}
    for level, parameters in enumerate(found[1]):
        np.testing.assert_allclose(found[0][level], statistics[level], **close)
        for ours, theirs in zip(parameters, (*prior[level], *posterior[level]), strict=True):
            np.testing.assert_allclose(ours, theirs, **close)
    np.testing.assert_allclose(found[2] - np.array([1, 0])[:, None], modulation, **close)
