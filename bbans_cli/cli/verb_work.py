"""The work of each verb on one file, from reading it to the output that has its name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bbans_cli import container, output_names, thumbnails
from bbans_cli.cli import atomic_output, changing, fileio, info
from bbans_cli.cli import code_map as map_drawing
from bbans_cli.cli.code_map import CodeMap
from bbans_cli.cli.fileio import STDIO
from bbans_cli.cli.report import Result, shown
from bbans_cli.cli.task import Task
from bbans_cli.errors import CorruptError, DamagedError, InputError, LimitError, TrailingBytesError
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.formats import JPEG
from bbans_cli.progress import ShareProgress
from bbans_cli.reading import max_bytes

if TYPE_CHECKING:
    from bbans_cli.api import Outcome, PictureCodec
    from bbans_cli.metadata_edit import Change

_SURPLUS = "has bytes after its end and may be damaged"


@dataclass(frozen=True)
class Options:
    """The options that say how to work. Those that name outputs went into the plan."""

    verb: str
    max_pixels: int
    coder: PictureCodec | None = None
    force: bool = False
    remove: bool = False
    remove_anyway: bool = False  # `remove`, even if the output lacks something that the input has
    details: bool = False
    size: int = 0  # pixels of the longer side of a thumbnail
    even_if_larger: bool = False
    change: Change | None = None  # of metadata
    name: str = ""  # of the metadata that are to be written
    item: str | None = None  # "exif" or "xmp": what info writes to standard output in place of its words
    code_map: CodeMap | None = None  # what info draws
    reference: bool = False  # verify by the second decoder
    max_memory: int | None = None  # bytes; None: half of the machine's


def _read(task: Task, options: Options, result: Result) -> tuple[bytes, os.stat_result | None]:
    limit = max_bytes(MAX_PIXELS if options.verb == "thumbnail" else options.max_pixels, options.max_memory)
    with fileio.errors_named(task.source):
        data, status = fileio.read(task.source, limit, lambda front: _look(front, task, options))
    result.in_bytes = len(data)
    return data, status


def _look(front: bytes, task: Task, options: Options) -> None:
    """Refuse what is of no use before all of it is read: a film has gigabytes. Raises as the work itself would."""
    if options.code_map is not None and options.coder is not None:
        map_drawing.look(front, _name(task), options.coder)
    elif options.verb != "compress":
        container.check_magic(front)
    elif options.coder is not None:
        options.coder.look(front, _name(task))


def _name(task: Task) -> str:
    return "" if task.source == STDIO else os.path.basename(task.source)


def _note(result: Result, outcome: Outcome) -> None:
    result.kind, result.width, result.height = outcome.kind, outcome.width, outcome.height
    result.samples, result.coded_bytes, result.file_bytes = outcome.samples, outcome.coded_bytes, outcome.file_bytes
    result.warnings += outcome.warnings + outcome.damage.words()
    result.notes += outcome.notes
    result.note = outcome.remark
    _warn_of_surplus(result, outcome.surplus)


def _warn_of_surplus(result: Result, surplus: int) -> None:
    if surplus:
        result.warnings.append(f"{surplus:,} byte{'s' * (surplus > 1)} after the end of the .bbc file, ignored")


def _convert(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    """compress and decompress: read, code, write, publish, and with --rm remove the input last."""
    assert task.target is not None and options.coder is not None
    data, status = _read(task, options, result)
    direct = task.target == STDIO or atomic_output.is_special(task.target)
    with (atomic_output.DirectOutput if direct else atomic_output.TempOutput)(task.target) as output:
        if options.verb == "compress":
            given = [data]
            del data  # of large pictures the file's bytes are let go once they have been read
            outcome = options.coder.compress_file(given.pop(), threads, progress, _name(task))
        else:
            outcome = _decompress(data, task, options, threads, progress)
        _note(result, outcome)
        output.write(outcome.data)
        output.publish(status, options.force, sync=options.remove)
    result.out_bytes = len(outcome.data)
    if outcome.damage:
        result.details = {"lost_rows": [[lost.first, lost.end] for lost in outcome.damage.merged_rows()]}
        raise DamagedError(f"the output was written, but the input is damaged: {_lost(outcome)}")
    if outcome.surplus:
        raise TrailingBytesError("the output was written, but the input has bytes after its end and may be damaged")
    if options.remove and (direct or task.source == STDIO):
        result.note = "nothing to remove" if task.source == STDIO else "input kept: the output is no file"
    elif options.remove:
        if (outcome.lossy or outcome.warnings) and not options.remove_anyway:
            less = "cannot restore all of it" if options.verb == "compress" else "has less than it holds"
            raise atomic_output.NotRemovedError(f"the output {less}; --rm-anyway removes it")
        try:
            atomic_output.remove_input(task.source, status)
        except FileNotFoundError:
            result.notes.append("was gone before it could be removed; the output was written")


def _lost(outcome: Outcome) -> str:
    """How much of the picture is lost, in words."""
    rows = outcome.damage.rows
    if not rows:
        return "all rows hold"
    count = len({row for lost in rows for row in range(lost.first, lost.end)})
    return f"{count:,} row{'s' * (count > 1)} lost"


def _decompress(data: bytes, task: Task, options: Options, threads: int, progress: ShareProgress) -> Outcome:
    assert options.coder is not None
    file_format = task.file_format
    if file_format == JPEG:
        # The file that the .bbc file holds, which is what comes without a format.
        if container.read_head(data, container.Damage() if options.coder.keep_going else None).kind == "picture":
            raise InputError(output_names.NO_JPEG)
        file_format = None
    try:
        # An input is removed only if the picture in its place reads back.
        return options.coder.decompress_file(data, file_format, threads, progress, read_back=options.remove)
    except CorruptError as error:
        if options.coder.keep_going or not options.coder.holds_in_part(data):
            raise
        raise type(error)(f"{error}; --keep-going writes what holds") from error


def _verify(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    assert options.coder is not None
    data, _ = _read(task, options, result)
    if options.reference:
        try:
            outcome = options.coder.verify_by_reference(data, progress)
        except LimitError as error:
            raise LimitError(f"{error}; --max-pixels lifts it, but the second decoder is slow") from error
    else:
        outcome = options.coder.verify_file(data, threads, progress)
    _note(result, outcome)
    if outcome.surplus:
        raise TrailingBytesError(_SURPLUS)


def _thumbnail(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    assert task.target is not None
    data, _ = _read(task, options, result)
    file_format = thumbnails.format_of(task.target)
    direct = task.target == STDIO or atomic_output.is_special(task.target)
    with (atomic_output.DirectOutput if direct else atomic_output.TempOutput)(task.target) as output:
        made = thumbnails.thumbnail(
            data,
            options.size,
            file_format=file_format,
            max_pixels=options.max_pixels,
            threads=threads,
            max_memory=options.max_memory,
        )
        output.write(made.data)
        output.publish(None, options.force, sync=False)
    result.out_bytes, result.width, result.height = len(made.data), made.width, made.height
    words = {"preview": "of the preview", "exif": "of the thumbnail in the EXIF data", "decoded": "decoded"}
    result.note, result.details = words[made.origin], {"origin": made.origin}


def _recompress(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    assert options.coder is not None
    data, status = _read(task, options, result)
    how = options.force, options.even_if_larger
    changing.recompress(data, task, status, result, options.coder, threads, progress, how)


def _change(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    assert options.change is not None
    data, status = _read(task, options, result)
    limits = options.max_pixels, options.max_memory
    changing.change(data, task, status, result, options.change, threads, limits, options.force)


def _get(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    data, _ = _read(task, options, result)
    changing.get(data, task, result, options.name, options.max_pixels, options.force)


def _info(task: Task, options: Options, threads: int, progress: ShareProgress, result: Result) -> None:
    if options.code_map is not None:
        assert options.coder is not None
        result.output = options.code_map.target
        options.code_map.refuse(task.source)
        data, _ = _read(task, options, result)
        options.code_map.draw(data, _name(task), options.coder, threads, progress, result)
        if result.text is not None:
            result.text = f"{shown(task.source)}: {result.text}"
        return
    data, _ = _read(task, options, result)
    file, surplus = container.from_leading_bytes(data, options.max_pixels)
    result.coded_bytes = len(data)
    _warn_of_surplus(result, surplus)
    if isinstance(file, container.StoredFile):
        result.kind, result.file_bytes = file.kind, file.size
        if file.jpeg is not None:
            result.width, result.height = file.jpeg.width, file.jpeg.height
    else:
        result.kind, result.width, result.height = "picture", file.width, file.height // file.pages
        result.samples = file.width * file.height * file.channels
    if options.item is not None:
        item = _item(file, options.item)
        with atomic_output.DirectOutput(STDIO, text=options.item == "xmp") as output:
            output.write(item)
    else:
        _describe(file, task, options, threads, progress, result)
    if surplus:
        raise TrailingBytesError(_SURPLUS)


def _describe(
    file: container.Container | container.StoredFile,
    task: Task,
    options: Options,
    threads: int,
    progress: ShareProgress,
    result: Result,
) -> None:
    size = result.in_bytes or 0
    details = info.details(file, size)
    result.details = details
    lines = [f"{shown(task.source)}: {info.words(file, size)}"]
    if options.details:
        if isinstance(file, container.Container):
            from bbans_cli.coders import memory  # numpy and the core, which the header does without
            from bbans_cli.coders.neural import bit_account

            memory.check_content(file, threads, options.max_memory)
            info.add_bits(details, bit_account.of_file(file, threads, progress))
        lines += info.table(details)
    result.text = "\n".join(lines)


def _item(file: container.Container | container.StoredFile, name: str) -> bytes:
    """The EXIF data or the XMP packet of what a .bbc file holds. Raises InputError if there is none."""
    if isinstance(file, container.Container):
        found = info.exif_and_xmp(file)
    else:
        from bbans_cli.coders.files import file_coder  # numpy and the core

        found = file_coder.exif_and_xmp(file)
    if name not in found:
        raise InputError(f"holds no {name.upper()}")
    return found[name]


# Each raises what is wrong with the file.
WORK = {
    "compress": _convert,
    "decompress": _convert,
    "verify": _verify,
    "info": _info,
    "thumbnail": _thumbnail,
    "recompress": _recompress,
    "meta-change": _change,
    "meta-get": _get,
}
