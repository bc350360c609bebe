"""A job's folder: which files it has, and reading and writing them.

plan.json            what is to be done, written when the plan is complete
plan/000123.jsonl    a shard: one Planned a line
plan/vanished-000000-000000.jsonl  what an earlier plan had and this one lacks
claims/000123        which process works on a shard, its lease, and results so far (claims.py)
done/000123.jsonl    a shard's totals, then one Result a line
verified/000123.jsonl  the same of `bbc batch verify`
workers/HOST-PID.json  what a process has done, replaced every few seconds (heartbeat.py)

A further plan numbers its shards from where the last one ended. Every file has one writer, and nothing is appended.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from typing import TypeVar

from bbans_cli import __version__
from bbans_cli.archive.rows import OK, Planned, Result, Totals, planned_of, result_of, totals_of
from bbans_cli.archive.store import Store
from bbans_cli.archive.stores import open_store
from bbans_cli.errors import BbcError, CorruptError, InputError, ModelMismatchError

T = TypeVar("T")

SCHEMA = 1
PLAN, DONE, CLAIMS, VERIFIED, WORKERS = "plan", "done", "claims", "verified", "workers"
# Files of a job that are read at the same time: each costs a store tens of milliseconds. Tuned by hand, not recorded.
_AT_ONCE = 16
# Bytes that surely hold the first line of a result file.
_FIRST_LINE = 1 << 16


@dataclass(frozen=True)
class Settings:
    """What decides a job's outputs."""

    source: str
    destination: str
    level: int
    pixels: bool
    strip: bool
    full_names: bool
    replace: bool
    max_pixels: int
    bbc: str
    weights: str

    def made_by(self, version: str) -> str:
        """What makes an output: equal for two runs only if the bytes are equal too. In ASCII."""
        options = ":pixels" * self.pixels + ":strip" * self.strip
        text = f"{version}:{self.level}:{self.weights}:{self.bbc}{options}"
        return text.encode("ascii", "backslashreplace").decode()


@dataclass(frozen=True)
class Plan:
    """A complete plan: shards `first` to `last` - 1, and sums.

    passed    files whose names are of no picture
    vanished  sources that the last plan had and this one lacks
    gone      sources that an earlier plan had, whose outputs this one goes on keeping; `files` counts them
    """

    settings: Settings
    first: int
    last: int
    files: int
    bytes: int
    passed: int
    vanished: int
    gone: int = 0

    @property
    def shards(self) -> range:
        """The numbers of the plan's shards."""
        return range(self.first, self.last)


def weights_id(level: int) -> str:
    """The ids of the networks that a level may code with."""
    from bbans_cli.coders.registry import networks

    return "+".join(id.hex() for id in networks(level).values())


