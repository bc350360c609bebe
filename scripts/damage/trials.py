"""One damaged .bbc file at a time: what reading it comes to, how long that takes, and whether that is as it must be."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bbans_cli import container
from bbans_cli.api import PictureCodec
from bbans_cli.coders.damaged_bands import CHANNEL_NAMES
from bbans_cli.container import Container
from bbans_cli.errors import CorruptError, InputError, code_of
from bbans_cli.pictures.picture import Picture

# A trial that takes so many seconds, and so many times as long as the whole file, is taken for one without an end.
PATIENCE, TIMES = 20.0, 20.0
# Of memory: of each pixel, whose bands are all at work in files so small, and beyond that.
BYTES_A_PIXEL, MORE_BYTES = 40, 64 << 20


class HangError(Exception):
    """A trial took too long."""


@dataclass
class Tally:
    """What was seen of a file.

    size, front  bytes of the file, and of header and metadata
    flips        bits that were flipped, and how many there are
    cuts         truncations
    codes        how often each error code came
    faults       what must not be, in words
    slowest      seconds of the slowest trial
    memory       bytes that the process took for it beyond what it had before, and the most that it may
    salvaged     how many damaged pictures were read on past damage, and rows that held and rows that were lost then
    """

    name: str
    size: int
    front: int = 0
    flips: list[int] = field(default_factory=lambda: [0, 0])
    cuts: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    memory: list[int] = field(default_factory=lambda: [0, 0])
    salvaged: list[int] = field(default_factory=lambda: [0, 0, 0])


@contextlib.contextmanager
def weights_beside(path: Path) -> Iterator[None]:
    """Within, the weights of the folder of a golden file count, if the file was coded under those of the tests."""
    kept = os.environ.get("BBC_WEIGHTS")
    if path.name.startswith("good-tiny"):
        os.environ["BBC_WEIGHTS"] = str(path.parent)
    try:
        yield
    finally:
        os.environ.pop("BBC_WEIGHTS", None)
        if kept is not None:
            os.environ["BBC_WEIGHTS"] = kept


def front_of(data: bytes) -> int:
    """Bytes of header and metadata."""
    content = container.from_bytes(data)
    if isinstance(content, Container):
        return len(data) - sum(len(band.payload) for part in content.parts for band in part.bands)
    return len(data) - sum(len(part.payload) for part in content.parts)


def flipped(data: bytes, bit: int) -> bytes:
    """The file with one bit flipped, counted from the lowest of the first byte."""
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


class Trials:
    """Trials of one file; `tally` has what they found."""

    def __init__(self, name: str, data: bytes) -> None:
        self.data, self.codec, self.patience = data, PictureCodec(), PATIENCE
        before, start = _memory(), time.monotonic()
        self.whole = self.codec.decompress_file(data, None, 1).data
        content = container.from_bytes(data)
        shows = isinstance(content, Container) or content.jpeg is not None
        self.picture = None
        if shows:
            with contextlib.suppress(InputError):  # of a JPEG file that no reader takes pixels from
                self.picture = self.codec.salvage(data, 1)[0]
        self.patience = max(PATIENCE, TIMES * (time.monotonic() - start))
        self.tally = Tally(name, len(data), front_of(data))
        self.tally.flips[1] = 8 * len(data)
        width, height = (content.width, content.height) if isinstance(content, Container) else (0, 0)
        if not isinstance(content, Container) and content.jpeg is not None:
            width, height = content.jpeg.width, content.jpeg.height
        size = len(self.whole) + (0 if self.picture is None else self.picture.pixels.nbytes)
        self.tally.memory[1] = before + size + BYTES_A_PIXEL * width * height + MORE_BYTES
        self._before = before

    def cut(self, size: int) -> None:
        """Read the first bytes alone: the error must be that the file is truncated."""
        self.tally.cuts += 1
        self._one(self.data[:size], "truncated", f"cut to {size:,} bytes")

    def flip(self, bit: int) -> None:
        """Flip one bit: the error must be that the file is corrupt."""
        self.tally.flips[0] += 1
        self._one(flipped(self.data, bit), "corrupt", f"bit {bit:,} flipped")

    def salvage(self, data: bytes, what: str) -> None:
        """Read a damaged picture on past damage: rows that are not named as lost must be right."""
        if self.picture is None:
            return
        try:
            with self._watched(what):
                picture, damage = self.codec.salvage(data, 1)
        except CorruptError:
            return
        held = np.ones(self.picture.pixels.shape, bool)
        for lost in damage.rows:
            names = CHANNEL_NAMES[self.picture.mode]
            channels = [names.index(name) for name in lost.channels or names if name in names] or slice(None)
            columns = slice(*(lost.columns or (None, None)))
            held[lost.first : lost.end, columns, channels] = False
        if not damage:
            self.tally.faults.append(f"{what}: read on past damage, and nothing said to be lost")
        elif not damage.metadata and not _equal_where(held, picture, self.picture):
            self.tally.faults.append(f"{what}: read on past damage, and a WRONG PICTURE")
        rows = held.all(axis=(1, 2))
        self.tally.salvaged = [
            sum(pair)
            for pair in zip(self.tally.salvaged, (1, int(rows.sum()), len(rows) - int(rows.sum())), strict=True)
        ]

    def _one(self, data: bytes, code: str, what: str) -> None:
        found = "none"
        try:
            with self._watched(what):
                found_file = self.codec.decompress_file(data, None, 1).data
            found = "none" if found_file == self.whole else "WRONG PICTURE"
        except Exception as error:
            found = "hang" if isinstance(error, HangError) else code_of(error)
        self.tally.codes[found] += 1
        if found != code:
            self.tally.faults.append(f"{what}: {found}, where it should be {code}")

    @contextlib.contextmanager
    def _watched(self, what: str) -> Iterator[None]:
        """Measures time and memory of what is done within, and ends it if it takes too long."""
        start = time.monotonic()
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, self.patience)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.tally.slowest = max(self.tally.slowest, time.monotonic() - start)
            memory = _memory()
            if memory > self.tally.memory[1] >= self.tally.memory[0]:
                self.tally.faults.append(f"{what}: {memory >> 20:,} MiB of memory")
            self.tally.memory[0] = max(self.tally.memory[0], memory)


def _equal_where(held: np.ndarray, one: Picture, other: Picture) -> bool:
    return one.pixels.shape == other.pixels.shape and bool(np.all((one.pixels == other.pixels) | ~held))


def _stop(number: int, frame: object) -> None:
    raise HangError


def _memory() -> int:
    """The most bytes that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
