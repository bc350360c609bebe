"""Band scans by the C core (core/neural/band_scan.h): rows of pixels to intervals, and a message back to pixels.

What a pass codes and in what order is fixed by its shape alone; threads and the size of a call change no bit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bbans_cli.core import ffi, lib
from bbans_cli.entropy.native import failure

PRECISION = 24
LS_COLUMNS = lib.BBC_SCAN_LS_COLUMNS  # numbers that the least squares say of a pixel
_CALL_SECONDS = 0.05  # aim for one call of C: short enough for signals and progress


@dataclass(frozen=True)
class ScanShape:
    """What a pass codes: rows first..last of pixels (height, width, channels), by a network of the given widths."""

    width: int
    height: int
    channels: int
    first_row: int
    last_row: int
    hidden: int
    layers: int
    head: int
    block: int = 0
    batch: int = 0
    learning_rate: float = 0.0
    update_interval: int = 1
    grid_x: int = -1  # place of the first pixel in a grid of 16x16, or -1, -1
    grid_y: int = -1
    period: int = 1  # of the least squares by place, a power of two up to 16; 1 without a grid


class BandScan:
    """One pass over rows of ``pixels`` (height, width, channels) uint8, C-contiguous; decoding writes into it.

    network: flat float32 weights. modulation: float32 (blocks, layers, 2, hidden) or None.
    """

    def __init__(self, shape: ScanShape, network: np.ndarray, modulation: np.ndarray | None, pixels: np.ndarray):
        if pixels.shape != (shape.height, shape.width, shape.channels) or pixels.dtype != np.uint8:
            raise ValueError("pixels do not have the shape of the pass")
        if not pixels.flags.c_contiguous:
            raise ValueError("pixels are not C-contiguous")
        self.shape = shape
        c_shape = ffi.new("bbc_scan_shape *", vars(shape))
        if len(network) != lib.bbc_scan_weight_count(c_shape):
            raise ValueError("the network does not have the widths of the pass")
        if modulation is not None:
            blocks = -(-shape.width // shape.block) * -(-shape.last_row // shape.block)
            if modulation.size < blocks * shape.layers * 2 * shape.hidden:
                raise ValueError("the modulation has too few blocks")
        size = lib.bbc_scan_size(c_shape)
        self._buffer = np.empty(size + 64, np.uint8)
        self._state = ffi.cast("char *", ffi.from_buffer(self._buffer))
        self._state += -int(ffi.cast("uintptr_t", self._state)) % 64
        self._kept = (network, modulation, pixels)
        view = ffi.NULL if modulation is None else ffi.from_buffer("float[]", modulation)
        data = (
            ffi.from_buffer("uint8_t[]", pixels)
            if pixels.flags.writeable
            else ffi.cast("uint8_t *", pixels.ctypes.data)
        )
        code = lib.bbc_scan_begin(self._state, size, c_shape, ffi.from_buffer("float[]", network), view, data)
        if code:
            raise ValueError(f"bbc_scan_begin: {code}")

    @property
    def pixels(self) -> int:
        """How many pixels the pass codes."""
        return (self.shape.last_row - self.shape.first_row) * self.shape.width

    def intervals(self, threads: int, progress: Callable[[int], None]) -> tuple[np.ndarray, np.ndarray]:
        """Encode: starts and freqs, uint32 (pixels * channels,), in coding order; precision is PRECISION."""
        channels = self.shape.channels
        starts = np.empty(self.pixels * channels, np.uint32)
        freqs = np.empty_like(starts)
        at = 0

        def advance(budget: int) -> int:
            nonlocal at
            here = [ffi.from_buffer("uint32_t[]", array[at * channels :]) for array in (starts, freqs)]
            done = lib.bbc_scan_encode(self._state, threads, budget, *here)
            at += max(done, 0)
            return done

        self._run(advance, progress)
        return starts, freqs

    def pop(self, message, threads: int, progress: Callable[[int], None]) -> None:
        """Decode: pop all pixels of the pass from the message into ``pixels``. Raises CorruptError."""
        head = message._states_view
        words = message._words
        self._run(lambda budget: lib.bbc_scan_decode(self._state, threads, budget, head, words), progress)

    def least_squares(self) -> np.ndarray:
        """What both least squares predict of every pixel (bbc_scan_least_squares): (rows, width, LS_COLUMNS) float32.

        Called in place of coding: the scan is used up."""
        shape = self.shape
        found = np.empty((shape.last_row - shape.first_row, shape.width, LS_COLUMNS), np.float32)
        lib.bbc_scan_least_squares(self._state, ffi.from_buffer("float[]", found))
        return found

    def weights(self) -> np.ndarray:
        """The network's weights as learning has left them, flat float32."""
        network = np.empty(len(self._kept[0]), np.float32)
        lib.bbc_scan_weights(self._state, ffi.from_buffer("float[]", network))
        return network

    def gradient(self) -> np.ndarray:
        """The gradient of the last step of learning, laid out like the weights, in nats per pixel."""
        gradient = np.zeros(len(self._kept[0]), np.float32)
        lib.bbc_scan_gradient(self._state, ffi.from_buffer("float[]", gradient))
        return gradient

    def _run(self, advance: Callable[[int], int], progress: Callable[[int], None]) -> None:
        left, budget = self.pixels, 512
        while left > 0:
            began = time.perf_counter()
            done = advance(budget)
            if done < 0:
                raise failure(done, self.pixels - left)
            left -= done
            progress(done)
            spent = time.perf_counter() - began
            budget = min(max(64, int(budget * min(4.0, _CALL_SECONDS / max(spent, 1e-6)))), 1 << 20)


def least_squares(pixels: np.ndarray, grid: tuple[int, int] = (-1, -1), period: int = 1) -> np.ndarray:
    """What both least squares say of every pixel of a picture (h, w, 1 or 3) uint8: BandScan.least_squares."""
    height, width, channels = pixels.shape
    shape = ScanShape(width, height, channels, 0, height, 16, 1, 16, grid_x=grid[0], grid_y=grid[1], period=period)
    network = np.zeros(lib.bbc_scan_weight_count(ffi.new("bbc_scan_shape *", vars(shape))), np.float32)
    return BandScan(shape, network, None, pixels).least_squares()
