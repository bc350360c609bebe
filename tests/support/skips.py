"""Skips that CI allows, each with its reason. Any other skip there is an error: CI installs what tests need.

A pytest plugin that tests/conftest.py registers where the environment variable CI is set. Elsewhere skips are listed,
and no more.
"""

import os
import re

import pytest

# What the skip says, and why that is no fault of the machine's setup.
ALLOWED = {
    r"neon is not built for this machine": "NEON needs aarch64",
    r"avx512 is not built for this machine|avx2 is not built for this machine": "x86-64 kernels on other machines",
    r"this CPU has no (avx512|avx2)": "the CPU decides",
    r"could not import .torch(_forward)?.|needs torch": "torch is large; `make test-train` installs it",
    r"Zarr 3 needs Python 3.11": "Python 3.10 gets Zarr 2",
    r"no aarch64 Python is prepared: make test-arm": "an emulated machine; `make test-arm` prepares it",
    r"needs the right to mount|cannot mount": "CI may not be root",
    r"needs setpriv|needs the right to change the user|needs a folder that every user": "CI may not be root",
    r"Debian's packages are unpacked on Debian alone": "the system decides",
    r"long double is no wider than double here": "the machine decides",
    r"control register unknown on this machine": "the machine decides",
}
if not os.environ.get("BBC_DATA"):
    ALLOWED[r"BBC_DATA"] = "the pictures are not part of the repository"

_refused = pytest.StashKey[list[str]]()


def _note(config, report):
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(re.search(pattern, reason) for pattern in ALLOWED):
        config.stash[_refused].append(f"{report.nodeid}: {reason}")


class Skips:
    """Collects the skips that are not allowed, from this process's reports and those of pytest-xdist's workers."""

    def __init__(self, config):
        self.config = config
        config.stash[_refused] = []

    def pytest_runtest_logreport(self, report):
        _note(self.config, report)

    def pytest_collectreport(self, report):
        _note(self.config, report)

    def pytest_sessionfinish(self, session):
        if self.config.stash[_refused] and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        refused = self.config.stash[_refused]
        if refused:
            terminalreporter.section("skips that CI does not allow (tests/support/skips.py)", red=True)
            for line in refused:
                terminalreporter.line(line)


def register(config):
    """Watch the skips of this session, in CI and in the process that reports."""
    if os.environ.get("CI") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Skips(config), "skips")
