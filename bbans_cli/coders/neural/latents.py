"""Latents of a band's latent rows: a hierarchical Gaussian prior and posterior, coded in bins of equal prior mass.

A level divides the rows into square blocks and has some latents for each block; the blocks of a level in raster order
are its *map*. Inference is top-down (HiLLoC: Townsend, Bird, Kunze, Barber, 2020): the prior and the posterior of a
level see the features of the level above, the posterior sees statistics of the block's pixels as well. A latent is the
number of one of 2^BITS bins that are equally likely under its prior given the levels above (HiLLoC's dynamic
discretisation).

The symbols of a band are one uint32 array (blocks, latents) for each level, coarsest first. All arithmetic is done by
the C core (core/neural/latents.c), numpy only copies, so that every machine finds equal symbols. Layers have the names
that bbans_cli.training.latents gives them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bbans_cli.coders.neural.weights import Weights
from bbans_cli.core import lib
from bbans_cli.entropy.codecs import GaussianBins, bin_values
from bbans_cli.entropy.native import pointer
from bbans_cli.entropy.rans import Message

BITS = 10  # a latent is one of 2^BITS bins; tuned by hand, not recorded
# The natural logarithms of standard deviations are clipped to this. Tuned by hand, not recorded.
LOG_DEVIATION_RANGE = (-7.0, 2.0)
_STATISTICS = 64  # mean and standard deviation of each of 32 features

Symbols = list[np.ndarray]


class Moments(NamedTuple):
    """Means and standard deviations of Gaussians, float64 (blocks, latents) each."""

    mean: np.ndarray
    deviation: np.ndarray


# choose(level, prior, above) -> symbols of a level; above: features of the level above for each block, None at the top
Choose = Callable[[int, Moments, np.ndarray | None], np.ndarray]


class Latents:
    """The latents of the first ``rows`` rows of a band of ``width`` pixels.

    map_shapes: rows and columns of blocks of each level, coarsest first.
    """

    def __init__(self, weights: Weights, width: int, rows: int) -> None:
        self.weights, self.width, self.rows = weights, width, rows
        self.map_shapes = [(-(-rows // side), -(-width // side)) for side in weights.blocks]

    @property
    def count(self) -> int:
        """Number of latents of all levels and blocks. Popping takes BITS bits each at most, on average."""
        maps = zip(self.map_shapes, self.weights.latents, strict=True)
        return sum(down * across * latents for (down, across), latents in maps)

    @property
    def prior(self) -> Prior:
        """Codec of the latents under p(z)."""
        return Prior(self)

    def posterior(self, pixels: np.ndarray) -> Posterior:
        """Codec of the latents under q(z | x); x: the first ``rows`` rows of pixels (height, width, channels) uint8."""
        return Posterior(self, [self.statistics(pixels, level) for level in range(len(self.map_shapes))])

    def modulation(self, symbols: Symbols) -> np.ndarray:
        """Scales and shifts of the likelihood network's hidden units: float32 (blocks, layers * 2 * hidden).

        Blocks are those of the finest level.
        """
        features = self.top_down(lambda level, prior, above: symbols[level])
        return dense(features, *self.weights.layer("latents.modulation"), leaky=False)

    def top_down(self, choose: Choose) -> np.ndarray:
        """Go through the levels, coarsest first; ``choose`` gives the symbols of each.

        Returns the features of the finest level, float32 (blocks, 64).
        """
        features: np.ndarray | None = None
        for level, latents in enumerate(self.weights.latents):
            name = f"latents.levels.{level}."
            above = None if features is None else self._upsample(features, level)
            if above is None:
                down, across = self.map_shapes[level]
                prior = Moments(np.zeros((down * across, latents)), np.ones((down * across, latents)))
            else:
                prior = moments(dense(above, *self.weights.layer(name + "prior"), leaky=False))
            values = bin_values(choose(level, prior, above), prior.mean, prior.deviation, BITS).astype(np.float32)
            features = dense(_beside(values, above), *self.weights.layer(name + "features"), leaky=True)
        if features is None:
            raise ValueError("the weights have no latents")
        return features

    def _upsample(self, features: np.ndarray, level: int) -> np.ndarray:
        """Features of the map above, repeated for each block of this level's map: float32 (blocks, 64)."""
        (down, across), ratio = self.map_shapes[level], self.weights.blocks[level - 1] // self.weights.blocks[level]
        rows, columns = np.arange(down) // ratio, np.arange(across) // ratio
        return np.take(features, (rows[:, None] * self.map_shapes[level - 1][1] + columns).ravel(), axis=0)

    def statistics(self, pixels: np.ndarray, level: int) -> np.ndarray:
        """Mean and standard deviation of the features of each block's 4x4 patches: float32 (blocks, 64).

        pixels: (height, width, channels) uint8, C-contiguous, ``rows`` rows or more; ValueError if they are not.
        """
        if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[0] < self.rows or pixels.shape[1] != self.width:
            raise ValueError("pixels do not have the shape of the band")
        layers = [pointer(a) for name in ("latents.embed", "latents.mix") for a in self.weights.layer(name)]
        (down, across), side = self.map_shapes[level], self.weights.blocks[level]
        out = np.empty((down * across, _STATISTICS), np.float32)
        shape = self.width, self.rows, pixels.shape[2], side
        code = lib.bbc_latents_statistics(*layers, pointer(pixels), *shape, pointer(out))
        if code:
            raise ValueError("the blocks have an impossible side, or the pixels an impossible number of channels")
        return out


