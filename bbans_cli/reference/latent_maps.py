"""The latents of a band: popped under the prior, pushed under the posterior; docs/format.md, *Latents*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bbans_cli.coders.neural.weights import Weights
from bbans_cli.reference import arithmetic, distributions
from bbans_cli.reference.latents import dense, gaussian, statistics
from bbans_cli.reference.rans import ReferenceMessage

Array = np.ndarray
Moments = tuple[Array, Array]  # means and standard deviations, float64 (blocks, latents)

BITS, POSTERIOR_PRECISION = 10, 28
LOG_DEVIATIONS = (-7.0, 2.0)

# (level, prior, features of the level above for each block, None at the top) -> nothing
Visit = Callable[[int, Moments, Array | None], None]


class LatentMaps:
    """The latents of the first `rows` rows of a band of `width` pixels: symbols (blocks, latents) of each level."""

    def __init__(self, weights: Weights, width: int, rows: int) -> None:
        self.weights, self.rows = weights, rows
        self.shapes = [(-(-rows // side), -(-width // side)) for side in weights.blocks]
        self.symbols: list[Array] = []

    def pop(self, message: ReferenceMessage) -> None:
        """Take the symbols off the message, coarsest level first: under the prior all are equally probable."""
        for (down, across), latents in zip(self.shapes, self.weights.latents, strict=True):
            symbols = message.pop_bits(down * across * latents, BITS)
            self.symbols.append(symbols.astype(np.int64).reshape(-1, latents))

    def modulation(self) -> Array:
        """Of the finest level's blocks: float32 (blocks, layers * 2 * hidden)."""
        return dense(self._go_through(lambda level, prior, above: None), *self._layer("modulation"), False)

    def push(self, message: ReferenceMessage, pixels: Array) -> None:
        """Put the symbols on the message under the posterior, the last one first. pixels (h, w, c) uint8."""
        starts: list[Array] = []
        freqs: list[Array] = []

        def visit(level: int, prior: Moments, above: Array | None) -> None:
            pairs = self._intervals(level, prior, self._posterior(level, above, pixels))
            starts.append(pairs[:, 0])
            freqs.append(pairs[:, 1] - pairs[:, 0])

        self._go_through(visit)
        for start, freq in reversed(list(zip(starts, freqs, strict=True))):
            message.push(start, freq, POSTERIOR_PRECISION)

    def _go_through(self, visit: Visit) -> Array:
        """Visit the levels, coarsest first; returns the features of the finest one, float32 (blocks, 64)."""
        features: Array | None = None
        for level, (latents, symbols) in enumerate(zip(self.weights.latents, self.symbols, strict=True)):
            above = None if features is None else self._upsample(features, level)
            if above is None:
                prior = np.zeros((len(symbols), latents)), np.ones((len(symbols), latents))
            else:
                prior = gaussian(dense(above, *self._layer(f"levels.{level}.prior"), False), *LOG_DEVIATIONS)
            visit(level, prior, above)
            mean, deviation = prior
            median = mean + deviation * arithmetic.normal_quantile64((symbols + 0.5) / (1 << BITS))
            features = dense(_beside(median.astype(np.float32), above), *self._layer(f"levels.{level}.features"), True)
        assert features is not None
        return features

    def _posterior(self, level: int, above: Array | None, pixels: Array) -> Moments:
        embed, mix, side = self._layer("embed"), self._layer("mix"), self.weights.blocks[level]
        seen = _beside(statistics(embed, mix, pixels, self.rows, side), above)
        hidden = dense(seen, *self._layer(f"levels.{level}.hidden"), True)
        return gaussian(dense(hidden, *self._layer(f"levels.{level}.posterior"), False), *LOG_DEVIATIONS)

    def _intervals(self, level: int, prior: Moments, posterior: Moments) -> Array:
        """cum of each symbol and of the next one: (symbols, 2)."""
        found = []
        numbers = zip(*(each.ravel() for each in (*prior, *posterior)), self.symbols[level].ravel(), strict=True)
        for m, d, mu, sigma, symbol in numbers:
            cum = distributions.bins(m, d, mu, sigma, BITS, POSTERIOR_PRECISION)
            found.append(cum[symbol : symbol + 2].astype(np.int64))
        return np.array(found)

    def _upsample(self, features: Array, level: int) -> Array:
        """Features of the level above, repeated for each block of this one."""
        (down, across), ratio = self.shapes[level], self.weights.blocks[level - 1] // self.weights.blocks[level]
        rows, columns = np.arange(down) // ratio, np.arange(across) // ratio
        chosen: Array = features[(rows[:, None] * self.shapes[level - 1][1] + columns).ravel()]
        return chosen

    def _layer(self, name: str) -> tuple[Array, Array]:
        return self.weights.layer("latents." + name)


def _beside(first: Array, second: Array | None) -> Array:
    return first if second is None else np.concatenate([first, second], axis=1)