class Job:
    """A job's folder in its store."""

    def __init__(self, url: str) -> None:
        self.store: Store = open_store(url)
        self.url = self.store.url

    def plan(self) -> Plan:
        """Raises InputError if there is none yet or none that can be read, and CorruptError."""
        found = self.plan_or_none()
        if found is None:
            raise InputError(f"{self.url} holds no plan; `bbc batch plan` makes one")
        return found

    def plan_or_none(self) -> Plan | None:
        """The plan, or None if there is none yet. Raises CorruptError, and InputError for one of another version."""
        try:
            data = self.store.read("plan.json")
        except (FileNotFoundError, NotADirectoryError):
            return None
        with _damage_of("plan.json"):
            record = json.loads(data)
            if record.get("schema") != SCHEMA:
                raise InputError("plan.json is of another version of bbc")
            settings = Settings(**{f.name: record["settings"][f.name] for f in fields(Settings)})
            return Plan(settings, **{f.name: int(record[f.name]) for f in fields(Plan) if f.name != "settings"})

    def write_plan(self, plan: Plan) -> None:
        """Write the plan: the last step of planning."""
        self.store.write("plan.json", json.dumps({"schema": SCHEMA} | asdict(plan), indent=1).encode())

    def check_maker(self, settings: Settings) -> None:
        """Raise ModelMismatchError unless this machine's bbc makes the bytes that the plan promises."""
        own = weights_id(settings.level)
        if (settings.bbc, settings.weights) != (__version__, own):
            raise ModelMismatchError(
                f"the job was planned with bbc {settings.bbc} and weights {settings.weights}, and this is bbc "
                f"{__version__} with weights {own}; install the same everywhere, or plan again"
            )

    def shard(self, number: int) -> list[Planned]:
        """The sources of a shard. Raises CorruptError, FileNotFoundError."""
        return self.read_lines(f"{PLAN}/{number:06d}.jsonl", planned_of)

    def read_lines(self, key: str, make: Callable[[dict[str, object]], T]) -> list[T]:
        """make(record) for each line of a file of JSON objects. Raises CorruptError, FileNotFoundError."""
        data = self.store.read(key)
        with _damage_of(key):
            return [make(record) for record in lines(data)]

    def write_shard(self, number: int, rows: Iterable[Planned]) -> None:
        """Write the sources of a shard."""
        self.store.write(f"{PLAN}/{number:06d}.jsonl", _joined(row.to_line() for row in rows))

    def finished(self, plan: Plan, folder: str = DONE) -> list[int]:
        """The numbers of the plan's shards that have a result file."""
        numbers = (int(name[:-6]) for name in self.store.names(folder) if name.endswith(".jsonl"))
        return [number for number in numbers if number in plan.shards]

    def is_finished(self, number: int) -> bool:
        """Whether the shard has a result file."""
        return self.store.find(f"{DONE}/{number:06d}.jsonl") is not None

    def results(self, number: int, folder: str = DONE) -> list[Result]:
        """The results of a shard; none if it is not finished. Raises CorruptError."""
        key = f"{folder}/{number:06d}.jsonl"
        try:
            first, *rows = self.read_lines(key, lambda record: record) or [{}]
        except FileNotFoundError:
            return []
        with _damage_of(key):
            if totals_of(first["totals"]).files != len(rows):  # type: ignore[arg-type]
                raise ValueError("lines are lacking")
            return [result_of(row) for row in rows]

    def proven_results(self, number: int) -> Iterator[Result]:
        """The results of a finished shard, each with what `bbc batch verify` found of it. Raises CorruptError."""
        checked = {row.key: row for row in self.results(number, VERIFIED)}
        for row in self.results(number):
            proof = checked.get(row.key)
            if proof is None or proof.is_transient:
                yield row
            elif proof.status == OK and proof.sha256 == row.sha256:
                yield replace(row, out_version=proof.out_version, verified=proof.out_version)
            else:
                yield replace(row, verified="", damaged=row.out_version)

    def write_results(self, number: int, rows: Iterable[Result], folder: str = DONE) -> Totals:
        """Write the results of a shard, with their sums in the first line; returns the sums."""
        rows = list(rows)
        totals = Totals()
        for row in rows:
            totals.add(row)
        first = json.dumps({"totals": totals.to_record()})
        self.store.write(f"{folder}/{number:06d}.jsonl", _joined([first, *(row.to_line() for row in rows)]))
        return totals

    def totals(self, number: int, folder: str = DONE) -> Totals:
        """The sums of a finished shard, from the first line of its file. Raises CorruptError, FileNotFoundError."""
        key = f"{folder}/{number:06d}.jsonl"
        front = self.store.read(key, _FIRST_LINE)
        with _damage_of(key):
            return totals_of(json.loads(front.partition(b"\n")[0])["totals"])

    def all_totals(self, plan: Plan, folder: str = DONE) -> tuple[Totals, int]:
        """Sums over the finished shards, and how many these are."""
        sums, count = Totals(), 0
        for totals in self.each(self.finished(plan, folder), lambda number: self.totals(number, folder)):
            sums.merge(totals)
            count += 1
        return sums, count

    def all_results(self, numbers: Iterable[int], folder: str = DONE) -> Iterator[Result]:
        """The results of several shards, in their order."""
        for rows in self.each(numbers, lambda number: self.results(number, folder)):
            yield from rows

    def each(self, numbers: Iterable[int], get: Callable[[int], T]) -> Iterator[T]:
        """get(number) for each, in order, some at a time."""
        numbers = list(numbers)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for start in range(0, len(numbers), _AT_ONCE):
                yield from pool.map(get, numbers[start : start + _AT_ONCE])


@contextlib.contextmanager
def _damage_of(key: str) -> Iterator[None]:
    """Errors of a file's content become CorruptError with its name."""
    try:
        yield
    except BbcError:
        raise
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        hint = next((words for folder, words in _WAYS_OUT.items() if key.startswith(f"{folder}/")), "")
        raise CorruptError(f"{key} of the job is damaged{hint}") from error


# What to do about a damaged file of each folder.
_WAYS_OUT = {
    PLAN: "; bbc batch plan makes another one, once it is removed",
    DONE: "; once it is removed, bbc batch run does its pictures again",
    VERIFIED: "; once it is removed, bbc batch verify reads its outputs again",
}


def lines(data: bytes) -> Iterator[dict[str, object]]:
    """JSON objects, one a line. Raises ValueError."""
    for line in data.split(b"\n"):
        if line:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("no JSON object")
            yield record


def _joined(texts: Iterable[str]) -> bytes:
    return "".join(text + "\n" for text in texts).encode()