class Prior:
    """z ~ p(z): each latent is uniform over its bins. Pushes the finest level first, pops the coarsest first."""

    def __init__(self, latents: Latents) -> None:
        self.latents = latents

    def push(self, message: Message, symbols: Symbols) -> None:
        """Put the symbols of all levels on the message."""
        for level in reversed(symbols):
            message.push_bits(level, BITS)

    def pop(self, message: Message) -> Symbols:
        """Take the symbols of all levels off the message. Raises UnderflowError."""
        shapes = [(down * across, latents) for (down, across), latents in
                  zip(self.latents.map_shapes, self.latents.weights.latents, strict=True)]  # fmt: skip
        return [message.pop_bits(blocks * latents, BITS).reshape(blocks, latents) for blocks, latents in shapes]


class Posterior:
    """z ~ q(z | x): Gaussians over the prior's bins. Pops the coarsest level first, pushes the finest first.

    statistics: of the blocks' pixels, float32 (blocks, 64) for each level.
    """

    def __init__(self, latents: Latents, statistics: list[np.ndarray]) -> None:
        self.latents, self.statistics = latents, statistics

    def pop(self, message: Message) -> Symbols:
        """Take the symbols of all levels off the message. Raises UnderflowError; the message is then spoilt."""
        symbols: Symbols = []

        def choose(level: int, prior: Moments, above: np.ndarray | None) -> np.ndarray:
            symbols.append(self._codec(level, prior, above).pop(message))
            return symbols[-1]

        self.latents.top_down(choose)
        return symbols

    def push(self, message: Message, symbols: Symbols) -> None:
        """Put the symbols of all levels on the message."""
        for codec, level in reversed(list(zip(self._codecs(symbols), symbols, strict=True))):
            codec.push(message, level)

    def intervals(self, symbols: Symbols) -> list[tuple[np.ndarray, np.ndarray]]:
        """Starts and frequencies of each level's symbols, uint32; precision is POSTERIOR_PRECISION."""
        return [codec.intervals(level) for codec, level in zip(self._codecs(symbols), symbols, strict=True)]

    def moments(self, level: int, above: np.ndarray | None) -> Moments:
        """The posterior of a level given the features of the level above for each block (None at the top)."""
        name, layer = f"latents.levels.{level}.", self.latents.weights.layer
        hidden = dense(_beside(self.statistics[level], above), *layer(name + "hidden"), leaky=True)
        return moments(dense(hidden, *layer(name + "posterior"), leaky=False))

    def _codecs(self, symbols: Symbols) -> list[GaussianBins]:
        """The codec of each level, given that its and the others' symbols are these."""
        found: list[GaussianBins] = []

        def choose(level: int, prior: Moments, above: np.ndarray | None) -> np.ndarray:
            found.append(self._codec(level, prior, above))
            return symbols[level]

        self.latents.top_down(choose)
        return found

    def _codec(self, level: int, prior: Moments, above: np.ndarray | None) -> GaussianBins:
        posterior = self.moments(level, above)
        return GaussianBins(prior.mean, prior.deviation, posterior.mean, posterior.deviation, bits=BITS)


def moments(outputs: np.ndarray) -> Moments:
    """A layer's outputs (blocks, 2 * latents) float32, means and then log standard deviations, as Moments."""
    blocks, latents = outputs.shape[0], outputs.shape[1] // 2
    found = Moments(np.empty((blocks, latents)), np.empty((blocks, latents)))
    mean, deviation = pointer(found.mean), pointer(found.deviation)
    lib.bbc_latents_gaussian(blocks, latents, pointer(outputs), *LOG_DEVIATION_RANGE, mean, deviation)
    return found


def dense(inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray, *, leaky: bool) -> np.ndarray:
    """A dense layer, leaky: with a leaky ReLU after it. float32: (m, k), (k, n), (n,) -> (m, n); n % 16 must be 0."""
    (m, k), n = inputs.shape, weight.shape[1]
    out = np.empty((m, n), np.float32)
    arrays = [pointer(np.ascontiguousarray(a)) for a in (inputs, weight, bias)]
    if weight.shape[0] != k or lib.bbc_latents_dense(m, n, k, *arrays, leaky, pointer(out)):
        raise ValueError("a layer does not fit its inputs")
    return out


def _beside(first: np.ndarray, second: np.ndarray | None) -> np.ndarray:
    """The columns of both, or those of the first alone."""
    return first if second is None else np.concatenate([first, second], axis=1)
