"""The command `bbc`: its verbs, and its exit status.

`run` calls a verb, which checks what its options say together. run_verb.py does the rest, and report.py prints.

Start-up must be quick: `bbc --help` and the shell's completion come through here, so numpy, Pillow and the core are
imported only once there is a picture to work on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from bbans_cli import __version__, output_names
from bbans_cli.cli import archive, atomic_output, fileio, naming, report, run_verb, signals
from bbans_cli.cli import options as opt
from bbans_cli.cli.fileio import STDIO
from bbans_cli.cli.option_kinds import Thumbnail, Verb
from bbans_cli.cli.task import Placing
from bbans_cli.errors import describe
from bbans_cli.limits import MAX_METADATA_BYTES, REFERENCE_PIXELS
from bbans_cli.pictures.formats import JPEG, JPEG_SUFFIXES, METADATA_NAMES, METADATA_SUFFIXES, THUMBNAIL_SUFFIXES

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
    cls=Verb,
    sections=(opt.COMPRESSION, opt.OUTPUT, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Turn pictures into .bbc files.",
)
def compress(**given: Any) -> int:
    """Turn pictures and JPEG files into .bbc files: photo.png becomes photo.bbc. Without FILE, or with -, standard
    input becomes standard output. Every result is decoded and compared before it is published.
    """
    if (given["remove"] or given["remove_anyway"]) and given["no_verify"]:
        raise click.UsageError("--rm and --no-verify do not go together")
    return run_verb.write("compress", naming.of_compress(given["full_names"], given["pixels"]), given)


@bbc.command(
    cls=Verb,
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
    names_of = naming.of_decompress(given["full_names"], given["picture_format"], pixels, given["keep_going"])
    return run_verb.write("decompress", names_of, given)


@bbc.command(
    cls=Verb,
    sections=(opt.VERIFICATION, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Decode .bbc files, write nothing, say what is damaged.",
)
@click.pass_context
def verify(context: click.Context, /, **given: Any) -> int:
    """Decode .bbc files in full and check every checksum; nothing is written. `bbc test` is the same."""
    asked = context.get_parameter_source("max_pixels") is click.core.ParameterSource.COMMANDLINE
    if given["reference"] and not asked:
        given["max_pixels"] = REFERENCE_PIXELS
    return run_verb.read("verify", given)


@bbc.command(
    cls=Verb,
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
    if other := output_names.other_suffix(given["map_path"] or "", [".png"]):
        raise click.UsageError(f"--map writes a PNG file, not {other}")
    if given["map_path"] in run_verb.STDOUT_NAMES:
        given["map_path"] = STDIO
        if given["as_json"]:
            raise click.UsageError("--json and pictures cannot both go to standard output")
    for name in ("exif", "xmp"):
        if given[name] and (given["as_json"] or given["recursive"] or given["exif"] and given["xmp"]):
            raise click.UsageError(f"--{name} writes the bytes of one item of one file")
    return run_verb.read("info", given)


@bbc.command(
    cls=Thumbnail,
    sections=(opt.THUMBNAIL, opt.MESSAGES),
    short_help="Make a small picture of a .bbc file.",
)
def thumbnail(**given: Any) -> int:
    """Make a small picture of what a .bbc file holds, the right way up: of its preview, or of the thumbnail in its EXIF
    data, or of the picture itself, which is then decoded. OUT is a PNG file, or JPEG or WebP by its suffix; - is
    standard output.
    """
    source, target = given["source"], STDIO if given["target"] in run_verb.STDOUT_NAMES else given["target"]
    if given["as_json"] and target == STDIO:
        raise click.UsageError("--json and pictures cannot both go to standard output")
    if source == STDIO and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("standard input is a terminal")
    if other := output_names.other_suffix(target, list(THUMBNAIL_SUFFIXES)):
        raise click.UsageError(f"thumbnails are PNG, JPEG or WebP files, not {other}")
    placing = Placing(target, force=given["force"])
    tasks = run_verb.tasks_of([source], False, naming.of_item(".png"), placing)
    return run_verb.do("thumbnail", tasks, given | {"jobs": 1})


bbc.add_command(archive.batch)


@bbc.command(
    cls=Verb,
    sections=(opt.RECOMPRESSION, opt.CHANGED, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Bring .bbc files to another level.",
)
def recompress(**given: Any) -> int:
    """Bring .bbc files to another level, each replaced in one step once the new file was decoded and compared. A file
    that would not become smaller is kept, and a line says so.
    """
    return run_verb.change("recompress", given)


@bbc.group(
    "meta",
    subcommand_metavar="get|set|strip [FILE]...",
    short_help="Read or change the metadata of .bbc files.",
    no_args_is_help=False,  # an error of one line, as everywhere
)
def meta() -> None:
    """Read or change the metadata of .bbc files. No pixel is coded again. A JPEG file has its metadata within, so that
    to change them takes --changes-file; a preview is beside it.
    """


@meta.command(
    "get",
    cls=Verb,
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
    target = STDIO if given["path"] in (None, *run_verb.STDOUT_NAMES) else given["path"]
    if given["as_json"] and target == STDIO:
        raise click.UsageError("--json and metadata cannot both go to standard output")
    names = run_verb.inputs(given | {"files_from": None, "files0_from": None})
    placing = Placing(target, force=given["force"])
    tasks = run_verb.tasks_of(names, False, naming.of_item(METADATA_SUFFIXES[wanted[0]]), placing)
    return run_verb.do("meta-get", tasks, given | {"name": wanted[0]})


@meta.command(
    "set",
    cls=Verb,
    sections=(opt.SET, opt.CHANGED, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Replace metadata by a file's content.",
)
def meta_set(**given: Any) -> int:
    """Make a file's content the metadata of .bbc files, in place of what they had of that kind."""
    paths = {name: given[f"of_{name}"] for name in METADATA_NAMES if given[f"of_{name}"] is not None}
    if not paths:
        raise click.UsageError("meta set takes at least one kind of metadata, each with the file that has it")
    from bbans_cli.metadata_edit import Change

    values = {name: run_verb.content(path, MAX_METADATA_BYTES) for name, path in paths.items()}
    return run_verb.change("meta-change", given | {"change": Change(values, changes_file=given["changes_file"])})


