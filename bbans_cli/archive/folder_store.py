"""A folder of a file system, which several machines may share."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator, Mapping

from bbans_cli import posix_calls
from bbans_cli.archive.store import DamagedUploadError, Entry, Store

# Below the root: files are written here and renamed into their places, so that all that killed writers leave is here.
TEMPORARY = ".bbc-batch-tmp"
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | posix_calls.OPEN_FLAGS


class FolderStore(Store):
    """A version is size and time of modification. Objects have no metadata."""

    def __init__(self, path: str) -> None:
        super().__init__(os.path.abspath(path))

    def _path(self, key: str) -> str:
        return os.path.join(self.url, *key.split("/"))

    def _entries(self) -> Iterator[Entry]:
        if not os.path.isdir(self.url):
            code = errno.ENOTDIR if os.path.lexists(self.url) else errno.ENOENT
            raise OSError(code, os.strerror(code), self.url)
        return self._walk("")

    def _walk(self, folder: str) -> Iterator[Entry]:
        with os.scandir(os.path.join(self.url, folder)) as found:
            for entry in found:
                key = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if key != TEMPORARY:
                        yield from self._walk(key)
                elif entry.is_file(follow_symlinks=False):
                    # What vanishes while the folder is read was never there.
                    with contextlib.suppress(FileNotFoundError):
                        yield _entry(key, entry.stat(follow_symlinks=False))

    def _find(self, key: str) -> Entry:
        return _entry(key, os.stat(self._path(key)))

    def _read(self, key: str, most: int | None) -> bytes:
        with open(self._path(key), "rb") as file:
            return file.read(-1 if most is None else most)

    def _write(self, key: str, data: bytes, metadata: Mapping[str, str], lasting: bool) -> Entry:
        path = self._path(key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = self._temporary()
        try:
            self._fill(temporary, data, lasting)
            try:
                os.replace(temporary, path)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                # Another file system is mounted within the folder.
                beside = os.path.join(os.path.dirname(path), os.path.basename(temporary))
                os.unlink(temporary)
                temporary = beside
                self._fill(temporary, data, lasting)
                os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        return _entry(key, os.stat(path))

    def _temporary(self) -> str:
        folder = os.path.join(self.url, TEMPORARY)
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, f".{os.urandom(8).hex()}.tmp")

    def _fill(self, path: str, data: bytes, lasting: bool) -> None:
        descriptor = os.open(path, _CREATE, 0o666)
        with open(descriptor, "r+b") as file:
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(descriptor)
            file.seek(0)
            if file.read() != data:
                raise DamagedUploadError("what the folder holds is not what was written")

    def _create(self, key: str, data: bytes) -> bool:
        path = self._path(key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = self._temporary()
        self._fill(temporary, data, lasting=False)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without links: two may both succeed, which callers allow for
            if os.path.lexists(path):
                return False
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        return True

    def _remove(self, key: str) -> None:
        os.unlink(self._path(key))

    def _names(self, folder: str) -> list[str]:
        with os.scandir(self._path(folder)) as found:
            return [entry.name for entry in found if entry.is_file()]

    def tidy(self) -> None:
        shutil.rmtree(os.path.join(self.url, TEMPORARY), ignore_errors=True)


def _entry(key: str, status: os.stat_result) -> Entry:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), key)
    return Entry(key, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")
