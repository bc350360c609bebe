"""What a command costs."""

import resource
import subprocess
from pathlib import Path


def processor_time(*args: str | Path) -> float:
    """Seconds that a command and its children computed. Raises CalledProcessError unless it succeeds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
