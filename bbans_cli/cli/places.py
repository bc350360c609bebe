"""Whether two paths lead to one file, or to one that is yet to come."""

from __future__ import annotations

import os
import unicodedata

from bbans_cli.cli.fileio import STDIO

Identity = tuple[int, int]


def place(target: str) -> tuple[object, str]:
    """Equal for two spellings of what may be one place: the folder's identity, or real path if it is yet to come, and
    the name, without case and as if its accents were letters of their own, as some file systems compare names.
    """
    folder, name = os.path.split(target)
    return identity(folder or os.curdir) or os.path.realpath(folder), unicodedata.normalize("NFD", name).casefold()


def identity(path: str) -> Identity | None:
    """Device and inode of a file; None of standard input, and where there is no file."""
    if path == STDIO:
        return None
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return status.st_dev, status.st_ino
