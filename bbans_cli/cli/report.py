"""The result of each file, in words and as JSON lines, and the exit status.

Words go to standard error, JSON to standard output. Within a schema, JSON keys are only added (docs/manners.md).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from bbans_cli.cli.fileio import STDIO, STDOUT, printable, write_stdout
from bbans_cli.cli.task import Task
from bbans_cli.errors import LossyError, code_of, describe

SCHEMA = 2
_OPTION = re.compile(r"(?<!\S)--?[A-Za-z][A-Za-z-]*")
OK, SKIPPED, FAILED, PLANNED = "ok", "skipped", "failed", "planned"


@dataclass
class Result:
    """One file's outcome. Sizes in bytes, width and height in pixels, seconds of wall-clock time; None: not known.

    samples      pixels times channels
    coded_bytes  the size of the .bbc file, whichever side that is on
    reason       why it was skipped
    note         what -v adds
    text         for standard output, unless JSON goes there
    details      further JSON keys
    kind         what the .bbc file holds: "picture", or of what comes back byte for byte "jpeg" or "file"
    file_bytes   of the JPEG or other file that the .bbc file holds
    notes        what is worth a line without -v, but is no warning
    """

    input: str
    output: str | None = None
    status: str = OK
    in_bytes: int | None = None
    out_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    samples: int | None = None
    coded_bytes: int | None = None
    seconds: float = 0.0
    reason: str = ""
    note: str = ""
    error: Exception | None = None
    warnings: list[str] = field(default_factory=list)
    text: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    kind: str | None = None
    file_bytes: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def bpd(self) -> float | None:
        """Bits of the .bbc file per sub-pixel; only of pictures."""
        if self.coded_bytes is None or not self.samples or self.kind in ("jpeg", "file"):
            return None
        return round(8 * self.coded_bytes / self.samples, 4)

    @property
    def share(self) -> float | None:
        """Size of the .bbc file over that of the file that it holds."""
        if self.coded_bytes is None or not self.file_bytes:
            return None
        return round(self.coded_bytes / self.file_bytes, 4)


def planned(task: Task) -> Result:
    """The result of a task that is not begun; with --dry-run it is what is reported."""
    result = Result(task.source, task.target, PLANNED, in_bytes=task.size or None)
    if task.problem is not None:
        result.status, result.error = FAILED, task.problem
    elif task.skip:
        result.status, result.reason = SKIPPED, task.skip
    else:
        target = STDOUT if task.target == STDIO else shown(task.target or "")
        result.text = f"{shown(task.source)} -> {target}"
    return result


def refused(result: Result, error: Exception, found: bool) -> None:
    """Put an error into a result. A walk through folders skips a lossy file without one, as it would by its suffix."""
    if found and isinstance(error, LossyError):
        result.status, result.reason = SKIPPED, str(error)
    else:
        result.status, result.error = FAILED, error


@dataclass
class Report:
    """Collects results, and prints them as far as `verbosity` asks.

    verbosity  -2 nothing, -1 errors, 0 warnings too, 1 a line for every file, 2 tracebacks too
    json       an object for each file on standard output
    summary    one line at the end, whatever the verbosity (above -1)
    options    of the verb, as they are typed: errors advise no others. None: as they are
    """

    verbosity: int = 0
    json: bool = False
    summary: bool = False
    options: Set[str] | None = None
    results: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        self.results.append(result)
        for text in result.warnings:
            self._say(0, f"{shown(result.input)}: warning: {text}")
        for text in result.notes:
            self._say(0, f"{shown(result.input)}: {text}")
        if result.error is not None:
            self._say(-1, failure_line(result, self.options))
            if self.verbosity >= 2:
                import traceback

                _write_stderr("".join(traceback.format_exception(result.error)))
        elif result.status == SKIPPED:
            self._say(1, f"{shown(result.input)}: skipped, {result.reason}")
        elif result.text is None:
            self._say(1, done_line(result))
        if result.text is not None and not self.json:
            write_stdout(result.text.encode(errors="replace") + b"\n")
        if self.json:
            write_stdout(to_json(result, self.options).encode() + b"\n")

    @property
    def return_code(self) -> int:
        """0 if every file was done, or skipped as asked; 1 if at least one failed."""
        return int(any(result.status == FAILED for result in self.results))

    def finish(self, seconds: float) -> int:
        """Print the summary where it is wanted and return the exit status."""
        reported = len(self.results) == 1 and self.return_code
        if self.verbosity >= 1 or self.summary and self.verbosity == 0 and not reported:
            self._say(0, summary_line(self.results, seconds))
        return self.return_code

    def warn(self, text: str) -> None:
        self._say(0, f"warning: {text}")

    def _say(self, level: int, text: str) -> None:
        if self.verbosity >= level:
            say(text)


def say(text: str) -> None:
    """A message of one line on standard error. If that is closed or full, the work goes on."""
    _write_stderr(f"bbc: {printable(text)}\n")


def _write_stderr(text: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def shown(path: str) -> str:
    """A file's name in a message."""
    return "(standard input)" if path == STDIO else printable(path)


