"""Bytes in from files, pipes and standard input; text out to standard output; errors that name the right file."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator

from bbans_cli.cli.signals import Interrupted
from bbans_cli.errors import BbcError, InputError, LimitError

STDIO = "-"
# Bytes from which the kind of a file can be told: a JPEG file may have 64 KiB before it.
FRONT = (1 << 16) + 3


def occupy_standard_descriptors() -> None:
    """Open the null device where standard input, output or error are closed.

    Else the next file that is opened would get the descriptor, and messages would be written into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def read(
    path: str, limit: int, look: Callable[[bytes], None] = lambda front: None
) -> tuple[bytes, os.stat_result | None]:
    """All bytes of a file, device, pipe or standard input ("-"), and the file's status (None unless a regular file).

    look  gets the first FRONT bytes, or all of a smaller file, before the rest is read; what it raises ends the reading

    Raises OSError, and LimitError for more than `limit` bytes, of a regular file before it is read.
    """
    if path == STDIO:
        if sys.stdin is None:
            raise InputError("is closed")
        return _read_at_most(0, limit, look), None
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder", path)
        if not stat.S_ISREG(status.st_mode):
            return _read_at_most(descriptor, limit, look), None
        return _read_at_most(descriptor, limit, look, status.st_size), status
    finally:
        os.close(descriptor)


def _read_at_most(descriptor: int, limit: int, look: Callable[[bytes], None], size: int = 0) -> bytes:
    """All bytes, of which there are `size`, as far as that is known. A pipe gives as many at a time as it likes."""
    pieces: list[bytes] = []
    count = 0
    while count < FRONT and (piece := os.read(descriptor, FRONT - count)):
        pieces.append(piece)
        count += len(piece)
    look(b"".join(pieces))
    while max(size, count) <= limit and (piece := os.read(descriptor, 1 << 20)):
        pieces.append(piece)
        count += len(piece)
    if max(size, count) > limit:
        raise LimitError(f"more than {limit:,} bytes, the limit; --max-pixels sets it")
    return b"".join(pieces)


def write_stdout(data: bytes) -> None:
    """Write text to descriptor 1, without Python's buffer, whose failure at exit could not be reported.

    Raises Interrupted if there is no reader: the command then ends by SIGPIPE, as others do. Raises OSError if standard
    output was closed at the start, although by now the null device is open in its place.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "is closed", "(standard output)")
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
