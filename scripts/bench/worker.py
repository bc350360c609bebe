"""A process that holds one codec: it codes pictures that it is sent, checks that they come back, and takes times.

One process for each codec keeps their memories apart and lets a measurement go from codec to codec on every picture, so
that what else the machine does meanwhile hits all alike.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from scripts.bench import compared


@dataclass(frozen=True)
class Coded:
    """What came of one picture. Seconds are of the wall clock; `cpu` is processor time of the first two together."""

    size: int
    encode: float
    decode: float
    verified: float | None  # encoding with the encoder's own check, where it has one and it was asked for
    cpu: float


class Worker:
    """Use as `with Worker("jxl-9") as worker`. Raises compared.MissingError where there is no such codec here."""

    def __init__(self, name: str) -> None:
        # Not forked: a fork starts with the memory of this process.
        context = multiprocessing.get_context("spawn")
        self._pipe, end = context.Pipe()
        self._process = context.Process(target=_serve, args=(name, end), daemon=True)
        self._process.start()
        end.close()
        try:
            self.title, self.version = self._answer()
        except BaseException:
            self._process.join()
            raise

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join()

    def code(self, pixels: np.ndarray, threads: int, verified: bool = False) -> Coded:
        """Encode and decode (h, w, c) uint8. verified: encode once more, with the encoder's own check, and time that.

        Raises RuntimeError if other pixels came back, and whatever the codec raises.
        """
        self._pipe.send((pixels, threads, verified))
        return self._answer()

    def peak(self) -> int:
        """The most memory that the process has held so far, in bytes, Python and libraries included."""
        self._pipe.send(None)
        return self._answer()

    def _answer(self):
        answer = self._pipe.recv()
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _serve(name: str, pipe: Connection) -> None:
    try:
        codec = compared.make(name)
        pipe.send((codec.title, codec.version))
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
                # What is loaded on first use is not the speed of coding.
                _code(codec, asked[0][:64, :64], 1, False)
                warm = True
            pipe.send(peak() if asked is None else _code(codec, *asked))
        except Exception as error:
            pipe.send(error)


def _code(codec: compared.Codec, pixels: np.ndarray, threads: int, verified: bool) -> Coded:
    clock, cpu = time.perf_counter, time.process_time()
    times = [clock()]
    data = codec.encode(pixels, threads, False)
    times.append(clock())
    back = codec.decode(data, threads)
    times.append(clock())
    cpu = time.process_time() - cpu
    if not np.array_equal(back, pixels):
        raise RuntimeError(f"{codec.title}: a picture did not come back")
    checked = None
    if verified and codec.verifies:
        start = clock()
        if codec.encode(pixels, threads, True) != data:
            raise RuntimeError(f"{codec.title}: the same picture gave other bytes")
        checked = clock() - start
    return Coded(len(data), times[1] - times[0], times[2] - times[1], checked, cpu)


def peak() -> int:
    """The most memory that this process has held, in bytes.

    Linux counts into getrusage's figure what the parent held before this program was loaded, so its own file is
    asked first.
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
