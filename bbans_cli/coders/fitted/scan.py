"""Bands of the fitted coder and the fit of its weights, by the C core (core/fitted/).

Arrays of weights are flat float32, padded as the core has them: WEIGHTS numbers. layout.py turns them into tensors.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bbans_cli.coders.fitted.layout import BATCH_CHUNKS, INPUTS, LANES, PARTS, ROW, SAMPLE, USED, WEIGHTS
from bbans_cli.core import CData, check_coder, ffi, lib
from bbans_cli.entropy.native import failure
from bbans_cli.entropy.rans import Message
from bbans_cli.progress import PixelProgress

PRECISION = 24
_CALL_SECONDS = 0.05  # aim for one call of C: short enough for signals and progress
_STEPS = 512  # of a fit in one call of C, for the same reason: each is 0.03 to 0.1 ms
_REFUSALS = {
    lib.BBC_FITTED_BAD_SHAPE: "no band has this width, height and number of channels",
    lib.BBC_FITTED_SMALL_BUFFER: "the buffer is too small",
    lib.BBC_FITTED_BAD_THREADS: "this system gives no threads",
}


class Forecasts:
    """Room for what the least squares give to a band. size: bytes (BandScan.forecasts_size); data: where C finds it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._buffer, self.data = _buffer(size)


class BandScan:
    """One pass over the pixels of a band, (height, width, 1 or 3) uint8, C-contiguous; decoding writes into them.

    forecasts: `collect` keeps there what the least squares give; `intervals` of another scan of the same band finds it,
    and takes less time for the same intervals. Raises ValueError for shapes that no band has and too small forecasts,
    UnsupportedError if this machine computes something else.
    """

    def __init__(
        self, pixels: NDArray[np.uint8], weights: NDArray[np.float32], forecasts: Forecasts | None = None
    ) -> None:
        if pixels.ndim != 3 or pixels.dtype != np.uint8 or not pixels.flags.c_contiguous:
            raise ValueError("pixels are not (height, width, channels) uint8, C-contiguous")
        if weights.shape != (WEIGHTS,) or weights.dtype != np.float32:
            raise ValueError("weights of a wrong shape")
        check_coder(lib.BBC_SELF_TEST_FITTED)
        height, width, self._channels = pixels.shape
        self._pixels = height * width
        size = _checked(lib.bbc_fitted_size(width, height, self._channels))
        self._buffer, self._state = _buffer(size)
        self._kept = (pixels, weights, forecasts)  # C reads them at every call
        data = ffi.cast("uint8_t *", pixels.ctypes.data)
        view = ffi.from_buffer("float[]", weights)
        _checked(lib.bbc_fitted_begin(self._state, size, width, height, self._channels, view, data))
        if forecasts is not None:
            _checked(lib.bbc_fitted_keep_forecasts(self._state, forecasts.size, forecasts.data))

    def intervals(self, progress: PixelProgress) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Encode: starts and freqs, uint32 (pixels * channels,), in coding order; precision is PRECISION."""
        starts = np.empty(self._pixels * self._channels, np.uint32)
        freqs = np.empty_like(starts)

        def advance(budget: int, done: int) -> int:
            at = done * self._channels
            here = [ffi.from_buffer("uint32_t[]", array[at:]) for array in (starts, freqs)]
            return int(lib.bbc_fitted_encode(self._state, budget, *here))

        self._advance(advance, progress)
        return starts, freqs

    def pop(self, message: Message, progress: PixelProgress) -> None:
        """Decode: pop all pixels of the band from a message of LANES lanes. Raises CorruptError."""
        states, words = message._states_view, message._words
        self._advance(lambda budget, _: int(lib.bbc_fitted_decode(self._state, budget, states, words)), progress)

    def chunks(self) -> int:
        """Chunks of the band: of each diagonal its pixels by sixteens, rounded up."""
        return int(lib.bbc_fitted_chunks(self._state))

    def forecasts_size(self) -> int:
        """Bytes of what the least squares give to the band: about 15 a pixel."""
        return int(lib.bbc_fitted_forecasts_size(self._state))

    def collect(
        self, interval: int, progress: PixelProgress, samples: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """What a fit needs of one of every `interval` chunks, at random: (chunks, SAMPLE) uint8.

        samples: an array of that shape, C-contiguous, to be filled.
        """
        count = self.chunks() // interval
        if samples is None:
            samples = np.empty((count, SAMPLE), np.uint8)
        if samples.shape != (count, SAMPLE) or not samples.flags.c_contiguous or samples.dtype != np.uint8:
            raise ValueError("an array of a wrong shape for the samples")
        view = ffi.from_buffer(samples) if count else ffi.NULL
        self._advance(lambda budget, _: int(lib.bbc_fitted_collect(self._state, budget, interval, view)), progress)
        return samples

    def _advance(self, advance: Callable[[int, int], int], progress: PixelProgress) -> None:
        """Calls `advance` with a number of pixels to code and those done, until all are done."""
        done, budget = 0, 1 << 12
        while done < self._pixels:
            began = time.perf_counter()
            now = advance(budget, done)
            if now in _REFUSALS:
                raise ValueError(_REFUSALS[now])
            if now < 0:
                raise failure(now, done)
            done += now
            progress(now)
            spent = time.perf_counter() - began
            budget = min(max(64, int(budget * min(4.0, _CALL_SECONDS / max(spent, 1e-6)))), 1 << 20)


def unpacked(samples: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Samples (chunks, SAMPLE) as a row of numbers for each of their pixels, (pixels, ROW): see layout.py."""
    rows = np.empty((len(samples), LANES, ROW), np.float32)
    if len(samples):
        lib.bbc_fitted_unpack(len(samples), ffi.from_buffer(samples), ffi.from_buffer("float[]", rows))
    used: NDArray[np.float32] = rows[rows[:, :, USED] > 0]
    return used


