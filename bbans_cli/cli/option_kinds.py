"""The kinds of options and commands that `bbc` has, and what reads their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click


class Option(click.Option):
    """An option whose help leaves out the range of its number, for which there is no room: errors say it."""

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


_SOURCE_AND_TARGET = (("source", "FILE"), ("target", "OUT"))
# A path that cannot be read is that file's failure, not one of the command as a whole.
_PATH = click.Path(allow_dash=True, readable=False)


def named(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Not empty, as the value is of a shell's variable that was never set."""
    if value == "":
        raise click.BadParameter("is empty, which is no name of a file or folder", context, option)
    return value


class Integer(click.IntRange):
    name = "integer"  # for errors, where click has "integer range"


def rows(context: click.Context, option: click.Parameter, value: str | None) -> tuple[int, int | None] | None:
    """A:B, A: or :B -> (A, B), B None for the end."""
    if value is None:
        return None
    if match := re.fullmatch(r"([0-9]{0,10}):([0-9]{0,10})", value):
        first, end = int(match[1] or 0), int(match[2]) if match[2] else None
        if end is None or first < end:
            return first, end
    raise click.BadParameter(f"{value} is not A:B, the first row and the one behind the last", context, option)


@dataclass(frozen=True)
class Section:
    """Options under a heading, in the order in which the help shows them."""

    title: str
    options: tuple[Option, ...]


class Verb(click.Command):
    """A command whose help shows its options by section, that for help in the last; most take names of files."""

    def __init__(
        self,
        name: str | None,
        *,
        sections: Sequence[Section],
        params: list[click.Parameter],
        takes_files: bool = True,
        **more: Any,
    ) -> None:
        files = [click.Argument(["names"], nargs=-1, metavar="[FILE]...", type=_PATH)] if takes_files else []
        options = [option for section in sections for option in section.options]
        super().__init__(name, params=[*params, *files, *options], **more)
        self.sections = sections

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        last = self.sections[-1]
        for section in self.sections:
            help_option = self.get_help_option(ctx) if section is last else None
            shown = [*section.options, help_option] if help_option else section.options
            records = [record for option in shown if (record := option.get_help_record(ctx)) is not None]
            with formatter.section(section.title):
                formatter.write_dl(records)


class Thumbnail(Verb):
    """A verb of one input and one output."""

    def __init__(
        self, name: str | None, *, sections: Sequence[Section], params: list[click.Parameter], **more: Any
    ) -> None:
        super().__init__(name, sections=sections, params=params, **more)
        files = [
            click.Argument([name], metavar=shown, type=_PATH, callback=named) for name, shown in _SOURCE_AND_TARGET
        ]
        self.params = [*files, *(param for param in self.params if param.name != "names")]


def flag(*names: str, text: str = "", **more: Any) -> Option:
    """An option without a value."""
    return Option(names, is_flag=True, help=text, **more)


def path(*names: str, text: str, metavar: str) -> Option:
    """An option whose value is a path."""
    return Option(names, type=_PATH, callback=named, metavar=metavar, help=text)


def number(*names: str, least: int = 1, most: int = 1 << 48, text: str, default: int | None = None) -> Option:
    """An option whose value is an integer from `least` to `most`."""
    return Option(names, type=Integer(least, most), default=default, metavar="N", help=text)


def count(*names: str, text: str) -> Option:
    """An option whose value is how often it is given."""
    return Option(names, count=True, help=text)


def size(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """Bytes: 500M, 2G."""
    match = re.fullmatch(r"([1-9][0-9]{0,12})([KMGT]?)B?", (value or "").upper())
    if value is None:
        return None
    if match is None:
        raise click.BadParameter(f"{value} is no number of bytes, such as 500M", context, option)
    return int(match[1]) << 10 * "_KMGT".index(match[2] or "_")
