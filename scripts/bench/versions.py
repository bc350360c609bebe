"""Two builds of bbc on the same pictures: whether they write the same bytes, and their processor times.

    python -m scripts.bench.versions OTHER [--this .venv/bin/bbc] [--levels 1,5,9] [--runs 15] [--peer jxl-9] PICTURE...

OTHER and --this are commands that run a bbc, for example the path of `bbc` in the environment of another checkout. Each
picture is compressed and decompressed by both in turn, on one thread and in processes of their own, so that a load
from elsewhere hits both alike. Times are medians of user and system time of the process, start included; with
--without-start, less those of a picture of one pixel beside each. The encoder does not decode its result (--no-verify).
A peer codes each picture in the same run, once at each level, within this process. Exits with 1 if any bytes or pixels
differ.
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
from PIL import Image

from scripts.bench import formats

DIRECTIONS = ("compress", "decompress")


@dataclass
class Build:
    """One bbc: the command, a folder for its outputs, and its processor times in seconds for each direction."""

    command: list[str]
    folder: Path
    seconds: dict[str, list[float]] = field(default_factory=lambda: {direction: [] for direction in DIRECTIONS})

    def run(self, picture: Path, level: int) -> None:
        """Compress the picture to ``folder``/coded.bbc and that to ``folder``/decoded; note both times."""
        coded, decoded = self.folder / "coded.bbc", self.folder / "decoded"
        options = ("-T", "1", "-q", "--no-progress", "--force", "--output")
        compress = ("compress", f"-{level}", "--pixels", "--no-verify", *options, str(coded), str(picture))
        self.seconds["compress"].append(processor_time([*self.command, *compress]))
        decompress = ("decompress", *options, str(decoded), str(coded))
        self.seconds["decompress"].append(processor_time([*self.command, *decompress]))

    def median(self, direction: str) -> float:
        return statistics.median(self.seconds[direction])


def processor_time(command: list[str]) -> float:
    """Seconds of user and system time of a process. Raises subprocess.CalledProcessError if it fails."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime


def pixels_of(picture: Path) -> np.ndarray:
    pixels = np.asarray(Image.open(picture))
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def compare(this: Build, other: Build, picture: Path, level: int, runs: int) -> tuple[bool, int, int]:
    """Whether both builds write the same files each way, and the bytes of both .bbc files.

    The builds take turns, and who begins alternates. Raises RuntimeError if the pixels do not come back.
    """
    for turn in range(runs):
        for build in (this, other) if turn % 2 == 0 else (other, this):
            build.run(picture, level)
    for build in (this, other):
        if not np.array_equal(pixels_of(build.folder / "decoded"), pixels_of(picture)):
            raise RuntimeError(f"{picture}: the picture that {build.command[0]} decoded differs")
    files = [[(build.folder / name).read_bytes() for name in ("coded.bbc", "decoded")] for build in (this, other)]
    return files[0] == files[1], len(files[0][0]), len(files[1][0])


Times = list[tuple[float, float]]  # for each direction seconds of this and of the other build


def measured(commands: Sequence[str], picture: Path, level: int, runs: int) -> tuple[bool, list[int], Times]:
    """`compare` in folders that go away, and both builds' medians."""
    with tempfile.TemporaryDirectory() as mine, tempfile.TemporaryDirectory() as theirs:
        builds = (Build(shlex.split(commands[0]), Path(mine)), Build(shlex.split(commands[1]), Path(theirs)))
        same, size, other_size = compare(*builds, picture, level, runs)
    return (
        same,
        [size, other_size],
        [(builds[0].median(direction), builds[1].median(direction)) for direction in DIRECTIONS],
    )


def of_one_pixel(commands: Sequence[str], level: int, runs: int) -> Times:
    """The times of a picture of one pixel: those of a start."""
    with tempfile.TemporaryDirectory() as folder:
        Image.new("RGB", (1, 1)).save(Path(folder, "one.png"))
        return measured(commands, Path(folder, "one.png"), level, runs)[2]


