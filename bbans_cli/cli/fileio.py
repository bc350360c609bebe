"""Bytes in from files, pipes and standard input; text out to standard output; errors that name the right file."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import sys
from collections.abc import Iterator

from bbans_cli.cli.signals import Interrupted
from bbans_cli.errors import BbcError, InputError, LimitError

STDIO = "-"


def occupy_standard_descriptors() -> None:
    """Open the null device where standard input, output or error are closed.

    Else the next file that is opened would get the descriptor, and messages would be written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def read(path: str, limit: int) -> tuple[bytes, os.stat_result | None]:
    """All bytes of a file, device, pipe or standard input ("-"), and the file's status (None unless a regular file).

    Raises OSError, and LimitError for more than `limit` bytes.
    """
    if path == STDIO:
        if sys.stdin is None:
            raise InputError("is closed")
        return _read_at_most(0, limit), None
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder", path)
        return _read_at_most(descriptor, limit), status if stat.S_ISREG(status.st_mode) else None
    finally:
        os.close(descriptor)


def _read_at_most(descriptor: int, limit: int) -> bytes:
    pieces, size = [], 0
    while piece := os.read(descriptor, 1 << 20):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise LimitError(f"more than {limit:,} bytes: no picture within --max-pixels is that large")
    return b"".join(pieces)


def write_stdout(data: bytes) -> None:
    """Write text to descriptor 1, without Python's buffer, whose failure at exit could not be reported.

    Raises Interrupted if there is no reader: the command then ends by SIGPIPE, as others do.
    """
    try:
        with errors_named("(standard output)"):
            write_all(1, data)
    except BrokenPipeError:
        raise Interrupted(signal.SIGPIPE) from None


def write_all(descriptor: int, data: bytes) -> None:
    """os.write may take less than it was given."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextlib.contextmanager
def errors_named(name: str) -> Iterator[None]:
    """An OSError raised within names this file, not a temporary one."""
    try:
        yield
    except OSError as error:
        if not isinstance(error, BbcError):
            error.filename, error.filename2 = name, None
        raise
