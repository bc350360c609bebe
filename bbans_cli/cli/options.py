"""The options of `bbc`, in sections that several verbs share, and the kind of command that shows them so.

They only describe; main.py acts on them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from bbans_cli.limits import DECODE_PIXELS, LEVELS, MAX_PIXELS, MAX_PREVIEW_SIDE, PREVIEW_SIDE, REFERENCE_PIXELS
from bbans_cli.pictures.formats import DEFLATE_LEVEL, FORMATS, JPEG

# Between two levels the middle one, which is the default, gets the tie.
_NEAREST = {2: 1, 3: 5, 4: 5, 6: 5, 7: 5, 8: 9}
MAX_THREADS = 1024
# Pixels of a picture on the page, which keeps several copies of it.
PAGE_PIXELS = 100_000_000


class Option(click.Option):
    """An option whose help leaves out the range of its number, for which there is no room: errors say it."""

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


_SOURCE_AND_TARGET = (("source", "FILE"), ("target", "OUT"))
# A path that cannot be read is that file's failure, not one of the command as a whole.
_PATH = click.Path(allow_dash=True, readable=False)


class _Integer(click.IntRange):
    name = "integer"  # for errors, where click has "integer range"


def _rows(context: click.Context, option: click.Parameter, value: str | None) -> tuple[int, int | None] | None:
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
        files = [click.Argument([name], metavar=shown, type=_PATH) for name, shown in _SOURCE_AND_TARGET]
        self.params = [*files, *(param for param in self.params if param.name != "names")]


def _flag(*names: str, text: str = "", **more: Any) -> Option:
    return Option(names, is_flag=True, help=text, **more)


def _path(*names: str, text: str, metavar: str) -> Option:
    return Option(names, type=_PATH, metavar=metavar, help=text)


def _number(*names: str, least: int, most: int, text: str, default: int | None = None) -> Option:
    return Option(names, type=_Integer(least, most), default=default, metavar="N", help=text)


def _count(*names: str, text: str) -> Option:
    return Option(names, count=True, help=text)


def _level_options() -> tuple[Option, ...]:
    words = {1: ("-1", "--fast"), 5: ("-5",), 9: ("-9", "--best")}
    texts = {1: "Fastest.", 5: "The default.", 9: "Smallest; takes several times as long."}
    shown = (
        Option([*words[level], "level"], flag_value=level, type=int, default=None, help=texts[level])
        for level in LEVELS
    )
    hidden = (
        Option([f"-{digit}", "level"], flag_value=level, type=int, default=None, hidden=True)
        for digit, level in _NEAREST.items()
    )
    return (*shown, *hidden)


LEVEL_OPTIONS = _level_options()
STRIP = _flag("--strip", text="Drop metadata.")

COMPRESSION = Section(
    "Compression",
    (
        *LEVEL_OPTIONS,
        _flag("--pixels", text="Of JPEG and other lossy files keep the pixels, not the file."),
        STRIP,
        _flag("--preview", text="Keep a small lossy preview, of at most 0.5 %."),
        _number("--preview-size", least=1, most=MAX_PREVIEW_SIDE, text="The same, of at most N pixels a side (256)."),
        _number("--band-rows", least=1, most=1 << 31, text="Bands of at most N rows; decompress --rows needs them."),
        _flag("--no-verify", text="Do not decode the result to compare before publishing it."),
    ),
)

DECOMPRESSION = Section(
    "Decompression",
    (
        Option(
            ["--format", "picture_format"],
            type=click.Choice((*FORMATS, JPEG), case_sensitive=False),
            metavar="FORMAT",
            help=f"{', '.join(FORMATS)}, or {JPEG}: a JPEG file as it was; else the suffix of -o decides.",
        ),
        _number(
            "--deflate-level", least=1, most=9, default=DEFLATE_LEVEL, text="Of PNG and TIFF: 1 fastest, 9 smallest."
        ),
        STRIP,
        Option(["--rows"], callback=_rows, metavar="A:B", help="Rows A to B-1 alone, from 0; of a JPEG file, pixels."),
        _flag("--keep-going", text="Of damaged files write the rows that hold, the others grey; exit with 1."),
    ),
)

CONTENT = Section(
    "Content",
    (
        _flag("--exif", text="Write the EXIF data, a TIFF structure, to standard output."),
        _flag("--xmp", text="Write the XMP packet to standard output."),
    ),
)

PAGE = Section(
    "Page",
    (
        _number("--port", least=0, most=65535, default=0, text="Port to listen on; 0, the default: any that is free."),
        _flag("--no-browser", text="Open no browser; the address is on standard output."),
    ),
)

MAP = Section(
    "Map",
    (
        _path(
            "--map",
            "map_path",
            metavar="PNG",
            text="Draw where the bits went, pixel by pixel; a picture is encoded first.",
        ),
        *_level_options(),
        _flag("-f", "--force", text="Replace the file of --map if it exists."),
    ),
)

VERIFICATION = Section(
    "Verification",
    (
        _flag(
            "--reference",
            text=f"By the slow second decoder, in Python; --max-pixels is {REFERENCE_PIXELS:,} then.",
        ),
    ),
)

OUTPUT = Section(
    "Output",
    (
        _path("-o", "--output", "path", metavar="PATH", text="Write to this file; or into this folder."),
        _flag("-c", "--stdout", text="Write to standard output."),
        _flag("-f", "--force", text="Replace outputs that exist."),
        _flag("--skip-existing", text="Skip inputs whose output exists."),
        _flag("--full-names", text="Keep suffixes: photo.png becomes photo.png.bbc."),
        _flag("--rm", "remove", text="Remove each input once its output is safe."),
        _flag("--rm-anyway", "remove_anyway", text="The same, whatever the output lacks of it."),
        _flag("-k", "--keep", text="Keep inputs (the default).", expose_value=False),
        _flag("-n", "--dry-run", text="Say what would be written; write nothing."),
    ),
)

INPUT = Section(
    "Input",
    (
        _flag("-r", "--recursive", text="Go through folders; with -o, mirror them."),
        _path("--files-from", metavar="LIST", text="Read further names from a file, one a line (- for stdin)."),
        _path("--files0-from", metavar="LIST", text="The same, each name ended by a NUL byte."),
    ),
)

_THREADS = _number("-T", "--threads", least=0, most=MAX_THREADS, text="Threads in all; 0, the default: every core.")


def _size(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """Bytes: 500M, 2G."""
    match = re.fullmatch(r"([1-9][0-9]{0,12})([KMGT]?)B?", (value or "").upper())
    if value is None:
        return None
    if match is None:
        raise click.BadParameter(f"{value} is no number of bytes, such as 500M", context, option)
    return int(match[1]) << 10 * "_KMGT".index(match[2] or "_")


_MAX_MEMORY = Option(
    ["--max-memory"], callback=_size, metavar="SIZE", help="Refuse what needs more (default half of the machine's)."
)


def _max_pixels(default: int) -> Option:
    text = f"Refuse larger pictures (default {default:,})."
    return _number("--max-pixels", least=1, most=1 << 48, default=default, text=text)


LIMITS = Section("Resources", (_THREADS, _max_pixels(PAGE_PIXELS), _MAX_MEMORY))

RESOURCES = Section(
    "Resources",
    (
        _THREADS,
        _number(
            "-j",
            "--jobs",
            least=0,
            most=MAX_THREADS,
            default=0,
            text="Files at a time; 0, the default: as suits their sizes.",
        ),
        _max_pixels(MAX_PIXELS),
        _MAX_MEMORY,
    ),
)

MESSAGES = Section(
    "Messages",
    (
        _count("-q", "--quiet", text="No warnings; twice: no errors either."),
        _count("-v", "--verbose", text="A line for each file; twice: tracebacks too."),
        _flag("--json", "as_json", text="A JSON object for each file on standard output."),
        _flag("--no-progress", text="No progress bar."),
    ),
)

# Of the verbs that change .bbc files
CHANGED = Section(
    "Output",
    (
        _path("-o", "--output", "path", metavar="PATH", text="Write to this file, or into this folder, not in place."),
        _flag("-c", "--stdout", text="Write to standard output."),
        _flag("-f", "--force", text="Replace outputs that exist."),
        _flag("-n", "--dry-run", text="Say what would be written; write nothing."),
    ),
)

THUMBNAIL = Section(
    "Thumbnail",
    (
        _number(
            "--size",
            least=1,
            most=MAX_PREVIEW_SIDE,
            default=PREVIEW_SIDE,
            text=f"Pixels of the longer side at most ({PREVIEW_SIDE}).",
        ),
        _number(
            "--max-pixels",
            least=0,
            most=1 << 48,
            default=DECODE_PIXELS,
            text=f"Decode pictures without a preview up to this size ({DECODE_PIXELS:,}).",
        ),
        _MAX_MEMORY,
        _flag("-f", "--force", text="Replace OUT if it exists."),
        _number("-T", "--threads", least=0, most=MAX_THREADS, text="Threads; 0, the default: every core."),
    ),
)

_PROFILE, _BLOCK, _PACKET = "the ICC profile", "the EXIF data, a TIFF structure", "the XMP packet"
_KINDS = {"icc": _PROFILE, "exif": _BLOCK, "xmp": _PACKET, "text": "the texts", "preview": "the preview"}

RECOMPRESSION = Section(
    "Compression",
    (
        *_level_options(),
        _flag("--even-if-larger", text="Replace files also where the level makes them no smaller."),
    ),
)

GET = Section(
    "Metadata",
    tuple(_flag(f"--{name}", f"of_{name}", text=f"Write {what}.") for name, what in _KINDS.items()),
)

GET_OUTPUT = Section(
    "Output",
    (
        _path("-o", "--output", "path", metavar="PATH", text="Write to this file, not to standard output."),
        _flag("-f", "--force", text="Replace it if it exists."),
    ),
)

_CHANGES_FILE = _flag("--changes-file", text="Change JPEG files too, which are then not the same any more.")

SET = Section(
    "Metadata",
    (
        *(
            _path(f"--{name}", f"of_{name}", metavar="PATH", text=f"Make the file's content {what}.")
            for name, what in _KINDS.items()
        ),
        _CHANGES_FILE,
    ),
)

STRIPPING = Section(
    "Metadata",
    (
        *(_flag(f"--{name}", f"of_{name}", text=f"Leave out {what}.") for name, what in _KINDS.items()),
        _flag("--all", "everything", text="Leave out all that no pixel depends on."),
        _CHANGES_FILE,
    ),
)