def peer_times(peer: formats.Codec, picture: Path) -> tuple[int, list[float]]:
    """Bytes of the peer's file, and seconds for each direction. Raises RuntimeError if the pixels do not come back."""
    pixels = pixels_of(picture)
    clocks = [time.process_time()]
    data = peer.encode(pixels, 1, False)
    clocks.append(time.process_time())
    back = peer.decode(data, 1)
    clocks.append(time.process_time())
    if not np.array_equal(back, pixels):
        raise RuntimeError(f"{peer.title}: the decoded picture differs")
    return len(data), [clocks[1] - clocks[0], clocks[2] - clocks[1]]


def row(name: str, level: object, sizes: str, times: Times) -> str:
    """A line of the table. times: seconds of this and of the other build, for each direction."""
    cells = "".join(f"{mine:12.3f}{theirs:9.3f}{mine / theirs:8.3f}" for mine, theirs in times)
    return f"{name[:30]:32}{level:>5}{sizes:>25}{cells}"


@dataclass
class Total:
    """Of all pictures at a level: bytes and seconds."""

    equal: bool = True
    sizes: list[int] = field(default_factory=lambda: [0, 0])
    times: Times = field(default_factory=lambda: [(0.0, 0.0)] * len(DIRECTIONS))
    peer_size: int = 0
    peer_times: list[float] = field(default_factory=lambda: [0.0] * len(DIRECTIONS))

    def add(self, same: bool, sizes: list[int], times: Times) -> None:
        self.equal &= same
        self.sizes = [a + b for a, b in zip(self.sizes, sizes, strict=True)]
        self.times = [(a + c, b + d) for (a, b), (c, d) in zip(self.times, times, strict=True)]

    def add_peer(self, size: int, times: list[float]) -> None:
        self.peer_size += size
        self.peer_times = [a + b for a, b in zip(self.peer_times, times, strict=True)]

    def show(self, level: int, peer: formats.Codec | None) -> None:
        click.echo(row("all", level, sizes_text(self.equal, self.sizes), self.times))
        if peer:
            cells = "".join(f"{seconds:12.3f}{'':17}" for seconds in self.peer_times)
            click.echo(f"{peer.title[:30]:32}{level:>5}{self.peer_size:>25,}{cells}")


def sizes_text(same: bool, sizes: list[int]) -> str:
    return f"{sizes[0]:,}" if same else f"{sizes[0]:,} / {sizes[1]:,} !"


@click.command()
@click.argument("other")
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--this", default=shlex.join([sys.executable, "-m", "bbans_cli"]), help="The bbc to judge; this one.")
@click.option("--levels", default="1,5,9", show_default=True, help="Levels to compress with.")
@click.option("--runs", default=15, show_default=True, help="Runs of each build; the median counts.")
@click.option("--without-start", is_flag=True, help="Times less those of a picture of one pixel.")
@click.option("--peer", help="Another codec beside both, for example jxl-9.")
def main(
    other: str, pictures: tuple[Path, ...], this: str, levels: str, runs: int, without_start: bool, peer: str | None
) -> None:
    """Compare this bbc with OTHER on PICTURES: bytes written, processor time and their ratio, this / other."""
    heading = "".join(f"{direction:>12}{'other':>9}{'ratio':>8}" for direction in DIRECTIONS)
    click.echo(f"{'seconds of processor time':32}{'level':>5}{'bytes':>25}{heading}")
    codec = formats.make(peer) if peer else None
    commands = (this, other)
    totals = {level: Total() for level in map(int, levels.split(","))}
    for picture in pictures:
        for level, total in totals.items():
            same, sizes, times = measured(commands, picture, level, runs)
            if without_start:
                starts = of_one_pixel(commands, level, runs)
                times = [(a - c, b - d) for (a, b), (c, d) in zip(times, starts, strict=True)]
            total.add(same, sizes, times)
            if codec:
                total.add_peer(*peer_times(codec, picture))
            click.echo(row(picture.name, level, sizes_text(same, sizes), times))
    for level, total in totals.items():
        total.show(level, codec)
    equal = all(total.equal for total in totals.values())
    click.echo("equal" if equal else "DIFFERENT")
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
