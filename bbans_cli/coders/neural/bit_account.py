"""Where the bits of a part's bands went: what `bbc info -v` shows.

A band is decoded with its codecs wrapped: each measures by how much the message shrinks in a pop and grows in a push.
The order of coding is band.decode's alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypedDict, TypeVar

import numpy as np

from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural.latents import Latents, Posterior, Prior, Symbols
from bbans_cli.container import NEURAL, Container, Part, Region
from bbans_cli.entropy.rans import Message
from bbans_cli.progress import PixelProgress, ShareProgress, no_progress

T = TypeVar("T")


class BandBits(TypedDict):
    """Bits of a band. The first less the second plus the next three is the payload."""

    latents_under_prior: float  # of the latents under p(z)
    latents_under_posterior: float  # that came back by popping the latents under q(z | x)
    latent_rows: float  # of these rows' pixels
    initial_bits_rows: float  # of these rows' pixels
    overhead: float  # of filling whole bytes, and of the rANS state
    kl_per_sample: float  # what the latents cost in the end, the first less the second, for each sample of the band


def of_file(file: Container, threads: int, progress: ShareProgress) -> list[list[BandBits]]:
    """For each part of a file the bits of its bands, from the top; none for parts of other coders.

    Decodes the parts, and takes as long. Raises CorruptError, ModelMismatchError, UnsupportedError.
    """
    whole = Region(0, 0, file.width, file.height)
    areas = [part.region or whole for part in file.parts if part.coder == NEURAL]
    total = sum(area.width * area.height for area in areas)
    done = 0

    def count(pixels: int) -> None:
        nonlocal done
        done += pixels
        progress(done / total)

    def bits(part: Part) -> list[BandBits]:
        area = part.region or whole
        return of_part(part, area.width, area.height, part.channels, threads, count) if part.coder == NEURAL else []

    return [bits(part) for part in file.parts]


def of_part(
    part: Part, width: int, height: int, channels: int, threads: int, progress: PixelProgress = no_progress
) -> list[BandBits]:
    """Bits of the bands of a part, from the top. Raises what coder.decode does."""
    planes = np.empty((height, width, channels), np.uint8)
    found = []
    for number, (pixels, stored, codec) in enumerate(neural_coder.open_bands(part, planes, threads, progress)):
        meter: _Meter = defaultdict(float)
        with neural_coder.damage_named(number):
            message = Message.from_bytes(stored.payload)
            overhead = 8 * len(stored.payload) - message.bits
            bands.decode(message, pixels, _MeteredBand(**vars(codec), meter=meter), stored.split)
        neural_coder.finish_band(part, stored, pixels)
        found.append(
            BandBits(
                latents_under_prior=meter["prior"],
                latents_under_posterior=0.0 - meter["posterior"],  # not -0.0 where there are no latents
                latent_rows=meter["latent rows"],
                initial_bits_rows=meter["initial-bits rows"],
                overhead=overhead,
                kl_per_sample=(meter["prior"] + meter["posterior"]) / pixels.size,
            )
        )
    return found


# Bits that decoding took off the message, by what they coded: "prior", "posterior" (negative: they are put back),
# "latent rows", "initial-bits rows".
_Meter = defaultdict[str, float]


def _metered(meter: _Meter, what: str, message: Message, work: Callable[[], T]) -> T:
    """Do some work on a message, and count the bits by which the message shrinks."""
    before = message.bits
    result = work()
    meter[what] += before - message.bits
    return result


class _MeteredPrior(Prior):
    def __init__(self, latents: Latents, meter: _Meter) -> None:
        super().__init__(latents)
        self.meter = meter

    def pop(self, message: Message) -> Symbols:
        return _metered(self.meter, "prior", message, lambda: super(_MeteredPrior, self).pop(message))


class _MeteredPosterior(Posterior):
    def __init__(self, posterior: Posterior, meter: _Meter) -> None:
        super().__init__(posterior.latents, posterior.statistics)
        self.meter = meter

    def push(self, message: Message, symbols: Symbols) -> None:
        _metered(self.meter, "posterior", message, lambda: super(_MeteredPosterior, self).push(message, symbols))


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
    meter: _Meter
    what: str

    def pop(self, message: Message, pixels: np.ndarray) -> None:
        _metered(self.meter, self.what, message, lambda: super(_MeteredRows, self).pop(message, pixels))


@dataclass
class _MeteredBand(bands.BandCodec):
    """The codecs of a band, measured while they decode."""

    meter: _Meter = field(default_factory=lambda: defaultdict(float))

    def latents(self, split: int) -> Latents:
        return _MeteredLatents(super().latents(split), self.meter)

    def latent_rows(self, split: int, modulation: np.ndarray) -> bands.RowsCodec:
        return _MeteredRows(**vars(super().latent_rows(split, modulation)), meter=self.meter, what="latent rows")

    def initial_bits_rows(self, split: int) -> bands.RowsCodec:
        return _MeteredRows(**vars(super().initial_bits_rows(split)), meter=self.meter, what="initial-bits rows")
