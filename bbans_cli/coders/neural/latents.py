"""Latents of a picture's rows: hierarchical Gaussian prior and posterior, coded in bins of equal mass under the prior.

Inference is top-down as in HiLLoC (Townsend et al. 2020): each level's prior and posterior see the features of the
level above, the posterior also statistics of the block's pixels. Latents are bin numbers, uint32 (blocks, latents), one
array per level, coarsest first; "dynamic discretisation": the bins follow the conditional prior, under which they are
equally likely.

All arithmetic is done by the C core; numpy only copies. The weights are those of bbans_cli.model.latents.
"""

from collections.abc import Callable

import numpy as np

from bbans_cli.coders.neural.weights import Weights
from bbans_cli.core import ffi, lib
from bbans_cli.entropy.codecs import GaussianBins, bin_values
from bbans_cli.entropy.rans import Message

BITS = 10  # a latent has 2^BITS bins
_LOG_SCALE_RANGE = (-7.0, 2.0)
_FEATURES = 64

Symbols = list[np.ndarray]


class Latents:
    """The latents of the first ``rows`` rows of a band of the given width."""

    def __init__(self, weights: Weights, width: int, rows: int):
        self.weights, self.width, self.rows = weights, width, rows
        self.grids = [(-(-rows // side), -(-width // side)) for side in weights.blocks]

    @property
    def count(self) -> int:
        """Latents in all levels and blocks: each takes up to BITS bits to pop."""
        return sum(down * across * n for (down, across), n in zip(self.grids, self.weights.latents, strict=True))

    @property
    def prior(self) -> "Prior":
        """Codec of the latents under p(z)."""
        return Prior(self)

    def posterior(self, pixels: np.ndarray) -> "Posterior":
        """Codec of the latents under q(z | x), x the first rows of pixels (height, width, channels) uint8."""
        return Posterior(self, [self._statistics(pixels, level) for level in range(len(self.grids))])

    def modulation(self, symbols: Symbols) -> np.ndarray:
        """What the latents make of the likelihood network: (finest blocks, layers * 2 * hidden) float32."""
        features = self.top_down(lambda level, parameters, above: symbols[level])
        return _dense(features, *self.weights.layer("latents.modulation"), leaky=False)

    def top_down(self, choose: Callable[[int, tuple, np.ndarray | None], np.ndarray]) -> np.ndarray:
        """Walk the levels from the coarsest; ``choose(level, prior parameters, features above)`` gives each level's
        symbols.

        Returns the features of the finest level, (blocks, 64) float32.
        """
        above = None
        for level, latents in enumerate(self.weights.latents):
            name = f"latents.levels.{level}."
            blocks = self.grids[level][0] * self.grids[level][1]
            mean, deviation = np.zeros((blocks, latents)), np.ones((blocks, latents))
            if above is not None:
                above = self._spread(above, level)
                mean, deviation = _gaussian(_dense(above, *self.weights.layer(name + "prior"), leaky=False))
            symbols = choose(level, (mean, deviation), above)
            inputs = _join(bin_values(symbols, mean, deviation, BITS).astype(np.float32), above)
            above = _dense(inputs, *self.weights.layer(name + "features"), leaky=True)
        return above

    def _spread(self, features: np.ndarray, level: int) -> np.ndarray:
        """Features of the level above, one row for each block of this level that lies in its block."""
        (down, across), ratio = self.grids[level], self.weights.blocks[level - 1] // self.weights.blocks[level]
        rows, columns = np.arange(down) // ratio, np.arange(across) // ratio
        return features[(rows[:, None] * self.grids[level - 1][1] + columns).ravel()]

    def _statistics(self, pixels: np.ndarray, level: int) -> np.ndarray:
        layers = [_floats(a) for name in ("latents.embed", "latents.mix") for a in self.weights.layer(name)]
        (down, across), side = self.grids[level], self.weights.blocks[level]
        out = np.empty((down * across, _FEATURES), np.float32)
        data = ffi.cast("uint8_t *", pixels.ctypes.data)
        code = lib.bbc_latents_statistics(*layers, data, self.width, self.rows, pixels.shape[2], side, _floats(out))
        if code:
            raise ValueError("the blocks or pixels have an impossible shape")
        return out


class Prior:
    """z ~ p(z): each latent is uniform over its bins. Pushes the finest level first, pops the coarsest first."""

    def __init__(self, latents: Latents):
        self.latents = latents

    def push(self, message: Message, symbols: Symbols) -> None:
        for level in reversed(symbols):
            message.push_bits(level, BITS)

    def pop(self, message: Message) -> Symbols:
        blocks = [down * across for down, across in self.latents.grids]
        return [
            message.pop_bits(n * count, BITS).reshape(n, count)
            for n, count in zip(blocks, self.latents.weights.latents, strict=True)
        ]


class Posterior:
    """z ~ q(z | x): Gaussians over the prior's bins. Pops the coarsest level first, pushes the finest first."""

    def __init__(self, latents: Latents, statistics: list[np.ndarray]):
        self.latents, self.statistics = latents, statistics

    def pop(self, message: Message) -> Symbols:
        symbols: Symbols = []

        def choose(level: int, prior: tuple, above: np.ndarray | None) -> np.ndarray:
            symbols.append(self._codec(level, prior, above).pop(message))
            return symbols[-1]

        self.latents.top_down(choose)
        return symbols

    def push(self, message: Message, symbols: Symbols) -> None:
        for codec, level in reversed(list(zip(self._codecs(symbols), symbols, strict=True))):
            codec.push(message, level)

    def intervals(self, symbols: Symbols) -> list[tuple[np.ndarray, np.ndarray]]:
        """Starts and freqs of known latents, level by level; precision is POSTERIOR_PRECISION."""
        return [codec.intervals(level) for codec, level in zip(self._codecs(symbols), symbols, strict=True)]

    def _codecs(self, symbols: Symbols) -> list[GaussianBins]:
        found = []

        def choose(level: int, prior: tuple, above: np.ndarray | None) -> np.ndarray:
            found.append(self._codec(level, prior, above))
            return symbols[level]

        self.latents.top_down(choose)
        return found

    def _codec(self, level: int, prior: tuple, above: np.ndarray | None) -> GaussianBins:
        return GaussianBins(*self._parameters(level, prior, above), bits=BITS)

    def _parameters(self, level: int, prior: tuple, above: np.ndarray | None) -> tuple:
        """Prior mean and deviation, posterior mean and deviation, each float64 (blocks, latents)."""
        name = f"latents.levels.{level}."
        layer = self.latents.weights.layer
        hidden = _dense(_join(self.statistics[level], above), *layer(name + "hidden"), leaky=True)
        return *prior, *_gaussian(_dense(hidden, *layer(name + "posterior"), leaky=False))


def _gaussian(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and deviations, float64, from means and log deviations side by side."""
    m, n = outputs.shape[0], outputs.shape[1] // 2
    mean, deviation = np.empty((m, n)), np.empty((m, n))
    lib.bbc_latents_gaussian(m, n, _floats(outputs), *_LOG_SCALE_RANGE, _doubles(mean), _doubles(deviation))
    return mean, deviation


def _dense(inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray, leaky: bool) -> np.ndarray:
    (m, k), n = inputs.shape, weight.shape[1]
    out = np.empty((m, n), np.float32)
    arrays = [_floats(np.ascontiguousarray(a)) for a in (inputs, weight, bias)]
    if weight.shape[0] != k or lib.bbc_latents_dense(m, n, k, *arrays, leaky, _floats(out)):
        raise ValueError("a layer does not fit its inputs")
    return out


def _join(first: np.ndarray, second: np.ndarray | None) -> np.ndarray:
    return first if second is None else np.concatenate([first, second], axis=1)


def _floats(array: np.ndarray):
    return ffi.from_buffer("float[]", array)


def _doubles(array: np.ndarray):
    return ffi.from_buffer("double[]", array)
