"""Bytes out, so that no incomplete file is ever seen and no file is lost.

An output is written to a temporary file in the folder of its target and takes the target's name in one step when it is
complete. `abandon_all` removes the temporary files; after it nothing can be published any more.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import threading
from types import TracebackType

from bbans_cli import posix_calls
from bbans_cli.cli.fileio import STDIO, STDOUT, errors_named, printable, write_all
from bbans_cli.errors import BbcError, InputError, OutputExistsError

# Guards the step from temporary to published, and both sets.
_lock = threading.Lock()
_temporary: set[str] = set()
# The identities of what this process has published. Names do not tell whether two outputs are one file: to some file
# systems a.bbc and A.bbc are one name, and so are two spellings of a letter with an accent. Nor does the inode alone:
# once another process has replaced the file, its number may be that of any other output.
_published: set[tuple[int, ...]] = set()
_abandoned = False

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | posix_calls.OPEN_FLAGS

# Errors of file systems without hard links.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.ENOTSUP}


def _umask() -> int:
    """The process's umask, which can only be read by setting it: call before there are threads."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_UMASK = _umask()


class TerminalError(BbcError):
    """The output is binary and would go where it cannot."""

    code = "terminal"


class NotRemovedError(BbcError):
    """The output is there, but the input was kept although its removal was asked for."""

    code = "not-removed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the output was written and the input kept: {reason}")


class CollisionError(BbcError):
    """Another input has the same output."""

    code = "collision"


def is_special(path: str) -> bool:
    """Is there something at `path` that can be written to but not replaced (a device, a pipe)?"""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


class DirectOutput:
    """Standard output, a device or a named pipe: written to directly, as there is no file to replace."""

    def __init__(self, target: str, text: bool = False) -> None:
        """`text`: what is written is UTF-8, and goes to terminals too, with all that is not printable escaped."""
        self._name = STDOUT if target == STDIO else target
        self._descriptor = 1
        if target == STDIO and sys.stdout is None:
            raise TerminalError("standard output is closed")
        if target != STDIO:
            with errors_named(self._name):
                self._descriptor = os.open(target, os.O_WRONLY | posix_calls.OPEN_FLAGS)
        self._terminal = os.isatty(self._descriptor)
        if self._terminal and not text:
            raise TerminalError(f"{self._name} is a terminal, and the output is not text: name a file, or use a pipe")

    def __enter__(self) -> DirectOutput:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor != 1:
            os.close(self._descriptor)

    def write(self, data: bytes) -> None:
        if self._terminal:
            lines = data.decode(errors="replace").split("\n")
            data = "\n".join(map(printable, lines)).encode()
        with errors_named(self._name):
            write_all(self._descriptor, data)

    def publish(self, like: os.stat_result | None, force: bool, sync: bool) -> None:
        """Does nothing: what was written is out already."""


