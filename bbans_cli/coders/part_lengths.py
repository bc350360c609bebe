"""Where the bits of each part of a picture went, measured while it is decoded.

What one of this package's coders took is measured where its bits are decided: of the neural and the fitted coder for
each sample, of deep for each sample, of few-colours for each pixel, of coefficients for each 8x8 block. What a foreign
coder took (WebP, raw) is one value for the whole part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bbans_cli.coders import block_areas, context_mixing
from bbans_cli.coders.registry import CODERS, Coder, DecodeRequest
from bbans_cli.container import CODER_NAMES, DEEP, FEW_COLOURS, FITTED, JPEG, NEURAL, Container, Region
from bbans_cli.pictures.picture import CHANNEL_NAMES

PIXEL, BLOCK, PART = "pixel", "block", "part"  # units
_YCBCR = ("Y", "Cb", "Cr")
# Names of channels by their numbers in the part, until `_with_names` has those of the picture.
_NUMBERS = ("0", "1", "2", "3")
_SIDE = 8  # of a block of coefficients


@dataclass(frozen=True)
class LatentMap:
    """Bits of all latents of one level.

    block      side of its blocks in pixels
    prior      what they take under p(z)
    posterior  what bits-back coding gives back, under q(z | x)
    """

    block: int
    prior: float
    posterior: float

    @property
    def net(self) -> float:
        """What they cost in the end."""
        return self.prior - self.posterior


@dataclass(frozen=True)
class PartLengths:
    """Where the bits of one part went.

    coder       as container.CODER_NAMES has it
    size        bytes of its payload
    unit        what has a value of its own: "pixel", "block" (8x8 samples of a component) or "part" (the whole part)
    channels    bits by name of the channel; one name for several ("red+green+blue") where a decision codes them at once
    latents     of the neural coder, coarsest level first
    bits        float32 (height, width) of the picture or of `region`, in bits: each pixel's samples and its share
                of the latents; with "block" and "part" each pixel's share of these. None where the part has no pixels
    other       bits of the payload that belong to no pixel: filling up the last byte, sizes of segments
    region      None: the whole picture
    """

    coder: str
    size: int
    unit: str
    channels: Mapping[str, float] = field(default_factory=dict)
    latents: tuple[LatentMap, ...] = ()
    bits: np.ndarray | None = None
    other: float = 0.0
    region: Region | None = None


def totals(part: PartLengths) -> dict[str, object]:
    """As JSON has them, in bits."""
    return {
        "coder": part.coder,
        "bits": 8 * part.size,
        "unit": part.unit,
        "channels": {name: round(bits, 3) for name, bits in part.channels.items()},
        "latents": [
            {
                "block": level.block,
                "under_prior": round(level.prior, 3),
                "under_posterior": round(level.posterior, 3),
                "net": round(level.net, 3),
            }
            for level in part.latents
        ],
        "other_bits": round(part.other, 3),
    }


_Measured = tuple[np.ndarray, PartLengths]


class Recorder:
    """Coders that note the code lengths of each part of a picture as they decode it."""

    def __init__(self, content: Container) -> None:
        self.content = content
        self.parts: list[PartLengths] = []

    def coders(self) -> dict[int, Coder]:
        """A table to decode by."""
        measure = {NEURAL: _neural, FITTED: _fitted, FEW_COLOURS: _few_colours, DEEP: _deep, JPEG: _jpeg}
        return {
            number: replace(coder, decode=self._noting(measure.get(number, _foreign)))
            for number, coder in CODERS.items()
        }

    def _noting(self, measure: Callable[[DecodeRequest], _Measured]) -> Callable[[DecodeRequest], np.ndarray]:
        def decode(request: DecodeRequest) -> np.ndarray:
            planes, part = measure(request)
            self.parts.append(_with_names(self.content, request, part))
            return planes

        return decode


def _part(
    request: DecodeRequest,
    unit: str,
    channels: Mapping[str, float],
    bits: np.ndarray,
    latents: tuple[LatentMap, ...] = (),
) -> PartLengths:
    part = request.part
    size = sum(len(band.payload) for band in part.bands)
    other = 8 * size - float(bits.sum(dtype=np.float64))
    name = CODER_NAMES[part.coder]
    return PartLengths(name, size, unit, channels, latents, bits, other if unit != PART else 0.0, part.region)


def _foreign(request: DecodeRequest) -> _Measured:
    planes = CODERS[request.part.coder].decode(request)
    total = 8.0 * sum(len(band.payload) for band in request.part.bands)
    bits = np.full(planes.shape[:2], total / (planes.shape[0] * planes.shape[1]), np.float32)
    return planes, _part(request, PART, {"+".join(_NUMBERS[: planes.shape[2]]): total}, bits)


def _by_sample(bits: np.ndarray, ycbcr: bool = False) -> dict[str, float]:
    """Bits by number of the channel; by name where they are those of Cb, Y, Cr."""
    names = dict(zip(_YCBCR, (1, 0, 2), strict=True)) if ycbcr else {_NUMBERS[c]: c for c in range(bits.shape[2])}
    return {name: float(bits[:, :, c].sum(dtype=np.float64)) for name, c in names.items()}


def _neural(request: DecodeRequest) -> _Measured:
    from bbans_cli.coders.neural import bit_account
    from bbans_cli.coders.neural.settings import Settings

    size = request.width, request.height
    planes, found = bit_account.by_sample(request.part, *size, request.threads, request.progress)
    latents = tuple(LatentMap(each.block, each.prior, each.posterior) for each in found.latent_maps.values())
    ycbcr = Settings.from_bytes(request.part.settings).ycbcr
    channels = _by_sample(found.samples, ycbcr)
    return planes, _part(request, PIXEL, channels, found.samples.sum(axis=2) + found.latents, latents)


def _fitted(request: DecodeRequest) -> _Measured:
    from bbans_cli.coders.fitted import bit_account, coder

    planes, bits = bit_account.by_sample(request.part, request.width, request.height, request.progress)
    channels = _by_sample(bits, coder.read_settings(request.part).ycbcr)
    return planes, _part(request, PIXEL, channels, bits.sum(axis=2))


def _context_mixing(request: DecodeRequest, count: int) -> tuple[np.ndarray, np.ndarray]:
    bits = np.zeros((request.height, request.width, count), np.float32)
    size = request.width, request.height
    return context_mixing.decode(request.part, *size, request.known, request.threads, request.progress, bits), bits


def _few_colours(request: DecodeRequest) -> _Measured:
    planes, bits = _context_mixing(request, 1)
    together = "+".join(_NUMBERS[: request.part.channels])
    return planes, _part(request, PIXEL, {together: float(bits.sum(dtype=np.float64))}, bits[:, :, 0])


def _deep(request: DecodeRequest) -> _Measured:
    planes, bits = _context_mixing(request, request.part.channels)
    return planes, _part(request, PIXEL, _by_sample(bits), bits.sum(axis=2))


def _jpeg(request: DecodeRequest) -> _Measured:
    from bbans_cli.coders.jpeg import coder

    width, height = request.width, request.height
    bits = coder.JpegBits.of_part(request.part, width, height)
    planes = coder.decode(request.part, width, height, request.progress, bits)
    total, channels = of_blocks(bits.blocks, bits.factors, height, width)
    if bits.corrections.any():
        total += bits.corrections
        channels["corrections"] = float(bits.corrections.sum(dtype=np.float64))
    return planes, _part(request, BLOCK, channels, total)


def of_blocks(
    blocks: Sequence[np.ndarray], factors: Sequence[tuple[int, int]], height: int, width: int
) -> tuple[np.ndarray, dict[str, float]]:
    """Bits of the 8x8 blocks of each component -> float32 (height, width), and bits by component.

    factors  horizontal and vertical sampling factor of each
    """
    most = [max(each[axis] for each in factors) for axis in (0, 1)]
    total, channels = np.zeros((height, width), np.float32), {}
    names = CHANNEL_NAMES["cmyk"] if len(blocks) == 4 else _YCBCR
    for name, plane, own in zip(names, blocks, factors, strict=False):
        across, down = (_SIDE * most[axis] / own[axis] for axis in (0, 1))
        total += block_areas.spread(plane, height, width, across, down)
        channels[name] = float(plane.sum(dtype=np.float64))
    return total, channels


def _with_names(content: Container, request: DecodeRequest, part: PartLengths) -> PartLengths:
    """The part with the names of the picture's channels in place of their numbers in the part."""
    of_region = [each for each in content.parts if each.region == request.part.region]
    names = CHANNEL_NAMES[content.mode]
    if (
        content.mode in ("rgb", "rgba")
        and of_region[0].channels == 1
        and sum(each.channels for each in of_region) == len(names) - 2
    ):
        names = ("grey", *names[3:])
    first = 0 if request.known is None else request.known.shape[2]

    def named(key: str) -> str:
        if not key[0].isdigit():
            return key
        return "+".join(names[first + int(number)] for number in key.split("+"))

    return replace(part, channels={named(key): bits for key, bits in part.channels.items()})
