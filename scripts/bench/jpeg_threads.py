"""Two threads on a large JPEG file, beside one: `python -m scripts.bench.jpeg_threads [--levels 1,5,9] [FILE]`.

For each level, encoding and decoding: the ratio that follows from seconds of processor time, of one thread against
what of two threads one does alone and what they do one after the other when each takes the next job; and seconds by the
clock of one thread and of two, alternately, the best of each, whose ratio means something on an idle machine only.
Without bbc's check of its own result, which takes the decoder's time. Without FILE the photographs of dev/photos
($BBC_DATA) side by side, 3 MB at quality 92. Every result is restored and compared.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import click
from PIL import Image

from bbans_cli import api, scheduler
from scripts.common import picture_sets

T, R = TypeVar("T"), TypeVar("R")
TILES, TILE, QUALITY = (9, 7), (512, 384), 92


def sheet() -> bytes:
    """A JPEG file of photographs side by side, mirrored where there are not enough."""
    paths = picture_sets.find("dev/photos").files
    whole = Image.new("RGB", (TILES[0] * TILE[0], TILES[1] * TILE[1]))
    for number in range(TILES[0] * TILES[1]):
        with Image.open(paths[number % len(paths)]) as image:
            turn = Image.Transpose(number // len(paths) % 7)
            piece = image.convert("RGB").transpose(turn)
        across, down = (max(0, have - want) for have, want in zip(piece.size, TILE, strict=True))
        left, top = across * (number % 3) // 2, down * (number % 5) // 4
        at = number % TILES[0] * TILE[0], number // TILES[0] * TILE[1]
        whole.paste(piece.crop((left, top, left + TILE[0], top + TILE[1])), at)
    out = io.BytesIO()
    whole.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


@contextmanager
def timed_jobs(calls: list[list[float]]) -> Iterator[None]:
    """Of each call of scheduler.map_ordered, seconds of processor time of its jobs."""
    before = scheduler.map_ordered

    def map_ordered(function: Callable[[T], R], jobs: Sequence[T], threads: int) -> list[R]:
        seconds: list[float] = []
        calls.append(seconds)

        def timed(job: T) -> R:
            began = time.thread_time()
            result = function(job)
            seconds.append(time.thread_time() - began)
            return result

        return before(timed, jobs, threads)

    scheduler.map_ordered = map_ordered
    try:
        yield
    finally:
        scheduler.map_ordered = before


def by_two(jobs: Sequence[float]) -> float:
    """Seconds until two threads have done all jobs, each taking the next one."""
    ends = [0.0, 0.0]
    for job in jobs:
        ends[ends.index(min(ends))] += job
    return max(ends)


def report(name: str, work: Callable[[int], bytes], tries: int) -> bytes:
    """Print what is measured; work: of so many threads. Returns its result."""
    work(1)  # what is loaded on first use is not counted
    began = time.thread_time()
    result = work(1)
    one = time.thread_time() - began
    calls: list[list[float]] = []
    with timed_jobs(calls):
        began = time.thread_time()
        same = work(2) == result
        alone = time.thread_time() - began
    each = sum(map(by_two, calls))
    ratio = (alone + each) / one
    click.echo(f"{name:10} {one:8.2f} s of processor time; two threads {alone:.2f} + {each:.2f} s: {ratio:.3f}")
    clock = {1: float("inf"), 2: float("inf")}
    for _ in range(tries):
        for threads in clock:
            began = time.perf_counter()
            same &= work(threads) == result
            clock[threads] = min(clock[threads], time.perf_counter() - began)
    if tries:
        ratio = clock[2] / clock[1]
        click.echo(f"{'':10} {clock[1]:8.2f} s by the clock, two threads {clock[2]:8.2f} s: {ratio:.3f}")
    if not same:
        raise SystemExit(f"{name}: other bytes with two threads")
    return result


@click.command(help=__doc__)
@click.option("--levels", default="1,5,9", show_default=True)
@click.option("--tries", default=3, show_default=True, help="By the clock; 0: processor time alone.")
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(levels: str, tries: int, path: Path | None) -> None:
    data = path.read_bytes() if path else sheet()
    click.echo(f"{len(data):,} bytes")
    for level in map(int, levels.split(",")):
        codec = api.PictureCodec(level, verify=False)
        encode = partial(lambda codec, threads: codec.compress_file(data, threads, name="a.jpg").data, codec)
        packed = report(f"-{level} encode", encode, tries)
        decode = partial(lambda codec, data, threads: codec.decompress_file(data, None, threads).data, codec, packed)
        restored = report(f"-{level} decode", decode, tries)
        if restored != data:
            raise SystemExit(f"-{level}: NOT RESTORED")


if __name__ == "__main__":
    main()
