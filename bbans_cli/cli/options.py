"""The options of `bbc`, in sections that several verbs share.

They only describe; main.py acts on them.
"""

from __future__ import annotations

import click

from bbans_cli.cli.option_kinds import Option, Section, count, flag, number, path, rows, size
from bbans_cli.limits import (
    DECODE_PIXELS,
    LEVELS,
    MAX_PIXELS,
    MAX_PREVIEW_SIDE,
    MAX_THREADS,
    PREVIEW_SIDE,
    REFERENCE_PIXELS,
)
from bbans_cli.pictures.formats import DEFLATE_LEVEL, FORMATS, JPEG

# Between two levels the middle one, which is the default, gets the tie.
_NEAREST = {2: 1, 3: 5, 4: 5, 6: 5, 7: 5, 8: 9}
# Pixels of a picture on the page, which keeps several copies of it.
PAGE_PIXELS = 100_000_000


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
STRIP = flag("--strip", text="Drop metadata.")

COMPRESSION = Section(
    "Compression",
    (
        *LEVEL_OPTIONS,
        flag("--pixels", text="Of JPEG and other lossy files keep the pixels, not the file."),
        STRIP,
        flag("--preview", text="Keep a small lossy preview of the picture."),
        number("--preview-size", most=MAX_PREVIEW_SIDE, text="The same, of at most N pixels a side (256)."),
        number("--band-rows", most=1 << 31, text="Bands of at most N rows, so that --rows is quick."),
        flag("--no-verify", text="Do not decode the result to compare before publishing it."),
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
        number("--deflate-level", most=9, default=DEFLATE_LEVEL, text="Of PNG and TIFF: 1 fastest, 9 smallest."),
        STRIP,
        Option(["--rows"], callback=rows, metavar="A:B", help="Rows A to B-1 alone, from 0; of a JPEG file, pixels."),
        flag("--keep-going", text="Of damaged files write the rows that hold, the others grey; exit with 1."),
    ),
)

CONTENT = Section(
    "Content",
    (
        flag("--exif", text="Write the EXIF data, a TIFF structure, to standard output."),
        flag("--xmp", text="Write the XMP packet to standard output."),
    ),
)

PAGE = Section(
    "Page",
    (
        number("--port", least=0, most=65535, default=0, text="Port to listen on; 0, the default: any that is free."),
        flag("--no-browser", text="Open no browser; the address is on standard output."),
    ),
)

MAP = Section(
    "Map",
    (
        path(
            "--map",
            "map_path",
            metavar="PNG",
            text="Draw where the bits went, pixel by pixel; a picture is encoded first.",
        ),
        *_level_options(),
        flag("-f", "--force", text="Replace the file of --map if it exists."),
    ),
)

VERIFICATION = Section(
    "Verification",
    (
        flag(
            "--reference",
            text=f"By the slow second decoder, in Python; --max-pixels is {REFERENCE_PIXELS:,} then.",
        ),
    ),
)

OUTPUT = Section(
    "Output",
    (
        path("-o", "--output", "path", metavar="PATH", text="Write to this file; or into this folder."),
        flag("-c", "--stdout", text="Write to standard output."),
        flag("-f", "--force", text="Replace outputs that exist."),
        flag("--skip-existing", text="Skip inputs whose output exists."),
        flag("--full-names", text="Keep suffixes: photo.png becomes photo.png.bbc."),
        flag("--rm", "remove", text="Remove each input once its output is safe."),
        flag("--rm-anyway", "remove_anyway", text="The same, whatever the output lacks of it."),
        flag("-k", "--keep", text="Keep inputs (the default)."),
        flag("-n", "--dry-run", text="Say what would be written; write nothing."),
    ),
)

INPUT = Section(
    "Input",
    (
        flag("-r", "--recursive", text="Go through folders; with -o, mirror them."),
        path("--files-from", metavar="LIST", text="Read further names from a file, one a line (- for stdin)."),
        path("--files0-from", metavar="LIST", text="The same, each name ended by a NUL byte."),
    ),
)

_THREADS = number("-T", "--threads", least=0, most=MAX_THREADS, text="Threads in all; 0, the default: every core.")


_MAX_MEMORY = Option(
    ["--max-memory"],
    callback=size,
    metavar="SIZE",
    help="Refuse what needs more (default half of the machine's).",
)


def _max_pixels(default: int) -> Option:
    text = f"Refuse larger pictures (default {default:,})."
    return number("--max-pixels", default=default, text=text)


LIMITS = Section("Resources", (_THREADS, _max_pixels(PAGE_PIXELS), _MAX_MEMORY))

RESOURCES = Section(
    "Resources",
    (
        _THREADS,
        number(
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
        count("-q", "--quiet", text="No warnings; twice: no errors either."),
        count("-v", "--verbose", text="A line for each file; twice: tracebacks too."),
        flag("--json", "as_json", text="A JSON object for each file on standard output."),
        flag("--no-progress", text="No progress bar."),
    ),
)

# Of the verbs that change .bbc files
CHANGED = Section(
    "Output",
    (
        path("-o", "--output", "path", metavar="PATH", text="Write to this file, or into this folder, not in place."),
        flag("-c", "--stdout", text="Write to standard output."),
        flag("-f", "--force", text="Replace outputs that exist."),
        flag("-n", "--dry-run", text="Say what would be written; write nothing."),
    ),
)

THUMBNAIL = Section(
    "Thumbnail",
    (
        number(
            "--size",
            most=MAX_PREVIEW_SIDE,
            default=PREVIEW_SIDE,
            text=f"Pixels of the longer side at most ({PREVIEW_SIDE}).",
        ),
        number(
            "--max-pixels",
            least=0,
            default=DECODE_PIXELS,
            text=f"Decode pictures without a preview up to this size ({DECODE_PIXELS:,}).",
        ),
        _MAX_MEMORY,
        flag("-f", "--force", text="Replace OUT if it exists."),
        number("-T", "--threads", least=0, most=MAX_THREADS, text="Threads; 0, the default: every core."),
    ),
)

_PROFILE, _BLOCK, _PACKET = "the ICC profile", "the EXIF data, a TIFF structure", "the XMP packet"
_KINDS = {"icc": _PROFILE, "exif": _BLOCK, "xmp": _PACKET, "text": "the texts", "preview": "the preview"}

RECOMPRESSION = Section(
    "Compression",
    (
        *_level_options(),
        flag("--even-if-larger", text="Replace files also where the level makes them no smaller."),
    ),
)

GET = Section(
    "Metadata",
    tuple(flag(f"--{name}", f"of_{name}", text=f"Write {what}.") for name, what in _KINDS.items()),
)

GET_OUTPUT = Section(
    "Output",
    (
        path("-o", "--output", "path", metavar="PATH", text="Write to this file, not to standard output."),
        flag("-f", "--force", text="Replace it if it exists."),
    ),
)

_CHANGES_FILE = flag("--changes-file", text="Change JPEG files too, which are then not the same any more.")

SET = Section(
    "Metadata",
    (
        *(
            path(f"--{name}", f"of_{name}", metavar="PATH", text=f"Make the file's content {what}.")
            for name, what in _KINDS.items()
        ),
        _CHANGES_FILE,
    ),
)

STRIPPING = Section(
    "Metadata",
    (
        *(flag(f"--{name}", f"of_{name}", text=f"Leave out {what}.") for name, what in _KINDS.items()),
        flag("--all", "everything", text="Leave out all that no pixel depends on."),
        _CHANGES_FILE,
    ),
)
