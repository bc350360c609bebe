"""kill -9 at random moments of each command that writes or removes files: what there is afterwards, byte by byte."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scripts.load.processes import leftovers, photograph, run, start

# Command, files before it, all in the folder that `_prepare` fills
COMMANDS = (
    (["compress", "-1", "a.png"], ("a.png",)),
    (["compress", "-1", "--rm", "a.png"], ("a.png",)),
    (["compress", "-1", "-f", "b.png"], ("b.png", "b.bbc")),
    (["decompress", "a.bbc"], ("a.bbc",)),
    (["decompress", "--rm", "a.bbc"], ("a.bbc",)),
    (["recompress", "-5", "--even-if-larger", "b.bbc"], ("b.bbc",)),
    (["meta", "strip", "--text", "b.bbc"], ("b.bbc",)),
    (["compress", "-1", "--rm", "c.jpg"], ("c.jpg",)),
)
# Of the moments, so many are within the first milliseconds after a temporary file has appeared; in these the file is
# written and gets its name.
WRITING_SHARE, WRITING_SECONDS = 0.6, 0.01


@dataclass
class Seen:
    """Of a command: how often it was killed, what there was then, and what must not be."""

    name: str
    kills: int = 0
    old: int = 0
    new: int = 0
    left: int = 0
    faults: list[str] = field(default_factory=list)


def check(moments: int, seed: int) -> Iterator[Seen]:
    """Kill commands at so many moments in all; of each what was seen."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        source.mkdir()
        _prepare(source)
        for number, (command, files) in enumerate(COMMANDS):
            share = moments * (number + 1) // len(COMMANDS) - moments * number // len(COMMANDS)
            yield _command(command, files, share, source, Path(scratch) / "work", rng)


def _prepare(folder: Path) -> None:
    picture = photograph(96, 72)
    picture.save(folder / "a.png")
    picture.save(folder / "c.jpg", quality=92)
    run("compress", "-1", "a.png", cwd=folder)
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Comment", "to be left out")
    picture.crop((0, 0, 48, 32)).save(folder / "b.png", pnginfo=texts)
    run("compress", "-9", "b.png", cwd=folder)


def _state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.endswith(".tmp")}


def _command(
    command: list[str], files: tuple[str, ...], kills: int, source: Path, work: Path, rng: random.Random
) -> Seen:
    seen = Seen(" ".join(command))
    old, begin = _fill(work, source, files), time.monotonic()
    ended = run(*command, cwd=work)
    duration, new = time.monotonic() - begin, _state(work)
    if ended.status or new == old:
        seen.faults.append(f"{seen.name}: {ended.words}")
    allowed = [old, new]
    if command[0] != "recompress" and "--rm" in command:
        allowed.append(old | new)  # the output is there, and the input is not removed yet
    for _ in range(4 * kills):
        if seen.kills == kills:
            break
        _fill(work, source, files)
        process = start(*command, cwd=work)
        writing = rng.random() < WRITING_SHARE and _await_writing(process, work)
        time.sleep(rng.uniform(0, WRITING_SECONDS if writing else duration))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            continue  # it had ended before
        seen.kills += 1
        state, left = _state(work), leftovers(work)
        seen.left += len(left)
        seen.old += state == old
        seen.new += state != old and state in allowed
        if state not in allowed:
            sizes = {name: len(data) for name, data in state.items()}
            seen.faults.append(f"{seen.name}: neither the old state nor the new one: {sizes}")
    return seen


def _fill(work: Path, source: Path, files: tuple[str, ...]) -> dict[str, bytes]:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for name in files:
        shutil.copy2(source / name, work / name)
    return _state(work)


def _await_writing(process: subprocess.Popen[bytes], work: Path) -> bool:
    """Wait until a temporary file appears that has bytes in it; False if the command ends before."""
    while process.poll() is None:
        if any(path.stat().st_size for path in leftovers(work) if path.exists()):
            return True
        time.sleep(0.0005)
    return False
