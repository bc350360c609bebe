"""The verbs that change .bbc files: recompress, meta. A file is replaced in one step, or stays as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from bbans_cli import container, metadata_edit
from bbans_cli.cli import atomic_output
from bbans_cli.cli.fileio import STDIO
from bbans_cli.cli.report import Result
from bbans_cli.cli.task import Task
from bbans_cli.errors import InputError
from bbans_cli.progress import ShareProgress

if TYPE_CHECKING:
    from bbans_cli.api import PictureCodec

Status = os.stat_result | None


def recompress(
    data: bytes,
    task: Task,
    status: Status,
    result: Result,
    coder: PictureCodec,
    threads: int,
    progress: ShareProgress,
    options: tuple[bool, bool],
) -> None:
    """`options`: whether outputs that exist are replaced, and also by files that are not smaller."""
    force, even_if_larger = options

    def work() -> bytes:
        outcome = coder.recompress(data, threads, progress)
        result.kind, result.width, result.height = outcome.kind, outcome.width, outcome.height
        result.samples, result.file_bytes = outcome.samples, outcome.file_bytes
        if len(outcome.data) < len(data) or even_if_larger:
            return outcome.data
        result.notes.append(f"kept as it is: level {coder.level} makes {len(outcome.data):,} bytes of it, not fewer")
        return data

    new = _rewrite(data, task, status, force, work)
    result.out_bytes = result.coded_bytes = len(new)
    result.details = {"changed": new != data}


def change(
    data: bytes,
    task: Task,
    status: Status,
    result: Result,
    wanted: metadata_edit.Change,
    threads: int,
    limits: tuple[int, int | None],
    force: bool,
) -> None:
    """Change metadata. limits: pixels, and bytes of memory, as Change.apply has them."""
    new = _rewrite(data, task, status, force, lambda: wanted.apply(data, threads, *limits))
    head = container.read_head(new)
    result.kind, result.width, result.height = head.kind, head.width, head.height
    result.out_bytes, result.coded_bytes = len(new), len(new)
    content = container.from_bytes(new, limits[0])
    result.file_bytes = content.size if isinstance(content, container.StoredFile) else None
    result.note = "" if new != data else "nothing to change"
    result.details = {"changed": new != data}


def get(data: bytes, task: Task, result: Result, name: str, max_pixels: int, force: bool) -> None:
    """Write one kind of metadata. Raises InputError if there is none."""
    assert task.target is not None
    found = metadata_edit.read(container.from_leading_bytes(data, max_pixels)[0], name)
    if found is None:
        raise InputError(f"has no {name if name in ('text', 'preview') else name.upper()}")
    direct = task.target == STDIO or atomic_output.is_special(task.target)
    text = name in ("text", "xmp")
    with atomic_output.DirectOutput(task.target, text) if direct else atomic_output.TempOutput(task.target) as output:
        output.write(found)
        output.publish(None, force, sync=False)
    result.out_bytes = len(found)


def _rewrite(data: bytes, task: Task, status: Status, force: bool, work: Callable[[], bytes]) -> bytes:
    """Write what `work` makes of `data`, which it may return itself: then a file in place stays. Raises InputError."""
    assert task.target is not None
    in_place = task.target == task.source != STDIO
    direct = task.target == STDIO or atomic_output.is_special(task.target)
    with (atomic_output.DirectOutput if direct else atomic_output.TempOutput)(task.target) as output:
        new = work()
        if in_place and new == data:
            return data
        output.write(new)
        if in_place:
            atomic_output.refuse_changed(task.source, status)
        output.publish(status, force or in_place, sync=in_place)
    return new
