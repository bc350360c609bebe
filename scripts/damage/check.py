"""Every truncation and every flipped bit of the golden files: `python -m scripts.damage.check`, or `make check-damage`.

Each damaged file must give the error of its class, `truncated` or `corrupt`: never a picture, a hang, or more memory
than the picture, 40 bytes a pixel and 64 MB. Truncations, and flips in header and metadata, are done exhaustively;
those in payloads, each of which may take a decoding, in a random order for as many minutes as are given for a file. Of
every eighth the picture is also read on past the damage, and the rows that are not named as lost are compared.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import time
from pathlib import Path

import click

from scripts.damage.trials import Tally, Trials, flipped, weights_beside

GOLDEN = Path(__file__).resolve().parents[2] / "tests/golden"
SALVAGE_EVERY = 8


@click.command()
@click.option("--minutes", default=2.0, show_default=True, help="For the payload of each file; 0: every bit of it.")
@click.option("--jobs", default=2, show_default=True, help="Files at a time.")
@click.option("--seed", default=1, show_default=True, help="Of the order in which bits are flipped.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def main(minutes: float, jobs: int, seed: int, files: tuple[Path, ...]) -> None:
    """Of FILES, or of all golden files, one line each; exit status 1 if anything is not as it must be."""
    paths = list(files) or sorted(GOLDEN.glob("good-*.bbc"))
    head = f"{'file':32} {'bytes':>7} {'front':>5} {'flips':>9} {'of':>9} {'cuts':>6} {'slowest':>8} {'memory':>8}"
    print(f"{head}  outcomes")
    faults: list[str] = []
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=1) as pool:
        for tally in pool.imap(_of_file, [(path, minutes, seed) for path in paths], chunksize=1):
            print(_line(tally), flush=True)
            faults += [f"{tally.name}: {fault}" for fault in tally.faults]
    for fault in faults[:50]:
        print(fault)
    print(f"{len(faults):,} faults")
    sys.exit(bool(faults))


def _of_file(job: tuple[Path, float, int]) -> Tally:
    path, minutes, seed = job
    data = path.read_bytes()
    with weights_beside(path):
        trials = Trials(path.name, data)
        front = trials.tally.front
        for size in range(len(data)):
            trials.cut(size)
        for bit in range(8 * front):
            trials.flip(bit)
        bits = list(range(8 * front, 8 * len(data)))
        random.Random(seed).shuffle(bits)
        end = time.monotonic() + 60 * minutes
        for number, bit in enumerate(bits):
            if minutes and time.monotonic() > end:
                break
            trials.flip(bit)
            if number % SALVAGE_EVERY == 0:
                trials.salvage(flipped(data, bit), f"bit {bit:,} flipped")
    return trials.tally


def _line(tally: Tally) -> str:
    codes = ", ".join(f"{count:,} {code}" for code, count in sorted(tally.codes.items()))
    memory = tally.memory[0] >> 20
    return (
        f"{tally.name:32} {tally.size:7,} {tally.front:5,} {tally.flips[0]:9,} {tally.flips[1]:9,} {tally.cuts:6,}"
        f" {1000 * tally.slowest:5.0f} ms {memory:4,} MiB  {codes}; {tally.salvaged[0]:,} read on"
    )


if __name__ == "__main__":
    main()