@meta.command(
    "strip",
    cls=Verb,
    sections=(opt.STRIPPING, opt.CHANGED, opt.INPUT, opt.RESOURCES, opt.MESSAGES),
    short_help="Leave out metadata.",
)
def meta_strip(**given: Any) -> int:
    """Leave out metadata of .bbc files."""
    from bbans_cli.metadata_edit import ALL, Change

    names = [name for name in METADATA_NAMES if given[f"of_{name}"]] + ([ALL] if given["everything"] else [])
    if not names:
        raise click.UsageError("meta strip takes at least one kind of metadata, or --all")
    return run_verb.change("meta-change", given | {"change": Change({}, names, given["changes_file"])})


@bbc.command(
    cls=Verb,
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
    threads = run_verb.cores(given["threads"], reporter)
    return serve_page.serve(given["port"], not given["no_browser"], threads, given["max_pixels"], given["max_memory"])


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


def _file_taken_for_options(error: click.UsageError, args: Sequence[str]) -> str:
    """What to write for a file such as -dash.png, which a shell's * gives without ./ before it."""
    if isinstance(error, (click.NoSuchOption, click.BadParameter)):
        for word in args[: args.index("--") if "--" in args else None]:
            if word.startswith("-") and word != STDIO and os.path.lexists(word):
                return f"; for the file {report.shown(word)} use -- or {report.shown(os.path.join('.', word))}"
    return ""


def _end(stop: signals.Interrupted) -> None:
    """Clean up, and end by the signal. Does not return."""
    atomic_output.abandon_all()
    signals.die(stop.signum)


def run(args: Sequence[str]) -> int:
    """Do what the arguments say and return the exit status; does not return if a signal arrives."""
    fileio.occupy_standard_descriptors()
    try:
        signals.install()
        return bbc.main(list(args), prog_name="bbc", standalone_mode=False) or 0
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "bbc"
        words = " ".join(error.format_message().split()).rstrip(".")
        report.say(f"{words}{_file_taken_for_options(error, args)}; see {where} --help")
        return 2
    except signals.Interrupted as stop:
        _end(stop)
    except Exception as error:
        if interrupted := signals.behind(error):
            _end(interrupted)
        if "-vv" in args:
            raise
        name = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        report.say(name + describe(error))
        fileio.abandon_stdout()
    finally:
        # Threads may still be at work if standard output failed or the program has a bug.
        atomic_output.abandon_all()
        signals.uninstall()
    return 1