def basis_of(samples: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The basis to fit the trunk's weights in: the eigenvectors of the second moments of the inputs, as rows."""
    basis = np.empty((INPUTS, INPUTS), np.float32)
    lib.bbc_fitted_basis(len(samples), ffi.from_buffer(samples), ffi.from_buffer("float[]", basis))
    return basis


def fit(
    channels: int,
    weights: NDArray[np.float32],
    basis: NDArray[np.float32],
    second: NDArray[np.float32],
    factor: NDArray[np.float32],
    rates: NDArray[np.float32],
    order: NDArray[np.int32],
    samples: NDArray[np.uint8],
    threads: int,
    progress: Callable[[int], None],
) -> NDArray[np.float32]:
    """The weights after as many steps of Adam as there are rates.

    basis: of the inputs, orthonormal vectors as rows: the trunk's weights are fitted in it. second: the second moments
    that Adam starts with. factor: of the rates. Both are of the trunk's weights in the basis, and of all others. order:
    (steps, BATCH_CHUNKS) numbers of chunks. samples: as BandScan.collect gives them. threads change no bit; a
    mini-batch has parts for as many as PARTS. progress gets numbers of steps.
    """
    if order.shape != (len(rates), BATCH_CHUNKS) or order.size and not 0 <= order.min() <= order.max() < len(samples):
        raise ValueError("the order does not fit the samples")
    size = int(lib.bbc_fitted_fit_size())
    views = [ffi.from_buffer("float[]", array) for array in (weights, basis, second, factor)]
    kept, state = _buffer(size)
    _checked(lib.bbc_fitted_fit_begin(state, size, channels, *views))
    view, threads = ffi.from_buffer(samples), min(threads, PARTS)
    for at in range(0, len(rates), _STEPS):
        rate = ffi.from_buffer("float[]", rates[at : at + _STEPS])
        chunk = ffi.from_buffer("int32_t[]", order[at : at + _STEPS])
        steps = len(rates[at : at + _STEPS])
        _checked(lib.bbc_fitted_fit(state, threads, steps, rate, chunk, view))
        progress(steps)
    out = np.empty(WEIGHTS, np.float32)
    lib.bbc_fitted_fit_weights(state, ffi.from_buffer("float[]", out))
    del kept  # until here C had its address alone
    return out


def _buffer(size: int) -> tuple[NDArray[np.uint8], CData]:
    """A buffer, and a pointer to at least `size` bytes of it that is aligned to 64."""
    buffer = np.empty(size + 64, np.uint8)
    start = ffi.cast("char *", ffi.from_buffer(buffer))
    return buffer, start + -int(ffi.cast("uintptr_t", start)) % 64


def _checked(result: int) -> int:
    if result < 0:
        raise ValueError(_REFUSALS.get(result, f"the core refuses the band (code {result})"))
    return int(result)
