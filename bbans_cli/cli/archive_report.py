"""What `bbc batch report` writes: sums and failures, tables, and the names of sources that may be deleted."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import click

from bbans_cli.archive import report as tables
from bbans_cli.archive.job import Job, Plan
from bbans_cli.archive.rows import Result
from bbans_cli.archive.status import status_of
from bbans_cli.cli import archive_progress as show
from bbans_cli.cli import archive_work as work
from bbans_cli.cli import fileio, report
from bbans_cli.cli.atomic_output import DirectOutput, TempOutput, is_special
from bbans_cli.errors import InputError, OutputExistsError


class Output:
    """Where a report goes: standard output; a device or pipe; or a file, which takes its name when it is complete.

    Raises OutputExistsError if there is such a file, unless `force`.
    """

    def __init__(self, path: str | None, force: bool) -> None:
        self._path, self._force = path, force
        if path is not None and not force and not is_special(path) and os.path.lexists(path):
            raise OutputExistsError(f"{path}: exists already; -f replaces it")

    def file(self) -> str:
        """The name of a file that a library writes. Raises InputError for a device or pipe."""
        if self._path is None or is_special(self._path):
            raise InputError(f"{self._path}: is no file, which this format needs")
        return self._path

    def write(self, texts: Iterator[str], end: bytes = b"\n") -> None:
        """Texts, each with `end` behind it."""
        if self._path is None:
            for text in texts:
                fileio.write_stdout(text.encode(errors="surrogateescape") + end)
            return
        with DirectOutput(self._path) if is_special(self._path) else TempOutput(self._path) as output:
            for text in texts:
                output.write(text.encode(errors="surrogateescape") + end)
            output.publish(None, self._force, sync=False)


def write(
    job: str, table_format: str, path: str | None, force: bool, safe_to_delete: bool, null: bool, verbose: int
) -> int:
    """The report that the options of `bbc batch report` ask for. Returns the exit status."""
    output, found = Output(path, force), Job(job)
    made = found.plan()
    if safe_to_delete:
        output.write(_safe(found, made, null, verbose > 0), b"\0" if null else b"\n")
    elif table_format == "jsonl":
        output.write(map(tables.json_line, tables.results(found, made)))
    elif table_format == "text":
        output.write(_text(found, made))
    elif not path:
        raise click.UsageError(f"{table_format} needs -o FILE")
    elif table_format == "sqlite":
        tables.write_sqlite(tables.results(found, made), output.file())
    else:
        tables.write_parquet(tables.results(found, made), output.file())
    return 0


def _safe(job: Job, made: Plan, null: bool, verbose: bool) -> Iterator[str]:
    def why_not(row: Result, reason: str) -> None:
        if verbose:
            report.say(f"{report.shown(row.key)}: {reason}")

    for row in tables.safe_to_delete(job, made, why_not):
        # A name with a line break would be read as two names, of which the second may be another file's.
        if null or "\n" not in row.key:
            yield row.key
        else:
            report.say(f"{report.shown(row.key)}: has a line break in its name and is left out; -0 lists it")


def _text(job: Job, made: Plan) -> Iterator[str]:
    found = status_of(job)
    yield f"{made.files:,} files planned, {made.files - found.totals.files:,} open"
    yield from show.words(found.totals)
    failed = ((f"{row.status} {row.code}", row) for row in work.failures(job, made))
    unproven = ((f"verify {row.code}", row) for row in work.unproven(job, made))
    for what, row in itertools.chain(failed, unproven):
        yield f"{what}: {fileio.printable(row.key)}: {row.message}"
