"""What `bbc batch` costs beside the coding: memory, time for each file, speed of two Dask workers.

python -m scripts.bench.archive memory             1,000,000 made-up entries beside 10,000: plan, status, report
python -m scripts.bench.archive overhead           each file's share of engine and store, beside a 1-Mpixel photograph
python -m scripts.bench.archive speed [--runs 5]   two workers beside `bbc compress -j2`, the same 200 pictures
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli import api
from bbans_cli.archive import planning, report, status
from bbans_cli.archive.job import Job, Settings
from bbans_cli.archive.rows import Result
from bbans_cli.archive.shard import Worker
from bbans_cli.archive.store import Entry

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "roman-colosseum.png"


def settings(source: Path | str, destination: Path | str, level: int) -> Settings:
    from bbans_cli import __version__
    from bbans_cli.archive.job import weights_id

    rest = (level, False, False, False, False, 1 << 40, __version__, weights_id(level))
    return Settings(str(source), str(destination), *rest)


def entries(count: int) -> Iterator[Entry]:
    """Made-up pictures of an archive, in no order, 1,000 in a folder."""
    for number in range(count):
        number = number * 7919 % count
        key = f"archive/2026/{number // 1000:06d}/IMG_{number:08d}.jpg"
        yield Entry(key, 3_000_000 + number % 977, f"{number * 2654435761 % (1 << 128):032x}")


def stage(name: str, count: int, folder: Path) -> None:
    """One of the stages whose memory is measured, in a process of its own."""
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
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def memory(counts: tuple[int, ...]) -> None:
    print("| entries | stage | MiB | processor seconds |\n| ---: | --- | ---: | ---: |")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("plan", "results", "status", "report"):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                command = [sys.executable, "-m", "scripts.bench.archive", "stage", name, str(count), folder]
                done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                print(f"| {count:,} | {name} | {int(done.stdout) / 1024:.1f} | {seconds:.1f} |", flush=True)


def crops(folder: Path, count: int, side: int) -> None:
    """Parts of the sample photograph, at different places."""
    pixels = np.asarray(Image.open(SAMPLE).convert("RGB"))
    chance = np.random.default_rng(1)
    folder.mkdir(parents=True)
    for number in range(count):
        y, x = (int(chance.integers(0, size - side + 1)) for size in pixels.shape[:2])
        Image.fromarray(pixels[y : y + side, x : x + side]).save(folder / f"{number:04d}.png")


def seconds_of(work: Worker, shards: range) -> tuple[float, float]:
    """Wall-clock and processor seconds of a job's shards in this process."""
    wall, processor = time.perf_counter(), time.process_time()
    for number in shards:
        work.compress(number)
    return time.perf_counter() - wall, time.process_time() - processor


def overhead(count: int) -> None:
    """The time of a file that hardly needs coding is the engine's and the store's."""
    pixels = np.asarray(Image.open(SAMPLE).convert("RGB"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        crops(folder / "src", count, 8)
        data = (folder / "src" / "0000.png").read_bytes()
        Image.fromarray(pixels[:1024, :1024]).save(folder / "photo.png")
        photo = (folder / "photo.png").read_bytes()
        size = pixels[:1024, :1024].shape
        codec = api.PictureCodec()
        codec.compress_file(data, 1)
        began = time.process_time()
        for _ in range(20):
            codec.compress_file(data, 1)
        tiny = (time.process_time() - began) / 20
        began = time.process_time()
        codec.compress_file(photo, 1)
        coding = time.process_time() - began
        print(f"coding and checking {size[1]}x{size[0]} at level 5, one thread: {coding:.2f} processor seconds")
        print(f"coding and checking 8x8: {1000 * tiny:.2f} ms")
        places = {"folder": str(folder / "store")}
        with _s3(folder) as url:
            places |= {"S3 (SeaweedFS on this machine)": url} if url else {}
            for kind, place in places.items():
                job = Job(f"{place}/job")
                made = settings(f"{place}/in", f"{place}/out", 5)
                worker_in = Worker(job, planning.Plan(made, 0, 0, 0, 0, 0, 0), 1)
                for path in sorted((folder / "src").iterdir()):
                    worker_in.stores[0].write(path.name, path.read_bytes())
                plan = planning.make(job, made, worker_in.stores[0].entries(), planning.ShardSize(500))
                wall, processor = seconds_of(Worker(job, plan, 1), plan.shards)
                ms = [1000 * (seconds / count - tiny) for seconds in (processor, wall)]
                print(f"{kind}: {ms[0]:.1f} ms of processor, {ms[1]:.1f} ms of wall clock a file, coding left out")


class _s3:
    """SeaweedFS, where it is installed, as the tests start it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> str:
        sys.path.append(str(ROOT / "tests" / "support"))
        import json

        import servers
        from fsspec.config import conf

        if not shutil.which("weed", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])):
            self._server = None
            return ""
        self._server = servers.seaweedfs(self._folder / "weed")
        server = self._server.__enter__()
        os.environ.update(server.settings)
        conf["s3"] = json.loads(server.settings["FSSPEC_S3"])
        return server.url

    def __exit__(self, *about: object) -> None:
        if self._server is not None:
            self._server.__exit__(None, None, None)


def speed(runs: int, count: int, side: int) -> None:
    """Alternating runs; a cluster of two workers is there before the clock starts."""
    from distributed import LocalCluster

    bbc = [sys.executable, "-m", "bbans_cli"]
    times: dict[str, list[float]] = {"bbc compress -j2": [], "two workers": []}
    with (
        tempfile.TemporaryDirectory() as name,
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
    ):
        folder = Path(name)
        crops(folder / "src", count, side)
        for turn in range(runs):
            command = [*bbc, "compress", "-q", "-j2", "-T2", "-r", "-o", folder / f"c{turn}", folder / "src"]
            times["bbc compress -j2"].append(_timed(command))
            job = folder / f"job{turn}"
            plan = [*bbc, "batch", "plan", "-q", "--shard-files", "10", folder / "src", folder / f"b{turn}", job]
            subprocess.run(plan, check=True)
            times["two workers"].append(_timed([*bbc, "batch", "run", "-q", "--dask", cluster.scheduler_address, job]))
            print({kind: round(each[-1], 2) for kind, each in times.items()}, flush=True)
    one, two = (statistics.median(each) for each in times.values())
    print(
        f"{count} pictures of {side}x{side}, medians of {runs}: bbc compress -j2 {one:.2f} s, two workers {two:.2f} s"
    )
    print(f"speed of two workers over that of bbc compress -j2: {one / two:.3f}")


def _timed(command: list[object]) -> float:
    began = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("memory").add_argument("--entries", type=int, default=1_000_000)
    verbs.add_parser("overhead").add_argument("--files", type=int, default=200)
    fast = verbs.add_parser("speed")
    fast.add_argument("--runs", type=int, default=5)
    fast.add_argument("--files", type=int, default=200)
    fast.add_argument("--side", type=int, default=256)
    inner = verbs.add_parser("stage")
    inner.add_argument("name")
    inner.add_argument("count", type=int)
    inner.add_argument("folder", type=Path)
    given = parser.parse_args()
    if given.verb == "memory":
        memory((10_000, given.entries))
    elif given.verb == "overhead":
        overhead(given.files)
    elif given.verb == "speed":
        speed(given.runs, given.files, given.side)
    else:
        stage(given.name, given.count, given.folder)
