"""The command `bbc`: verbs, exit status, and the way from options to a batch. report.py prints.

`run` calls a verb, which plans its tasks (plan.py), hands them to the batch (batch.py) and returns the exit status.

Start-up must be quick: `bbc --help` and the shell's completion come through here, so numpy, Pillow and the core are
imported only once there is a picture to work on.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from bbans_cli import __version__, output_names, scheduler
from bbans_cli.cli import archive, atomic_output, fileio, fronts, naming, plan, report, signals
from bbans_cli.cli import options as opt
from bbans_cli.cli.fileio import STDIO
from bbans_cli.errors import BbcError, LimitError, describe
from bbans_cli.limits import MAX_METADATA_BYTES, PREVIEW_SIDE
from bbans_cli.pictures.formats import DEFLATE_LEVEL, JPEG, JPEG_SUFFIXES, METADATA_NAMES

if TYPE_CHECKING:
    from bbans_cli import api
    from bbans_cli.cli.code_map import CodeMap

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
ABOUT = """Store photographs losslessly in fewer bytes.

\b
  bbc compress photo.png            photo.png becomes photo.bbc
  bbc decompress photo.bbc          photo.bbc becomes photo.png, every pixel the same
  bbc compress shot.jpg             the same file comes back, byte for byte
  bbc compress -r -o packed/ .      all pictures below here, mirrored into packed/

