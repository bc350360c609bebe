"""What POSIX has and other systems lack, each with what stands for it there. No other module of the package calls it.

| POSIX | where it is missing |
|---|---|
| `O_CLOEXEC`, `O_NOCTTY` | Windows's `O_NOINHERIT`; and its `O_BINARY`, without which line ends would be changed |
| `SIGHUP` | is not caught |
| `SIGPIPE` | the process ends by `SIGTERM` |
| mode and owner of an open file | stay as the system has made them |
| times of an open file | those of its path are set |
| synchronising a folder | is left out: a name may be lost with the power |
| which processors the process may use | all count |
| size of the memory | 8 GiB |
| how glibc keeps freed memory | stays as it is, on every system without glibc |
| whether a process lives | each is taken for alive |
| reading at a position of a file | an error: `bbc page` alone needs it |

The Python functions need no more. The command was never run on another system than POSIX.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal

_OPENING = "O_CLOEXEC", "O_NOCTTY", "O_NOINHERIT", "O_BINARY"
# For os.open: bytes as they are, closed in child processes, of a terminal that does not become the process's own.
OPEN_FLAGS: int = sum(number for name, number in vars(os).items() if name in _OPENING)
# Signals on which the command cleans up, and the one by which a process ends that writes to a pipe without a reader
STOPPING: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
if hasattr(signal, "SIGHUP"):
    STOPPING += (signal.SIGHUP,)
SIGPIPE: signal.Signals = getattr(signal, "SIGPIPE", signal.SIGTERM)

_USUAL_MEMORY = 8 << 30
_MMAP_THRESHOLD = -3  # of <malloc.h>


def processors() -> int:
    """How many processors this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def memory() -> int:
    """Bytes of the machine's memory."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return _USUAL_MEMORY


def give_back_memory() -> None:
    """From now on glibc gives blocks of 4 MiB and more back to the system when they are freed.

    Otherwise it keeps up to 32 MiB for each thread that once had so large a block: compressing a JPEG file of 12 Mpixel
    then takes 270 MB in place of 178. A matter of the whole process, so that only the command calls it.
    """
    import ctypes  # numpy, which the command imports anyway to code, does too

    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 4 << 20)


def set_mode(descriptor: int, mode: int) -> None:
    """Raises OSError where that is refused."""
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, mode)


def set_owner(descriptor: int, user: int, group: int) -> None:
    """-1: stays as it is. Raises OSError where that is refused."""
    if hasattr(os, "fchown"):
        os.fchown(descriptor, user, group)


def set_times(descriptor: int, path: str, ns: tuple[int, int]) -> None:
    """Of access and of modification, of an open file that lies at `path`. Raises OSError where that is refused."""
    os.utime(descriptor if os.utime in os.supports_fd else path, ns=ns)


def sync_folder(folder: str) -> None:
    """Have the names in a folder on the disk. Raises OSError."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | OPEN_FLAGS)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_at(descriptor: int, count: int, position: int) -> bytes:
    """At most `count` bytes from a position of a file on. Raises OSError."""
    if not hasattr(os, "pread"):
        raise OSError(errno.ENOSYS, "this system cannot read at a position")
    return os.pread(descriptor, count, position)


def lives(pid: int) -> bool:
    """Whether there is a process of that number, as far as that can be told. On Windows os.kill would end it."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
