"""One band of a picture as one message: bits back with autoregressive initial bits.

The rows of a band are a head, coded given latents, and a tail below it, coded without: the tail's bits are on the
message already when the posterior of the head's latents is popped from it, so that no bit is wasted (docs/format.md,
section bands).
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from bbans_cli.coders.neural.band_scan import PRECISION, Pass, Shape
from bbans_cli.coders.neural.latents import Latents, Symbols
from bbans_cli.coders.neural.neighbourhood import PERIOD
from bbans_cli.coders.neural.weights import Weights
from bbans_cli.entropy.native import UnderflowError
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError

Progress = Callable[[int], None]

# Bits that a tail should have for each latent; with how many it is worth a try; and how many rows are tried at once if
# the last says so, which may be plainer than others.
ENOUGH, AT_LEAST, AT_ONCE = 11.0, 5.0, 4


def encode(pixels: np.ndarray, band: "Band", latents: bool = True) -> tuple[Message, int]:
    """A band's pixels (h, w, c) uint8 -> a message, and its split: nearly as many rows as leave a tail whose bits pay
    for the latents' pop. It is 0 if no tail does, or without latents."""
    found = _tail(pixels, band) if latents else None
    if not found:
        message = Message()
        band.tail(0).push(message, pixels)
        return message, 0
    message, z, split = found
    codecs = band.latents(split)
    band.progress((band.height - split) * band.width)
    band.head(split, codecs.modulation(z)).push(message, pixels)
    codecs.prior.push(message, z)
    return message, split


def _tail(pixels: np.ndarray, band: "Band") -> tuple[Message, Symbols, int] | None:
    """A band's tail on a message, the head's latents that were popped from it, and the split; None if no tail will do.

    The last row says how many rows that takes. If they turn out too few, more are tried, and fewer if bits of a row or
    more are left: a row of the tail costs more than one of the head.
    """
    quiet, found = replace(band, progress=lambda pixels: None), None
    rows = least = 1
    while rows < band.height:
        split, message = band.height - rows, Message()
        quiet.tail(split).push(message, pixels)
        have, codecs = max(message.bits, 1.0), band.latents(split)
        z = None
        if have >= AT_LEAST * codecs.count:
            with contextlib.suppress(UnderflowError):
                z = codecs.posterior(pixels).pop(message)
        if z is None:
            if found:
                break
            least = rows + 1
            rows = max(least, min(max(2 * rows, AT_ONCE), int(rows * ENOUGH * codecs.count / have)))
            continue
        found = message, z, split
        fewer = max(least, rows - int(rows * message.bits / have))
        if fewer == rows:
            break
        rows = fewer
    return found


def pop(message: Message, pixels: np.ndarray, band: "Band", split: int) -> None:
    """Take a band off into ``pixels``; the message must be empty then. Raises CorruptError."""
    latents = band.latents(split)
    if split:
        z = latents.prior.pop(message)
        band.head(split, latents.modulation(z)).pop(message, pixels)
        posterior = latents.posterior(pixels)
        posterior.push(message, z)
    band.tail(split).pop(message, pixels)
    if not message.empty:
        raise CorruptError("corrupt: bits are left over after the last pixel")


@dataclass
class Rows:
    """Codec of rows first..last of a band under the likelihood network; a pixel sees those above and to its left."""

    shape: Shape
    network: np.ndarray
    modulation: np.ndarray | None
    threads: int
    progress: Progress

    def push(self, message: Message, pixels: np.ndarray) -> None:
        intervals = Pass(self.shape, self.network, self.modulation, pixels).intervals(self.threads, self.progress)
        message.push(*intervals, PRECISION)

    def pop(self, message: Message, pixels: np.ndarray) -> None:
        Pass(self.shape, self.network, self.modulation, pixels).pop(message, self.threads, self.progress)


@dataclass
class Band:
    """The codecs that a band is made of. run: pixels of a step of learning, 0 for none; it comes after one
    of ``every`` such runs, at learning rate ``rate``. grid: column and row of the first pixel
    in a grid of 16, or -1, -1."""

    weights: Weights
    height: int
    width: int
    channels: int
    run: int = 0
    rate: float = 0.0
    every: int = 1
    grid: tuple[int, int] = (-1, -1)
    threads: int = 1
    progress: Progress = field(default=lambda pixels: None)

    def latents(self, split: int) -> Latents:
        return Latents(self.weights, self.width, split)

    def head(self, split: int, modulation: np.ndarray) -> Rows:
        return self._rows(0, split, modulation)

    def tail(self, split: int) -> Rows:
        return self._rows(split, self.height, None)

    def _rows(self, first: int, last: int, modulation: np.ndarray | None) -> Rows:
        w, period = self.weights, PERIOD if self.grid[0] >= 0 else 1
        shape = Shape(self.width, self.height, self.channels, first, last, w.hidden, w.layers, w.head,
                      w.blocks[-1], self.run, self.rate, self.every, *self.grid, period)  # fmt: skip
        return Rows(shape, w.network, modulation, self.threads, self.progress)
