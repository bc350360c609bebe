"""Band scans by the C core (core/neural/band_scan.h): rows of pixels to intervals, and a message back to pixels.

What a scan codes and in what order is fixed by its shape alone; threads and the size of a call change no bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from bbans_cli.coders.neural.network_layout import LEAST_SQUARES
from bbans_cli.coders.neural.scan_shape import ScanShape
from bbans_cli.core import CData, ffi, lib
from bbans_cli.entropy.native import failure
from bbans_cli.entropy.rans import Message
from bbans_cli.progress import PixelProgress
from bbans_cli.scheduler import ThreadCount

PRECISION = 24
LS_COLUMNS = LEAST_SQUARES.size  # columns of BandScan.least_squares
_MOST_THREADS = 64  # TEAM_MAX_THREADS of core/dispatch/team.h, which refuses more: one scan has no use for them
_CALL_SECONDS = 0.05  # aim for one call of C: short enough for signals and progress

_REFUSALS = {
    lib.BBC_SCAN_BAD_WIDTH: "width is outside 1 to 2^18",
    lib.BBC_SCAN_BAD_HEIGHT: "height is outside 1 to 2^28",
    lib.BBC_SCAN_BAD_ROWS: "rows are not 0 <= first_row <= last_row <= height",
    lib.BBC_SCAN_BAD_CHANNELS: "channels are neither 1 nor 3",
    lib.BBC_SCAN_BAD_HIDDEN: "hidden is no multiple of 16 from 16 to 512",
    lib.BBC_SCAN_BAD_LAYERS: "layers are outside 1 to 4",
    lib.BBC_SCAN_BAD_HEAD: "head is no multiple of 16 from 16 to 128",
    lib.BBC_SCAN_BAD_BLOCK: "block is negative, or 0 with modulation",
    lib.BBC_SCAN_BAD_BATCH: "batch is outside 0 to 2^20",
    lib.BBC_SCAN_BAD_UPDATE_INTERVAL: "update_interval is outside 1 to 1024",
    lib.BBC_SCAN_BAD_TRUNK_AFTER: "trunk_after is negative",
    lib.BBC_SCAN_BAD_LIGHT: "light is outside 0 to 16, or not 0 with a period other than 2",
    lib.BBC_SCAN_BAD_CORRECTION: "correction is neither 0 nor 1",
    lib.BBC_SCAN_BAD_GRID: "grid_x, grid_y are neither -1, -1 nor both within 0 to 15",
    lib.BBC_SCAN_BAD_PERIOD: "period is no power of two up to 16, or more than 1 without a grid",
    lib.BBC_SCAN_BAD_DEPTH: "low_bits are outside 0 to 8, or fraction is outside 0 to low_bits",
    lib.BBC_SCAN_BAD_THREADS: "threads are outside 1 to 64, or the system gives none",
    lib.BBC_SCAN_SMALL_BUFFER: "the buffer is too small, or not aligned to 64 bytes",
    lib.BBC_SCAN_STATIC: "there is no gradient without learning",
}


def weight_count(shape: ScanShape) -> int:
    """Weights of the likelihood network of a scan. ValueError says which field no scan can have."""
    return _checked(lib.bbc_scan_weight_count(_c_shape(shape)))


class BandScan:
    """One scan over rows of ``pixels``, (height, width, channels) of the shape's dtype, C-contiguous; decoding writes
    into them.

    network: flat float32 weights. modulation: float32 (blocks, layers, 2, hidden), blocks in raster order, or None.
    Raises ValueError.
    """

    def __init__(
        self,
        shape: ScanShape,
        network: NDArray[np.float32],
        modulation: NDArray[np.float32] | None,
        pixels: NDArray[np.uint8] | NDArray[np.uint16],
    ) -> None:
        if pixels.shape != (shape.height, shape.width, shape.channels) or pixels.dtype != shape.dtype:
            raise ValueError("pixels do not have the shape of the scan")
        if not pixels.flags.c_contiguous:
            raise ValueError("pixels are not C-contiguous")
        self.shape = shape
        if len(network) != weight_count(shape):
            raise ValueError("the network does not have the widths of the scan")
        if modulation is not None and shape.block > 0:
            blocks = -(-shape.width // shape.block) * -(-shape.last_row // shape.block)
            if modulation.size < blocks * shape.layers * 2 * shape.hidden:
                raise ValueError("the modulation has too few blocks")
        c_shape = _c_shape(shape)
        size = _checked(lib.bbc_scan_size(c_shape))
        self._buffer = np.empty(size + 64, np.uint8)
        self._state = ffi.cast("char *", ffi.from_buffer(self._buffer))
        self._state += -int(ffi.cast("uintptr_t", self._state)) % 64
        self._weights = len(network)
        self._kept: list[object] = [modulation, pixels]  # C uses them at every call
        view = ffi.NULL if modulation is None else ffi.from_buffer("float[]", modulation)
        if pixels.flags.writeable:
            data = ffi.from_buffer(pixels)
        else:
            data = ffi.cast("void *", pixels.ctypes.data)
        _checked(lib.bbc_scan_begin(self._state, size, c_shape, ffi.from_buffer("float[]", network), view, data))

    @property
    def pixels(self) -> int:
        """How many pixels the scan codes."""
        return (self.shape.last_row - self.shape.first_row) * self.shape.width

    def intervals(self, threads: ThreadCount, progress: PixelProgress) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Encode: starts and freqs, uint32 (pixels * symbols,), in coding order; precision is PRECISION."""
        symbols = self.shape.symbols
        starts = np.empty(self.pixels * symbols, np.uint32)
        freqs = np.empty_like(starts)
        at = 0

        def advance(count: int, budget: int) -> int:
            nonlocal at
            here = [ffi.from_buffer("uint32_t[]", array[at * symbols :]) for array in (starts, freqs)]
            done = int(lib.bbc_scan_encode(self._state, count, budget, *here))
            at += max(done, 0)
            return done

        self._advance(advance, threads, progress)
        return starts, freqs

    def pop(
        self,
        message: Message,
        threads: ThreadCount,
        progress: PixelProgress,
        freqs: NDArray[np.uint32] | None = None,
    ) -> None:
        """Decode: pop all pixels of the scan from the message into ``pixels``. Raises CorruptError.

        freqs: None, or an array that gets what `intervals` gives.
        """
        state, words = message._states_view, message._words
        at = 0

        def advance(count: int, budget: int) -> int:
            nonlocal at
            here = ffi.NULL if freqs is None else ffi.from_buffer("uint32_t[]", freqs[at * self.shape.symbols :])
            done = int(lib.bbc_scan_decode(self._state, count, budget, state, words, here))
            at += max(done, 0)
            return done

        self._advance(advance, threads, progress)

    def least_squares(self) -> NDArray[np.float32]:
        """What both least squares predict of every pixel: (rows, width, LS_COLUMNS), columns as network_layout says.

        Called in place of coding: the scan is used up.
        """
        shape = self.shape
        found = np.empty((shape.last_row - shape.first_row, shape.width, LS_COLUMNS), np.float32)
        lib.bbc_scan_least_squares(self._state, ffi.from_buffer("float[]", found))
        return found

    def weights(self) -> NDArray[np.float32]:
        """The network's weights as learning has left them, flat."""
        network = np.empty(self._weights, np.float32)
        lib.bbc_scan_weights(self._state, ffi.from_buffer("float[]", network))
        return network

    def keep_gradient(self) -> NDArray[np.float32]:
        """An array that gets the gradient of each step of the optimiser, laid out like the weights, in nats per pixel.

        0 before the first step. ValueError if the scan does not learn.
        """
        gradient = np.zeros(self._weights, np.float32)
        _checked(lib.bbc_scan_keep_gradient(self._state, ffi.from_buffer("float[]", gradient)))
        self._kept.append(gradient)
        return gradient

    def _advance(self, advance: Callable[[int, int], int], threads: ThreadCount, progress: PixelProgress) -> None:
        """Calls `advance` with threads and a number of pixels to code, again and again until all are done."""
        left, budget = self.pixels, 512
        while left > 0:
            began = time.perf_counter()
            done = advance(min(threads() if callable(threads) else threads, _MOST_THREADS), budget)
            if done in _REFUSALS:
                raise ValueError(_REFUSALS[done])
            if done < 0:
                raise failure(done, self.pixels - left)
            left -= done
            progress(done)
            spent = time.perf_counter() - began
            budget = min(max(64, int(budget * min(4.0, _CALL_SECONDS / max(spent, 1e-6)))), 1 << 20)


def least_squares(
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    grid: tuple[int, int] = (-1, -1),
    period: int = 1,
    light: int = 0,
    low_bits: int = 0,
) -> NDArray[np.float32]:
    """What both least squares predict of every pixel of a picture (h, w, 1 or 3): BandScan.least_squares."""
    height, width, channels = pixels.shape
    shape = ScanShape(
        width=width,
        height=height,
        channels=channels,
        first_row=0,
        last_row=height,
        hidden=16,  # the least a network can have, as it is not used
        layers=1,
        head=16,
        grid_x=grid[0],
        grid_y=grid[1],
        period=period,
        light=light,
        low_bits=low_bits,
        fraction=low_bits,
    )
    return BandScan(shape, np.zeros(weight_count(shape), np.float32), None, pixels).least_squares()


def _c_shape(shape: ScanShape) -> CData:
    return ffi.new("bbc_scan_shape *", asdict(shape))


def _checked(result: int) -> int:
    if result < 0:
        raise ValueError(_REFUSALS.get(result, f"the core refuses the scan (code {result})"))
    return int(result)
