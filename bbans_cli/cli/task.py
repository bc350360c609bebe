"""One input and what becomes of it: what a plan is made of, and what decides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bbans_cli.errors import BbcError
from bbans_cli.output_names import Output


class PlanError(BbcError):
    """The inputs and options do not fit together."""

    code = "usage"


class SameFileError(BbcError):
    """The output would replace one of the inputs."""

    code = "same-file"


@dataclass(frozen=True)
class Task:
    """One input and what becomes of it.

    source       path, or "-" for standard input
    target       path, "-" for standard output, None if nothing is written
    size         bytes of the input, 0 if that cannot be known
    found        came from a walk through a folder, not by name
    skip         why nothing is to be done with this input, or ""
    problem      why this input cannot be done
    file_format  of the output, None for the usual one
    is_output    with --skip-existing, that of Naming, which is asked again if the output comes to exist meanwhile
    """

    source: str
    target: str | None = None
    size: int = 0
    found: bool = False
    skip: str = ""
    problem: Exception | None = None
    file_format: str | None = None
    is_output: Callable[[str, str], bool] | None = None


@dataclass(frozen=True)
class Naming:
    """How a verb picks files in folders and names its outputs.

    wanted       does a walk take a file of this base name?
    output       from an input's path; may raise BbcError and OSError
    file_format  of an output whose path was given
    full         the output's base name with --full-names from the input's base name; None if that keeps no more apart
    is_output    could `target`, which exists, be what `source` became? --skip-existing asks
    """

    wanted: Callable[[str], bool]
    output: Callable[[str], Output]
    file_format: Callable[[str], str | None] = lambda target: None
    full: Callable[[str], str] | None = None
    is_output: Callable[[str, str], bool] = lambda source, target: True


@dataclass(frozen=True)
class Placing:
    """Where outputs go: `-o`, `-c`, `-f` and `--skip-existing`; and whether inputs are removed (`--rm`)."""

    path: str | None = None
    stdout: bool = False
    force: bool = False
    skip_existing: bool = False
    remove: bool = False
