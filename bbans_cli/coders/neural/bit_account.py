"""Where the bits of a part's bands went: what `bbc info -v` shows.

A band is decoded with its codecs wrapped: each measures by how much the message shrinks in a pop and grows in a push.
The order of coding is band.decode's alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural.latents import Latents, Posterior, Prior, Symbols
from bbans_cli.container import NEURAL, Container, Part
from bbans_cli.entropy.rans import Message
from bbans_cli.progress import PixelProgress, ShareProgress

PRIOR = "latents_under_prior"
POSTERIOR = "latents_under_posterior"
LATENT_ROWS = "latent_rows"
INITIAL_BITS_ROWS = "initial_bits_rows"
OVERHEAD = "overhead"
KL = "kl_per_sample"

T = TypeVar("T")


def add_bits(details: dict[str, Any], file: Container, threads: int, progress: ShareProgress) -> None:
    """Complete info.details of a file: ``bits`` of every band that the neural coder coded, as in `measure`.

    Decodes them, and takes as long. Raises CorruptError, ModelMismatchError, UnsupportedError.
    """
    coded = [(part, row) for part, row in zip(file.parts, details["parts"], strict=True) if part.coder == NEURAL]
    total, done = file.width * file.height * len(coded), 0

    def count(pixels: int) -> None:
        nonlocal done
        done += pixels
        progress(done / total)

    for part, row in coded:
        found = measure(part, file.width, file.height, part.channels, threads, count)
        for band, bits in zip(row["bands"], found, strict=True):
            band["bits"] = bits


def measure(
    part: Part, width: int, height: int, channels: int, threads: int, progress: PixelProgress | None = None
) -> list[dict[str, float]]:
    """Bits of each band of a part, from the top.

    latents_under_prior: bits of the latents under p(z). latents_under_posterior: bits that come back by popping them
    under q(z | x). latent_rows, initial_bits_rows: bits of the pixels. overhead: what filling whole bytes and the rANS
    state take. The first less the second plus the other three is the payload. kl_per_sample: what the latents cost in
    the end, the first less the second, for each sample of the band. Raises what coder.decode does.
    """
    planes = np.empty((height, width, channels), np.uint8)
    found = []
    for pixels, stored, codec in neural_coder.open_bands(part, planes, threads, progress):
        message = Message.from_bytes(stored.payload)
        meter = _Meter({OVERHEAD: 8 * len(stored.payload) - message.bits})
        bands.decode(message, pixels, _MeteredBand(**vars(codec), meter=meter), stored.split)
        neural_coder.finish_band(part, stored, pixels)
        bits = {
            name: meter.bits.get(name, 0.0) for name in (PRIOR, POSTERIOR, LATENT_ROWS, INITIAL_BITS_ROWS, OVERHEAD)
        }
        bits[POSTERIOR] = -bits[POSTERIOR] + 0.0  # it was pushed back; + 0.0: never -0.0
        found.append({**bits, KL: (bits[PRIOR] - bits[POSTERIOR]) / pixels.size})
    return found


@dataclass
class _Meter:
    """Bits taken off the message so far, by name; what was pushed counts as negative."""

    bits: dict[str, float] = field(default_factory=dict)

    def measure(self, name: str, message: Message, work: Callable[[], T]) -> T:
        """Do some work on the message and count the bits that it takes off."""
        before = message.bits
        result = work()
        self.bits[name] = self.bits.get(name, 0.0) + before - message.bits
        return result


class _MeteredPrior(Prior):
    def __init__(self, latents: Latents, meter: _Meter) -> None:
        super().__init__(latents)
        self.meter = meter

    def pop(self, message: Message) -> Symbols:
        return self.meter.measure(PRIOR, message, lambda: super(_MeteredPrior, self).pop(message))


class _MeteredPosterior(Posterior):
    def __init__(self, posterior: Posterior, meter: _Meter) -> None:
        super().__init__(posterior.latents, posterior.statistics)
        self.meter = meter

    def push(self, message: Message, symbols: Symbols) -> None:
        self.meter.measure(POSTERIOR, message, lambda: super(_MeteredPosterior, self).push(message, symbols))


class _MeteredLatents(Latents):
    def __init__(self, latents: Latents, meter: _Meter) -> None:
        super().__init__(latents.weights, latents.width, latents.rows)
        self.meter = meter

    @property
    def prior(self) -> Prior:
        return _MeteredPrior(self, self.meter)

    def posterior(self, pixels: np.ndarray) -> Posterior:
        return _MeteredPosterior(super().posterior(pixels), self.meter)


@dataclass
class _MeteredRows(bands.RowsCodec):
    name: str
    meter: _Meter

    def pop(self, message: Message, pixels: np.ndarray) -> None:
        self.meter.measure(self.name, message, lambda: super(_MeteredRows, self).pop(message, pixels))


@dataclass
class _MeteredBand(bands.BandCodec):
    """The codecs of a band, measured while they decode."""

    meter: _Meter = field(default_factory=_Meter)

    def latents(self, split: int) -> Latents:
        return _MeteredLatents(super().latents(split), self.meter)

    def latent_rows(self, split: int, modulation: np.ndarray) -> bands.RowsCodec:
        return _MeteredRows(**vars(super().latent_rows(split, modulation)), name=LATENT_ROWS, meter=self.meter)

    def initial_bits_rows(self, split: int) -> bands.RowsCodec:
        return _MeteredRows(**vars(super().initial_bits_rows(split)), name=INITIAL_BITS_ROWS, meter=self.meter)
