"""Which process this is, and whether one on this machine still lives."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache

from bbans_cli import posix_calls


@dataclass(frozen=True)
class Process:
    """A process. `began` tells it from a later one with the same number, `space` from one in another container."""

    host: str
    pid: int
    began: str = ""
    space: str = ""

    @property
    def name(self) -> str:
        """Host and process id, as the name of a file."""
        return f"{self.host}-{self.pid}"

    def is_dead(self) -> bool:
        """Whether it has certainly ended: False for processes of other machines."""
        own = this()
        if (self.host, self.space) != (own.host, own.space):
            return False
        return not posix_calls.lives(self.pid) or self.began != _began(self.pid)


def this() -> Process:
    """The calling process, also after a fork."""
    return Process(_host(), os.getpid(), _began(os.getpid()), _space())


@cache
def _host() -> str:
    return "".join(ch if ch.isalnum() or ch in "-." else "_" for ch in socket.gethostname()) or "unknown"


def _space() -> str:
    """The PID namespace and the boot, where the system tells them (Linux)."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return f"{os.readlink('/proc/self/ns/pid')} {file.read().strip()}"
    except OSError:
        return ""


def _began(pid: int) -> str:
    """Clock ticks since the boot at which a process began (proc(5), /proc/pid/stat, field 22); "" where unknown."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        # A zombie has ended, though its parent has not asked.
        return "ended" if fields[0] == b"Z" else fields[19].decode()
    except (OSError, IndexError):
        return ""
