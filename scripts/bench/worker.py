"""A process with one codec, which encodes, decodes, compares and times the pictures that it receives.

One process for each codec keeps their memory apart, and lets a measurement take turns among the codecs on every
picture, so that a load from other programs affects all of them alike.
"""

from __future__ import annotations

import itertools
import multiprocessing
import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from scripts.bench import formats


@dataclass(frozen=True)
class Coded:
    """The result of one picture. Seconds are processor time of one thread, and wall time of several.

    `cpu` and `wall` are both times of `encode` and `decode` together.
    """

    size: int
    encode: float
    decode: float
    verified: float | None  # encoding with the encoder's own verification, where it has one and it was asked for
    cpu: float
    wall: float


class Worker:
    """Use as `with Worker("jxl-9") as worker`. Raises formats.MissingError if this machine lacks the codec."""

    def __init__(self, name: str) -> None:
        # Not forked: a fork starts with the memory of this process.
        context = multiprocessing.get_context("spawn")
        self._pipe, end = context.Pipe()
        self._process = context.Process(target=_serve, args=(name, end), daemon=True)
        self._process.start()
        end.close()
        try:
            self.title, self.version, self.deep = self._answer()
        except BaseException:
            self._process.join()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join()

    def code(self, pixels: np.ndarray, threads: int, verified: bool = False) -> Coded:
        """Encode and decode (h, w, c) uint8. verified: encode once more, with its own verification, and time it.

        Raises RuntimeError if the decoded pixels differ, and the exceptions of the codec.
        """
        self._pipe.send((pixels, threads, verified))
        return self._answer()

    def peak(self) -> int:
        """The peak memory of the process so far in bytes, Python and libraries included."""
        self._pipe.send(None)
        return self._answer()

    def _answer(self) -> Any:  # Coded, int, or (title, version, deep)
        answer = self._pipe.recv()
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _serve(name: str, pipe: Connection) -> None:
    try:
        codec = formats.make(name)
        pipe.send((codec.title, codec.version, codec.deep))
    except Exception as error:
        pipe.send(error)
        return
    warm = False
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        try:
            if asked is not None and not warm:
                # Loading on first use is not part of the speed of coding.
                _code(codec, asked[0][:64, :64], 1, False)
                warm = True
            pipe.send(peak() if asked is None else _code(codec, *asked))
        except Exception as error:
            pipe.send(error)


def same(decoded: np.ndarray, pixels: np.ndarray) -> bool:
    """Whether a decoded picture is that which was coded: WebP drops an opaque alpha, and makes RGB of grey."""
    if pixels.shape[2] in (2, 4) and decoded.shape[2] == 3 and (pixels[:, :, -1] == 255).all():
        pixels = pixels[:, :, :-1]
    if pixels.shape[2] == 1 and decoded.shape[2] == 3:
        pixels = np.repeat(pixels, 3, axis=2)
    return np.array_equal(decoded, pixels)


def _code(codec: formats.Codec, pixels: np.ndarray, threads: int, verified: bool) -> Coded:
    clocks = [_clock()]
    data = codec.encode(pixels, threads, False)
    clocks.append(_clock())
    back = codec.decode(data, threads)
    clocks.append(_clock())
    if not same(back, pixels):
        raise RuntimeError(f"{codec.title}: the decoded picture differs")
    checked = None
    if verified and codec.verifies:
        start = _clock()
        if codec.encode(pixels, threads, True) != data:
            raise RuntimeError(f"{codec.title}: the same picture was encoded differently")
        checked = _seconds(start, _clock(), threads)
    encode, decode = (_seconds(*pair, threads) for pair in itertools.pairwise(clocks))
    wall, cpu = (clocks[-1][i] - clocks[0][i] for i in range(2))
    return Coded(len(data), encode, decode, checked, cpu, wall)


def _clock() -> tuple[float, float]:
    """Wall time and processor time, that of programs which have been called included."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), time.process_time() + children.ru_utime + children.ru_stime


def _seconds(start: tuple[float, float], end: tuple[float, float], threads: int) -> float:
    """Other programs lengthen wall time alone; several threads shorten it alone."""
    kind = 1 if threads == 1 else 0
    return end[kind] - start[kind]


def peak() -> int:
    """The peak memory of this process in bytes.

    On Linux, ru_maxrss includes the memory of the parent before the program was loaded; VmHWM does not.
    """
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10
