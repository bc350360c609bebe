"""Picture -> parts of a container, each with the coder that makes it smallest; what a look settles is not tried.

Photographs go to the model. Screens, drawings and palettes go to the coder for few colours or, if that is smaller, to
WebP. Between the two, both are tried and the real sizes decide. Stored samples bound them all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bbans_cli import discrete, stored, webp
from bbans_cli.container import Container, Part
from bbans_cli.pictures import Picture

# Gets the share that is done, 0 to 1.
Progress = Callable[[float], None]
Encode = Callable[..., Part]

# Shares of pixels equal to a neighbour. Of 230 photographs all but two lie below the first, of 26 screens and stamps
# with flat grounds all above; nothing photographic lies above the second.
FLAT = 0.6
FLATTER = 0.9
# As many pixels are looked at.
SAMPLE = 1 << 18
# Roughly what the coders take for a pixel, in units of the fastest: for the progress bar alone.
COST = {"model": 20, "discrete": 5, "webp": 1}


def picture_to_container(
    picture: Picture,
    level: int = 5,
    threads: int = 1,
    progress: Progress | None = None,
    encode: Encode | None = None,
) -> Container:
    """`encode` takes the place of codec.encode. Raises InputError if the metadata is too large to keep."""
    trials = _Trials(picture, level, threads, progress, encode)
    parts = trials.run()
    if progress:
        progress(1.0)
    return Container(picture.width, picture.height, picture.mode, picture.depth, parts, picture.items())


def flatness(pixels: np.ndarray) -> float:
    """The share of pixels that equal the one on the left or the one above, in all channels; 1 for a single pixel."""
    height, width, _ = pixels.shape
    if height == 1 or width == 1:
        flat = pixels.reshape(max(height, width), -1)
        return float(np.all(flat[1:] == flat[:-1], axis=1).mean()) if len(flat) > 1 else 1.0
    step = max(1, height * width // SAMPLE)
    rows = np.arange(1, height, step)
    here, above = pixels[rows, 1:], pixels[rows - 1, 1:]
    left = pixels[rows, :-1]
    return float((np.all(here == left, axis=2) | np.all(here == above, axis=2)).mean())


def cost(parts: list[Part]) -> int:
    """Bytes of payload and tables."""
    return sum(6 + len(part.settings) + sum(len(band.payload) + 8 for band in part.bands) for part in parts)


class _Trials:
    """Tries what the look does not rule out and keeps the smallest."""

    def __init__(
        self, picture: Picture, level: int, threads: int, progress: Progress | None, encode: Encode | None
    ) -> None:
        self.picture, self.level, self.threads = picture, level, threads
        self.progress, self.encode = progress, encode
        self.done = self.total = 0
        self.best: list[Part] = []

    def run(self) -> list[Part]:
        picture = self.picture
        colours = 3 if picture.mode in ("rgb", "rgba") else 1
        colour, alpha = picture.pixels[:, :, :colours], picture.pixels[:, :, colours:]
        if colours == 3 and np.all(colour[:, :, 1:] == colour[:, :, :1]):
            colour = colour[:, :, :1]
        whole = np.concatenate([colour, alpha], axis=2) if alpha.size else colour

        flat = flatness(colour)
        modelled = picture.depth == 8 and picture.mode != "palette" and flat < FLATTER
        others = not modelled or flat > FLAT or alpha.size > 0
        self._plan(modelled, others, bool(alpha.size))

        self.best = [stored.encode(whole, picture.depth, thorough=others)]
        if others and len(self.best[0].bands[0].payload) > 16:
            self._offer(lambda: [self._discrete(whole, picture.depth)])
            if picture.depth == 8 and picture.mode != "palette":
                self._offer(lambda: [webp.encode(whole)])
        if modelled:
            self._offer(lambda: [self._model(colour), *self._alpha(colour, alpha)])
        return self.best

    def _plan(self, modelled: bool, others: bool, alpha: bool) -> None:
        shares = [COST["model"]] * modelled + [COST["discrete"]] * (others + (alpha and modelled))
        self.total = max(1, self.picture.width * self.picture.height * sum(shares))

    def _counter(self, weight: int) -> Callable[[int], None]:
        def count(pixels: int) -> None:
            self.done += weight * pixels
            if self.progress:
                self.progress(min(1.0, self.done / self.total))

        return count

    def _offer(self, make: Callable[[], list[Part | None]]) -> None:
        try:
            parts = make()
        except discrete.TooLargeError:
            return
        if None not in parts and cost(parts) < cost(self.best):
            self.best = parts

    def _discrete(self, planes: np.ndarray, depth: int, known: np.ndarray | None = None) -> Part:
        count = self._counter(COST["discrete"])
        return discrete.encode(planes, depth, known, self.threads, count, most=cost(self.best))

    def _model(self, colour: np.ndarray) -> Part:
        encode = self.encode
        if encode is None:
            from bbans_cli.codec import encode
        return encode(np.ascontiguousarray(colour), self.level, self.threads, self._counter(COST["model"]))

    def _alpha(self, colour: np.ndarray, alpha: np.ndarray) -> list[Part]:
        if not alpha.size:
            return []
        if np.all(alpha == alpha[0, 0]):
            return [stored.encode(alpha, self.picture.depth)]
        return [self._discrete(alpha, self.picture.depth, colour)]
