"""Where the bits of a part's bands went: what `bbc info -v` and `bbc info --map` show.

A band is decoded with its codecs wrapped: each measures by how much the message shrinks in a pop and grows in a push.
The order of coding is band.decode's alone. Code lengths of single samples and blocks are those of their intervals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypedDict, TypeVar

import numpy as np

from bbans_cli.coders import block_areas
from bbans_cli.coders.coding_order import in_place
from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.coders.neural.band_scan import PRECISION, BandScan
from bbans_cli.coders.neural.latents import BITS, Latents, Posterior, Prior, Symbols
from bbans_cli.coders.neural.neighbourhood import SKEW
from bbans_cli.container import NEURAL, Container, Part, Region
from bbans_cli.entropy.codecs.bitsback import POSTERIOR_PRECISION
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


@dataclass
class LatentMapBits:
    """Bits of the latents of one level in all bands.

    block      side of its blocks, in pixels
    prior      under p(z)
    posterior  that came back under q(z | x)
    """

    block: int
    prior: float = 0.0
    posterior: float = 0.0


@dataclass
class PartBits:
    """Bits of a part, by sample.

    samples      float32 (height, width, channels)
    latents      float32 (height, width): what the latents cost in the end; a block's are shared out among its pixels
    latent_maps  of each level that was used, coarsest first
    """

    samples: np.ndarray
    latents: np.ndarray
    latent_maps: dict[int, LatentMapBits] = field(default_factory=dict)


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
    return _decode(part, neural_coder.empty_planes(part, width, height, channels), threads, progress, None)


def by_sample(
    part: Part, width: int, height: int, threads: int, progress: PixelProgress = no_progress
) -> tuple[np.ndarray, PartBits]:
    """What coder.decode gives, and the bits of each sample. Raises what coder.decode does."""
    planes = neural_coder.empty_planes(part, width, height, part.channels)
    bits = PartBits(np.zeros(planes.shape, np.float32), np.zeros(planes.shape[:2], np.float32))
    _decode(part, planes, threads, progress, bits)
    return planes, bits


def _decode(
    part: Part, planes: np.ndarray, threads: int, progress: PixelProgress, bits: PartBits | None
) -> list[BandBits]:
    found = []
    for number, (pixels, stored, codec) in enumerate(neural_coder.open_bands(part, planes, threads, progress)):
        meter: _Meter = defaultdict(float)
        rows = slice(number * part.band_rows, (number + 1) * part.band_rows)
        of_band = None if bits is None else PartBits(bits.samples[rows], bits.latents[rows], bits.latent_maps)
        with neural_coder.damage_named(number):
            message = Message.from_bytes(stored.payload)
            overhead = 8 * len(stored.payload) - message.bits
            bands.decode(message, pixels, _MeteredBand(**vars(codec), meter=meter, bits=of_band), stored.split)
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
    def __init__(self, posterior: Posterior, meter: _Meter, bits: PartBits | None) -> None:
        super().__init__(posterior.latents, posterior.statistics)
        self.meter, self.bits = meter, bits

    def push(self, message: Message, symbols: Symbols) -> None:
        _metered(self.meter, "posterior", message, lambda: super(_MeteredPosterior, self).push(message, symbols))
        if self.bits is not None:
            self._share_out(self.bits, symbols)

    def _share_out(self, bits: PartBits, symbols: Symbols) -> None:
        """What the latents of each block cost, to the block's pixels."""
        rows, width = self.latents.rows, self.latents.width
        for level, (_, freqs) in enumerate(self.intervals(symbols)):
            side, shape = self.latents.weights.blocks[level], self.latents.map_shapes[level]
            posterior = (POSTERIOR_PRECISION - np.log2(freqs)).reshape(len(symbols[level]), -1).sum(axis=1)
            prior = float(BITS * symbols[level].shape[1])
            total = bits.latent_maps.setdefault(level, LatentMapBits(side))
            total.prior += prior * len(posterior)
            total.posterior += float(posterior.sum())
            bits.latents[:rows] += block_areas.spread((prior - posterior).reshape(shape), rows, width, side, side)


class _MeteredLatents(Latents):
    def __init__(self, latents: Latents, meter: _Meter, bits: PartBits | None) -> None:
        super().__init__(latents.weights, latents.width, latents.rows)
        self.meter, self.bits = meter, bits

    @property
    def prior(self) -> Prior:
        return _MeteredPrior(self, self.meter)

    def posterior(self, pixels: np.ndarray) -> Posterior:
        return _MeteredPosterior(super().posterior(pixels), self.meter, self.bits)


@dataclass
class _MeteredRows(bands.RowsCodec):
    meter: _Meter
    what: str
    bits: PartBits | None

    def pop(self, message: Message, pixels: np.ndarray) -> None:
        _metered(self.meter, self.what, message, lambda: self._pop(message, pixels))

    def _pop(self, message: Message, pixels: np.ndarray) -> None:
        if self.bits is None:
            return super().pop(message, pixels)
        scan = BandScan(self.shape, self.network, self.modulation, pixels)
        freqs = np.empty(scan.pixels * self.shape.symbols, np.uint32)
        scan.pop(message, self.threads, self.progress, freqs)
        lengths = (PRECISION - np.log2(freqs)).astype(np.float32)
        first, last, channels = self.shape.first_row, self.shape.last_row, self.shape.channels
        self.bits.samples[first:last] = in_place(lengths, channels, self.shape.width, last - first, SKEW)


@dataclass
class _MeteredBand(bands.BandCodec):
    """The codecs of a band, measured while they decode."""

    meter: _Meter = field(default_factory=lambda: defaultdict(float))
    bits: PartBits | None = None

    def latents(self, split: int) -> Latents:
        return _MeteredLatents(super().latents(split), self.meter, self.bits)

    def latent_rows(self, split: int, modulation: np.ndarray) -> bands.RowsCodec:
        return self._metered(super().latent_rows(split, modulation), "latent rows")

    def initial_bits_rows(self, split: int) -> bands.RowsCodec:
        return self._metered(super().initial_bits_rows(split), "initial-bits rows")

    def _metered(self, codec: bands.RowsCodec, what: str) -> bands.RowsCodec:
        return _MeteredRows(**vars(codec), meter=self.meter, what=what, bits=self.bits)
