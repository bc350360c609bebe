"""The pictures of one shard: read, coded, checked, written, each with its result."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field, replace

from bbans_cli import container
from bbans_cli.api import Outcome, PictureCodec
from bbans_cli.archive import process
from bbans_cli.archive.job import Settings
from bbans_cli.archive.pipeline import Done, Stages
from bbans_cli.archive.rows import (
    FAILED,
    LOSSY,
    OK,
    SKIPPED,
    SOURCE_GONE,
    UP_TO_DATE,
    VANISHED,
    Planned,
    Result,
    result_of,
)
from bbans_cli.archive.store import Entry, Store
from bbans_cli.errors import InputError, LimitError, LossyError, OutputExistsError, code_of, describe
from bbans_cli.reading import FRONT, max_bytes

# Bytes above which the first ones are looked at before the file is read whole: what is no picture may be a film.
_LOOK_FIRST = 64 << 20
_READS = 3  # of a source that changes while it is read

# Object metadata of an output, in a store that keeps any: `Result.made_by`, a part of the result, and a digest of the
# source's name.
MADE_BY, RESULT, SOURCE_ID = "bbc-source", "bbc-result", "bbc-of"
# Fields of the result that go into the object's metadata.
_RECORDED = ("sha256", "source_sha256", "width", "height", "kind", "coder", "kept")


class ChangingError(InputError):
    """The source changes again and again while it is read."""

    code = "changed"


@dataclass(frozen=True)
class Loaded:
    """A source that has been read; `began`: by time.monotonic."""

    row: Result
    data: bytes
    protected: str  # why what has the output's name stays; "": it may be replaced, or there is none
    began: float


@dataclass(frozen=True)
class Coded:
    """A source that has been compressed and checked."""

    loaded: Loaded
    outcome: Outcome


@dataclass(frozen=True)
class Compressor:
    """The stages of a shard. `known`: results of workers that died with it."""

    settings: Settings
    source: Store
    destination: Store
    known: dict[str, Result] = field(default_factory=dict)

    def stages(self) -> Stages[Planned, Loaded, Coded, Result]:
        """Read, compress, write: for pipeline.run."""
        return Stages(self.load, self.code, self.store, lambda row: row.size)

    @property
    def codec(self) -> PictureCodec:
        """How the plan wants files compressed."""
        s = self.settings
        return PictureCodec(s.level, s.max_pixels, verify=True, strip=s.strip, pixels=s.pixels)

    def load(self, planned: Planned) -> Loaded | Done[Result]:
        """Read a source; a result at once where its output is up to date, or it cannot be read."""
        row = replace(planned.result(), host=process.this().host, tries=1)
        began = time.monotonic()
        try:
            there = self._there(planned.target)
            known = self.known.get(planned.key)
            if known is not None and _still_holds(known, there):
                return Done(known)
            before = known or planned.before
            if planned.gone:
                return Done(_without_source(row, before, there))
            same = self._up_to_date(row, before, there)
            if same is not None:
                return Done(same)
            try:
                row, data = self._read(row)
            except FileNotFoundError:
                if before is not None and _is_output(before, row, there):
                    return Done(_without_source(row, before, there))
                return Done(replace(row, status=VANISHED, code="not-found", message="is not there any more"))
            return Loaded(row, data, "" if there is None else self._protected(row, before, there), began)
        except Exception as error:
            return Done(_failed(row, error, began))

    def _there(self, target: str) -> Entry | None:
        try:
            return self.destination.find(target)
        except IsADirectoryError as error:
            raise OutputExistsError(f"a folder has the name of the output, {target}") from error

    def _up_to_date(self, row: Result, before: Result | None, there: Entry | None) -> Result | None:
        """The result without reading the source, if its output is there, made in the same way from the same source."""
        made_by = self.settings.made_by(row.version)
        if there is None or before is not None and before.damaged == there.version:
            return None
        if self.destination.keeps_metadata:
            if there.metadata.get(MADE_BY) != made_by or there.metadata.get(SOURCE_ID) != self._source_id(row):
                return None
            recorded = result_of({"key": row.key} | json.loads(there.metadata.get(RESULT, "{}")))
            verified = before.verified if before is not None and before.sha256 == recorded.sha256 else ""
            before = replace(recorded, out_bytes=there.size, out_version=there.version, verified=verified)
        elif before is None or not before.has_output or before.made_by != made_by:
            return None
        elif not _is_output(before, row, there):
            return None
        common = {"size": row.size, "version": row.version, "target": row.target, "host": row.host, "made_by": made_by}
        return replace(before, **common, status=SKIPPED, code=UP_TO_DATE, tries=0, seconds=0.0, changed=False)  # type: ignore[arg-type]

    def _protected(self, row: Result, before: Result | None, there: Entry) -> str:
        """Why what has the output's name may not be replaced; "" if it was made from this source, maybe from an older
        version of it. One that was verified may be all that is left of another file, which was deleted as safe."""
        if self.settings.replace:
            return ""
        if before is not None and before.verified == there.version and before.version != row.version:
            return "was verified, and is of an earlier file of this name"
        if self.destination.keeps_metadata:
            ours = there.metadata.get(SOURCE_ID) == self._source_id(row)
        else:
            ours = before is not None and before.target == row.target and before.out_bytes == there.size
        return "" if ours else "is not of this source"

    def _source_id(self, row: Result) -> str:
        return hashlib.sha256(f"{self.settings.source}\0{row.key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _read(self, row: Result) -> tuple[Result, bytes]:
        """The source's content, and the row with the version that was read. Raises FileNotFoundError, BbcError."""
        planned = row.version
        for tries in range(1, _READS + 1):
            found = Entry(row.key, row.size, row.version)
            if tries > 1 or not self.source.keeps_metadata:
                found = self._find_source(row)
            self._look(found)
            data = self.source.read(row.key)
            row = replace(row, size=found.size, version=found.version, changed=found.version != planned, tries=tries)
            if self.source.is_content(found, data) or self._find_source(row) == found and len(data) == found.size:
                return row, data
        raise ChangingError("changes while it is being read")

    def _find_source(self, row: Result) -> Entry:
        found = self.source.find(row.key)
        if found is None:
            raise FileNotFoundError(row.key)
        return Entry(found.key, found.size, found.version)

    def _look(self, entry: Entry) -> None:
        """Refuse what is of no use before all of it is read."""
        if entry.size > max_bytes(self.settings.max_pixels):
            raise LimitError(f"{entry.size:,} bytes are above the limit; --max-pixels sets it")
        if entry.size > _LOOK_FIRST:
            self.codec.look(self.source.read(entry.key, FRONT), os.path.basename(entry.key))

    def code(self, loaded: Loaded, threads: int) -> Coded | Done[Result]:
        """Compress; a result at once where that fails. threads: at least 1."""
        try:
            name = os.path.basename(loaded.row.key)
            return Coded(loaded, self.codec.compress_file(loaded.data, threads, name=name))
        except Exception as error:
            return Done(_failed(loaded.row, error, loaded.began))

    def store(self, coded: Coded) -> Result:
        """Write the output to its store."""
        loaded, outcome = coded.loaded, coded.outcome
        row = loaded.row
        try:
            row = replace(
                row,
                made_by=self.settings.made_by(row.version),
                out_bytes=len(outcome.data),
                sha256=hashlib.sha256(outcome.data).hexdigest(),
                source_sha256=hashlib.sha256(loaded.data).hexdigest(),
                width=outcome.width,
                height=outcome.height,
                kind=outcome.kind,
                coder=_coders(outcome.data),
                kept=not outcome.warnings and not outcome.lossy,
                warnings=tuple(outcome.warnings),
            )
            entry = self._publish(row, outcome.data, loaded.protected)
            return replace(row, status=OK, out_version=entry.version, seconds=_since(loaded.began))
        except Exception as error:
            return _failed(row, error, loaded.began)

    def _publish(self, row: Result, data: bytes, protected: str) -> Entry:
        if protected:
            # A worker that died may have written it without telling: then it has the same bytes.
            there = self.destination.find(row.target)
            if there is not None and self.destination.read(row.target) != data:
                raise OutputExistsError(f"the output {row.target} exists and {protected}; plan -f replaces it")
        recorded = {name: vars(row)[name] for name in _RECORDED if vars(row)[name] not in (None, "")}
        metadata = {
            MADE_BY: row.made_by,
            RESULT: json.dumps(recorded, separators=(",", ":")),
            SOURCE_ID: self._source_id(row),
        }
        return self.destination.write(row.target, data, metadata)


