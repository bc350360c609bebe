"""The options of `bbc`, in groups that several verbs share. They only describe; cli.py acts on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.formats import FORMATS

F = TypeVar("F", bound=Callable[..., Any])

LEVELS = (1, 5, 9)
# Between two levels the middle one, which is the default, gets the tie.
_NEAREST = {2: 1, 3: 5, 4: 5, 6: 5, 7: 5, 8: 9}
DEFAULT_LEVEL = 5
MOST_THREADS = 1024


def group(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several decorators as one, listed in the order in which the help shows them."""

    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def _flag(*names: str, text: str = "", **more: Any) -> Callable[[F], F]:
    return click.option(*names, is_flag=True, help=text, **more)


def _path(*names: str, text: str, metavar: str) -> Callable[[F], F]:
    return click.option(*names, type=click.Path(allow_dash=True), metavar=metavar, help=text)


class _Number(click.ParamType):
    """A whole number within bounds. click's own IntRange would print them into a help that has no room for them."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number", parameter, context)
        if not self._least <= number <= self._most:
            self.fail(f"{number} is not between {self._least} and {self._most}", parameter, context)
        return number


def _number(*names: str, least: int, most: int, text: str, default: int | None = None) -> Callable[[F], F]:
    return click.option(*names, type=_Number(least, most), default=default, metavar="N", help=text)


def _level_options() -> list[Callable[[F], F]]:
    words = {1: ("-1", "--fast"), 5: ("-5",), 9: ("-9", "--best")}
    texts = {1: "Fastest.", 5: "The default.", 9: "Smallest; takes several times as long."}
    shown = [
        click.option(*words[level], "level", flag_value=level, type=int, default=None, help=texts[level])
        for level in LEVELS
    ]
    hidden = [
        click.option(f"-{digit}", "level", flag_value=level, type=int, default=None, hidden=True)
        for digit, level in _NEAREST.items()
    ]
    return shown + hidden


FILES = click.argument("names", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))

WRITING = group(
    _path("-o", "--output", "path", metavar="PATH", text="Write to this file; or into this folder."),
    _flag("-c", "--stdout", text="Write to standard output."),
    _flag("-f", "--force", text="Replace outputs that exist."),
    _flag("--skip-existing", text="Pass by inputs whose output exists."),
    _flag("--rm", "remove", text="Remove each input once its output is safe."),
    _flag("-k", "--keep", text="Keep inputs (the default).", expose_value=False),
    _flag("-n", "--dry-run", text="Say what would be written; write nothing."),
)

COMPRESSING = group(
    *_level_options(),
    _flag("--pixels", text="Accept JPEG and other lossy input: keep its pixels, not its file."),
    _flag("--strip", text="Drop metadata."),
    _flag("--no-verify", text="Do not decode the result to compare before publishing it."),
)

DECOMPRESSING = group(
    click.option(
        "--format",
        "picture_format",
        type=click.Choice(FORMATS, case_sensitive=False),
        metavar="FORMAT",
        help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}; else the suffix of -o decides, else png.",
    ),
    _flag("--strip", text="Drop metadata."),
)

INPUTS = group(
    _flag("-r", "--recursive", text="Go through folders; with -o, mirror them."),
    _path("--files-from", metavar="LIST", text="Read further names from a file, one a line (- for stdin)."),
    _path("--files0-from", metavar="LIST", text="The same, each name ended by a NUL byte."),
)

WORKING = group(
    _number("-T", "--threads", least=0, most=MOST_THREADS, text="Threads in all; 0, the default, means every core."),
    _number(
        "-j",
        "--jobs",
        least=0,
        most=MOST_THREADS,
        default=0,
        text="Files at a time; 0, the default, as suits their sizes.",
    ),
    _number(
        "--max-pixels",
        least=1,
        most=1 << 48,
        default=MAX_PIXELS,
        text=f"Refuse larger pictures (default {MAX_PIXELS:,}).",
    ),
)

TALKING = group(
    click.option("-q", "--quiet", count=True, help="No warnings; twice: no errors either."),
    click.option("-v", "--verbose", count=True, help="A line for each file; twice: tracebacks too."),
    _flag("--json", "as_json", text="A JSON object for each file on standard output."),
    _flag("--no-progress", text="No progress bar."),
)
