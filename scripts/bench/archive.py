"""What `bbc batch` costs beside the coding: memory, time for each file, speed of two Dask workers, money.

python -m scripts.bench.archive memory    1,000,000 made-up entries beside 10,000: plan, status, report
python -m scripts.bench.archive run       peak memory of `bbc batch run`, beside the bound of docs/archive.md
python -m scripts.bench.archive overhead  each file's share of engine and store, beside a photograph
python -m scripts.bench.archive speed     two workers beside `bbc compress -j2`, the same 200 pictures
python -m scripts.bench.archive costs     core hours and dollars for each TB saved; BBC_DATA names the pictures

--markdown after the verb: into docs/archive.md as well.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from bbans_cli import api
from bbans_cli.archive import dask_run, planning
from bbans_cli.archive.job import Job
from bbans_cli.archive.shard import Worker
from scripts.bench import archive_costs, archive_memory
from scripts.bench.archive_memory import ROOT, SAMPLE, settings
from scripts.common import pages


def crops(folder: Path, count: int, side: int) -> None:
    """Parts of the sample photograph, at different places."""
    pixels = np.asarray(Image.open(SAMPLE).convert("RGB"))
    chance = np.random.default_rng(1)
    folder.mkdir(parents=True)
    for number in range(count):
        y, x = (int(chance.integers(0, size - side + 1)) for size in pixels.shape[:2])
        Image.fromarray(pixels[y : y + side, x : x + side]).save(folder / f"{number:04d}.png")


def memory(count: int) -> str:
    """The peak of each stage for 10,000 entries and for `count`."""
    return pages.table(archive_memory.of_entries((10_000, count)))


def run_memory(files: int, side: int) -> str:
    """The peak of a run by two cores, at the fast and the default level, beside the bound."""
    rows = [["level", "a small picture", "more for a large one", "bound", "two cores"]]
    rows += [archive_memory.of_run(level, files, side) for level in (1, 5)]
    return f"{files} pictures of {side}x{side}, MiB:\n\n{pages.table(rows)}"


def seconds_of(work: Worker, shards: range) -> tuple[float, float]:
    """Processor and wall-clock seconds of a job's shards in this process."""
    wall, processor = time.perf_counter(), time.process_time()
    for number in shards:
        work.compress(number)
    return time.process_time() - processor, time.perf_counter() - wall