def _coders(data: bytes) -> str:
    """The coders of a .bbc file's parts, each once."""
    file = container.from_bytes(data, 1 << 62)
    return "+".join(dict.fromkeys(container.CODER_NAMES[part.coder] for part in file.parts))


def _is_output(before: Result, row: Result, there: Entry | None) -> bool:
    """Whether the output of an earlier result is there, under the name that it would have now."""
    if there is None or not before.has_output:
        return False
    return (before.target, before.out_bytes, before.out_version) == (row.target, there.size, there.version)


def _without_source(row: Result, before: Result | None, there: Entry | None) -> Result:
    """The result of a source that is gone: that of the last plan, if its output is as it was."""
    if before is not None and _is_output(before, row, there):
        kept = {"host": row.host, "tries": 0, "seconds": 0.0, "changed": False, "message": ""}
        return replace(before, status=SKIPPED, code=SOURCE_GONE, **kept)  # type: ignore[arg-type]
    what = "and so is its output" if there is None else "and its output is not the one that was written:"
    return replace(row, status=FAILED, code="not-found", message=f"is not there any more, {what} {row.target}")


def _still_holds(known: Result, there: Entry | None) -> bool:
    """Whether a result that a lost worker left is still true, as far as a store tells without reading."""
    if not known.has_output:
        return not known.is_transient and known.status != VANISHED
    return there is not None and (known.out_bytes, known.out_version) == (there.size, there.version)


def _failed(row: Result, error: Exception, began: float) -> Result:
    row = replace(row, seconds=_since(began))
    if isinstance(error, LossyError):
        return replace(row, status=SKIPPED, code=LOSSY, message=str(error))
    return replace(row, status=FAILED, code=code_of(error), message=describe(error))


def _since(began: float) -> float:
    return round(time.monotonic() - began, 4)
