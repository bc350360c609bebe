"""From the options of a verb to its tasks, to the batch that does them, to the exit status.

main.py has the verbs: each hands over its options, checked, as click gives them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from bbans_cli import output_names, posix_calls, scheduler
from bbans_cli.cli import fileio, fronts, naming, plan, report
from bbans_cli.cli.fileio import STDIO
from bbans_cli.cli.task import Naming, Placing, PlanError, Task
from bbans_cli.errors import BbcError, LimitError, describe
from bbans_cli.limits import DEFAULT_LEVEL, MAX_THREADS, PREVIEW_SIDE
from bbans_cli.pictures.formats import DEFLATE_LEVEL

if TYPE_CHECKING:
    from bbans_cli import api
    from bbans_cli.cli.code_map import CodeMap

STDOUT_NAMES = (STDIO, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
# A list of a million names and more.
_MAX_LIST_BYTES = 1 << 28
_FLAGS = {
    "stdout": "-c",
    "path": "-o",
    "force": "-f",
    "skip_existing": "--skip-existing",
    "as_json": "--json",
    "remove": "--rm",
    "remove_anyway": "--rm-anyway",
    "keep": "-k",
}


def change(verb: str, given: dict[str, Any]) -> int:
    """A verb that replaces its inputs, unless outputs are named. Returns the exit status. Raises UsageError."""
    if given["stdout"] or given["path"] is not None:
        return write(verb, naming.of_changes(), {"skip_existing": False} | given)
    names = inputs(given)
    if names == [STDIO]:
        return write(verb, naming.of_changes(), {"skip_existing": False} | given, names)
    return do(verb, plan.plan_in_place(names, given["recursive"], output_names.is_bbc), given)


def write(verb: str, names_of: Naming, given: dict[str, Any], names: list[str] | None = None) -> int:
    """A verb that writes outputs, named by `names_of` or by options; `names`: its inputs, where they are known already.

    Returns the exit status. Raises UsageError.
    """
    for one, other in (
        ("stdout", "path"),
        ("force", "skip_existing"),
        ("stdout", "as_json"),
        ("stdout", "skip_existing"),
        ("remove", "keep"),
        ("remove_anyway", "keep"),
    ):
        if given.get(one) and given.get(other):
            raise click.UsageError(f"{_FLAGS[one]} and {_FLAGS[other]} do not go together")
    if given["path"] in STDOUT_NAMES:
        given["path"] = STDIO
    removed = bool(given.get("remove") or given.get("remove_anyway"))
    placing = Placing(given["path"], given["stdout"], given["force"], given["skip_existing"], removed)
    names = names or inputs(given)
    tasks = tasks_of(names, given["recursive"], names_of, placing)
    if given["as_json"] and any(task.target == STDIO for task in tasks):
        raise click.UsageError("--json and pictures cannot both go to standard output")
    if verb == "decompress" and not given["picture_format"] and [task.target for task in tasks] == [given["path"]]:
        _refuse_suffix(tasks[0])
    return do(verb, tasks, given)


def _looked_at(task: Task, verb: str, given: dict[str, Any]) -> report.Result:
    """What --dry-run says of a task: of a regular file also what is wrong with its first bytes."""
    result = report.planned(task)
    if result.status == report.PLANNED and task.source != STDIO:
        try:
            fronts.look(task.source, verb == "compress", given.get("pixels", False))
        except (BbcError, OSError) as error:
            result.text = None
            report.refused(result, error, task.found)
    return result


def tasks_of(names: list[str], recursive: bool, names_of: Naming, placing: Placing) -> list[Task]:
    """The tasks of a verb that writes a file for each input. Raises UsageError."""
    try:
        return plan.plan_writing(names, recursive, names_of, placing)
    except PlanError as error:
        raise click.UsageError(str(error)) from error


def _refuse_suffix(task: Task) -> None:
    """Refuse an output whose suffix names no format that the input can become, as far as that is known before work."""
    suffix = output_names.suffix_of(task.target or "")
    with contextlib.suppress(BbcError, OSError):
        if not output_names.suits(suffix, None if task.source == STDIO else fronts.head_of(task.source)):
            raise click.UsageError(
                f"{suffix} is no picture format that bbc writes; --format says which one it is to be"
            )


def read(verb: str, given: dict[str, Any]) -> int:
    """A verb that writes no .bbc file and no picture in place of one. Returns the exit status. Raises UsageError."""
    tasks = plan.plan_reading(inputs(given), given["recursive"], output_names.is_bbc)
    if (given.get("exif") or given.get("xmp")) and len(tasks) != 1:
        raise click.UsageError("--exif and --xmp take one file")
    if given.get("map_path") is not None and len(tasks) != 1:
        raise click.UsageError("--map takes one file")
    return do(verb, tasks, given)


def inputs(given: dict[str, Any]) -> list[str]:
    """The inputs that were named, on the command line or in lists; if none were, standard input unless a terminal."""
    names = list(given["names"])
    lists = [(given["files_from"], b"\n"), (given["files0_from"], b"\0")]
    lists = [(path, separator) for path, separator in lists if path is not None]
    if not names and not lists:
        names = [STDIO]
    if (names + [path for path, _ in lists]).count(STDIO) > 1:
        raise click.UsageError("standard input can be read only once")
    if STDIO in names and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("no input: name files, or pipe one in")
    for path, separator in lists:
        names += plan.read_list(content(path, _MAX_LIST_BYTES), separator)
    return names


def content(path: str, limit: int) -> bytes:
    """The content of a file that an option names. Raises UsageError."""
    if path == STDIO and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("standard input is a terminal: name a file, or pipe one in")
    try:
        return fileio.read(path, limit)[0]
    except LimitError as error:
        raise click.UsageError(f"{report.shown(path)}: is too long, more than {limit:,} bytes") from error
    except (OSError, BbcError) as error:
        raise click.UsageError(f"{report.shown(path)}: {describe(error)}") from error


def do(verb: str, tasks: Sequence[Task], given: dict[str, Any]) -> int:
    """Do the tasks, or say that they would be done, and return the exit status."""
    verbosity = given["verbose"] - given["quiet"]
    terminal = sys.stderr is not None and sys.stderr.isatty()
    reporter = report.Report(verbosity, given["as_json"], terminal, _options())
    if given.get("dry_run"):
        for task in tasks:
            reporter.add(_looked_at(task, verb, given))
        return reporter.return_code
    start = time.monotonic()
    threads = cores(given["threads"], reporter)
    # Warnings of libraries are not for the user; what matters of them is an error or in the result.
    if verbosity < 2:
        warnings.simplefilter("ignore")
    from bbans_cli.cli import batch, progress
    from bbans_cli.cli.verb_work import Options

    options = Options(
        verb,
        given["max_pixels"],
        _coder(given)
        if verb in ("compress", "decompress", "verify", "recompress") or given.get("map_path") is not None
        else None,
        given.get("force", False),
        given.get("remove", False) or given.get("remove_anyway", False),
        given.get("remove_anyway", False),
        details=verbosity > 0,
        size=given.get("size", 0),
        even_if_larger=given.get("even_if_larger", False),
        change=given.get("change"),
        name=given.get("name", ""),
        item="exif" if given.get("exif") else "xmp" if given.get("xmp") else None,
        code_map=_code_map(given),
        reference=given.get("reference", False),
        max_memory=given["max_memory"],
    )
    at_once = verb == "info" and not options.details and options.code_map is None
    bar = progress.Progress(tasks, terminal and verbosity >= 0 and not given["no_progress"] and not at_once)
    with contextlib.closing(bar):
        batch.do_all(tasks, options, reporter, bar, given["jobs"] or int(verb == "info"), threads)
    return reporter.return_code if verb == "info" else reporter.finish(time.monotonic() - start)


def _options() -> set[str]:
    """The options of the verb that is being done."""
    return {name for parameter in click.get_current_context().command.params for name in parameter.opts}


def _code_map(given: dict[str, Any]) -> CodeMap | None:
    from bbans_cli.cli.code_map import CodeMap

    return None if given.get("map_path") is None else CodeMap(given["map_path"], given["force"])


def _coder(given: dict[str, Any]) -> api.PictureCodec:
    from bbans_cli import api

    posix_calls.give_back_memory()
    return api.PictureCodec(
        level=given.get("level") or DEFAULT_LEVEL,
        max_pixels=given["max_pixels"],
        max_memory=given["max_memory"],
        verify=not given.get("no_verify"),
        strip=given.get("strip", False),
        pixels=given.get("pixels", False),
        deflate_level=given.get("deflate_level", DEFLATE_LEVEL),
        preview=given.get("preview_size") or (PREVIEW_SIDE if given.get("preview") else 0),
        band_rows=given.get("band_rows") or 0,
        rows=given.get("rows"),
        keep_going=given.get("keep_going", False),
    )


def cores(given: int | None, reporter: report.Report) -> int:
    """-T, else BBC_THREADS, else every core."""
    text = os.environ.get("BBC_THREADS", "")
    if given is None and text:
        if text.isdecimal() and int(text) <= MAX_THREADS:
            given = int(text)
        else:
            reporter.warn(f"BBC_THREADS={text} is no number of threads and was ignored")
    return given or scheduler.cores()
