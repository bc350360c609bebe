"""Sizes, speeds and memory of bbc and of other lossless formats on folders of pictures, in one table.

    python -m scripts.bench.bench [--levels 1,5] [--sets kodak,dev/photos,FOLDER] [--limit 3] [--markdown]

Every picture is encoded, decoded and compared. Sizes of other formats are cached in .bench/ under a hash of the pixels
and the version of the library; sizes of bbc and all times are measured in each run. Times are taken picture by
picture, one codec after the other, on some pictures of each set: the largest and others evenly spread. They are
processor time of one thread; with --threads, wall time. The column
"encode" is bbc without its own verification, "checked" with it; all coders that the encoder tries are counted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from bbans_cli import scheduler
from scripts.bench import table
from scripts.bench.formats import MissingError
from scripts.bench.worker import Worker
from scripts.common import picture_sets

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".bench" / "sizes.json"
RESULT = ROOT / ".bench" / "last.json"
SETS = "dev/photos,dev/camera,dev/small64,kodak"
PEERS = ("png", "webp-6", "jxl-7", "jxl-9")


@dataclass
class Row:
    """A codec on a set: bytes of all pictures, seconds of the timed ones (worker.Coded), peak memory in bytes."""

    codec: str
    title: str
    bytes: int = 0
    encode: float = 0.0
    verified: float | None = None
    decode: float = 0.0
    cpu: float = 0.0
    wall: float = 0.0
    peak: int = 0


@dataclass
class Sizes:
    """Sizes of other formats' files, by codec and version and then by a hash of the pixels."""

    path: Path
    known: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path.exists():
            self.known = json.loads(self.path.read_text())

    def get(self, worker: Worker, pixels: np.ndarray) -> int | None:
        return self.known.get(worker.version or "", {}).get(_hash(pixels))

    def put(self, worker: Worker, pixels: np.ndarray, size: int) -> None:
        if worker.version:
            self.known.setdefault(worker.version, {})[_hash(pixels)] = size

    def save(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(json.dumps(self.known))


def _hash(pixels: np.ndarray) -> str:
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:32]


def measure(pictures: picture_sets.PictureSet, codecs: list[str], sizes: Sizes, threads: int, pixels: float) -> dict:
    """One set, as JSON: its name and size, and a row for each codec that this machine has. pixels: how many to time."""
    timed = picture_sets.timed(pictures.files, pixels)
    rest = [path for path in pictures.files if path not in timed]
    deep = any(picture_sets.deep(path) for path in pictures.files)
    samples = area = timed_area = 0
    with contextlib.ExitStack() as stack:
        workers, missing = {}, []
        for codec in codecs:
            try:
                worker = stack.enter_context(Worker(codec))
            except MissingError as error:
                missing.append(str(error))
                continue
            if worker.deep or not deep:
                workers[codec] = worker
            else:
                missing.append(f"{worker.title}, since {pictures.name} has samples of 16 bits")
        rows = {codec: Row(codec, worker.title) for codec, worker in workers.items()}
        for path in tqdm([*timed, *rest], pictures.name, leave=False, disable=None):
            image = picture_sets.read(path)
            samples += image.size
            area += image.shape[0] * image.shape[1]
            timed_area += image.shape[0] * image.shape[1] if path in timed else 0
            for codec, worker in workers.items():
                _one(rows[codec], worker, image, sizes, path in timed, threads)
            sizes.save()
        for codec, worker in workers.items():
            rows[codec].peak = worker.peak()
    return {
        "name": pictures.name, "pictures": len(pictures.files), "pixels": area, "samples": samples,
        "timed_pictures": len(timed), "timed_pixels": timed_area, "threads": threads,
        "left_out": [path.name for path in pictures.left_out], "missing": missing,
        "rows": [vars(row) for row in rows.values()],
    }  # fmt: skip


def _one(row: Row, worker: Worker, image: np.ndarray, sizes: Sizes, timed: bool, threads: int) -> None:
    known = sizes.get(worker, image)
    if known is not None and not timed:
        row.bytes += known
        return
    coded = worker.code(image, threads if timed else scheduler.cores(), verified=timed)
    row.bytes += coded.size
    sizes.put(worker, image, coded.size)
    if timed:
        row.encode += coded.encode
        row.decode += coded.decode
        row.cpu += coded.cpu
        row.wall += coded.wall
        if coded.verified is not None:
            row.verified = (row.verified or 0.0) + coded.verified


@click.command()
@click.option("--sets", default=SETS, show_default=True, help="Folders, or their names below $BBC_DATA.")
@click.option("--levels", default="1,5,9", show_default=True, help="Levels of bbc.")
@click.option("--peers", default=",".join(PEERS), show_default=True, help="Other codecs, as in formats.py.")
@click.option("--limit", type=int, help="Take at most N pictures of each set.")
@click.option("--threads", default=1, show_default=True, help="Threads while times are taken.")
@click.option("--timed", default=1.5, show_default=True, help="Mpixels of each set on which times are taken.")
@click.option("--markdown", is_flag=True, help="Write docs/bench.md and the table of README.md as well.")
def main(sets: str, levels: str, peers: str, limit: int | None, threads: int, timed: float, markdown: bool) -> None:
    """Measure bbc and other lossless formats on folders of pictures."""
    codecs = [f"bbc-{level}" for level in levels.split(",") if level] + [peer for peer in peers.split(",") if peer]
    found = [picture_sets.find(name, limit, with_deep=True) for name in sets.split(",")]
    sizes = Sizes(CACHE)
    result = {"machine": table.machine(), "sets": []}
    for pictures in found:
        measured = measure(pictures, codecs, sizes, threads, timed * 1e6)
        result["sets"].append(measured)
        click.echo("\n".join(table.lines(measured)) + "\n")
    RESULT.write_text(json.dumps(result, indent=1))
    click.echo("\n".join(table.notes(result)))
    if markdown:
        table.write_markdown(result, ROOT)


if __name__ == "__main__":
    main()
