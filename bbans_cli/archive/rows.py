"""The lines of a job's files: what is to be done, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace

OK, SKIPPED, FAILED, CRASHED, VANISHED = "ok", "skipped", "failed", "crashed", "vanished"
STATUSES = (OK, SKIPPED, FAILED, CRASHED, VANISHED)
# Codes of rows that were skipped: the output is there already; a lossy file that is no JPEG file; the output is there,
# and its source, which an earlier plan had, is not.
UP_TO_DATE, LOSSY, SOURCE_GONE = "up-to-date", "lossy", "source-gone"
# The code of rows that failed because a store did not answer: a transient error, so another run may succeed.
UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Result:
    """What became of one source.

    key, size, version  of the source, as it was read: its path below the root, bytes, ETag or size and time
    target      key of the output
    status      "ok", "skipped" (code: up-to-date or lossy), "failed", "crashed" (it ended its process), "vanished"
    code        of the error, as `bbc --json` has them, or why the source was skipped
    made_by     identity of the source, level, weights and version that made the output
    out_bytes, out_version, sha256  of the output; version: its ETag or size and time
    source_sha256  of the source
    kind        what the .bbc file holds: "picture", "jpeg" or "file"
    coder       its coders
    kept        the source can be restored from the output, with all that it holds
    warnings    what was lost
    changed     the source was another one when it was planned
    tries       times that it was read
    verified    version of the output that `bbc batch verify` read, in an earlier plan of the job
    damaged     version of the output that it found damaged there
    """

    key: str
    size: int = 0
    version: str = ""
    target: str = ""
    status: str = OK
    code: str = ""
    message: str = ""
    made_by: str = ""
    out_bytes: int = 0
    out_version: str = ""
    sha256: str = ""
    source_sha256: str = ""
    width: int | None = None
    height: int | None = None
    kind: str = ""
    coder: str = ""
    kept: bool = False
    warnings: tuple[str, ...] = ()
    changed: bool = False
    seconds: float = 0.0
    tries: int = 0
    host: str = ""
    verified: str = ""
    damaged: str = ""

    @property
    def has_output(self) -> bool:
        """Whether the store holds an output of the source, as it is now."""
        return self.status == OK or self.status == SKIPPED and self.code in (UP_TO_DATE, SOURCE_GONE)

    @property
    def is_transient(self) -> bool:
        """Whether it failed in a way that another run may not."""
        return self.status == FAILED and self.code == UNAVAILABLE

    def to_line(self) -> str:
        """A JSON object, without what has its default."""
        return json.dumps(_record(self), separators=(",", ":"))


@dataclass(frozen=True)
class Planned:
    """One source that is to be compressed.

    before  what became of it when it was planned the last time
    gone    it is not there any more, but its output was
    """

    key: str
    size: int
    version: str
    target: str
    before: Result | None = None
    gone: bool = False

    def to_line(self) -> str:
        """A JSON object."""
        record: dict[str, object] = {"key": self.key, "size": self.size, "version": self.version, "target": self.target}
        if self.before is not None:
            record["before"] = _record(self.before)
        if self.gone:
            record["gone"] = True
        return json.dumps(record, separators=(",", ":"))

    def result(self, status: str = OK, code: str = "", message: str = "") -> Result:
        """A result of this source."""
        return Result(self.key, self.size, self.version, self.target, status, code, message)


@dataclass
class Totals:
    """Sums over results. `codes`: how many rows failed or were skipped with each code."""

    files: int = 0
    ok: int = 0
    skipped: int = 0
    failed: int = 0
    crashed: int = 0
    vanished: int = 0
    changed: int = 0
    not_kept: int = 0
    in_bytes: int = 0
    out_bytes: int = 0
    pixels: int = 0
    seconds: float = 0.0
    codes: dict[str, int] = field(default_factory=dict)

    def add(self, row: Result) -> None:
        """Count one result."""
        self.files += 1
        self.ok += row.status == OK
        self.skipped += row.status == SKIPPED
        self.failed += row.status == FAILED
        self.crashed += row.status == CRASHED
        self.vanished += row.status == VANISHED
        self.changed += row.changed
        if row.has_output:
            self.not_kept += not row.kept
            self.in_bytes += row.size
            self.out_bytes += row.out_bytes
        if row.status == OK:
            self.pixels += (row.width or 0) * (row.height or 0)
            self.seconds += row.seconds
        if row.code:
            self.codes[row.code] = self.codes.get(row.code, 0) + 1

    def merge(self, other: Totals) -> None:
        """Add the sums of others."""
        for name, value in vars(other).items():
            if isinstance(value, (int, float)):
                vars(self)[name] += value
        for code, count in other.codes.items():
            self.codes[code] = self.codes.get(code, 0) + count

    @property
    def exit_status(self) -> int:
        """0 if every source was done or skipped, 75 (EX_TEMPFAIL) if all failures are transient, else 1."""
        bad = self.failed + self.crashed
        return 0 if not bad else 75 if bad == self.codes.get(UNAVAILABLE, 0) else 1

    def to_record(self) -> dict[str, object]:
        """As JSON has them; seconds to the millisecond."""
        return dict(vars(self)) | {"seconds": round(self.seconds, 3)}


_RESULT_DEFAULTS = Result("")


def _record(row: Result) -> dict[str, object]:
    given = vars(row)
    record = {name: value for name, value in given.items() if value != vars(_RESULT_DEFAULTS)[name]}
    return {"key": row.key, "status": row.status} | {name: v for name, v in record.items() if name != "key"}


def full_record(row: Result) -> dict[str, object]:
    """Every field, for a report."""
    return dict(vars(row)) | {"warnings": list(row.warnings)}


_RESULT_FIELDS = {f.name for f in fields(Result)}
_TOTALS_FIELDS = {f.name for f in fields(Totals)}


def result_of(record: dict[str, object]) -> Result:
    """From a JSON object; keys of later versions are ignored."""
    known = {name: value for name, value in record.items() if name in _RESULT_FIELDS}
    warnings = known.pop("warnings", ())
    row = replace(_RESULT_DEFAULTS, **known)  # type: ignore[arg-type]
    return replace(row, warnings=tuple(map(str, warnings)) if isinstance(warnings, (list, tuple)) else ())


def planned_of(record: dict[str, object]) -> Planned:
    """From a JSON object. Raises KeyError, ValueError."""
    before = record.get("before")
    return Planned(
        str(record["key"]),
        int(str(record["size"])),
        str(record["version"]),
        str(record["target"]),
        result_of(before) if isinstance(before, dict) else None,
        record.get("gone") is True,
    )


def summed(each: Iterable[Totals]) -> Totals:
    """The sums of several shards."""
    sums = Totals()
    for totals in each:
        sums.merge(totals)
    return sums


def totals_of(record: dict[str, object]) -> Totals:
    """From a JSON object; keys of later versions are ignored."""
    return replace(Totals(), **{name: value for name, value in record.items() if name in _TOTALS_FIELDS})  # type: ignore[arg-type]
