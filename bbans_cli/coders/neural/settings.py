"""The settings of a part of the neural coder, as docs/format.md defines them: what a decoder needs besides weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bbans_cli.coders.neural import band as bands
from bbans_cli.coders.neural.mosaic import CURVES
from bbans_cli.coders.neural.neighbourhood import PHASES
from bbans_cli.coders.neural.weights import Weights
from bbans_cli.errors import UnsupportedError
from bbans_cli.progress import PixelProgress, no_progress
from bbans_cli.scheduler import ThreadCount

LEARNING_RATES = (0.0, 1e-4, 2e-4, 3e-4, 4e-4, 6e-4, 8e-4, 1.2e-3)
BATCHES = (128, 64, 32, 16)  # pixels of a mini-batch

UNKNOWN_SETTINGS = "needs a newer bbc: unknown settings of the neural coder"


@dataclass(frozen=True)
class Settings:
    """The settings of a part, one to three bytes: what a decoder must know besides the weights.

    rate_index: of LEARNING_RATES; 0: the network does not learn. interval_log4: the network learns from one of 4^this
    groups of 32 pixels of a mini-batch, this being 0 or 1. batch_index: of BATCHES. grid: column and row of the
    part's first pixel in the 16-pixel period of a JPEG file's grid, each 0 to 15, or (-1, -1) without a grid.
    ycbcr: the samples are Cb, Y, Cr in place of R, G, B. mosaic: statistics depend on column and row modulo 2; only
    with a grid. light: the curve of the linear light that least squares are of, 1 to 16, or 0; only with a mosaic.
    low_bits, fraction: of deep samples, as ScanShape has them.
    """

    rate_index: int
    interval_log4: int = 0
    batch_index: int = 1
    grid: tuple[int, int] = (-1, -1)
    ycbcr: bool = False
    mosaic: bool = False
    light: int = 0
    low_bits: int = 0
    fraction: int = 0

    @property
    def learning_rate(self) -> float:
        """The learning rate, 0 for none."""
        return LEARNING_RATES[self.rate_index]

    @property
    def batch(self) -> int:
        """Pixels of a mini-batch, 0 if the network does not learn."""
        return BATCHES[self.batch_index] if self.rate_index else 0

    @property
    def update_interval(self) -> int:
        """One of so many groups of 32 pixels of a mini-batch is learned from."""
        return 1 << 2 * self.interval_log4

    def to_bytes(self) -> bytes:
        """The settings as docs/format.md defines them: three bytes for deep samples, two with a grid; a curve."""
        kind = self.mosaic << 4 | (self.ycbcr or self.light > 0) << 5
        first = self.rate_index | self.interval_log4 << 3 | kind | self.batch_index << 6
        x, y = self.grid
        grid = x | y << 4 if x >= 0 else 0
        curve = [self.light - 1] if self.light else []
        if self.low_bits:
            return bytes([first, grid, self.low_bits - 1 | self.fraction << 3 | (x < 0) << 7, *curve])
        return bytes([first] if x < 0 else [first, grid, *curve])

    @classmethod
    def from_bytes(cls, data: bytes) -> Settings:
        """Settings from their bytes. Raises UnsupportedError for bytes that are not those of any."""
        whole, light = data, 0
        if data and data[0] >> 4 & 3 == 3:
            data, light = data[:-1], data[-1] + 1
        if len(data) not in (1, 2, 3) or light > CURVES:
            raise UnsupportedError(UNKNOWN_SETTINGS)
        first = data[0]
        found = cls(
            rate_index=first & 7,
            interval_log4=first >> 3 & 1,
            batch_index=first >> 6,
            grid=(data[1] & 15, data[1] >> 4) if len(data) == 2 or len(data) == 3 and data[2] < 128 else (-1, -1),
            ycbcr=first >> 4 & 3 == 2,
            mosaic=bool(first >> 4 & 1),
            light=light,
            low_bits=(data[2] & 7) + 1 if len(data) == 3 else 0,
            fraction=data[2] >> 3 & 15 if len(data) == 3 else 0,
        )
        wrong = found.fraction > found.low_bits or found.low_bits and found.ycbcr or found.mosaic and found.grid[0] < 0
        if found.to_bytes() != whole or wrong:
            raise UnsupportedError(UNKNOWN_SETTINGS)
        return found

    def shifted_down(self, rows: int) -> Settings:
        """The settings of what begins so many rows further down."""
        x, y = self.grid
        return self if x < 0 else replace(self, grid=(x, (y + rows) % PHASES))


def band_codec(
    shape: tuple[int, ...],
    model: Weights,
    settings: Settings,
    threads: ThreadCount = 1,
    progress: PixelProgress = no_progress,
) -> bands.BandCodec:
    """The codecs of a band of pixels of a shape (height, width, channels)."""
    height, width, channels = shape
    return bands.BandCodec(
        weights=model,
        height=height,
        width=width,
        channels=channels,
        batch=settings.batch,
        learning_rate=settings.learning_rate,
        update_interval=settings.update_interval,
        grid=settings.grid,
        mosaic=settings.mosaic,
        light=settings.light,
        low_bits=settings.low_bits,
        fraction=settings.fraction,
        threads=threads,
        progress=progress,
    )
