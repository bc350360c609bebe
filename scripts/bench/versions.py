"""Two builds of bbc on the same pictures: whether they write the same bytes, and their processor times.

    python -m scripts.bench.versions OTHER [--this .venv/bin/bbc] [--levels 1,5,9] [--runs 15] PICTURE...

OTHER and --this are commands that run a bbc, for example the path of `bbc` in the environment of another checkout. Each
picture is compressed and decompressed by both in turn, on one thread and in processes of their own, so that a load
from elsewhere hits both alike. Times are medians of user and system time of the process, start included. The encoder
does not decode its result (--no-verify). Exits with 1 if any bytes or pixels differ.
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import click

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


def compare(this: Build, other: Build, picture: Path, level: int, runs: int) -> tuple[bool, int, int]:
    """Whether both builds write the same files each way, and the bytes of both .bbc files.

    The builds take turns, and who begins alternates.
    """
    for turn in range(runs):
        for build in (this, other) if turn % 2 == 0 else (other, this):
            build.run(picture, level)
    files = [[(build.folder / name).read_bytes() for name in ("coded.bbc", "decoded")] for build in (this, other)]
    return files[0] == files[1], len(files[0][0]), len(files[1][0])


def row(name: str, level: object, sizes: str, times: list[tuple[float, float]]) -> str:
    """A line of the table. times: seconds of this and of the other build, for each direction."""
    cells = "".join(f"{mine:12.3f}{theirs:9.3f}{mine / theirs:8.3f}" for mine, theirs in times)
    return f"{name[:30]:32}{level:>5}{sizes:>22}{cells}"


@click.command()
@click.argument("other")
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--this", default=shlex.join([sys.executable, "-m", "bbans_cli"]), help="The bbc to judge; this one.")
@click.option("--levels", default="1,5,9", show_default=True, help="Levels to compress with.")
@click.option("--runs", default=15, show_default=True, help="Runs of each build; the median counts.")
def main(other: str, pictures: tuple[Path, ...], this: str, levels: str, runs: int) -> None:
    """Compare this bbc with OTHER on PICTURES: bytes written, processor time and their ratio, this / other."""
    heading = "".join(f"{direction:>12}{'other':>9}{'ratio':>8}" for direction in DIRECTIONS)
    click.echo(f"{'seconds of processor time':32}{'level':>5}{'bytes':>22}{heading}")
    totals = {direction: [0.0, 0.0] for direction in DIRECTIONS}
    equal = True
    for picture in pictures:
        for level in map(int, levels.split(",")):
            with tempfile.TemporaryDirectory() as mine, tempfile.TemporaryDirectory() as theirs:
                builds = Build(shlex.split(this), Path(mine)), Build(shlex.split(other), Path(theirs))
                same, size, other_size = compare(*builds, picture, level, runs)
            times = [(builds[0].median(direction), builds[1].median(direction)) for direction in DIRECTIONS]
            for direction, (ours, others) in zip(DIRECTIONS, times, strict=True):
                totals[direction][0] += ours
                totals[direction][1] += others
            sizes = f"{size:,}" if same else f"{size:,} / {other_size:,} !"
            click.echo(row(picture.name, level, sizes, times))
            equal &= same
    click.echo(row("all", "", "equal" if equal else "DIFFERENT", [(a, b) for a, b in totals.values()]))
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