def overhead(count: int) -> str:
    """The time of a file that hardly needs coding is the engine's and the store's."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as servers:
        folder = Path(name)
        crops(folder / "src", count, 8)
        data, photo = (folder / "src" / "0000.png").read_bytes(), SAMPLE.read_bytes()
        width, height = Image.open(SAMPLE).size
        rows = [["", "processor, ms", "wall clock, ms"]]
        for level in (1, 5):
            coding = _coding_seconds(photo, level)
            rows.append([f"coding and checking a photograph, {width}x{height}, level {level}", *_milliseconds(coding)])
        _coding_seconds(data, 5)
        times = [_coding_seconds(data, 5) for _ in range(50)]
        tiny = (statistics.median(cpu for cpu, _ in times), statistics.median(wall for _, wall in times))
        for place, url in _places(folder, servers).items():
            seconds = _seconds_of_files(url, folder / "src", count)
            each = (seconds[0] / count - tiny[0], seconds[1] / count - tiny[1])
            rows.append([f"all else, for each file: {place}", *_milliseconds(each)])
        return pages.table(rows)


def _places(folder: Path, running: contextlib.ExitStack) -> dict[str, str]:
    """URLs of empty stores: a folder, and servers of this machine as the tests start them, where they are installed."""
    sys.path.append(str(ROOT / "tests" / "support"))
    import servers
    from fsspec.config import conf

    found = {"a folder": str(folder / "store")}
    for kind, program, start in (("S3 (SeaweedFS)", "weed", servers.seaweedfs), ("SFTP", "sshd", servers.sshd)):
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"])
        if not shutil.which(program, path=path):
            print(f"{kind} is left out: there is no {program}", file=sys.stderr)
            continue
        server = running.enter_context(start(folder / program))
        os.environ.update(server.settings)
        for name, text in server.settings.items():
            if name.startswith("FSSPEC_"):
                conf[name.removeprefix("FSSPEC_").lower()] = json.loads(text)
        found[f"{kind} on this machine"] = server.url
    return found


def _milliseconds(seconds: tuple[float, float]) -> list[str]:
    return [f"{1000 * each:,.1f}" if each < 0.1 else f"{1000 * each:,.0f}" for each in seconds]


def _coding_seconds(data: bytes, level: int) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    api.PictureCodec(level).compress_file(data, 1)
    return time.process_time() - processor, time.perf_counter() - wall


def _seconds_of_files(place: str, source: Path, count: int) -> tuple[float, float]:
    job, made = Job(f"{place}/job"), settings(f"{place}/in", f"{place}/out", 5)
    store = Worker(job, planning.Plan(made, 0, 0, 0, 0, 0, 0), 1).stores[0]
    for path in sorted(source.iterdir()):
        store.write(path.name, path.read_bytes())
    plan = planning.make(job, made, store.entries(), planning.ShardSize(500))
    assert plan.files == count
    return seconds_of(Worker(job, plan, 1), plan.shards)


def speed(runs: int, count: int, side: int, level: int) -> str:
    """Alternating runs; a cluster of two workers is there before the clock starts."""
    import dask
    from distributed import LocalCluster

    bbc = [sys.executable, "-m", "bbans_cli"]
    pairs: list[tuple[tuple[float, float], tuple[float, float]]] = []
    with (
        tempfile.TemporaryDirectory() as name,
        dask.config.set(dask_run.SETTINGS),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as cluster,
    ):
        folder = Path(name)
        crops(folder / "src", count, side)
        workers = [int(nanny.pid) for nanny in cluster.workers.values()]
        for turn in range(runs):
            compress = [*bbc, "compress", "-q", f"-{level}", "-j2", "-T2", "-r", "-o", folder / f"c{turn}"]
            one = _timed([*compress, folder / "src"], [])
            job = folder / f"job{turn}"
            plan = [*bbc, "batch", "plan", "-q", f"-{level}", "--shard-files", "10"]
            subprocess.run([*plan, folder / "src", folder / f"b{turn}", job], check=True)
            run = [*bbc, "batch", "run", "-q", "--dask", cluster.scheduler_address, job]
            pairs.append((one, _timed(run, workers)))
            print(*(f"{wall:.2f} s, {cpu:.2f} of processors;" for wall, cpu in pairs[-1]), *os.getloadavg(), flush=True)
    return _speed_table(pairs, f"{count} pictures of {side}x{side}, level {level}, medians of {runs}")


def _speed_table(pairs: list[tuple[tuple[float, float], tuple[float, float]]], title: str) -> str:
    rows = [[title, "bbc compress -j2, s", "two workers, s", "speed of the workers"]]
    for index, kind in enumerate(("wall clock", "processors")):
        one, two = (statistics.median(pair[side][index] for pair in pairs) for side in (0, 1))
        ratio = statistics.median(pair[0][index] / pair[1][index] for pair in pairs)
        rows.append([kind, f"{one:.1f}", f"{two:.1f}", f"{ratio:.3f}"])
    return pages.table(rows)


def _timed(command: list[object], workers: list[int]) -> tuple[float, float]:
    """Wall-clock seconds of a command, and processor seconds of it, of this process and of the workers."""
    wall, processors = time.perf_counter(), _processor_seconds(workers)
    subprocess.run([str(word) for word in command], check=True)
    return time.perf_counter() - wall, _processor_seconds(workers) - processors


def _processor_seconds(workers: list[int]) -> float:
    import psutil

    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = [psutil.Process(pid).cpu_times() for pid in workers]
    return time.process_time() + ended.ru_utime + ended.ru_stime + sum(each.user + each.system for each in times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name: str, **defaults: int) -> None:
        options = verbs.add_parser(name)
        options.add_argument("--markdown", action="store_true")
        for option, default in defaults.items():
            options.add_argument(f"--{option}", type=int, default=default)

    verb("memory", entries=1_000_000)
    verb("run", files=3, side=1024)
    verb("overhead", files=200)
    verb("speed", runs=5, files=200, side=256, level=1)
    verb("costs", step=1)
    inner = verbs.add_parser("stage")
    inner.add_argument("name")
    inner.add_argument("count", type=int)
    inner.add_argument("folder", type=Path)
    given = parser.parse_args()
    if given.verb == "stage":
        archive_memory.stage(given.name, given.count, given.folder)
        return
    makers = {
        "memory": lambda: memory(given.entries),
        "run": lambda: run_memory(given.files, given.side),
        "overhead": lambda: overhead(given.files),
        "speed": lambda: speed(given.runs, given.files, given.side, given.level),
        "costs": lambda: pages.table(archive_costs.table(Path(os.environ["BBC_DATA"]), (1, 5), given.step)),
    }
    text = makers[given.verb]()
    print(text)
    if given.markdown:
        command = f"python -m scripts.bench.archive {given.verb} --markdown"
        pages.write(ROOT / "docs" / "archive.md", command, text)


if __name__ == "__main__":
    main()
