"""Being stopped: clean up first, then end by the same signal, so that the shell sees 128 + n and ends its loops too."""

from __future__ import annotations

import os
import signal
import time
from types import FrameType

from bbans_cli.posix_calls import STOPPING

# Seconds after which the first signal has ended the process, unless somebody caught it. Set by hand.
_LOST_AFTER = 1.0

# The first signal that arrived, and when: time.monotonic().
_arrived: int | None = None
_when = 0.0


class Interrupted(BaseException):
    """Raised in the main thread when a stopping signal arrives. Not an Exception: no handler may catch it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def install() -> None:
    """Turn the stopping signals into Interrupted, except those that our parent ignores (nohup, background jobs)."""
    for signum in STOPPING:
        if signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, _raise)


def uninstall() -> None:
    """From now on these signals end the process at once: there is nothing left to clean up."""
    for signum in STOPPING:
        if signal.getsignal(signum) in (_raise, _pass):
            signal.signal(signum, signal.SIG_DFL)


def check() -> None:
    """Raise Interrupted again if a signal has arrived: whoever catches all errors of an import may have caught it."""
    if _arrived is not None:
        raise Interrupted(_arrived)


def _raise(signum: int, frame: FrameType | None) -> None:
    global _arrived, _when
    _arrived, _when = signum, time.monotonic()
    # A second signal must not interrupt the cleaning up after the first, which takes milliseconds. It may have arrived
    # already: Python prints an error where such a one is to be ignored (SIG_IGN), and not where a function takes it.
    for other in STOPPING:
        if signal.getsignal(other) is _raise:
            signal.signal(other, _pass)
    raise Interrupted(signum)


def _pass(signum: int, frame: FrameType | None) -> None:
    if time.monotonic() > _when + _LOST_AFTER:
        raise Interrupted(signum)


def behind(error: BaseException | None) -> Interrupted | None:
    """The Interrupted that `error` is, or that `error` came up after: Python's locks may fail when one passes by."""
    while error is not None and not isinstance(error, Interrupted):
        error = error.__context__
    return error


def die(signum: int) -> None:
    """End the process by the signal's default action. Does not return."""
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)
