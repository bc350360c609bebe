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
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bbans_cli.cli.atomic_output import CollisionError, exists, is_special
from bbans_cli.cli.fileio import STDIO
from bbans_cli.errors import BbcError, InputError
from bbans_cli.output_names import OF_SYSTEMS, Output

Identity = tuple[int, int]

# AppleDouble (RFC 1740, appendix A): what of a file another file system has no place for, in a file `._NAME` beside it.
_APPLE_DOUBLE = ("._", b"\0\x05\x16\x07")


class PlanError(BbcError):
    """The inputs and options do not fit together."""

    code = "usage"


class SameFileError(BbcError):
    """The output would replace one of the inputs."""

    code = "same-file"


@dataclass(frozen=True)
class Task:
    """One input and what becomes of it.

    source       path, or "-" for standard input
    target       path, "-" for standard output, None if nothing is written
    size         bytes of the input, 0 if that cannot be known
    found        came from a walk through a folder, not by name
    skip         why nothing is to be done with this input, or ""
    problem      why this input cannot be done
    file_format  of the output, None for the usual one
    is_output    with --skip-existing, that of Naming, which is asked again if the output comes to exist meanwhile
    """

    source: str
    target: str | None = None
    size: int = 0
    found: bool = False
    skip: str = ""
    problem: Exception | None = None
    file_format: str | None = None
    is_output: Callable[[str, str], bool] | None = None


@dataclass(frozen=True)
class Naming:
    """How a verb picks files in folders and names its outputs.

    wanted       does a walk take a file of this base name?
    output       from an input's path; may raise BbcError and OSError
    file_format  of an output whose path was given
    full         the output's base name with --full-names from the input's base name; None if that keeps no more apart
    is_output    could `target`, which exists, be what `source` became? --skip-existing asks
    """

    wanted: Callable[[str], bool]
    output: Callable[[str], Output]
    file_format: Callable[[str], str | None] = lambda target: None
    full: Callable[[str], str] | None = None
    is_output: Callable[[str, str], bool] = lambda source, target: True


@dataclass(frozen=True)
class Placing:
    """Where outputs go: `-o`, `-c`, `-f` and `--skip-existing`."""

    path: str | None = None
    stdout: bool = False
    force: bool = False
    skip_existing: bool = False


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
    tasks = _refuse_collisions(tasks, naming)
    sources = {identity for task in tasks if (identity := _identity(task.source))}
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
    """An input named twice is one input."""
    seen = set()
    for task in tasks:
        key = (_identity(task.source) or task.source, _place(task.target) if task.target else None)
        if key not in seen:
            seen.add(key)
            yield task


def _refuse_collisions(tasks: Sequence[Task], naming: Naming) -> list[Task]:
    """All tasks, those with a common output with a problem: which of them came first must not decide what is in it."""
    problems: dict[int, CollisionError] = {}
    for group in _by_output(tasks):
        if len(group) > 1:
            words = _what_helps(group, naming)
            for number, task in enumerate(group):
                others = group[:number] + group[number + 1 :]
                names = others[0].source + (f" and {len(others) - 1} more" if len(others) > 1 else "")
                problems[id(task)] = CollisionError(f"would become {task.target}, as would {names}; {words}")
    return [replace(task, problem=problems.get(id(task), task.problem)) for task in tasks]


def _by_output(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """The tasks that write a file, those together whose outputs are one name to the file system."""
    alike: dict[tuple[object, str], dict[str, list[Task]]] = {}
    for task in tasks:
        if task.problem is None and task.target is not None and not is_special(task.target):
            by_name = alike.setdefault(_place(task.target), {})
            by_name.setdefault(os.path.basename(task.target), []).append(task)
    for by_name in alike.values():
        groups = list(by_name.values())
        if len(groups) > 1 and _takes_for_one(os.path.dirname(groups[0][0].target or "")):
            yield [task for group in groups for task in group]
        else:
            yield from groups


def _takes_for_one(folder: str) -> bool:
    """Whether names that differ in case are one in a folder, or in what it will be in, as far as its entries tell."""
    while folder and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    with contextlib.suppress(OSError), os.scandir(folder or os.curdir) as entries:
        for entry in entries:
            other = os.path.join(folder, entry.name.swapcase())
            if os.path.basename(other) != entry.name and (identity := _identity(entry.path)):
                return identity == _identity(other)
    return False


def _what_helps(group: Sequence[Task], naming: Naming) -> str:
    """The least change to the options with which all inputs of a group have outputs of their own."""
    names = [(os.path.split(task.source), os.path.split(task.target or "")) for task in group]
    full = [naming.full(source) if naming.full else target for (_, source), (_, target) in names]
    there = [folder for _, (folder, _) in names]
    beside = [folder for (folder, _), _ in names]
    choices = {
        "--full-names keeps them apart": zip(there, full, strict=True),
        "without -o each goes beside its input": zip(beside, [name for _, (_, name) in names], strict=True),
        "--full-names without -o keeps them apart": zip(beside, full, strict=True),
    }
    for words, places in choices.items():
        if len({_place(os.path.join(*place)) for place in places}) == len(group):
            return words
    return "-o names the output of one"


def _place(target: str) -> tuple[object, str]:
    """Equal for two spellings of what may be one place: the folder's identity, or real path if it is yet to come, and
    the name, without case and as if its accents were letters of their own, as some file systems compare names.
    """
    folder, name = os.path.split(target)
    return _identity(folder or os.curdir) or os.path.realpath(folder), unicodedata.normalize("NFD", name).casefold()


def _identity(path: str) -> Identity | None:
    if path == STDIO:
        return None
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return status.st_dev, status.st_ino


def _look_at_target(task: Task, naming: Naming, placing: Placing, sources: set[Identity]) -> Task:
    """Refuse outputs that must not be replaced, before any work; publishing checks again, without a race."""
    if task.problem or task.target in (None, STDIO) or is_special(task.target):
        return task
    if _identity(task.target) in sources:
        return replace(task, problem=SameFileError(f"{task.target} is an input too and will not be replaced"))
    if os.path.isdir(task.target):
        return replace(task, problem=exists(task.target))
    if os.path.lexists(task.target) and not placing.force:
        if placing.skip_existing and naming.is_output(task.source, task.target):
            return replace(task, skip=_skip(task.target))
        return replace(task, problem=exists(task.target, task.source if placing.skip_existing else None))
    return replace(task, is_output=naming.is_output) if placing.skip_existing else task


def skips(task: Task) -> str:
    """Why a task whose output exists is to be skipped; empty if it is not."""
    if task.is_output is None or task.target is None or not task.is_output(task.source, task.target):
        return ""
    return _skip(task.target)


def _skip(target: str) -> str:
    return f"{target} exists"