def failure_line(result: Result, options: Set[str] | None = None) -> str:
    """The file that the error is about, the output if writing failed, else the input; and what went wrong."""
    error = result.error
    assert error is not None
    name = os.fsdecode(error.filename) if isinstance(error, OSError) and error.filename else result.input
    text = advised(describe(error), options)
    if isinstance(error, FileExistsError) and result.output:
        name = result.output
    return f"{shown(name)}: {text}"


def advised(text: str, options: Set[str] | None) -> str:
    """An error's text without the advice, behind a semicolon, that names an option which is not among these."""
    what, *advice = text.split("; ")
    if options is None or not advice:
        return text
    kept = [", ".join(part for part in each.split(", ") if options >= set(_OPTION.findall(part))) for each in advice]
    return "; ".join([what, *filter(None, kept)])


def done_line(result: Result) -> str:
    """What -v says of a file that is done, in a line: names, size, bytes before and after, rate, seconds."""
    line = shown(result.input)
    if result.output not in (None, STDIO):
        line += f" -> {shown(result.output)}"
    facts = [f"{result.width}x{result.height}"] if result.width else []
    if result.in_bytes is not None and result.out_bytes is not None:
        facts.append(f"{result.in_bytes:,} -> {result.out_bytes:,} bytes{_saved([result])}")
    elif result.in_bytes is not None:
        facts.append(f"ok, {result.in_bytes:,} bytes")
    if result.bpd is not None:
        facts.append(f"{result.bpd:.3f} bpd")
    if result.share is not None:
        facts.append(f"{result.share:.3f} of the file")
    facts.append(f"{result.seconds:.2f} s")
    if result.note:
        facts.append(result.note)
    return f"{line}: {', '.join(facts)}"


def _saved(results: list[Result]) -> str:
    """Only of .bbc files that are smaller: neither is a restored picture a loss, nor a thumbnail a saving."""
    before = sum(result.in_bytes or 0 for result in results)
    after = sum(result.out_bytes or 0 for result in results)
    packed = all(result.coded_bytes == result.out_bytes for result in results)
    return f" ({100 * (1 - after / before):.1f} % saved)" if packed and 0 < after < before else ""


def summary_line(results: list[Result], seconds: float) -> str:
    """Files, bytes, what was saved, and speed, in one line."""
    done = [result for result in results if result.status == OK]
    before = sum(result.in_bytes or 0 for result in done)
    after = sum(result.out_bytes or 0 for result in done)
    pixels = sum((result.width or 0) * (result.height or 0) for result in done)
    parts = [f"{len(done):,} file{'s' if len(done) != 1 else ''}"]
    if after:
        parts.append(f"{before:,} -> {after:,} bytes{_saved(done)}")
    elif before:
        parts.append(f"{before:,} bytes")
    if pixels and seconds > 0:
        parts.append(f"{pixels / 1e6 / seconds:.3g} Mpixel/s")
    for status in (PLANNED, SKIPPED, FAILED):
        count = sum(result.status == status for result in results)
        if count:
            parts.append(f"{count:,} {status}")
    return ", ".join(parts)


def to_json(result: Result, options: Set[str] | None = None) -> str:
    """One line. Bytes of a name that are not UTF-8 come as Python reads them: \\udc80 to \\udcff."""
    error = result.error
    said = None if error is None else {"code": code_of(error), "message": advised(describe(error), options)}
    record: dict[str, object] = {
        "schema": SCHEMA,
        "input": result.input,
        "output": result.output,
        "status": result.status,
        "in_bytes": result.in_bytes,
        "out_bytes": result.out_bytes,
        "width": result.width,
        "height": result.height,
        "bpd": result.bpd,
        "seconds": round(result.seconds, 4),
        "error": said,
        "warnings": result.warnings,
        "kind": result.kind,
        "share": result.share,
        "notes": result.notes,
    }
    record.update({key: value for key, value in result.details.items() if key not in record})
    return json.dumps(record)
