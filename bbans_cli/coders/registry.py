"""The coders, in one table: number and name in a file, encoder, decoder, cost, and for which pictures each may be best.

The encoder's choice (trials.py) and the decoder's dispatch (decode_picture.py) read it. Numbers and names come
from container/coder_ids.py, which is all that reading a header takes. The neural coder, JPEG and WebP are imported when
they are first used, so that the others do not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bbans_cli.coders import channel_orders, context_mixing, raw
from bbans_cli.coders.picture_traits import PictureTraits
from bbans_cli.container import CODER_NAMES, DEEP, FEW_COLOURS, FITTED, JPEG, NEURAL, RAW, WEBP, Part
from bbans_cli.limits import FAST, MAX_NEURAL_WIDTH
from bbans_cli.progress import PixelProgress, no_progress

if TYPE_CHECKING:
    from bbans_cli.coders.jpeg.coder import JpegCoefficients


# Bounds of the flatness. Of 230 photographs all but four lie below the first, of 26 screens and stamps with flat
# grounds all but three above; nothing photographic lies above the second. The pictures are not recorded.
FLAT = 0.6
FLATTER = 0.9


@dataclass(frozen=True)
class EncodeRequest:
    """Planes that are to become one part.

    planes     (h, w, c) samples of `depth` bits, uint8 or uint16
    known      (h, w, k) planes that a decoder has by then, for coders that make use of them
    max_bytes  a part of more bytes is of no use, so that a coder may stop there
    level      1, 5 or 9
    threads    at least 1
    progress   gets numbers of pixels
    jpeg       the coefficients that the JPEG coder is to store
    band_rows  rows of a band at most, for coders that have bands; None: as suits the coder
    quick      spare what takes time and gains little: the part serves to compare coders, or as a bound
    """

    planes: np.ndarray
    depth: int
    max_bytes: int
    level: int
    threads: int
    progress: PixelProgress
    known: np.ndarray | None = None
    jpeg: JpegCoefficients | None = None
    quick: bool = False
    band_rows: int | None = None


@dataclass(frozen=True)
class DecodeRequest:
    """A part that is to become planes (height, width, c).

    known     as in EncodeRequest
    progress  gets numbers of pixels
    """

    part: Part
    width: int
    height: int
    threads: int
    progress: PixelProgress
    known: np.ndarray | None = None


@dataclass(frozen=True)
class Coder:
    """One row of the table.

    encode      a part, or None where the coder cannot hold the planes or takes more than `max_bytes`
    decode      the planes. Raises CorruptError, ModelMismatchError, UnsupportedError
    applies     whether the coder may be the best for the colours of a picture
    with_alpha  colours and alpha go into one part; else alpha becomes a part of its own
    cost        time for a pixel, in units of the fastest: for the progress bar alone. Tuned by hand, not recorded
    settings_below  of a part's settings and a row, those of its bands from there on; the row is the first of a band
    """

    number: int
    encode: Callable[[EncodeRequest], Part | None]
    decode: Callable[[DecodeRequest], np.ndarray]
    applies: Callable[[PictureTraits], bool]
    with_alpha: bool
    cost: int
    settings_below: Callable[[bytes, int], bytes] = lambda settings, row: settings

    @property
    def name(self) -> str:
        return CODER_NAMES[self.number]


def _encode_neural(request: EncodeRequest) -> Part:
    """At the fast level by the fitted coder, but for small pictures and deep samples."""
    planes = np.ascontiguousarray(request.planes)
    if request.level == FAST and request.depth == 8:
        from bbans_cli.coders.fitted import coder as fitted

        if planes.shape[0] * planes.shape[1] >= fitted.LEAST_PIXELS:
            return fitted.encode(planes, request.threads, request.progress, request.band_rows, request.quick)
    from bbans_cli.coders.neural import coder

    return coder.encode(planes, request.level, request.threads, request.progress, request.band_rows)


def networks(level: int) -> dict[str, bytes]:
    """Name and id of each network that a level may code with. Raises ModelMismatchError if one is not there."""
    from bbans_cli.coders.fitted import weights as fitted
    from bbans_cli.coders.neural import levels, weights

    found = {name: weights.by_name(name).id for name in levels.LEVELS[level].networks()}
    return found | {fitted.NAME: fitted.shipped().id} if level == FAST else found


def _decode_fitted(request: DecodeRequest) -> np.ndarray:
    from bbans_cli.coders.fitted import coder

    part = request.part
    return coder.decode(part, request.width, request.height, part.channels, request.threads, request.progress)


def _decode_neural(request: DecodeRequest) -> np.ndarray:
    from bbans_cli.coders.neural import coder

    part = request.part
    return coder.decode(part, request.width, request.height, part.channels, request.threads, request.progress)


def _neural_settings_below(settings: bytes, row: int) -> bytes:
    from bbans_cli.coders.neural.settings import Settings

    return Settings.from_bytes(settings).shifted_down(row).to_bytes()


def _neural_applies(traits: PictureTraits) -> bool:
    photographic = traits.continuous or traits.depth == 16
    return photographic and traits.flatness < FLATTER and traits.columns <= MAX_NEURAL_WIDTH


def _never_applies(traits: PictureTraits) -> bool:
    return False


def _encode_raw(request: EncodeRequest) -> Part:
    return raw.encode(request.planes, request.depth, thorough=not request.quick, band_rows=request.band_rows)


def _decode_raw(request: DecodeRequest) -> np.ndarray:
    return raw.decode(request.part, request.width, request.height)


def _raw_applies(traits: PictureTraits) -> bool:
    return True


def _encode_webp(request: EncodeRequest) -> Part | None:
    from bbans_cli.coders import webp

    return webp.encode(request.planes, request.max_bytes, quick=request.quick)


def _decode_webp(request: DecodeRequest) -> np.ndarray:
    from bbans_cli.coders import webp

    return webp.decode(request.part, request.width, request.height)


def _webp_applies(traits: PictureTraits) -> bool:
    return traits.continuous


def _encode_deep(request: EncodeRequest) -> Part | None:
    return _encode_context_mixing(DEEP, request, request.max_bytes, request.progress)


def _encode_few_colours(request: EncodeRequest) -> Part | None:
    """In the order of channels that takes the fewest bytes."""
    level = FAST if request.quick else request.level
    orders = channel_orders.to_try(request.planes, request.depth, level)
    best, most = None, request.max_bytes
    for number, order in enumerate(orders):
        progress = request.progress if number == 0 else no_progress
        part = _encode_context_mixing(FEW_COLOURS, request, most, progress, order)
        if part and (best is None or part.approximate_bytes < best.approximate_bytes):
            best, most = part, min(most, part.approximate_bytes)
    return best


def _encode_context_mixing(
    coder: int, request: EncodeRequest, most: int, progress: PixelProgress, order: channel_orders.Order | None = None
) -> Part | None:
    given = request.planes, request.depth, request.known, request.threads
    try:
        return context_mixing.encode(coder, *given, progress, most, request.band_rows, order)
    except context_mixing.TooLargeError:
        return None


def _decode_context_mixing(request: DecodeRequest) -> np.ndarray:
    size = request.width, request.height
    return context_mixing.decode(request.part, *size, request.known, request.threads, request.progress)


def _few_colours_applies(traits: PictureTraits) -> bool:
    if traits.flatness > FLAT:
        return True
    if traits.depth == 16:
        return False
    others = traits.alpha or traits.packed or traits.columns > MAX_NEURAL_WIDTH
    return traits.palette or not traits.continuous or others


def _deep_applies(traits: PictureTraits) -> bool:
    return traits.depth == 16 or traits.packed


def _encode_jpeg(request: EncodeRequest) -> Part | None:
    from bbans_cli.coders.jpeg import coder

    if request.jpeg is None:
        return None
    return coder.encode(np.ascontiguousarray(request.planes), request.jpeg, request.progress)


def _decode_jpeg(request: DecodeRequest) -> np.ndarray:
    from bbans_cli.coders.jpeg import coder

    return coder.decode(request.part, request.width, request.height, request.progress)


def _jpeg_applies(traits: PictureTraits) -> bool:
    return traits.jpeg is not None


CODERS = {
    coder.number: coder
    for coder in (
        Coder(NEURAL, _encode_neural, _decode_neural, _neural_applies, False, 20, _neural_settings_below),
        # The neural coder's trial is the fitted one's too.
        Coder(FITTED, _encode_neural, _decode_fitted, _never_applies, with_alpha=False, cost=5),
        Coder(RAW, _encode_raw, _decode_raw, _raw_applies, with_alpha=True, cost=0),
        Coder(WEBP, _encode_webp, _decode_webp, _webp_applies, with_alpha=True, cost=0),
        Coder(
            FEW_COLOURS,
            _encode_few_colours,
            _decode_context_mixing,
            _few_colours_applies,
            with_alpha=True,
            cost=5,
        ),
        Coder(DEEP, _encode_deep, _decode_context_mixing, _deep_applies, with_alpha=False, cost=30),
        Coder(JPEG, _encode_jpeg, _decode_jpeg, _jpeg_applies, with_alpha=False, cost=10),
    )
}
