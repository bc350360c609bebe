"""The verbs of `bbc batch`. bbans_cli/archive does the work, and is imported only when there is some."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import click

from bbans_cli import __version__, scheduler
from bbans_cli.cli import archive_options as opts
from bbans_cli.cli import archive_progress as show
from bbans_cli.cli import archive_work as work
from bbans_cli.cli import fileio, report
from bbans_cli.cli import options as opt
from bbans_cli.cli.option_kinds import Option, flag, named, number, size
from bbans_cli.limits import DEFAULT_LEVEL, MAX_PIXELS


@click.group(
    name="batch",
    help=opts.ABOUT,
    short_help="Compress archives in stores, on many machines.",
    no_args_is_help=False,  # an error of one line, as everywhere
)
def batch() -> None:
    pass


def _verb(name: str, *params: click.Parameter, short: str) -> Callable[[Callable[..., int]], click.Command]:
    def make(function: Callable[..., int]) -> click.Command:
        command = opts.Command(name, callback=function, params=list(params), help=function.__doc__, short_help=short)
        batch.add_command(command)
        return command

    return make


@_verb(
    "plan",
    click.Argument(["src"], callback=named),
    click.Argument(["dst"], callback=named),
    opts.JOB,
    *opt.LEVEL_OPTIONS,
    flag("--pixels", text="Of JPEG and other lossy files keep the pixels, not the file."),
    opt.STRIP,
    flag("--full-names", text="Keep suffixes: photo.png becomes photo.png.bbc."),
    opts.FORCE,
    number("--max-pixels", default=MAX_PIXELS, text=f"Refuse larger pictures (default {MAX_PIXELS:,})."),
    number("--shard-files", default=500, text="Files of a shard at most (default 500)."),
    Option(
        ["--shard-bytes"],
        callback=size,
        default="256M",
        metavar="SIZE",
        help="A shard ends with the file that reaches this (default 256M).",
    ),
    opts.QUIET,
    short="List the pictures of SRC in shards.",
)
def plan(**given: Any) -> int:
    """List the pictures below SRC, once, and write to JOB which shards they make up. Nothing is read or compressed.
    Planned again, a job keeps what it has done: only new and changed sources are open.
    """
    from bbans_cli.archive import planning
    from bbans_cli.archive.job import Job, Settings, weights_id
    from bbans_cli.archive.stores import open_store

    level = given["level"] or DEFAULT_LEVEL
    source, destination, job = open_store(given["src"]), open_store(given["dst"]), Job(given["job"])
    settings = Settings(
        source.url,
        destination.url,
        level,
        given["pixels"],
        given["strip"],
        given["full_names"],
        given["force"],
        given["max_pixels"],
        __version__,
        weights_id(level),
    )
    with show.counting(given["quiet"]) as progress:
        made = planning.make(
            job, settings, source.entries(), planning.ShardSize(given["shard_files"], given["shard_bytes"]), progress
        )
    if not given["quiet"]:
        for row in planning.vanished(job, made):
            report.say(f"{report.shown(row.key)}: is not there any more; its output stays")
        gone = f"; of {made.gone:,} only the outputs are left" if made.gone else ""
        show.print(
            f"{made.files:,} files, {made.bytes:,} bytes, in {len(made.shards):,} shards{gone}; "
            f"{made.passed:,} other files passed by"
        )
    return 0


@_verb(
    "run",
    opts.JOB,
    opts.SHARD,
    flag("--retry-failed", text="Do again what failed or crashed in finished shards."),
    Option(
        ["--retry"],
        multiple=True,
        callback=opts.retried,
        metavar="WORD",
        help="Do again what has this status or code; may be repeated.",
    ),
    opts.DASK,
    opts.THREADS,
    Option(
        ["--lease"],
        type=opts.Seconds(0.5),
        default=300.0,
        metavar="SECONDS",
        help="Take over shards of workers that are silent for so long (default 300).",
    ),
    flag("--no-wait", text="Do not wait for shards that others work on."),
    Option(["--metrics"], metavar="FILE", help="Write Prometheus text there all the time."),
    opts.QUIET,
    opts.VERBOSE,
    opts.NO_PROGRESS,
    short="Work off the open shards of JOB.",
)
def run(**given: Any) -> int:
    """Compress what is open in JOB. Killed, it goes on where it was; started several times, on any machines, the shards
    are shared.
    """
    from bbans_cli.archive.job import Job
    from bbans_cli.archive.status import status_of

    job = Job(given["job"])
    made = job.plan()
    job.check_maker(made.settings)
    work.check_metrics(given["metrics"])
    shards = work.named_shards(made, given["shards"])
    retry = work.retry_of(given)
    progress = show.Progress(job, made, given)
    with contextlib.closing(progress):
        if given["dask"]:
            work.run_on_dask(job, made, shards, retry, given, progress)
        else:
            work.run_here(job, made, shards, retry, given, progress)
    status = status_of(job)
    if status.finished == status.shards:
        work.tidy_destination(made)
    for row in work.failures(job, made):
        progress.say_failure(row)
    if given["verbose"] or show.terminal():
        for line in show.words(status.totals):
            report.say(line)
    return status.exit_status if shards is None else work.exit_status_of(job, shards)


@_verb(
    "status",
    opts.JOB,
    flag("--json", text="As a JSON object."),
    flag("--prometheus", text="As Prometheus text."),
    short="Show how far JOB is.",
)
def status(**given: Any) -> int:
    """Show how far JOB is, and who works on it. Exit status: 0 all done, 1 a file failed, 75 shards are open."""
    import json

    from bbans_cli.archive.job import Job
    from bbans_cli.archive.status import lines_of, status_of

    found = status_of(Job(given["job"]))
    if given["prometheus"]:
        fileio.write_stdout(found.to_prometheus().encode())
    elif given["json"]:
        show.print(json.dumps(found.to_record()))
    else:
        for line in lines_of(found):
            show.print(line)
    return found.exit_status


@_verb(
    "report",
    opts.JOB,
    Option(
        ["--format", "table_format"],
        type=click.Choice(opts.FORMATS),
        default="text",
        metavar="FORMAT",
        help="text (sums and every failure), jsonl, sqlite or parquet.",
    ),
    Option(["-o", "--output", "path"], metavar="FILE", help="Write to this file; needed for sqlite and parquet."),
    flag("-f", "--force", text="Replace that file."),
    flag("--safe-to-delete", text="List the sources that can be had again from verified outputs."),
    flag("-0", "--null", text="End each of their names by a NUL byte, for xargs -0."),
    opts.VERBOSE,
    short="Show what became of every file of JOB.",
)
def report_verb(**given: Any) -> int:
    """Show what became of every file of JOB: sums, and every failure with its code, also of verify; or a table of all.
    With --safe-to-delete, the names of sources, one a line: verified in the store, unchanged, and nothing of them lost;
    -v says why others are not listed.
    """
    from bbans_cli.cli import archive_report

    return archive_report.write(**given)


@_verb(
    "verify",
    opts.JOB,
    Option(
        ["--sample"],
        callback=opts.share,
        default="100%",
        metavar="SHARE",
        help="Only so many outputs, chosen at random: 1%.",
    ),
    Option(["--seed"], default="", metavar="TEXT", help="Another seed is another sample."),
    flag("--new", text="Only outputs that were not verified before, also by an earlier plan."),
    opts.SHARD,
    opts.DASK,
    opts.THREADS,
    opts.QUIET,
    opts.VERBOSE,
    opts.NO_PROGRESS,
    short="Read outputs of JOB back and decode them.",
)
def verify(**given: Any) -> int:
    """Read outputs back from their store, compare their SHA-256, decode them and check every checksum."""
    from bbans_cli.archive.dask_worker import Task
    from bbans_cli.archive.job import VERIFIED, Job
    from bbans_cli.archive.rows import summed
    from bbans_cli.archive.shard import Worker

    job = Job(given["job"])
    made = job.plan()
    shards = work.finished_shards(job, made, given["shards"])
    progress = show.Progress(job, made, given)
    with contextlib.closing(progress):
        if given["dask"]:
            given = given | {"lease": 300.0}
            task = Task("verify", share=given["sample"], seed=given["seed"], new=given["new"])
            sums = work.on_dask(job, shards, task, given, progress)
            for number in shards if sums.failed else []:
                for row in job.results(number, VERIFIED):
                    progress.say_failure(row)
        else:
            worker = Worker(job, made, given["threads"] or scheduler.cores(), report=progress.add)
            sums = summed(worker.verify(number, given["sample"], given["seed"], given["new"]) for number in shards)
    if not given["quiet"]:
        show.print(f"{sums.ok:,} outputs verified, {sums.failed:,} failed")
    return sums.exit_status


@_verb(
    "restore",
    opts.JOB,
    click.Argument(["dst"], callback=named),
    opts.SHARD,
    flag("-f", "--force", text="Replace files that are there."),
    flag("--skip-existing", text="Skip files that are there."),
    opts.THREADS,
    opts.QUIET,
    opts.VERBOSE,
    opts.NO_PROGRESS,
    short="Make the sources of JOB again.",
)
def restore(**given: Any) -> int:
    """Make the sources of JOB again, below DST, under their own names: JPEG files byte for byte, others as equal
    pictures. A picture of a format that bbc does not write becomes PNG, or what can hold it. Exit status: 0 all made
    again, 1 some have no output or failed, 75 shards are open.
    """
    from bbans_cli.archive.job import Job
    from bbans_cli.archive.rows import summed
    from bbans_cli.archive.shard import Worker
    from bbans_cli.archive.stores import open_store

    job = Job(given["job"])
    made = job.plan()
    target = open_store(given["dst"])
    shards = work.finished_shards(job, made, given["shards"])
    progress = show.Progress(job, made, given)
    with contextlib.closing(progress):
        worker = Worker(job, made, given["threads"] or scheduler.cores(), report=progress.add)
        sums = summed(worker.restore(number, target, given["force"], given["skip_existing"]) for number in shards)
    target.tidy()
    lacking = 0
    for row in work.without_output(job, shards):
        lacking += 1
        if given["quiet"] < 2:
            report.say(f"{report.shown(row.key)}: has no output: {row.message}")
    still_open = len(work.named_shards(made, given["shards"]) or made.shards) - len(shards)
    if not given["quiet"]:
        more = f"; {still_open:,} shards are open" if still_open else ""
        show.print(
            f"{sums.ok:,} files restored, {sums.skipped:,} skipped, {sums.failed:,} failed, "
            f"{lacking:,} without output{more}"
        )
    return sums.exit_status or (1 if lacking else 75 if still_open else 0)
