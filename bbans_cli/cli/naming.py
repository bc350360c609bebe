"""How the verbs pick files in folders and name their outputs, by the rules of output_names.py."""

from __future__ import annotations

import os

from bbans_cli.cli import fronts
from bbans_cli.cli.fileio import STDIO
from bbans_cli.cli.task import Naming
from bbans_cli.errors import BbcError
from bbans_cli.output_names import FORMAT_OF, Output, compressed, is_bbc, is_wanted, restored, suffix_of, without_bbc
from bbans_cli.pictures.formats import JPEG_SUFFIXES


def of_compress(full: bool, pixels: bool) -> Naming:
    """`full`: --full-names; `pixels`: --pixels, with which lossy pictures are taken from folders too."""
    return Naming(
        wanted=lambda name: is_wanted(name, pixels),
        output=lambda path: Output(compressed(os.path.basename(path), full)),
        full=lambda name: compressed(name, full=True),
        is_output=lambda source, target: _is_output(source, target, pixels),
    )


def of_decompress(full: bool, file_format: str | None, pixels: bool = False, keep_going: bool = False) -> Naming:
    """`full`: --full-names; `file_format`: --format; `pixels`: of JPEG files too no file is wanted, but pixels;
    `keep_going`: the metadata may be damaged."""
    return Naming(
        wanted=is_bbc,
        output=lambda path: _output_of(path, full, file_format, pixels, keep_going),
        file_format=lambda target: file_format or FORMAT_OF.get(suffix_of(target)),
    )


def of_changes() -> Naming:
    """Of what stays a .bbc file under its own name, in another folder."""
    return Naming(wanted=is_bbc, output=lambda path: Output(os.path.basename(path)))


def of_item(suffix: str) -> Naming:
    """Of what is taken out of a .bbc file into a folder: with suffix .png photo.bbc gives photo.png."""
    return Naming(wanted=is_bbc, output=lambda path: Output(without_bbc(os.path.basename(path)) + suffix))


def _output_of(path: str, full: bool, file_format: str | None, pixels: bool, keep_going: bool) -> Output:
    name = os.path.basename(path)
    without_bbc(name)
    return restored(name, fronts.head_of(path, keep_going), full, file_format, pixels)


def _is_output(source: str, target: str, pixels: bool) -> bool:
    """Whether `target` is a whole .bbc file of the kind that `source` becomes, and of files of the same suffix.

    Standard input is not read for this. Of a source that another process has done and removed, the name alone tells.
    """
    suffix = JPEG_SUFFIXES[0] if source == STDIO else os.path.splitext(source)[1]
    try:
        head = fronts.head_of(target)
        if not fronts.is_whole(target):
            return False
    except (BbcError, OSError):
        return False
    picture = head.kind == "picture"
    of_file = not picture and not pixels and head.suffix == suffix
    try:
        if source == STDIO:
            return picture or of_file
        return of_file if not pixels and fronts.holds_jpeg(source) else picture
    except FileNotFoundError:
        return of_file or picture and suffix.lower() not in JPEG_SUFFIXES
    except (BbcError, OSError):
        return False
