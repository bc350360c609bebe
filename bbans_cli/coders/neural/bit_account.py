"""Where the bits of a part went, found by decoding it: what `bbc info -v` shows.

A band's codec is taken apart and each piece weighed: the message shrinks by what a pop takes off and grows by what is
pushed back. Nothing here knows the order in which a band is coded; that is band.pop's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural import coder as neural_coder
from bbans_cli.container import MODEL, Container, Part
from bbans_cli.entropy.rans import Message

Progress = Callable[[int], None]

PRIOR = "pushed_for_latents"
POSTERIOR = "popped_for_latents"
HEAD = "pixels_given_latents"
TAIL = "pixels_without_latents"
OVERHEAD = "overhead"
KL = "kl_per_sample"


def add_bits(shown: dict[str, Any], file: Container, threads: int, progress: Callable[[float], None]) -> None:
    """Complete info.details of a file: ``bits`` of every band that the model coded.

    Decodes them, and takes as long; progress gets the share that is done, 0 to 1. Raises CorruptError,
    ModelMismatchError, UnsupportedError.
    """
    coded = [(part, row) for part, row in zip(file.parts, shown["parts"], strict=True) if part.coder == MODEL]
    total, done = file.width * file.height * len(coded), 0

    def count(pixels: int) -> None:
        nonlocal done
        done += pixels
        progress(done / total)

    for part, row in coded:
        found = inspect(part, file.width, file.height, part.channels, threads, count)
        for band, bits in zip(row["bands"], found, strict=True):
            band["bits"] = bits


def inspect(
    part: Part, width: int, height: int, channels: int, threads: int, progress: Progress | None = None
) -> list[dict[str, float]]:
    """Bits of each band, top to bottom.

    pushed_for_latents and popped_for_latents (the bits that came back), pixels_given_latents and
    pixels_without_latents, overhead (whole bytes and the stack's own state): the first less the second plus the others
    is the payload. kl_per_sample: what the latents cost, net, for each sample of the band. progress gets numbers of
    pixels. Raises what the neural coder's decode does.
    """
    planes = np.empty((height, width, channels), np.uint8)
    found = []
    for pixels, stored, band in neural_coder.open_bands(part, planes, threads, progress):
        message = Message.from_bytes(stored.payload)
        scale = _Scale({OVERHEAD: 8 * len(stored.payload) - message.bits})
        bands.pop(message, pixels, _WeighedBand(**vars(band), scale=scale), stored.split)
        neural_coder.complete(part, stored, pixels)
        bits = {name: scale.bits.get(name, 0.0) for name in (PRIOR, POSTERIOR, HEAD, TAIL, OVERHEAD)}
        bits[POSTERIOR] = -bits[POSTERIOR] + 0.0
        found.append({**bits, KL: (bits[PRIOR] - bits[POSTERIOR]) / pixels.size})
    return found


@dataclass
class _Scale:
    """Bits taken off the message so far, by name; what was pushed counts negative."""

    bits: dict[str, float] = field(default_factory=dict)

    def weigh(self, name: str, codec: Any) -> _Weighed:
        return _Weighed(self, name, codec)


@dataclass
class _Weighed:
    """A codec, watched."""

    scale: _Scale
    name: str
    codec: Any

    def push(self, message: Message, symbols: Any) -> None:
        self._watch(message, lambda: self.codec.push(message, symbols))

    def pop(self, message: Message, *arguments: Any) -> Any:
        return self._watch(message, lambda: self.codec.pop(message, *arguments))

    def _watch(self, message: Message, work: Callable[[], Any]) -> Any:
        before = message.bits
        result = work()
        self.scale.bits[self.name] = self.scale.bits.get(self.name, 0.0) + before - message.bits
        return result


@dataclass
class _WeighedLatents:
    scale: _Scale
    latents: Any

    @property
    def prior(self) -> _Weighed:
        return self.scale.weigh(PRIOR, self.latents.prior)

    def posterior(self, pixels: np.ndarray) -> _Weighed:
        return self.scale.weigh(POSTERIOR, self.latents.posterior(pixels))

    def modulation(self, symbols: Any) -> np.ndarray:
        return self.latents.modulation(symbols)


@dataclass
class _WeighedBand(bands.Band):
    """A band whose pieces are watched."""

    scale: _Scale = field(default_factory=_Scale)

    def latents(self, split: int) -> Any:
        return _WeighedLatents(self.scale, super().latents(split))

    def head(self, split: int, modulation: np.ndarray) -> Any:
        return self.scale.weigh(HEAD, super().head(split, modulation))

    def tail(self, split: int) -> Any:
        return self.scale.weigh(TAIL, super().tail(split))
