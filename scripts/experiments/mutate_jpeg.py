"""Damaged JPEG streams: each must come back byte for byte, or be refused by NotCodableError.

    python -m scripts.experiments.mutate_jpeg [--count 20000] [--seed 1] [--whole] [FILE]...

With --whole they are compressed and restored as files, at levels 1, 5 and 9 in turn, and none may be refused. Half of
them are so by one thread, half by two or three, which share parts of scans and segments of coefficients that are made
small for that.
The files are Pillow's small ones of several kinds, and those given. A mutation flips bits, overwrites, deletes,
inserts, repeats or swaps pieces, or cuts the end. Prints how many streams came back, how many were refused, and each
failure: a stream that does not come back, another exception, or more than a second for a stream of a few kilobytes.
"""

from __future__ import annotations

import collections
import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
from PIL import Image

import bbans_cli
from bbans_cli import api
from bbans_cli.coders.jpeg import coefficients
from bbans_cli.coders.jpeg.stream import scan
from bbans_cli.coders.jpeg.stream.join import frame, join
from bbans_cli.coders.jpeg.stream.jpeg_stream import NotCodableError
from bbans_cli.coders.jpeg.stream.split import split

SLOW = 1.0  # seconds of processor time
LEVELS = (1, 5, 9)
THREADS = (1, 2, 1, 3)
OPTIONS: dict[str, dict[str, object]] = {
    "baseline": {},
    "full": {"subsampling": 0, "quality": 95},
    "restarts": {"restart_marker_blocks": 2},
    "progressive": {"progressive": True},
    "progressive restarts": {"progressive": True, "restart_marker_blocks": 3, "subsampling": 1},
}


def small_files() -> dict[str, bytes]:
    """JPEG files of noisy gradients, 1 to 3 kB."""
    ramp = np.add.outer(np.arange(40) * 3, np.arange(56) * 2)[..., None] + [0, 40, 80]
    noise = np.random.default_rng(1).integers(-12, 12, ramp.shape)
    picture = Image.fromarray((ramp + noise).clip(0, 255).astype(np.uint8))
    files = {}
    for name, options in OPTIONS.items():
        file = io.BytesIO()
        picture.save(file, "JPEG", **options)
        files[name] = file.getvalue()
    return files


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """One to four random changes; SOI stays."""
    head, body = data[:2], bytearray(data[2:])
    for _ in range(rng.integers(1, 5)):
        if len(body) < 8:
            break
        at, other = (int(x) for x in rng.integers(0, len(body), 2))
        size = int(rng.integers(1, 1 + 2 ** int(rng.integers(0, 9))))
        kind = rng.integers(0, 8)
        if kind == 0:
            body[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 1:
            body[at] = int(rng.choice([0, 1, 0x7F, 0x80, 0xD0, 0xD3, 0xD9, 0xDA, 0xFE, 0xFF]))
        elif kind == 2:
            body[at : at + size] = rng.bytes(size)
        elif kind == 3:
            del body[at : at + size]
        elif kind == 4:
            body[at:at] = body[other : other + size]
        elif kind == 5:
            body[at : at + size] = body[other : other + size]
        elif kind == 6:
            body[at:at] = bytes([0xFF, int(rng.integers(0, 256))]) * int(rng.integers(1, 4))
        else:
            del body[at:]
    return head + bytes(body)


def outcome(data: bytes) -> str:
    """ "coded"; the reason why it is not; "failed: ..." for what must not happen."""
    began = time.process_time()
    try:
        stream = split(data)
        same = join(stream.plain, stream.scans, stream.blocks) == data[: stream.size]
        found = frame(stream.plain, stream.scans)
    except NotCodableError as error:
        return str(error)
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"
    if not same:
        return "failed: other bytes"
    if found[1:3] != (stream.width, stream.height) or not np.array_equal(found[4], stream.tables):
        return "failed: another frame"
    return "coded" if time.process_time() - began < SLOW else "failed: slow"


@contextmanager
def small_parts(wanted: bool) -> Iterator[None]:
    """Parts of scans and segments of coefficients that are small enough for small files to have several."""
    kept = scan.PART_MCUS, coefficients.SEGMENT_NONZERO
    if wanted:
        scan.PART_MCUS, coefficients.SEGMENT_NONZERO = 3, 500
    try:
        yield
    finally:
        scan.PART_MCUS, coefficients.SEGMENT_NONZERO = kept


def outcome_of_file(data: bytes, level: int, threads: int = 1) -> str:
    """The same through the API, where nothing is refused; a file of several threads has small parts and segments."""
    began = time.process_time()
    try:
        with small_parts(threads > 1):
            packed = api.PictureCodec(level, verify=False).compress_file(data, threads, name="damaged.jpg").data
            restored, _ = bbans_cli.restore(packed, threads=threads)
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"
    if restored != data:
        return "failed: other bytes"
    if len(packed) > len(data) + 64:
        return "failed: larger"
    return f"coded at level {level}, threads: {threads}" if time.process_time() - began < SLOW else "failed: slow"


def mutations(files: dict[str, bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """The name of the file that was damaged, and the damaged bytes."""
    names = sorted(files)
    for number in range(count):
        name = names[number % len(names)]
        yield name, mutate(files[name], np.random.default_rng([seed, number]))


@click.command(help=__doc__)
@click.option("--count", default=20000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--whole", is_flag=True, help="Whole files, through the API.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Folder for the streams that fail.")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(count: int, seed: int, whole: bool, keep: Path | None, paths: tuple[Path, ...]) -> None:
    files = small_files() | {path.name: path.read_bytes() for path in paths}
    outcomes: collections.Counter[str] = collections.Counter()
    for number, (name, data) in enumerate(mutations(files, count, seed)):
        found = outcome_of_file(data, LEVELS[number % 3], THREADS[number // 3 % 4]) if whole else outcome(data)
        outcomes[found] += 1
        if found.startswith("failed"):
            click.echo(f"{number} {name}: {found}")
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}.jpg").write_bytes(data)
    for found, times in outcomes.most_common():
        click.echo(f"{times:8} {found}")
    sys.exit(any(found.startswith("failed") for found in outcomes))


if __name__ == "__main__":
    main()
