"""The work on each file of a batch, and the loop over them. One bad file never stops the others."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bbans_cli import container, scheduler
from bbans_cli.cli import atomic_output, fileio, info, signals
from bbans_cli.cli.fileio import STDIO
from bbans_cli.cli.plan import Task
from bbans_cli.cli.progress import Progress
from bbans_cli.cli.report import FAILED, OK, PLANNED, SKIPPED, Report, Result, planned, shown
from bbans_cli.errors import LossyError
from bbans_cli.pictures.formats import FORMATS
from bbans_cli.progress import ShareProgress

if TYPE_CHECKING:
    from bbans_cli.api import Outcome, PictureCodec

# No uncompressed picture takes more than 8 bytes a pixel; the rest is for headers and metadata.
_BYTES_PER_PIXEL = 8
_BYTES_BESIDE_PIXELS = 256 << 20


@dataclass(frozen=True)
class Options:
    """The options that say how to work. Those that name outputs went into the plan."""

    verb: str
    max_pixels: int
    coder: PictureCodec | None = None
    force: bool = False
    remove: bool = False
    details: bool = False


def do_all(
    tasks: Sequence[Task], options: Options, report: Report, progress: Progress, files: int, threads: int
) -> None:
    """Do all tasks; each result goes to `report` as it comes. Raises Interrupted if standard output has no reader."""

    def work(task: Task, share: int) -> Result:
        return do_one(task, options, share, lambda part: progress.at(task, part))

    for task, result in scheduler.map_unordered(
        tasks, lambda task: task.size, lambda t, n: (t, work(t, n)), files, threads
    ):
        progress.finish(task)
        if isinstance(result.error, BrokenPipeError) and task.target == STDIO:
            raise signals.Interrupted(signal.SIGPIPE)
        with progress.paused():
            report.add(result)


def do_one(task: Task, options: Options, threads: int, progress: ShareProgress) -> Result:
    """Do one task. Never raises an Exception: errors are in the result."""
    result = planned(task)
    if result.status != PLANNED:
        return result
    result.status, result.text = OK, None
    start = time.monotonic()
    try:
        _WORK[options.verb](task, options, threads, progress, result)
    except LossyError as error:
        # A walk through folders skips a lossy file without error, as it would one with a lossy suffix.
        if task.found:
            result.status, result.reason = SKIPPED, str(error)
        else:
            result.status, result.error = FAILED, error
    except Exception as error:
        result.status, result.error = FAILED, error
    result.seconds = time.monotonic() - start
    return result


def _read(task: Task, options: Options, result: Result) -> tuple[bytes, os.stat_result | None]:
    limit = options.max_pixels * _BYTES_PER_PIXEL + _BYTES_BESIDE_PIXELS
    with fileio.errors_named(task.source):
        data, status = fileio.read(task.source, limit)
    result.in_bytes = len(data)
    return data, status


def _note(result: Result, outcome: Outcome) -> None:
    result.width, result.height, result.samples = outcome.width, outcome.height, outcome.samples
    result.coded_bytes = outcome.coded_bytes
    result.warnings += outcome.warnings


def _convert(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    """compress and decompress: read, code, write, publish, and with --rm remove the input last."""
    assert task.target is not None and options.coder is not None
    data, status = _read(task, options, result)
    direct = task.target == STDIO or atomic_output.is_special(task.target)
    with (atomic_output.DirectOutput if direct else atomic_output.TempOutput)(task.target) as output:
        if options.verb == "compress":
            outcome = options.coder.compress_file(data, threads, progress)
        else:
            file_format = task.file_format or FORMATS[0]
            # An input is removed only if the picture in its place reads back.
            outcome = options.coder.decompress_file(data, file_format, threads, progress, read_back=options.remove)
        _note(result, outcome)
        output.write(outcome.data)
        output.publish(status, options.force, sync=options.remove)
    result.out_bytes = len(outcome.data)
    if options.remove and (direct or task.source == STDIO):
        result.note = "nothing to remove" if task.source == STDIO else "input kept: the output is no file"
    elif options.remove:
        with fileio.errors_named(task.source):
            atomic_output.remove_input(task.source, status)


def _verify(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    assert options.coder is not None
    data, _ = _read(task, options, result)
    _note(result, options.coder.verify_file(data, threads, progress))


def _info(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    data, _ = _read(task, options, result)
    file = container.picture_from_bytes(data, options.max_pixels)
    result.width, result.height, result.samples = file.width, file.height, file.width * file.height * file.channels
    result.coded_bytes = len(data)
    details = info.details(file, len(data))
    result.details = details
    lines = [f"{shown(task.source)}: {info.words(file, len(data))}"]
    if options.details:
        from bbans_cli.coders.neural import bit_account  # numpy and the C core, which a look at the header does without

        info.add_bits(details, bit_account.of_file(file, threads, progress))
        lines += info.table(details)
    result.text = "\n".join(lines)


_WORK = {"compress": _convert, "decompress": _convert, "verify": _verify, "info": _info}
