"""Commands that are watched while they run, or killed, and pictures for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "roman-colosseum.png"
BBC = [sys.executable, "-m", "bbans_cli"]


@dataclass
class Ended:
    """How a command ended: exit status, seconds by the clock and of the processor, most bytes of memory, its words."""

    status: int
    seconds: float
    cpu: float
    memory: int
    words: str
    stopped: bool = False


def start(*args: str | Path, cwd: Path) -> subprocess.Popen[bytes]:
    """`bbc` with arguments, in a group of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*BBC, *map(str, args)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def watch(
    process: subprocess.Popen[bytes], every: float = 0.2, seconds: float = 0, look: Callable[[], None] | None = None
) -> Ended:
    """Wait for a command; `look` is called every so many seconds. After `seconds`, if not 0, it is killed."""
    begin, memory, stopped, cpu = time.monotonic(), 0, False, 0.0
    while process.poll() is None:
        memory, cpu = max(memory, status_of(process.pid)[0]), max(cpu, cpu_of(process.pid))
        if look is not None:
            look()
        if seconds and time.monotonic() - begin > seconds:
            process.send_signal(signal.SIGKILL)
            stopped = True
            break
        time.sleep(every)
    words = process.communicate()[0].decode(errors="replace")
    return Ended(process.returncode, time.monotonic() - begin, cpu, memory, words, stopped)


def run(*args: str | Path, cwd: Path, seconds: float = 0) -> Ended:
    """`bbc` with arguments, watched."""
    return watch(start(*args, cwd=cwd), seconds=seconds)


def status_of(pid: int) -> tuple[int, int, int]:
    """Bytes of memory of a process at most so far and now, and its open files; zeros once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
        files = len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0, 0, 0
    found = {line.split(":")[0]: line.split()[1] for line in text.splitlines() if line.startswith(("VmHWM", "VmRSS"))}
    return int(found.get("VmHWM", 0)) << 10, int(found.get("VmRSS", 0)) << 10, files


def cpu_of(pid: int) -> float:
    """Seconds of processor time that a process has taken so far; 0 once it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def photograph(width: int, height: int, seed: int = 1) -> Image.Image:
    """The sample photograph, mirrored again and again until it fills a size, with a little noise on it."""
    with Image.open(SAMPLE) as image:
        sample = np.asarray(image.convert("RGB"))
    tile = np.concatenate([sample, sample[:, ::-1]], axis=1)
    tile = np.concatenate([tile, tile[::-1]])
    rng, strips = np.random.default_rng(seed), []
    for top in range(0, height, 256):
        rows = np.arange(top, min(height, top + 256)) % len(tile)
        strip = tile[rows][:, np.arange(width) % tile.shape[1]].astype(np.int16)
        strip += rng.integers(-1, 2, strip.shape, np.int8)
        strips.append(strip.clip(0, 255).astype(np.uint8))
    return Image.fromarray(np.concatenate(strips))


def equal_pixels(one: Path, other: Path) -> bool:
    """Whether two picture files have the same pixels."""
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(one) as first, Image.open(other) as second:
        return first.size == second.size and np.array_equal(np.asarray(first), np.asarray(second))


def leftovers(folder: Path) -> Sequence[Path]:
    """Temporary files of outputs that a killed process could not remove."""
    return sorted(folder.glob(".*.tmp"))
