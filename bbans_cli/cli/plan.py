"""Which input becomes which output, planned for the whole batch before anything is read or written.

Planning looks at names and file status, and at the first bytes of a file only where a name depends on them. What is
wrong with the command as a whole is a PlanError and nothing happens; what is wrong with one file becomes its task's
`problem` and the others go on.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bbans_cli.cli import places
from bbans_cli.cli.atomic_output import exists, is_special
from bbans_cli.cli.collisions import refuse_collisions
from bbans_cli.cli.fileio import STDIO
from bbans_cli.cli.task import Naming, Placing, PlanError, SameFileError, Task
from bbans_cli.errors import BbcError, InputError, OutputExistsError
from bbans_cli.output_names import OF_SYSTEMS

# AppleDouble (RFC 1740, appendix A): what of a file another file system has no place for, in a file `._NAME` beside it.
_APPLE_DOUBLE = ("._", b"\0\x05\x16\x07")


@dataclass(frozen=True)
class _Found:
    """An input, and its path below the folder that was named, which -o mirrors."""

    path: str
    relative: str
    found: bool = False
    problem: Exception | None = None
    skip: str = ""

    def task(self, target: str | None = None, problem: Exception | None = None, file_format: str | None = None) -> Task:
        return Task(self.path, target, 0, self.found, self.skip, problem or self.problem, file_format)


def read_list(data: bytes, separator: bytes) -> list[str]:
    """The names in a list of files. In a list, "-" is the name of a file, too."""
    names = [os.fsdecode(name) for name in data.split(separator) if name]
    return [os.path.join(os.curdir, name) if name == STDIO else name for name in names]


def plan_reading(names: Iterable[str], recursive: bool, wanted: Callable[[str], bool]) -> list[Task]:
    """Tasks of a verb that writes nothing."""
    return [_sized(item.task()) for item in _expand(names, recursive, wanted)]


def plan_in_place(names: Iterable[str], recursive: bool, wanted: Callable[[str], bool]) -> list[Task]:
    """Tasks of a verb that replaces each input."""
    found = [item.task(None if item.problem or item.skip else item.path) for item in _expand(names, recursive, wanted)]
    return [_not_linked(task) for task in _distinct(_sized(task) for task in found)]


def _not_linked(task: Task) -> Task:
    if task.problem or task.skip or not os.path.islink(task.source):
        return task
    return replace(task, problem=InputError("is a symbolic link; name the file itself, or use -o"))


def plan_writing(names: Iterable[str], recursive: bool, naming: Naming, placing: Placing) -> list[Task]:
    """Tasks of a verb that writes a file for each input. Raises PlanError."""
    names = list(names)
    many = len(names) > 1 or any(name != STDIO and os.path.isdir(name) for name in names)
    if many and STDIO in names:
        raise PlanError("standard input cannot be one of several inputs: its output has no name")
    found = list(_expand(names, recursive, naming.wanted))
    if placing.stdout or placing.path == STDIO:
        if many:
            raise PlanError("several inputs cannot share standard output: a .bbc file holds one picture")
        return [_sized(item.task(STDIO, file_format=naming.file_format(STDIO))) for item in found]
    folder = _output_folder(placing.path, many)
    tasks = list(_distinct(_sized(_named(item, naming, placing.path, folder)) for item in found))
    tasks = refuse_collisions(tasks, naming)
    sources = {identity for task in tasks if (identity := places.identity(task.source))}
    return [_look_at_target(task, naming, placing, sources) for task in tasks]


def _expand(names: Iterable[str], recursive: bool, wanted: Callable[[str], bool]) -> Iterator[_Found]:
    for name in names:
        if "\0" in name:  # only a list can have such a name
            yield _Found(name, "", problem=FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
        elif name == STDIO or not os.path.isdir(name):
            yield _Found(name, os.path.basename(name))
        elif recursive:
            yield from _walk(name, wanted)
        else:
            yield _Found(
                name, "", problem=IsADirectoryError(errno.EISDIR, "is a folder; -r goes through folders", name)
            )


def _walk(top: str, wanted: Callable[[str], bool]) -> Iterator[_Found]:
    """Files below `top` in the order of their names; symbolic links are not followed, so that nothing comes twice."""
    errors: list[OSError] = []
    for folder, folders, files in os.walk(top, onerror=errors.append):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name in OF_SYSTEMS:
                yield _Found(path, "", found=True, skip="a file of the system")
            elif wanted(name) and not os.path.islink(path):
                yield _Found(path, os.path.relpath(path, top), found=True, skip=_why_not(path, name))
    for error in errors:
        yield _Found(error.filename, "", problem=error)


def _why_not(path: str, name: str) -> str:
    """Why a walk passes by a file whose name is wanted, or "". To open a pipe could last for ever."""
    with contextlib.suppress(OSError):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return "no regular file"
        prefix, magic = _APPLE_DOUBLE
        if name.startswith(prefix):
            with open(path, "rb") as file:
                return "an AppleDouble file" if file.read(len(magic)) == magic else ""
    return ""


def _output_folder(path: str | None, many: bool) -> str | None:
    """The folder that -o names, or None if it names a file, or nothing."""
    if path is None:
        return None
    if os.path.isdir(path):
        return path
    if not many and not path.endswith(os.sep):
        return None
    if os.path.lexists(path.rstrip(os.sep)):
        raise PlanError(f"-o {path} is not a folder" + (", but there are several inputs" if many else ""))
    return path


def _named(item: _Found, naming: Naming, path: str | None, folder: str | None) -> Task:
    if item.problem or item.skip:
        return item.task()
    if path is not None and folder is None:
        return item.task(path, file_format=naming.file_format(path))
    if item.path == STDIO:
        if folder is not None:
            raise PlanError("standard input has no name to give its output in a folder: name a file")
        return item.task(STDIO, file_format=naming.file_format(STDIO))
    try:
        name, file_format = naming.output(item.path)
    except (BbcError, OSError) as error:
        return item.task(problem=error)
    if folder is None:
        return item.task(os.path.join(os.path.dirname(item.path), name), file_format=file_format)
    return item.task(os.path.join(folder, os.path.dirname(item.relative), name), file_format=file_format)


def _sized(task: Task) -> Task:
    if task.source == STDIO or task.problem or task.skip:
        return task
    try:
        return replace(task, size=os.stat(task.source).st_size)
    except OSError as error:
        return replace(task, problem=error)


def _distinct(tasks: Iterable[Task]) -> Iterator[Task]:
    """An input named twice is one input, with the output of the first time. Hard links are inputs of their own."""
    seen = set()
    for task in tasks:
        key = (places.identity(task.source) or task.source, places.place(task.source))
        if key not in seen:
            seen.add(key)
            yield task


def _look_at_target(task: Task, naming: Naming, placing: Placing, sources: set[places.Identity]) -> Task:
    """Refuse outputs that must not be replaced, before any work; publishing checks again, without a race."""
    if placing.skip_existing:
        task = replace(task, is_output=naming.is_output)
    if isinstance(task.problem, FileNotFoundError) and placing.remove and (reason := skips(task)):
        return replace(task, problem=None, skip=reason)
    if task.problem or task.target in (None, STDIO) or is_special(task.target):
        return task
    if places.identity(task.target) in sources:
        return replace(task, problem=SameFileError(f"{task.target} is an input too and will not be replaced"))
    if os.path.isdir(task.target):
        return replace(task, problem=exists(task.target))
    if os.path.lexists(task.target) and not placing.force:
        reason = skips(task)
        return replace(task, skip=reason) if reason else replace(task, problem=foreign(task))
    return task


def skips(task: Task) -> str:
    """Why a task whose output exists is to be skipped; empty if it is not."""
    if task.is_output is None or task.target is None or not os.path.lexists(task.target):
        return ""
    return _skip(task) if task.is_output(task.source, task.target) else ""


def foreign(task: Task) -> OutputExistsError:
    """The error that a task's output exists and, with --skip-existing, is none of its input."""
    name = "standard input" if task.source == STDIO else task.source
    return exists(task.target or "", name if task.is_output else None)


def _skip(task: Task) -> str:
    gone = task.source != STDIO and not os.path.lexists(task.source)
    return f"{task.target} exists" + (", and the input is gone" if gone else "")
