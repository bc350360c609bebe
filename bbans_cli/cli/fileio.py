"""Bytes in from files, pipes and standard input; text out to standard output; errors that name the right file."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator

from bbans_cli import posix_calls
from bbans_cli.cli.signals import Interrupted
from bbans_cli.errors import BbcError, InputError
from bbans_cli.reading import Look, read_at_most

STDIO = "-"
STDOUT = "(standard output)"  # as messages name it


def occupy_standard_descriptors() -> None:
    """Open the null device where standard input, output or error are closed.

    Else the next file that is opened would get the descriptor, and messages would be written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def read(path: str, limit: int, look: Look = lambda front: None) -> tuple[bytes, os.stat_result | None]:
    """All bytes of a file, device, pipe or standard input ("-"), and the file's status (None unless a regular file).

    `look` as `read_at_most` has it. Raises OSError, and LimitError for more than `limit` bytes, of a regular file
    before it is read.
    """
    if path == STDIO:
        if sys.stdin is None:
            raise InputError("is closed")
        return read_at_most(0, limit, look), None
    descriptor = os.open(path, os.O_RDONLY | posix_calls.OPEN_FLAGS)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder", path)
        if not stat.S_ISREG(status.st_mode):
            return read_at_most(descriptor, limit, look), None
        return read_at_most(descriptor, limit, look, status.st_size), status
    finally:
        os.close(descriptor)


def write_stdout(data: bytes) -> None:
    """Write text to descriptor 1, without Python's buffer, whose failure at exit could not be reported.

    Raises Interrupted if there is no reader: the command then ends by SIGPIPE, as others do. Raises OSError if standard
    output was closed at the start, although by now the null device is open in its place.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "is closed", STDOUT)
    try:
        with errors_named(STDOUT):
            write_all(1, data)
    except BrokenPipeError:
        raise Interrupted(posix_calls.SIGPIPE) from None


def abandon_stdout() -> None:
    """Lose what Python's buffer of standard output holds and cannot be written, such as help onto a full disk.

    At its end Python would try once more, and say in lines of its own, with status 120, that it failed.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)


def write_all(descriptor: int, data: bytes) -> None:
    """os.write may take less than it was given."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def printable(text: str) -> str:
    """The text with all that is not printable escaped, stray bytes too: one line that cannot control a terminal."""
    return "".join(ch if ch.isprintable() else _escaped(ch) for ch in text)


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


@contextlib.contextmanager
def errors_named(name: str) -> Iterator[None]:
    """An OSError raised within names this file, not a temporary one."""
    try:
        yield
    except OSError as error:
        if not isinstance(error, BbcError):
            error.filename, error.filename2 = name, None
        raise
