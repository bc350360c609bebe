"""Where pictures, outputs and a job's state are: a folder, or a store that fsspec knows.

Keys are paths below the store's root, with "/" between their parts. Every operation is tried again while its error is
transient (retry.py). An object appears complete or not at all. What was written is compared with what the store has.
"""

from __future__ import annotations

import abc
import contextlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from bbans_cli.archive import retry
from bbans_cli.errors import BbcError, InputError


class DamagedUploadError(BbcError):
    """What the store holds is not what was written."""

    code = "verify"


@dataclass(frozen=True)
class Entry:
    """One object.

    size      in bytes
    version   changes when the content does: an ETag, or size and time of modification
    metadata  of the object, as `Store.write` was given them; from `Store.find` alone, and where the store has any
    """

    key: str
    size: int
    version: str
    metadata: Mapping[str, str] = field(default_factory=dict)


R = TypeVar("R")

_TIDIED = 5  # temporary files that a write may lose to other processes that have ended; tuned by hand, not recorded


class Store(abc.ABC):
    """A root in some store. Any number of threads may use one at the same time.

    url             what stores.open_store makes it from, in full
    keeps_metadata  whether objects have metadata: names and texts in ASCII beside the content
    """

    keeps_metadata = False

    def __init__(self, url: str) -> None:
        self.url = url

    def entries(self) -> Iterator[Entry]:
        """Every file below the root, in any order, as it is found. Symbolic links are not followed."""
        return self._entries()

    def find(self, key: str) -> Entry | None:
        """The object of that key, or None."""
        try:
            return self._call(lambda: self._find(checked(key)))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read(self, key: str, most: int | None = None) -> bytes:
        """The content, or at most its first `most` bytes. Raises FileNotFoundError."""
        return self._call(lambda: self._read(checked(key), most))

    def write(self, key: str, data: bytes, metadata: Mapping[str, str] | None = None, lasting: bool = True) -> Entry:
        """Put an object in its place, in one step, and compare size and checksum with `data`.

        metadata  of the object; dropped where the store keeps none
        lasting   in a folder: the content must be on the disk (fsync) before the object has its name

        Raises DamagedUploadError; an earlier object of that key may be gone then.
        """
        return self._put(lambda: self._write(checked(key), data, metadata or {}, lasting))

    def create(self, key: str, data: bytes) -> bool:
        """Write unless there is such an object. Whether two at once both succeed depends on the store."""
        return self._put(lambda: self._create(checked(key), data))

    def remove(self, key: str) -> None:
        """Remove an object, if it is there."""
        try:
            self._call(lambda: self._remove(checked(key)))
        except FileNotFoundError:
            pass

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, in order; none if it does not exist."""
        try:
            return sorted(self._call(lambda: self._names(checked(folder))))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def is_content(self, entry: Entry, data: bytes) -> bool:
        """Whether the entry's version alone proves that its content is `data`."""
        return False

    def tidy(self) -> None:  # noqa: B027
        """Remove temporary files of writers that were killed, where the store has some. Who is writing begins again."""

    def connect_again(self) -> None:  # noqa: B027
        """Forget a connection that may be broken."""

    def _call(self, operation: Callable[[], R]) -> R:
        return retry.call(operation, self.connect_again)

    def _put(self, operation: Callable[[], R]) -> R:
        """As _call, for what goes by way of a temporary file, which another process may tidy away meanwhile."""
        for _ in range(_TIDIED):
            with contextlib.suppress(FileNotFoundError):
                return self._call(operation)
        return self._call(operation)

    @abc.abstractmethod
    def _entries(self) -> Iterator[Entry]: ...

    @abc.abstractmethod
    def _find(self, key: str) -> Entry: ...

    @abc.abstractmethod
    def _read(self, key: str, most: int | None) -> bytes: ...

    @abc.abstractmethod
    def _write(self, key: str, data: bytes, metadata: Mapping[str, str], lasting: bool) -> Entry: ...

    @abc.abstractmethod
    def _create(self, key: str, data: bytes) -> bool: ...

    @abc.abstractmethod
    def _remove(self, key: str) -> None: ...

    @abc.abstractmethod
    def _names(self, folder: str) -> list[str]: ...


def checked(key: str) -> str:
    """The key, unless a folder would take it for a path that leads elsewhere. Raises InputError."""
    if any(part in ("", ".", "..") for part in key.split("/")) or "\0" in key:
        raise InputError("its name is no path that a folder can have")
    return key


def join(root: str, key: str) -> str:
    """A key below a root, which may be empty."""
    return posixpath.join(root, key) if root else key
