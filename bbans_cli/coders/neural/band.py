"""A band of a picture as one message: bits-back coding with autoregressive initial bits.

The first ``split`` rows of a band are its *latent rows*: the likelihood network codes them given latents z. The rows
below are its *initial-bits rows*: they are coded first and without latents, so that the message holds bits already when
z is popped from it under the posterior, and bits-back coding wastes none (Ryder, Zhang, Kang, Zhang: *Split
hierarchical variational compression*, CVPR 2022). docs/model.md draws it, docs/format.md defines it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bbans_cli.coders.neural.band_scan import PRECISION, BandScan
from bbans_cli.coders.neural.latents import Latents, Symbols
from bbans_cli.coders.neural.neighbourhood import period
from bbans_cli.coders.neural.row_sizes import RowSizes
from bbans_cli.coders.neural.scan_shape import CORRECTED, ScanShape, trunk_after
from bbans_cli.coders.neural.weights import Weights
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import CorruptError, UnderflowError
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.scheduler import ThreadCount

# The search for the number of initial-bits rows (docs/experiments.md, section "Initial-bits rows").
WANTED_BITS = 11.0  # bits that the rows should hold for each latent: popping takes at most 10 (BITS) on average
MIN_BITS = 5.0  # bits for each latent below which popping the latents is not tried
MOST_GROWTH = 4  # an attempt has at most so many times the rows of the one before it
WORTH = 0.75  # rows are given back where no more than this share of them stays


def encode(pixels: np.ndarray, band: BandCodec, latents: bool = True) -> tuple[Message, int]:
    """Code a band's pixels (height, width, channels), uint8 or deep. Returns the message and the split.

    The split is one of the largest whose initial-bits rows hold enough bits to pop the latents from. It is 0 if there
    is none, or if ``latents`` is False.
    """
    found = _initial_bits(pixels, band) if latents else None
    if found is None:
        message = Message()
        band.initial_bits_rows(0).push(message, pixels)
        return message, 0
    message, symbols, split = found
    codecs = band.latents(split)
    band.progress((band.height - split) * band.width)
    band.latent_rows(split, codecs.modulation(symbols)).push(message, pixels)
    codecs.prior.push(message, symbols)
    return message, split


class InitialBits(NamedTuple):
    """A message that holds the initial-bits rows, the latents that were popped from it then, and the split."""

    message: Message
    symbols: Symbols
    split: int


def _initial_bits(pixels: np.ndarray, band: BandCodec) -> InitialBits | None:
    """Code initial-bits rows that the latents of the rows above can be popped from, not many more than that takes.

    None if no number will do, or more than half of the rows. The sizes of residuals say how many rows to try. Where
    those are too few, more are tried, by their bits. Where many bits were left over, rows are given back to the latent
    rows, where a row costs less.
    """
    # Attempts code the same rows again and again: progress counts them once, when the number of rows is settled.
    quiet, found = replace(band, progress=no_progress), None
    sizes, most = RowSizes(high_bits(pixels, band.low_bits)), band.height // 2
    least = 1
    rows = sizes.rows_of_bits(WANTED_BITS * band.latents(band.height).count) if most else 1
    while rows <= most:
        split, message = band.height - rows, Message()
        quiet.initial_bits_rows(split).push(message, pixels)
        have, codecs = max(message.bits, 1.0), band.latents(split)
        symbols = None
        if have >= MIN_BITS * codecs.count:
            with contextlib.suppress(UnderflowError):
                symbols = codecs.posterior(high_bits(pixels, band.low_bits)).pop(message)
        if symbols is None:
            if found:
                break
            least = rows + 1
            wanted = sizes.rows(sizes.of(rows) * WANTED_BITS * codecs.count / have)
            rows = max(least, min(MOST_GROWTH * rows, wanted))
            continue
        found = InitialBits(message, symbols, split)
        fewer = max(least, sizes.rows(sizes.of(rows) * (1 - message.bits / have)))
        if fewer > WORTH * rows:
            break
        rows = fewer
    return found


def decode(message: Message, pixels: np.ndarray, band: BandCodec, split: int) -> None:
    """Decode a message into ``pixels`` (height, width, channels). Raises CorruptError, also if bits are left."""
    latents = band.latents(split)
    if split:
        symbols = latents.prior.pop(message)
        band.latent_rows(split, latents.modulation(symbols)).pop(message, pixels)
        latents.posterior(high_bits(pixels, band.low_bits)).push(message, symbols)
    band.initial_bits_rows(split).pop(message, pixels)
    if not message.empty:
        raise CorruptError("corrupt: bits are left over after the last pixel")


def high_bits(pixels: np.ndarray, low_bits: int) -> np.ndarray:
    """The high 8 bits of samples, which the latents are inferred from, uint8."""
    return (pixels >> low_bits).astype(np.uint8) if low_bits else pixels


@dataclass
class RowsCodec:
    """Codec of the rows of ``shape`` under the likelihood network; ``pixels`` are always those of the whole band.

    network: flat float32 weights, as they are before the first update. modulation: float32 (blocks, layers * 2 *
    hidden), or None without latents.
    """

    shape: ScanShape
    network: np.ndarray
    modulation: np.ndarray | None
    threads: ThreadCount
    progress: PixelProgress

    def push(self, message: Message, pixels: np.ndarray) -> None:
        """Put the rows on the message."""
        intervals = BandScan(self.shape, self.network, self.modulation, pixels).intervals(self.threads, self.progress)
        message.push(*intervals, PRECISION)

    def code_length(self, pixels: np.ndarray) -> float:
        """Bits that the rows take."""
        freqs = BandScan(self.shape, self.network, self.modulation, pixels).intervals(self.threads, self.progress)[1]
        return float(len(freqs) * PRECISION - np.log2(freqs).sum())

    def pop(self, message: Message, pixels: np.ndarray) -> None:
        """Take the rows off the message into ``pixels``; rows above them must be there. Raises CorruptError."""
        BandScan(self.shape, self.network, self.modulation, pixels).pop(message, self.threads, self.progress)


@dataclass
class BandCodec:
    """The codecs that a band of pixels (height, width, channels) is coded with.

    batch: pixels of a mini-batch, 0 if the network does not learn; update_interval: one of so many groups of 32 pixels
    of a mini-batch is learned from. grid: column and row of the band's first pixel in the 16-pixel period of a JPEG
    file's grid, (-1, -1) without a grid. mosaic: whether statistics depend on positions modulo 2; light: the
    curve of their least squares' linear light, 0 for samples as they are.
    low_bits, fraction: of deep samples, as ScanShape has them. threads change no bit.
    """

    weights: Weights
    height: int
    width: int
    channels: int
    batch: int = 0
    learning_rate: float = 0.0
    update_interval: int = 1
    grid: tuple[int, int] = (-1, -1)
    mosaic: bool = False
    light: int = 0
    low_bits: int = 0
    fraction: int = 0
    threads: ThreadCount = 1
    progress: PixelProgress = no_progress

    def latents(self, split: int) -> Latents:
        """The latents of the first ``split`` rows, with the codecs of their prior and posterior."""
        return Latents(self.weights, self.width, split)

    def latent_rows(self, split: int, modulation: np.ndarray) -> RowsCodec:
        """Codec of the rows above ``split``, given the modulation that their latents determine."""
        return self._rows(0, split, modulation)

    def initial_bits_rows(self, split: int) -> RowsCodec:
        """Codec of the rows from ``split`` on. It starts from the shipped weights: a decoder pops these rows last, but
        the encoder codes them first, so that the latent rows cannot have taught the network anything."""
        return self._rows(split, self.height, None)

    def _rows(self, first_row: int, last_row: int, modulation: np.ndarray | None) -> RowsCodec:
        shape = ScanShape(
            width=self.width,
            height=self.height,
            channels=self.channels,
            first_row=first_row,
            last_row=last_row,
            hidden=self.weights.hidden,
            layers=self.weights.layers,
            head=self.weights.head,
            block=self.weights.blocks[-1],
            batch=self.batch,
            learning_rate=self.learning_rate,
            update_interval=self.update_interval,
            trunk_after=trunk_after(self.low_bits),
            grid_x=self.grid[0],
            grid_y=self.grid[1],
            period=period(self.grid, self.mosaic),
            light=self.light,
            low_bits=self.low_bits,
            fraction=self.fraction,
            correction=int(self.height * self.width >= CORRECTED),
        )
        return RowsCodec(shape, self.weights.network, modulation, self.threads, self.progress)
