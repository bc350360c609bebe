"""The options of `bbc batch`, and the kind of command that its verbs are."""

from __future__ import annotations

import math
from typing import Any

import click

from bbans_cli.cli import report
from bbans_cli.cli.option_kinds import Integer, Option, flag, named, number
from bbans_cli.errors import BbcError
from bbans_cli.limits import MAX_THREADS

ABOUT = """Compress archives: folders and object stores, on one machine or many.

\b
  bbc batch plan photos/ packed/ job/            list the pictures, in shards
  bbc batch run job/                             work off what is open; killed, run it again
  bbc batch status job/                          how far it is
  bbc batch verify --sample 1% job/              read outputs back and decode them
  bbc batch report --safe-to-delete job/         the sources that are no longer needed
  bbc batch restore job/ back/                   make the sources again

SRC, DST and JOB are folders, or URLs such as s3://bucket/folder, gs://..., sftp://host/path. Sources are never deleted.
Exit status: 0 all done, 1 a file failed, 2 wrong usage, 75 try again later.
"""
JOB = click.Argument(["job"], metavar="JOB", callback=named)
FORMATS = ("text", "jsonl", "sqlite", "parquet")


def share(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """A share: 1%, or 0.01."""
    try:
        found = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        found = -1.0
    if not 0 < found <= 1:
        raise click.BadParameter(f"{value} is no share, such as 1%", ctx, param)
    return found


def retried(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Statuses and codes that results can have."""
    if not value:
        return value
    from bbans_cli.archive.rows import LOSSY, SOURCE_GONE, STATUSES, UP_TO_DATE
    from bbans_cli.archive.shard import Worker  # noqa: F401 - with all that can fail in it
    from bbans_cli.errors import all_codes

    known = {*STATUSES, UP_TO_DATE, LOSSY, SOURCE_GONE, *all_codes()}
    for word in value:
        if word not in known:
            raise click.BadParameter(f"{word} is no status or code: {', '.join(sorted(known))}", ctx, param)
    return value


class Seconds(click.FloatRange):
    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(f"{value} is not finite", param, ctx)
        return found


THREADS = number(
    "-T",
    "--threads",
    least=0,
    most=MAX_THREADS,
    text="Cores; 0, the default: all. With --dask: cores for each shard, default 1.",
)
SHARD = Option(
    ["--shard", "shards"],
    type=Integer(0),
    multiple=True,
    metavar="N",
    help="Only this shard, counted from 0; may be repeated.",
)
DASK = Option(
    ["--dask"], metavar="ADDRESS", help="Run on this Dask cluster: a scheduler's address or file, or `local`."
)
QUIET = Option(["-q", "--quiet"], count=True, help="No warnings; twice: no errors either.")
VERBOSE = Option(["-v", "--verbose"], count=True, help="A line for each file.")
NO_PROGRESS = flag("--no-progress", text="No progress bar.")
FORCE = flag("-f", "--force", text="Replace outputs that are there and not of these sources.")


class Command(click.Command):
    """A verb of `bbc batch`, whose errors name no file unless they do so themselves."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BbcError as error:
            report.say(str(error))
            return 2 if error.code == "collision" else 75 if error.code == "unavailable" else 1
