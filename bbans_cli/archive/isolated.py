"""Files of a shard that has lost workers, one at a time, each in a process of its own, which is all that a crash ends.

python -m bbans_cli.archive.isolated JOB SHARD KEY THREADS
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from bbans_cli.archive import process
from bbans_cli.archive.compress_shard import Compressor
from bbans_cli.archive.job import Job
from bbans_cli.archive.pipeline import Done, Stages
from bbans_cli.archive.rows import CRASHED, Planned, Result, result_of
from bbans_cli.archive.stores import open_store
from bbans_cli.errors import InputError

L = TypeVar("L")
C = TypeVar("C")

_MOST_CHARACTERS = 300  # of what a process wrote to stderr


def run(job: Job, number: int, rows: Sequence[Planned], compressor: Compressor, threads: int) -> Iterator[Result]:
    """The result of every row, in order: that of a lost worker where it still holds, else of a process of its own."""
    for row in rows:
        known = compressor.known.get(row.key)
        if known is not None and known.status == CRASHED:
            yield known
        elif known is not None and isinstance(done := compressor.load(row), Done) and done.result is known:
            yield known
        else:
            yield _alone(job, number, row, threads)


def _alone(job: Job, number: int, row: Planned, threads: int) -> Result:
    command = [sys.executable, "-m", __name__, job.url, str(number), _key_argument(row.key), str(threads)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        try:
            out, errors = child.communicate()
        finally:
            child.kill()
    if child.returncode == 0 and out:
        return result_of(json.loads(out))
    how = f"exit status {child.returncode}"
    if child.returncode < 0:
        how = f"signal {signal.Signals(-child.returncode).name}"
    said = " ".join(errors.decode(errors="replace").split())[-_MOST_CHARACTERS:]
    message = f"ended its process by {how}" + (f": {said}" if said else "")
    return replace(row.result(CRASHED, CRASHED, message), tries=1, host=process.this().host)


def one(stages: Stages[Planned, L, C, Result], row: Planned, threads: int) -> Result:
    """One row through all stages."""
    loaded = stages.load(row)
    if isinstance(loaded, Done):
        return loaded.result
    coded = stages.work(loaded, threads)
    return coded.result if isinstance(coded, Done) else stages.store(coded)


def _key_argument(key: str) -> str:
    """A key as an argument in ASCII, whatever the locale."""
    return json.dumps(key)


def main(url: str, number: str, key: str, threads: str) -> None:
    """Compress one file of a shard, and print its result as a line of JSON. Raises InputError, BbcError."""
    job = Job(url)
    settings = job.plan().settings
    rows = [row for row in job.shard(int(number)) if row.key == json.loads(key)]
    if not rows:
        raise InputError("the shard has no such file")
    compressor = Compressor(settings, open_store(settings.source), open_store(settings.destination))
    print(one(compressor.stages(), rows[0], int(threads)).to_line())


if __name__ == "__main__":
    main(*sys.argv[1:])
