"""Memory of `bbc batch`: a plan of many entries, and a run of a few pictures, each stage in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli.archive import planning, report, status
from bbans_cli.archive.job import Job, Settings, weights_id
from bbans_cli.archive.rows import Result
from bbans_cli.archive.store import Entry

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "roman-colosseum.png"

# The peak of a child's memory is no smaller than that of the process that it was forked from: a small one starts it.
_LAUNCHER = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, state, usage = os.wait4(pid, 0)
print(usage.ru_maxrss, usage.ru_utime + usage.ru_stime, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(state))
"""


def settings(source: Path | str, destination: Path | str, level: int) -> Settings:
    """Those of a plan without options."""
    from bbans_cli import __version__

    rest = (level, False, False, False, False, 1 << 40, __version__, weights_id(level))
    return Settings(str(source), str(destination), *rest)


def entries(count: int) -> Iterator[Entry]:
    """Made-up pictures of an archive, in no order, 1,000 in a folder."""
    for number in range(count):
        number = number * 7919 % count
        key = f"archive/2026/{number // 1000:06d}/IMG_{number:08d}.jpg"
        yield Entry(key, 3_000_000 + number % 977, f"{number * 2654435761 % (1 << 128):032x}")


def stage(name: str, count: int, folder: Path) -> None:
    """One of the stages whose memory is measured."""
    job = Job(str(folder / "job"))
    if name == "plan":
        planning.make(job, settings("s3://a/in", "s3://a/out", 5), entries(count), planning.ShardSize(500, 1 << 40))
    elif name == "results":  # made up
        for number in job.plan().shards:
            rows = (
                Result(
                    row.key, row.size, row.version, row.target, out_bytes=row.size * 3 // 4, sha256="0" * 64, kept=True
                )
                for row in job.shard(number)
            )
            job.write_results(number, rows)
    elif name == "status":
        assert status.status_of(job).totals.ok == count
    elif name == "report":
        assert sum(1 for _ in report.results(job, job.plan())) == count


def peak(*command: object) -> tuple[float, float]:
    """MiB at most and processor seconds of a command."""
    words = [sys.executable, *map(str, command)]
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, *words], check=True, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    kib, seconds = done.stderr.splitlines()[-1].split()
    return int(kib) / 1024, float(seconds)


def of_entries(counts: tuple[int, ...]) -> list[list[str]]:
    """A row for each number of entries and each stage."""
    rows = [["entries", "stage", "MiB", "processor seconds"]]
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("plan", "results", "status", "report"):
                mib, seconds = peak("-m", "scripts.bench.archive", "stage", name, count, folder)
                rows.append([f"{count:,}", name, f"{mib:.1f}", f"{seconds:.1f}"])
                print(rows[-1], flush=True)
    return rows


def of_run(level: int, files: int, side: int) -> list[str]:
    """A row: one small picture, one large one, and many large ones by two cores, beside the bound."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, one, many = folder / "small", folder / "one", folder / "many"
        for place, count, pixels in ((small, 1, 8), (one, 1, side), (many, files, side)):
            place.mkdir()
            for number in range(count):
                _photograph(number, pixels).save(place / f"{number}.png")
        size = max(path.stat().st_size for path in many.iterdir())
        found = {place: _peak_of_run(place, level, cores) for place, cores in ((small, 1), (one, 1), (many, 2))}
        size += max(path.stat().st_size for path in (folder / "many-out").iterdir())
    base, picture = found[small], found[one] - found[small]
    bound = base + 2 * picture + 3 * size / (1 << 20)
    return [str(level), *(f"{mib:.0f}" for mib in (base, picture, bound, found[many]))]


def _peak_of_run(source: Path, level: int, cores: int) -> float:
    job, target = source.with_name(f"{source.name}-job"), source.with_name(f"{source.name}-out")
    bbc = ("-m", "bbans_cli", "batch")
    subprocess.run([sys.executable, *bbc, "plan", "-q", f"-{level}", source, target, job], check=True, cwd=ROOT)
    return peak(*bbc, "run", "-q", "-T", cores, job)[0]


def _photograph(number: int, side: int) -> Image.Image:
    """The sample, tiled to a square, from another corner each time."""
    pixels = np.asarray(Image.open(SAMPLE).convert("RGB"))
    y, x = 37 * number, 53 * number
    rows, columns = (-(-(side + start) // size) for start, size in zip((y, x), pixels.shape[:2], strict=True))
    return Image.fromarray(np.tile(pixels, (rows, columns, 1))[y : y + side, x : x + side])
