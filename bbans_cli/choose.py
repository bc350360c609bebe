"""Picture -> parts of a container, each with the coder that makes it smallest; what a look settles is not tried.

Photographs go to the model. Screens, drawings and palettes go to the coder for few colours or, if that is smaller, to
WebP. Between the two, both are tried and the real sizes decide. Deep samples go to the coder for those, or their high
bits to the model. Stored samples bound them all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bbans_cli import adaptive, stored, values, webp
from bbans_cli import metadata as kinds
from bbans_cli.container import DISCRETE, GRADED, Container, Part
from bbans_cli.pictures import Picture

# Gets the share that is done, 0 to 1.
Progress = Callable[[float], None]
Encode = Callable[..., Part]

# Shares of pixels equal to a neighbour. Of 230 photographs all but four lie below the first, of 26 screens and stamps
# with flat grounds all but three above; nothing photographic lies above the second.
FLAT = 0.6
FLATTER = 0.9
# As many pixels are looked at.
SAMPLE = 1 << 18
# Roughly what the coders take for a sample, in units of the fastest: for the progress bar alone.
MODEL_COST, GRADED_COST, DISCRETE_COST = 20, 30, 5
# The model gets the high 8 bits of deep samples if they are this much noise, in bits: below, what it cannot see of the
# low bits costs more than it is better at the high ones.
NOISE = 1.5

# WebP at its second effort is tried only if the first came this near to the best.
CLOSE = 1.05


def picture_to_container(
    picture: Picture,
    level: int = 5,
    threads: int = 1,
    progress: Progress | None = None,
    encode: Encode | None = None,
) -> Container:
    """`encode` takes the place of codec.encode."""
    planes, items = picture.pixels, picture.items()
    table = values.find(planes) if _may_be_sparse(picture) else None
    if table is not None:
        planes = values.number(planes, table)
        items.insert(0, (kinds.VALUES, values.to_bytes(table)))
    trials = _Trials(planes, picture.mode, picture.depth, level, threads, progress, encode)
    parts = trials.run()
    if progress:
        progress(1.0)
    return Container(picture.width, picture.height, picture.mode, picture.depth, parts, items)


def _may_be_sparse(picture: Picture) -> bool:
    """One list serves all channels, and those of 8-bit colour seldom leave out the same values."""
    return picture.depth == 16 or picture.depth == 8 and picture.mode == "grey"


def flatness(pixels: np.ndarray) -> float:
    """The share of pixels that equal the one on the left or the one above, in all channels; 1 for a single pixel."""
    height, width, _ = pixels.shape
    if height == 1 or width == 1:
        line = pixels.reshape(max(height, width), -1)
        return float(np.all(line[1:] == line[:-1], axis=1).mean()) if len(line) > 1 else 1.0
    step = max(1, height * width // SAMPLE)
    rows = np.arange(1, height, step)
    here, above, left = pixels[rows, 1:], pixels[rows - 1, 1:], pixels[rows, :-1]
    return float((np.all(here == left, axis=2) | np.all(here == above, axis=2)).mean())


def cost(parts: list[Part]) -> int:
    """Bytes of payload and tables."""
    return sum(6 + len(part.settings) + sum(len(band.payload) + 8 for band in part.bands) for part in parts)


class _Trials:
    """Tries what the look does not rule out and keeps the smallest."""

    def __init__(
        self,
        planes: np.ndarray,
        mode: str,
        depth: int,
        level: int,
        threads: int,
        progress: Progress | None,
        encode: Encode | None,
    ) -> None:
        self.mode, self.level, self.threads = mode, level, threads
        # Deep samples of few values have become 8-bit numbers of those.
        self.deep, self.depth = depth == 16, min(depth, 8 * planes.dtype.itemsize)
        self.progress, self.encode = progress, encode
        colours = 3 if mode in ("rgb", "rgba") else 1
        self.colour, self.alpha = planes[:, :, :colours], planes[:, :, colours:]
        if colours == 3 and np.all(self.colour[:, :, 1:] == self.colour[:, :, :1]):
            self.colour = np.ascontiguousarray(self.colour[:, :, :1])
        self.whole = np.concatenate([self.colour, self.alpha], axis=2) if self.alpha.size else self.colour
        self.done, self.total = 0, 1
        self.best: list[Part] = []

    def run(self) -> list[Part]:
        flat = flatness(self.colour)
        continuous = self.mode != "palette" and self.depth >= 8
        modelled = continuous and self.depth == 8 and flat < FLATTER
        others = not modelled or flat > FLAT or self.alpha.size > 0 or self.deep
        self.best = [stored.encode(self.whole, self.depth, thorough=others)]
        if cost(self.best) < 32:
            return self.best
        self._plan(modelled, others)
        if self.depth == 16:
            self._try_deep()
        elif others:
            self._offer(lambda: [self._adaptive(DISCRETE, self.whole)])
            if self.deep:
                self._offer(lambda: [self._adaptive(GRADED, self.colour), *self._alpha()])
        if modelled:
            self._offer(lambda: [self._model(self.colour), *self._alpha()])
        # Last, since its second effort is slow and seldom worth it next to the others.
        if others and continuous and self.depth == 8:
            self._try_webp()
        return self.best

    def _try_deep(self) -> None:
        """Deep samples whole, then with their high bits through the model where noise reaches those."""
        alpha = self._alpha()
        self._offer(lambda: [self._adaptive(GRADED, self.colour), *alpha])
        self._offer(lambda: [self._adaptive(DISCRETE, self.colour), *alpha])
        low = max(1, int(self.colour.max()).bit_length() - 8)
        bits = 8 * cost(self.best) / self.colour.size
        if bits - low > NOISE:
            high = (self.colour >> low).astype(np.uint8)
            self._offer(
                lambda: [self._model(high), self._adaptive(GRADED, self.colour, low=low, depth=8 + low), *alpha]
            )

    def _try_webp(self) -> None:
        quick = webp.encode(self.whole, webp.METHODS[0])
        if quick is None:
            return
        best = cost(self.best)
        self._offer(lambda: [quick])
        if cost([quick]) < CLOSE * best:
            self._offer(lambda: [webp.encode(self.whole, webp.METHODS[1])])

    def _alpha(self) -> list[Part]:
        """The part of the alpha channel, if there is one, with the help of the colours."""
        if not self.alpha.size:
            return []
        if np.all(self.alpha == self.alpha[0, 0]):
            return [stored.encode(self.alpha, self.depth)]
        return [self._adaptive(DISCRETE, self.alpha, known=self.colour)]

    def _adaptive(
        self, coder: int, planes: np.ndarray, known: np.ndarray | None = None, low: int = 0, depth: int = 0
    ) -> Part:
        count = self._counter(GRADED_COST if coder == GRADED else DISCRETE_COST)
        most = cost(self.best)
        return adaptive.encode(coder, planes, depth or self.depth, known, low, self.threads, count, most)

    def _model(self, colour: np.ndarray) -> Part:
        encode = self.encode
        if encode is None:
            from bbans_cli.codec import encode
        return encode(np.ascontiguousarray(colour), self.level, self.threads, self._counter(MODEL_COST))

    def _offer(self, make: Callable[[], list[Part | None]]) -> None:
        try:
            parts = make()
        except adaptive.TooLargeError:
            return
        if None not in parts and cost(parts) < cost(self.best):
            self.best = parts

    def _plan(self, modelled: bool, others: bool) -> None:
        """How much there will be to do, for the progress bar."""
        each = MODEL_COST * modelled + DISCRETE_COST * (bool(others) + bool(self.alpha.size))
        if self.deep:
            each += GRADED_COST
        self.total = max(1, self.whole.shape[0] * self.whole.shape[1] * each)

    def _counter(self, weight: int) -> Callable[[int], None]:
        def count(pixels: int) -> None:
            self.done += weight * pixels
            if self.progress:
                self.progress(min(1.0, self.done / self.total))

        return count