Pixels come back exactly, and with them the colour profile, EXIF, XMP and text; what cannot be kept is named in a
warning. Inputs are kept unless --rm is given. Exit status: 0 all done, 1 a file failed, 2 wrong usage.
"""


class Verbs(click.Group):
    """A group that knows `verify` by its other name."""

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return super().get_command(context, "verify" if name == "test" else name)


@click.group(
    cls=Verbs, context_settings=CONTEXT, help=ABOUT, invoke_without_command=True, subcommand_metavar="COMMAND [FILE]..."
)
@click.option("-V", "--version", is_flag=True, help="Show the version; with -v, what it runs on.")
@click.option("-v", "--verbose", is_flag=True, hidden=True)
@click.pass_context
def bbc(context: click.Context, version: bool, verbose: bool) -> None:
    if version:
        fileio.write_stdout(_version(verbose).encode())
        context.exit()
    if context.invoked_subcommand is None:
        raise click.UsageError(
            "one of compress, decompress, verify, info, thumbnail, recompress, meta, batch and page is needed", context
        )


@bbc.command(
    cls=opt.Verb,
    sections=(opt.COMPRESSION, opt.OUTPUT, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Turn pictures into .bbc files.",
)
def compress(**given: Any) -> int:
    """Turn pictures and JPEG files into .bbc files: photo.png becomes photo.bbc. Without FILE, or with -, standard
    input becomes standard output. Every result is decoded and compared before it is published.
    """
    if (given["remove"] or given["remove_anyway"]) and given["no_verify"]:
        raise click.UsageError("--rm and --no-verify do not go together")
    return _write("compress", naming.of_compress(given["full_names"], given["pixels"]), given)


@bbc.command(
    cls=opt.Verb,
    sections=(opt.DECOMPRESSION, opt.OUTPUT, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Turn .bbc files back into pictures.",
)
def decompress(**given: Any) -> int:
    """Turn .bbc files back into pictures, or into the JPEG files that they hold: photo.bbc becomes photo.png, or
    photo.jpg. Without FILE, or with -, standard input becomes standard output.
    """
    pixels = given["rows"] is not None
    to_jpeg = output_names.suffix_of(given["path"] or "") in JPEG_SUFFIXES and not given["picture_format"]
    if pixels and (to_jpeg or given["picture_format"] == JPEG):
        raise click.UsageError("--rows gives pixels, which bbc does not write as JPEG; --format names a format")
    return _write("decompress", naming.of_decompress(given["full_names"], given["picture_format"], pixels), given)


@bbc.command(
    cls=opt.Verb,
    sections=(opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Decode .bbc files, write nothing, say what is damaged.",
)
def verify(**given: Any) -> int:
    """Decode .bbc files in full and check every checksum; nothing is written. `bbc test` is the same."""
    return _read("verify", given)


@bbc.command(
    cls=opt.Verb,
    sections=(opt.CONTENT, opt.MAP, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Show what .bbc files hold.",
)
def info(**given: Any) -> int:
    """Show what .bbc files hold, from their headers. With -v, decode them and show where their bits went; with --map,
    for one .bbc file or picture, draw that as a heat map.
    """
    if given["map_path"] is None and (given["force"] or given["level"]):
        raise click.UsageError("levels and -f go with --map")
    if given["map_path"] is not None and (given["exif"] or given["xmp"] or given["recursive"]):
        raise click.UsageError("--map is of one file, and goes with neither --exif nor --xmp nor -r")
    if given["map_path"] in _STDOUT_NAMES:
        given["map_path"] = STDIO
        if given["as_json"]:
            raise click.UsageError("--json and pictures cannot both go to standard output")
    for name in ("exif", "xmp"):
        if given[name] and (given["as_json"] or given["recursive"] or given["exif"] and given["xmp"]):
            raise click.UsageError(f"--{name} writes the bytes of one item of one file")
    return _read("info", given)


@bbc.command(
    cls=opt.Thumbnail,
    sections=(opt.THUMBNAIL, opt.MESSAGES),
    short_help="Make a small picture of a .bbc file.",
)
def thumbnail(**given: Any) -> int:
    """Make a small picture of what a .bbc file holds, the right way up: of its preview, or of the thumbnail in its EXIF
    data, or of the picture itself, which is then decoded. OUT is a PNG file, or JPEG or WebP by its suffix; - is
    standard output.
    """
    source, target = given["source"], STDIO if given["target"] in _STDOUT_NAMES else given["target"]
    if given["as_json"] and target == STDIO:
        raise click.UsageError("--json and pictures cannot both go to standard output")
    if source == STDIO and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("standard input is a terminal")
    placing = plan.Placing(target, force=given["force"])
    tasks = plan.plan_writing([source], False, naming.of_changes(), placing)
    return _batch("thumbnail", tasks, given | {"jobs": 1})


bbc.add_command(archive.batch)


@bbc.command(
    cls=opt.Verb,
    sections=(opt.RECOMPRESSION, opt.CHANGED, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Bring .bbc files to another level.",
)
def recompress(**given: Any) -> int:
    """Bring .bbc files to another level, each replaced in one step once the new file was decoded and compared. A file
    that would not become smaller is kept, and a line says so.
    """
    return _change("recompress", given)


@bbc.group(
    "meta", subcommand_metavar="get|set|strip [FILE]...", short_help="Read or change the metadata of .bbc files."
)
def meta() -> None:
    """Read or change the metadata of .bbc files. No pixel is coded again. A JPEG file has its metadata within, so that
    to change them takes --changes-file; a preview is beside it.
    """


@meta.command(
    "get",
    cls=opt.Verb,
    sections=(opt.GET, opt.GET_OUTPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Write one kind of metadata.",
)
def meta_get(**given: Any) -> int:
    """Write one kind of metadata of one .bbc file, by default to standard output. Texts are lines "Keyword: text", of
    which those that go on begin with a space; of a JPEG file, its comments.
    """
    wanted = [name for name in METADATA_NAMES if given[f"of_{name}"]]
    if len(wanted) != 1 or len(given["names"]) > 1:
        raise click.UsageError("meta get takes one kind of metadata and one file")
    target = STDIO if given["path"] in (None, *_STDOUT_NAMES) else given["path"]
    if given["as_json"] and target == STDIO:
        raise click.UsageError("--json and metadata cannot both go to standard output")
    names = _names(given | {"files_from": None, "files0_from": None})
    tasks = plan.plan_writing(names, False, naming.of_changes(), plan.Placing(target, force=given["force"]))
    return _batch("meta-get", tasks, given | {"name": wanted[0]})


@meta.command(
    "set",
    cls=opt.Verb,
    sections=(opt.SET, opt.CHANGED, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Replace metadata by a file's content.",
)
def meta_set(**given: Any) -> int:
    """Make a file's content the metadata of .bbc files, in place of what they had of that kind."""
    paths = {name: given[f"of_{name}"] for name in METADATA_NAMES if given[f"of_{name}"] is not None}
    if not paths:
        raise click.UsageError("meta set takes at least one kind of metadata, each with the file that has it")
    from bbans_cli.metadata_edit import Change

    values = {name: _content(path, MAX_METADATA_BYTES) for name, path in paths.items()}
    return _change("meta-change", given | {"change": Change(values, changes_file=given["changes_file"])})


