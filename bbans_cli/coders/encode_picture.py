"""Picture -> parts of a container, each with the coder that makes it smallest; what a look settles is not tried.

Photographs go to the model, but those that once were a JPEG file to the coder for such. Screens, drawings and palettes
go to the coder for few colours or, if that is smaller, to WebP. Between the two, both are tried and the real sizes
decide; for large pictures, on a sample of rows first. Deep samples go to the coder for those, or their high bits to the
model. Stored samples bound them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bbans_cli.coders import context_mixing, raw, webp
from bbans_cli.container import DEEP, FEW_COLOURS, MODES, Container, Part, histogram_packing
from bbans_cli.container import metadata as kinds
from bbans_cli.limits import MAX_NEURAL_WIDTH
from bbans_cli.pictures.picture import Picture
from bbans_cli.progress import ShareProgress

Encode = Callable[..., Part]
Try = Callable[[], list[Part]]

# Shares of pixels equal to a neighbour. Of 230 photographs all but four lie below the first, of 26 screens and stamps
# with flat grounds all but three above; nothing photographic lies above the second.
FLAT = 0.6
FLATTER = 0.9
# As many pixels are looked at for that.
LOOK = 1 << 18
# Roughly how long the coders take, in units of the fastest: for the progress bar alone.
COSTS = {"jpeg": 10, "model": 20, "high": 50, "graded": 30, "discrete": 5, "webp": 0}
# The model gets the high 8 bits of deep samples if they are this much noise, in bits: below, what it cannot see of the
# low bits costs more than it is better at the high ones.
NOISE = 1.5

FAST = 1  # the level
# A JPEG file whose quantisers spare this many bits a coefficient is always smaller than what the model makes of it.
COARSE = 0.5

# Coders that come this near to the best on a sample of rows are tried on the whole; so is the second effort of WebP.
CLOSE = 1.08
# Pixels from which a sample is tried first, and how many it has, in as many strips.
LARGE, SAMPLE_PIXELS, STRIPS = 1 << 19, 1 << 17, 4  # the first an eighth at the fast level


def picture_to_container(
    picture: Picture,
    level: int = 5,
    threads: int = 1,
    progress: ShareProgress | None = None,
    encode: Encode | None = None,
) -> Container:
    """`encode` takes the place of codec.encode."""
    planes, items = picture.pixels, picture.items()
    table = histogram_packing.find(planes) if _may_be_sparse(picture) else None
    if table is not None:
        planes = histogram_packing.number(planes, table)
        items.insert(0, (kinds.VALUES, histogram_packing.to_bytes(table)))
    parts = _Trials(planes, picture.mode, picture.depth, level, threads, progress, encode).run()
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
    step = max(1, height * width // LOOK)
    rows = np.arange(1, height, step)
    here, above, left = pixels[rows, 1:], pixels[rows - 1, 1:], pixels[rows, :-1]
    return float((np.all(here == left, axis=2) | np.all(here == above, axis=2)).mean())


def coarseness(tables: list[np.ndarray]) -> float:
    """Bits that quantisers spare a coefficient, on average."""
    return float(np.mean([np.log2(table) for table in tables]))


def cost(parts: list[Part]) -> int:
    """Bytes of payload and tables."""
    return sum(6 + len(part.settings) + sum(len(band.payload) + 8 for band in part.bands) for part in parts)


def _model_encode(*arguments: Any) -> Part:
    from bbans_cli.coders.neural import coder as neural_coder

    return neural_coder.encode(*arguments)


def _find_history(planes: np.ndarray, thorough: bool) -> Any:
    from bbans_cli.coders.jpeg.inversion import search

    return search.find(planes, thorough=thorough)


def _jpeg_encode(*arguments: Any) -> Part:
    from bbans_cli.coders.jpeg import coder as jpeg_coder

    return jpeg_coder.encode(*arguments)


class _Trials:
    """Tries what the look does not rule out and keeps the smallest."""

    def __init__(
        self,
        planes: np.ndarray,
        mode: str,
        depth: int,
        level: int,
        threads: int,
        progress: ShareProgress | None,
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
        self.pixels = planes.shape[0] * planes.shape[1]
        self.large = LARGE // 8 if level == FAST else LARGE
        self.sampling = False
        self.done, self.total, self.weight = 0, 1, 1
        self.best: list[Part] = []
        self.history: Any = None

    def run(self) -> list[Part]:
        tries = self._tries()
        # Deflate has its chance where it is quick; on more pixels than that the others are always better.
        thorough = self.pixels < self.large and list(tries) not in (["model"], ["jpeg"])
        self.best = [raw.encode(self.whole, self.depth, thorough)]
        if cost(self.best) < 32:
            return self.best
        if len(tries) > 1 and self.pixels >= self.large and self.history is None:
            tries = self._leading(tries)
        self.total = max(1, self.pixels * sum(COSTS[name] for name in tries))
        for name, attempt in tries.items():
            self._offer(name, attempt)
        return self.best

    def _tries(self) -> dict[str, Try]:
        """The coders that may do best by the look, the likeliest first."""
        flat = flatness(self.colour)
        wide = self.colour.shape[1] > MAX_NEURAL_WIDTH
        if self.depth == 16:
            deep: dict[str, Try] = {"graded": self._graded}
            if flat > FLAT:
                deep["discrete"] = self._discrete
            return deep if wide else deep | {"high": self._high_and_low}
        continuous = self.mode != "palette" and self.depth == 8
        found: dict[str, Try] = {}
        if continuous and not self.deep and flat < FLATTER:
            self.history = _find_history(self.colour, self.level != FAST)
        if self.history is not None:
            found["jpeg"] = self._jpeg
            if coarseness(self.history.tables) > COARSE:
                return found
        if not continuous or flat > FLAT or self.alpha.size or self.deep or wide:
            found["discrete"] = self._discrete
        if self.deep:
            found["graded"] = self._graded
        if continuous and flat < FLATTER and not wide:
            found["model"] = self._model
        # Last, since its second effort is slow and seldom worth it next to the others.
        if continuous and found.keys() != {"model"}:
            found["webp"] = self._webp
        return found

    def _leading(self, tries: dict[str, Try]) -> dict[str, Try]:
        """Those that come near to the best on strips of rows from all over the picture."""
        height, width, _ = self.whole.shape
        rows = max(1, min(SAMPLE_PIXELS, self.pixels // 4) // STRIPS // width)
        tops = [(height - rows) * strip // (STRIPS - 1) for strip in range(STRIPS)]
        strips = np.concatenate([self.whole[top : top + rows] for top in tops])
        # Strips have the mode that their channels say: an RGB picture may have turned out to be grey.
        mode = self.mode if self.mode == "palette" else MODES[strips.shape[2] - 1]
        sample = _Trials(strips, mode, 16 if self.deep else self.depth, self.level, self.threads, None, self.encode)
        sample.sampling, costs = True, {}
        for name in tries:
            sample.best = [raw.encode(strips, self.depth, thorough=False)]
            sample._offer(name, getattr(sample, tries[name].__name__))
            costs[name] = cost(sample.best)
        return {name: tries[name] for name in tries if costs[name] <= CLOSE * min(costs.values())}

    def _offer(self, name: str, attempt: Try) -> None:
        self.weight = COSTS[name]
        try:
            parts = attempt()
        except context_mixing.TooLargeError:
            return
        if parts and cost(parts) < cost(self.best):
            self.best = parts

    def _discrete(self) -> list[Part]:
        return [self._adaptive(FEW_COLOURS, self.whole, self.depth)]

    def _graded(self) -> list[Part]:
        return [self._adaptive(DEEP, self.colour, self.depth), *self._alpha()]

    def _jpeg(self) -> list[Part]:
        return [_jpeg_encode(np.ascontiguousarray(self.colour), self.history, self._count), *self._alpha()]

    def _model(self) -> list[Part]:
        return [self._modelled(self.colour), *self._alpha()]

    def _high_and_low(self) -> list[Part]:
        """High bits through the model, if noise reaches those; nothing otherwise."""
        low = max(1, int(self.colour.max()).bit_length() - 8)
        if 8 * cost(self.best) / self.colour.size - low < NOISE:
            return []
        high = self._modelled((self.colour >> low).astype(np.uint8))
        return [high, self._adaptive(DEEP, self.colour, 8 + low, low=low), *self._alpha()]

    def _webp(self) -> list[Part]:
        first = webp.encode(self.whole, webp.METHODS[0])
        if first is None or cost([first]) > CLOSE * cost(self.best):
            return []
        if self.sampling:  # what the second gains is within what counts as close
            return [first]
        second = webp.encode(self.whole, webp.METHODS[1])
        return min([first], [second] if second else [first], key=cost)

    def _alpha(self) -> list[Part]:
        """The part of the alpha channel, if there is one, with the help of the colours."""
        if not self.alpha.size:
            return []
        if np.all(self.alpha == self.alpha[0, 0]):
            return [raw.encode(self.alpha, self.depth)]
        return [self._adaptive(FEW_COLOURS, self.alpha, self.depth, known=self.colour)]

    def _adaptive(
        self, coder: int, planes: np.ndarray, depth: int, known: np.ndarray | None = None, low: int = 0
    ) -> Part:
        return context_mixing.encode(coder, planes, depth, known, low, self.threads, self._count, cost(self.best))

    def _modelled(self, planes: np.ndarray) -> Part:
        encode = self.encode or _model_encode
        return encode(np.ascontiguousarray(planes), self.level, self.threads, self._count)

    def _count(self, pixels: int) -> None:
        self.done += self.weight * pixels
        if self.progress:
            self.progress(min(1.0, self.done / self.total))
