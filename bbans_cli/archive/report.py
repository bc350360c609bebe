"""The results of a job as one table: JSON lines, SQLite, Parquet; and the sources that may be deleted."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice

from bbans_cli.archive import extras
from bbans_cli.archive.job import VERIFIED, Job, Plan
from bbans_cli.archive.rows import OK, Result, full_record
from bbans_cli.archive.stores import open_store

_ROWS_AT_ONCE = 5000

# Columns and their types; `warnings` is JSON in a table.
_COLUMNS = {
    "key": "TEXT",
    "size": "INTEGER",
    "version": "TEXT",
    "target": "TEXT",
    "status": "TEXT",
    "code": "TEXT",
    "message": "TEXT",
    "made_by": "TEXT",
    "out_bytes": "INTEGER",
    "out_version": "TEXT",
    "sha256": "TEXT",
    "source_sha256": "TEXT",
    "width": "INTEGER",
    "height": "INTEGER",
    "kind": "TEXT",
    "coder": "TEXT",
    "kept": "INTEGER",
    "warnings": "TEXT",
    "changed": "INTEGER",
    "seconds": "REAL",
    "tries": "INTEGER",
    "host": "TEXT",
    "damaged": "TEXT",
}


def results(job: Job, plan: Plan) -> Iterator[Result]:
    """Every result of the plan's finished shards, in the order of the plan."""
    return job.all_results(job.finished(plan))


def json_line(row: Result) -> str:
    """A result with all its fields, as JSON in one line."""
    return json.dumps(full_record(row), separators=(",", ":"))


def write_sqlite(rows: Iterator[Result], path: str) -> None:
    """A database with one table, results. An existing file is replaced."""
    with _Replacing(path) as temporary:
        table = sqlite3.connect(temporary)
        try:
            columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
            table.execute(f"CREATE TABLE results ({columns})")
            marks = ", ".join("?" * len(_COLUMNS))
            while some := list(islice(rows, _ROWS_AT_ONCE)):
                table.executemany(
                    f"INSERT INTO results VALUES ({marks})", [tuple(_cells(row).values()) for row in some]
                )
            table.execute("CREATE INDEX by_status ON results (status, code)")
            table.commit()
        finally:
            table.close()


def write_parquet(rows: Iterator[Result], path: str) -> None:
    """A Parquet file, row groups of 5,000. An existing file is replaced. Raises MissingExtraError."""
    with extras.needed("parquet", "Parquet"):
        import pyarrow
        from pyarrow import parquet
    types = {"TEXT": pyarrow.string(), "INTEGER": pyarrow.int64(), "REAL": pyarrow.float64()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in _COLUMNS.items()])
    with _Replacing(path) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            writer.write_table(pyarrow.Table.from_pylist([_cells(row) for row in some], schema))


def _cells(row: Result) -> dict[str, object]:
    record = full_record(row) | {"warnings": json.dumps(row.warnings)}
    return {name: _cell(record[name]) for name in _COLUMNS}


def _cell(value: object) -> object:
    """Bytes of a name that are not UTF-8 are escaped, as neither kind of table has room for them."""
    if isinstance(value, bool):
        return int(value)
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


class _Replacing:
    """A temporary name beside a file that takes its name if all went well."""

    def __init__(self, path: str) -> None:
        self._path, self._temporary = path, f"{path}.{os.getpid()}.tmp"

    def __enter__(self) -> str:
        return self._temporary

    def __exit__(self, kind: type[BaseException] | None, *about: object) -> None:
        if kind is None:
            os.replace(self._temporary, self._path)
        elif os.path.exists(self._temporary):
            os.unlink(self._temporary)


def safe_to_delete(job: Job, plan: Plan, why_not: Callable[[Result, str], None]) -> Iterator[Result]:
    """Sources that can be restored from their outputs, as far as that can be known.

    The output was read from its store and decoded (`bbc batch verify`), and is still the same object. The source is
    still the one that was read, and nothing of it was lost. Makes two requests for each source, one to each store.

    why_not  gets the other sources, with the reason
    """
    source, destination = open_store(plan.settings.source), open_store(plan.settings.destination)

    def judge(row: Result, verified: Result | None) -> str:
        if not row.has_output:
            return f"{row.status}, {row.code}"
        if not row.kept:
            return "its output lacks something that it has"
        version = _verified_version(row, verified)
        if not version:
            return "its output was not verified; bbc batch verify does"
        there, output = source.find(row.key), destination.find(row.target)
        if there is None:
            return "is not there any more"
        if there.version != row.version:
            return "has changed since it was read"
        if output is None or (output.size, output.version) != (row.out_bytes, version):
            return "its output is not the one that was verified"
        return ""

    def of_shard(number: int) -> list[tuple[Result, str]]:
        verified = {row.key: row for row in job.results(number, VERIFIED)}
        return [(row, judge(row, verified.get(row.key))) for row in job.results(number)]

    for judged in job.each(job.finished(plan), of_shard):
        for row, reason in judged:
            if reason:
                why_not(row, reason)
            else:
                yield row


def _verified_version(row: Result, verified: Result | None) -> str:
    """The version of the output that was verified, in this plan or an earlier one; "" if none was."""
    if verified is None:
        return row.verified
    return verified.out_version if verified.status == OK and verified.sha256 == row.sha256 else ""