@meta.command(
    "strip",
    cls=opt.Verb,
    sections=(opt.STRIPPING, opt.CHANGED, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Leave out metadata.",
)
def meta_strip(**given: Any) -> int:
    """Leave out metadata of .bbc files."""
    from bbans_cli.metadata_edit import ALL, Change

    names = [name for name in METADATA_NAMES if given[f"of_{name}"]] + ([ALL] if given["everything"] else [])
    if not names:
        raise click.UsageError("meta strip takes at least one kind of metadata, or --all")
    return _change("meta-change", given | {"change": Change({}, names, given["changes_file"])})


@bbc.command(
    cls=opt.Verb,
    sections=(opt.PAGE, opt.LIMITS),
    takes_files=False,
    short_help="Show pictures, sizes and heat maps in a browser.",
)
def page(**given: Any) -> int:
    """Serve a page to this machine alone: drop pictures and .bbc files there to see their sizes in several formats, and
    where their bits go. It ends with Ctrl-C. Needs the extra `page`: pip install 'bbans-cli[page]'.
    """
    from bbans_cli.cli import serve_page

    reporter = report.Report()
    threads = _threads(given["threads"], reporter)
    return serve_page.serve(given["port"], not given["no_browser"], threads, given["max_pixels"])


def _change(verb: str, given: dict[str, Any]) -> int:
    """A verb that replaces its inputs, unless outputs are named."""
    if given["stdout"] or given["path"] is not None:
        return _write(verb, naming.of_changes(), {"skip_existing": False} | given)
    names = _names(given)
    if names == [STDIO]:
        return _write(verb, naming.of_changes(), {"skip_existing": False} | given, names)
    return _batch(verb, plan.plan_in_place(names, given["recursive"], output_names.is_bbc), given)


def _write(verb: str, names_of: plan.Naming, given: dict[str, Any], names: list[str] | None = None) -> int:
    for one, other in (
        ("stdout", "path"),
        ("force", "skip_existing"),
        ("stdout", "as_json"),
        ("stdout", "skip_existing"),
    ):
        if given[one] and given[other]:
            raise click.UsageError(f"{_FLAGS[one]} and {_FLAGS[other]} do not go together")
    if given["path"] in _STDOUT_NAMES:
        given["path"] = STDIO
    placing = plan.Placing(given["path"], given["stdout"], given["force"], given["skip_existing"])
    names = names or _names(given)
    try:
        tasks = plan.plan_writing(names, given["recursive"], names_of, placing)
    except plan.PlanError as error:
        raise click.UsageError(str(error)) from error
    if given["as_json"] and any(task.target == STDIO for task in tasks):
        raise click.UsageError("--json and pictures cannot both go to standard output")
    if verb == "decompress" and not given["picture_format"] and [task.target for task in tasks] == [given["path"]]:
        _refuse_suffix(tasks[0])
    return _batch(verb, tasks, given)


def _refuse_suffix(task: plan.Task) -> None:
    """Refuse an output whose suffix names no format that the input can become, as far as that is known before work."""
    suffix = output_names.suffix_of(task.target or "")
    with contextlib.suppress(BbcError, OSError):
        if not output_names.suits(suffix, None if task.source == STDIO else fronts.head_of(task.source)):
            raise click.UsageError(
                f"{suffix} is no picture format that bbc writes; --format says which one it is to be"
            )


def _read(verb: str, given: dict[str, Any]) -> int:
    tasks = plan.plan_reading(_names(given), given["recursive"], output_names.is_bbc)
    if (given.get("exif") or given.get("xmp")) and len(tasks) != 1:
        raise click.UsageError("--exif and --xmp take one file")
    if given.get("map_path") is not None and len(tasks) != 1:
        raise click.UsageError("--map takes one file")
    return _batch(verb, tasks, given)


_STDOUT_NAMES = (STDIO, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
# A list of a million names and more.
_MAX_LIST_BYTES = 1 << 28
_FLAGS = {
    "stdout": "-c",
    "path": "-o",
    "force": "-f",
    "skip_existing": "--skip-existing",
    "as_json": "--json",
}


def _names(given: dict[str, Any]) -> list[str]:
    """The inputs that were named, on the command line or in lists; if none were, standard input unless a terminal."""
    names = list(given["names"])
    lists = [(given["files_from"], b"\n"), (given["files0_from"], b"\0")]
    lists = [(path, separator) for path, separator in lists if path is not None]
    if not names and not lists:
        names = [STDIO]
    if (names + [path for path, _ in lists]).count(STDIO) > 1:
        raise click.UsageError("standard input can be read only once")
    if STDIO in names and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("no input: name files, or pipe one in")
    for path, separator in lists:
        names += plan.read_list(_content(path, _MAX_LIST_BYTES), separator)
    return names


def _content(path: str, limit: int) -> bytes:
    """The content of a file that an option names. Raises UsageError."""
    try:
        return fileio.read(path, limit)[0]
    except LimitError as error:
        raise click.UsageError(f"{report.shown(path)}: is too long, more than {limit:,} bytes") from error
    except (OSError, BbcError) as error:
        raise click.UsageError(f"{report.shown(path)}: {describe(error)}") from error


def _batch(verb: str, tasks: Sequence[plan.Task], given: dict[str, Any]) -> int:
    """Do the tasks, or say that they would be done, and return the exit status."""
    verbosity = given["verbose"] - given["quiet"]
    terminal = sys.stderr is not None and sys.stderr.isatty()
    reporter = report.Report(verbosity, given["as_json"], summary=terminal)
    if given.get("dry_run"):
        for task in tasks:
            reporter.add(report.planned(task))
        return reporter.return_code
    start = time.monotonic()
    threads = _threads(given["threads"], reporter)
    # Warnings of libraries are not for the user; what matters of them is an error or in the result.
    if verbosity < 2:
        warnings.simplefilter("ignore")
    from bbans_cli.cli import batch, progress

    options = batch.Options(
        verb,
        given["max_pixels"],
        _coder(given)
        if verb in ("compress", "decompress", "verify", "recompress") or given.get("map_path") is not None
        else None,
        given.get("force", False),
        given.get("remove", False) or given.get("remove_anyway", False),
        given.get("remove_anyway", False),
        details=verbosity > 0,
        size=given.get("size", 0),
        even_if_larger=given.get("even_if_larger", False),
        change=given.get("change"),
        name=given.get("name", ""),
        item="exif" if given.get("exif") else "xmp" if given.get("xmp") else None,
        code_map=_code_map(given),
    )
    at_once = verb == "info" and not options.details and options.code_map is None
    bar = progress.Progress(tasks, terminal and verbosity >= 0 and not given["no_progress"] and not at_once)
    with contextlib.closing(bar):
        batch.do_all(tasks, options, reporter, bar, given["jobs"] or int(verb == "info"), threads)
    return reporter.return_code if verb == "info" else reporter.finish(time.monotonic() - start)


def _code_map(given: dict[str, Any]) -> CodeMap | None:
    from bbans_cli.cli.code_map import CodeMap

    return None if given.get("map_path") is None else CodeMap(given["map_path"], given["force"])


def _coder(given: dict[str, Any]) -> api.PictureCodec:
    from bbans_cli import api

    return api.PictureCodec(
        level=given.get("level") or opt.DEFAULT_LEVEL,
        max_pixels=given["max_pixels"],
        verify=not given.get("no_verify"),
        strip=given.get("strip", False),
        pixels=given.get("pixels", False),
        deflate_level=given.get("deflate_level", DEFLATE_LEVEL),
        preview=given.get("preview_size") or (PREVIEW_SIDE if given.get("preview") else 0),
        band_rows=given.get("band_rows") or 0,
        rows=given.get("rows"),
    )


def _threads(given: int | None, reporter: report.Report) -> int:
    """-T, else BBC_THREADS, else every core."""
    text = os.environ.get("BBC_THREADS", "")
    if given is None and text:
        if text.isdecimal() and int(text) <= opt.MAX_THREADS:
            given = int(text)
        else:
            reporter.warn(f"BBC_THREADS={text} is no number of threads and was ignored")
    return given or scheduler.cores()


def _version(verbose: bool) -> str:
    lines = [f"bbc {__version__}"]
    if verbose:
        import platform
        from importlib.metadata import version

        from bbans_cli import core
        from bbans_cli.coders import weights_folder

        lines.append(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
        lines += [f"{name} {version(name)}" for name in ("numpy", "pillow", "zlib-ng", "click", "tqdm")]
        lines.append(f"core {core.current_isa()} of {', '.join(core.available_isas())}")
        lines.append(
            f"weights {', '.join(path.stem for path in sorted(weights_folder.folder().glob('*.safetensors')))}"
        )
    return "\n".join(lines) + "\n"


def run(args: Sequence[str]) -> int:
    """Do what the arguments say and return the exit status; does not return if a signal arrives."""
    fileio.occupy_standard_descriptors()
    signals.install()
    try:
        return bbc.main(list(args), prog_name="bbc", standalone_mode=False) or 0
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "bbc"
        report.say(f"{' '.join(error.format_message().split()).rstrip('.')}; see {where} --help")
        return 2
    except signals.Interrupted as stop:
        atomic_output.abandon_all()
        signals.die(stop.signum)
    except Exception as error:
        if "-vv" in args:
            raise
        name = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        report.say(name + describe(error))
    finally:
        # Threads may still be at work if standard output failed or the program has a bug.
        atomic_output.abandon_all()
    return 1