class TempOutput:
    """A temporary file beside its target, mode 0600. Use as a context: what is not published is removed.

    Created before the work begins, so that a folder that cannot be written to costs no time.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        folder, name = os.path.split(target)
        with errors_named(target), _lock:
            if _abandoned:
                raise BbcError("stopped")
            os.makedirs(folder or os.curdir, exist_ok=True)
            self._descriptor, self.path = _create_temporary(folder, name)
            _temporary.add(self.path)

    def __enter__(self) -> TempOutput:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
        with _lock:
            if self.path in _temporary:
                _temporary.remove(self.path)
                _unlink(self.path)

    def write(self, data: bytes) -> None:
        with errors_named(self.target):
            write_all(self._descriptor, data)

    def publish(self, like: os.stat_result | None, force: bool, sync: bool) -> None:
        """Give the file its own name, with the owner, mode and times of `like` as far as permitted.

        Raises OutputExistsError when something has that name, unless `force`, which replaces a file in one step, and
        CollisionError when that is what this process has published for another input.
        With `sync` the file and its name are on the disk when this returns.
        """
        _copy_status(self._descriptor, self.path, like)
        if sync:
            with errors_named(self.target):
                os.fsync(self._descriptor)
        with errors_named(self.target), _lock:
            if _abandoned:
                raise BbcError("stopped")
            if _is_published(self.target):
                raise CollisionError(f"would become {self.target}, which is the output of another input already")
            if force:
                os.replace(self.path, self.target)
            else:
                _link(self.path, self.target)
            _temporary.remove(self.path)
            _published.add(_identity(os.fstat(self._descriptor)))
        if sync:
            posix_calls.sync_folder(os.path.dirname(self.target) or os.curdir)


def _create_temporary(folder: str, name: str) -> tuple[int, str]:
    """A new file with a random name, mode 0600."""
    while True:
        # 40 characters take at most 160 of the 255 bytes that a name may have.
        path = os.path.join(folder, f".{name[:40]}.{os.urandom(4).hex()}.tmp")
        with contextlib.suppress(FileExistsError):
            return os.open(path, _CREATE, 0o600), path


def abandon_all() -> None:
    """Remove every temporary file and see to it that none is made or published from now on."""
    global _abandoned
    with _lock:
        _abandoned = True
        for path in _temporary:
            _unlink(path)
        _temporary.clear()


def _unlink(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def _is_published(target: str) -> bool:
    try:
        return _identity(os.lstat(target)) in _published
    except FileNotFoundError:
        return False


def _link(path: str, target: str) -> None:
    """Rename without replacing. A hard link is created or fails, whatever other processes do."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise exists(target) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename_onto_empty(path, target)
    else:
        os.unlink(path)


def _rename_onto_empty(path: str, target: str) -> None:
    """For file systems without links: claim the name with an empty file of our own, then replace that."""
    try:
        os.close(os.open(target, _CREATE, 0o600))
    except FileExistsError:
        raise exists(target) from None
    try:
        os.replace(path, target)
    except OSError:
        _unlink(target)
        raise


def exists(target: str, foreign_to: str | None = None) -> OutputExistsError:
    """The error that the output exists, or, with --skip-existing, that it did not come from the input `foreign_to`."""
    if os.path.isdir(target):
        return OutputExistsError("is a folder, and the output's name")
    if foreign_to is not None:
        return OutputExistsError(f"exists already and did not come from {foreign_to}; -f replaces it")
    return OutputExistsError("exists already; -f replaces it, --skip-existing skips it")


def _copy_status(descriptor: int, path: str, like: os.stat_result | None) -> None:
    """Copy owner, group, mode and times. Where one is not permitted, the file gets fewer rights, never more."""
    if like is None:
        with contextlib.suppress(OSError):
            posix_calls.set_mode(descriptor, 0o666 & ~_UMASK)
        return
    mode = like.st_mode & 0o777
    with contextlib.suppress(OSError):
        posix_calls.set_owner(descriptor, like.st_uid, -1)
    try:
        posix_calls.set_owner(descriptor, -1, like.st_gid)
    except OSError:
        # Another group: it may do what both the old group and everybody else may.
        mode = mode & 0o707 | mode & (mode << 3) & 0o070
    with contextlib.suppress(OSError):
        posix_calls.set_mode(descriptor, mode)
    with contextlib.suppress(OSError):
        posix_calls.set_times(descriptor, path, (like.st_atime_ns, like.st_mtime_ns))


def remove_input(path: str, read_as: os.stat_result | None) -> None:
    """Remove an input whose output is safe, if `path` is still the very file, unchanged, that was read.

    Raises NotRemovedError, and then the file is where it was; FileNotFoundError if it is gone already.
    """
    try:
        now = os.lstat(path)
        if stat.S_ISLNK(now.st_mode):
            raise NotRemovedError("it is a symbolic link")
        if read_as is None or _identity(now) != _identity(read_as):
            raise NotRemovedError("it changed while it was being read")
        os.unlink(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotRemovedError((error.strerror or str(error)).lower()) from error


def refuse_changed(path: str, read_as: os.stat_result | None) -> None:
    """Raise InputError unless `path` is still the very file, unchanged, that was read and is to be replaced."""
    with errors_named(path):
        if read_as is None or _identity(os.lstat(path)) != _identity(read_as):
            raise InputError("changed while it was being read, and was not replaced")


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
