"""Which errors of a store are permanent, and further tries for the transient ones, with exponential backoff."""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable
from typing import TypeVar

from bbans_cli.errors import BbcError, InputError

R = TypeVar("R")

# Six tries within about half a minute: a restart of a server, or "slow down" from a store. Tuned by hand, not recorded.
TRIES = 6
FIRST_WAIT = 1.0  # seconds, doubled after each try

_PERMANENT = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENOTEMPTY,
    errno.ENAMETOOLONG,
    errno.EINVAL,
    errno.ELOOP,
    errno.EXDEV,
    errno.ENOSYS,
}
# Permanent errors of the libraries below fsspec that are no OSError. By the names of their classes, since the libraries
# are not imported where their store is not used.
_PERMANENT_CLASSES = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "ParamValidationError",
    "HostKeyNotVerifiable",
    "PermissionDenied",
    "KeyImportError",
}


class UnavailableError(BbcError):
    """The store gave transient errors, and went on doing so."""

    code = "unavailable"


def is_permanent(error: Exception) -> bool:
    """Whether another try would end in the same way."""
    if isinstance(error, (BbcError, TypeError, ValueError, AttributeError, MemoryError)):
        return True
    if isinstance(error, (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError)):
        return True
    if isinstance(error, OSError) and error.errno in _PERMANENT:
        return True
    return _is_of(error, _PERMANENT_CLASSES)


def _is_of(error: Exception, classes: set[str]) -> bool:
    return any(kind.__name__ in classes for kind in type(error).__mro__)


def call(operation: Callable[[], R], again: Callable[[], None] = lambda: None) -> R:
    """What `operation` returns, tried up to TRIES times.

    again  called before each further try, to connect anew

    Raises a permanent error at once, and UnavailableError after the last try.
    """
    wait = FIRST_WAIT
    for left in reversed(range(TRIES)):
        try:
            return operation()
        except Exception as error:
            if _is_of(error, _PERMANENT_CLASSES):
                raise InputError(f"the store refuses: {_words(error)}") from error
            if is_permanent(error):
                raise
            if not left:
                raise UnavailableError(f"the store does not answer as it should: {_words(error)}") from error
        # With jitter, so that workers that failed together do not come back together.
        time.sleep(wait * random.uniform(0.5, 1.0))
        wait *= 2
        again()
    raise AssertionError("unreachable")


def _words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
