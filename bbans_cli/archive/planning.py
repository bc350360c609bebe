"""From a listing to shards, in memory that does not depend on the number of files.

The listing goes, as it comes, into a table on this machine's disk (SQLite, which is part of Python), and comes out of
it in the order of the keys, sorted there (SQLite merges runs on the disk; an index would be filled at random places).
There collisions and what has vanished since an earlier plan are found as well. The table's file has no name: SQLite
removes it as soon as it is open, so that nothing is left of it however the plan ends.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bbans_cli.archive.job import PLAN, Job, Plan, Settings
from bbans_cli.archive.rows import SOURCE_GONE, VANISHED, Planned, Result, result_of
from bbans_cli.archive.store import Entry
from bbans_cli.errors import BbcError, InputError
from bbans_cli.output_names import OF_SYSTEMS, compressed, is_wanted

# Collisions that are named in the error; of the others it says how many.
_NAMED = 20
_ROWS_AT_ONCE = 1000
_MAX_VANISHED_AT_ONCE = 10_000

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
PRAGMA temp_store = FILE;
CREATE TABLE listed (key BLOB, size INTEGER, version TEXT, target BLOB);
CREATE TABLE before (key BLOB PRIMARY KEY, result TEXT) WITHOUT ROWID;
"""


class PlanCollisionError(BbcError):
    """Several sources would become one output."""

    code = "collision"


@dataclass(frozen=True)
class ShardSize:
    """A shard ends with the file that reaches one of these."""

    files: int = 500
    bytes: int = 256 << 20


def make(
    job: Job,
    settings: Settings,
    entries: Iterable[Entry],
    size: ShardSize,
    progress: Callable[[int], None] = lambda files: None,
) -> Plan:
    """Write the shards of these entries, and plan.json last.

    progress  gets the number of files listed so far, now and then

    Sources that an earlier plan had and that are not listed any more stay in the plan for their outputs' sake.
    Raises PlanCollisionError, and InputError for the job of other stores; then nothing was written.
    """
    old = job.plan_or_none()
    if old is not None and _stores(old.settings) != _stores(settings):
        of = " to ".join(_stores(old.settings))
        raise InputError(f"{job.url} is the job of {of}; another source or destination needs another job")
    table = sqlite3.connect("")  # a private database in a temporary file
    try:
        table.executescript(_TABLES)
        passed = _list(table, settings, entries, progress)
        _refuse_collisions(table)
        if old is not None:
            _remember(table, job, old)
        first = old.last if old else 0
        number, files, total, gone = first, 0, 0, 0
        for rows in _cut(_planned(table), size):
            job.write_shard(number, rows)
            number, files, total = number + 1, files + len(rows), total + sum(row.size for row in rows)
            gone += sum(row.gone for row in rows)
        plan = Plan(settings, first, number, files, total, passed, _write_vanished(table, job, first), gone)
    finally:
        table.close()
    job.write_plan(plan)
    return plan


def _stores(settings: Settings) -> tuple[str, str]:
    return settings.source, settings.destination


def _list(
    table: sqlite3.Connection, settings: Settings, entries: Iterable[Entry], progress: Callable[[int], None]
) -> int:
    """Fill the table `listed`; the number of files that are passed by, because of their names."""
    passed = files = 0
    rows: list[tuple[bytes, int, str, bytes]] = []
    for entry in entries:
        folder, _, name = entry.key.rpartition("/")
        if name in OF_SYSTEMS or name.startswith("._") or not is_wanted(name, settings.pixels):
            passed += 1
            continue
        target = compressed(name, settings.full_names)
        rows.append((_blob(entry.key), entry.size, entry.version, _blob(f"{folder}/{target}" if folder else target)))
        files += 1
        if len(rows) == _ROWS_AT_ONCE:
            table.executemany("INSERT INTO listed VALUES (?, ?, ?, ?)", rows)
            rows.clear()
            progress(files)
    table.executemany("INSERT INTO listed VALUES (?, ?, ?, ?)", rows)
    return passed


def _refuse_collisions(table: sqlite3.Connection) -> None:
    groups = "SELECT target, COUNT(*) FROM listed GROUP BY target HAVING COUNT(*) > 1"
    count = table.execute(f"SELECT COUNT(*) FROM ({groups})").fetchone()[0]
    if not count:
        return
    names = []
    for target, _ in table.execute(f"{groups} LIMIT {_NAMED}").fetchall():
        found = table.execute("SELECT key FROM listed WHERE target = ? ORDER BY key LIMIT 3", (target,)).fetchall()
        names.append(f"{_text(target)} ({', '.join(_text(key) for (key,) in found)})")
    more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
    raise PlanCollisionError(
        f"{count:,} outputs would come from several sources: {'; '.join(names)}{more}; --full-names keeps them apart"
    )


def _remember(table: sqlite3.Connection, job: Job, old: Plan) -> None:
    """Fill the table `before` from the results of the last plan, or, of shards that it left open, from its rows."""
    finished = set(job.finished(old))
    for number in old.shards:
        if number in finished:
            found: Iterable[Result] = job.proven_results(number)
        else:
            found = [row.before for row in job.shard(number) if row.before is not None]
        rows = [(_blob(row.key), row.to_line()) for row in found if row.status != VANISHED]
        table.executemany("INSERT OR REPLACE INTO before VALUES (?, ?)", rows)


_NOT_LISTED = "FROM before WHERE key NOT IN (SELECT key FROM listed)"
_ALL = f"""
SELECT listed.key, size, version, target, result FROM listed LEFT JOIN before USING (key)
UNION ALL SELECT key, 0, '', NULL, result {_NOT_LISTED} ORDER BY 1
"""


def _planned(table: sqlite3.Connection) -> Iterator[Planned]:
    """What is listed, and what has an output that is to be kept, in the order of the keys."""
    for key, size, version, target, result in table.execute(_ALL):
        before = result_of(json.loads(result)) if result else None
        if before is not None and not before.has_output:
            before = None
        if target is not None:
            yield Planned(_text(key), size, version, _text(target), before)
        elif before is not None:
            yield Planned(before.key, before.size, before.version, before.target, before, gone=True)


def _cut(rows: Iterable[Planned], size: ShardSize) -> Iterator[list[Planned]]:
    shard: list[Planned] = []
    total = 0
    for row in rows:
        shard.append(row)
        total += row.size
        if len(shard) >= size.files or total >= size.bytes:
            yield shard
            shard, total = [], 0
    if shard:
        yield shard


def _write_vanished(table: sqlite3.Connection, job: Job, first: int) -> int:
    """Write which sources the last plan had and the listing lacks; their outputs stay. Returns how many they are."""
    found = table.execute(f"SELECT result {_NOT_LISTED} ORDER BY key")
    count = number = 0
    while rows := found.fetchmany(_MAX_VANISHED_AT_ONCE):
        lines = [line for (line,) in rows if result_of(json.loads(line)).code != SOURCE_GONE]
        if lines:
            data = "".join(line + "\n" for line in lines).encode()
            job.store.write(f"{PLAN}/vanished-{first:06d}-{number:06d}.jsonl", data)
            count, number = count + len(lines), number + 1
    return count


def vanished(job: Job, plan: Plan) -> Iterator[Result]:
    """The sources that an earlier plan had and this one lacks. Raises CorruptError."""
    prefix = f"vanished-{plan.first:06d}-"
    for name in job.store.names(PLAN):
        if name.startswith(prefix):
            yield from job.read_lines(f"{PLAN}/{name}", result_of)


def _blob(text: str) -> bytes:
    return os.fsencode(text)


def _text(blob: bytes) -> str:
    return os.fsdecode(blob)
