"""Which name an output has: which suffix is replaced, which is kept, which is added.

A name that ends in two suffixes, such as photo.jpg.bbc, is a full name: decompress only removes .bbc from it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from bbans_cli.errors import InputError
from bbans_cli.pictures.formats import GIF_SUFFIX, JPEG, JPEG_SUFFIXES, LOSSY_SUFFIXES, WRITE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbans_cli.container import Head

SUFFIX = ".bbc"
PICTURE_SUFFIXES = (*WRITE_SUFFIXES, GIF_SUFFIX, *JPEG_SUFFIXES, *LOSSY_SUFFIXES)
# Suffixes that name a format of outputs.
FORMAT_OF = WRITE_SUFFIXES | dict.fromkeys(JPEG_SUFFIXES, JPEG)
# A suffix comes out of a .bbc file, which may be a stranger's: it must not lead into another folder.
_SUFFIX = re.compile(r"\.[^./\\\0]{1,32}")
NO_JPEG = "holds a picture, not a JPEG file; --format says which format it is to be written in"
# What the Finder and the Explorer leave in folders.
OF_SYSTEMS = (".DS_Store", "Thumbs.db")


class Output(NamedTuple):
    """An output's base name, and its format where there are several (None: the usual one)."""

    name: str
    file_format: str | None = None


def is_bbc(name: str) -> bool:
    """Whether a name ends in .bbc, in any case."""
    return name.lower().endswith(SUFFIX)


def suffix_of(name: str) -> str:
    """The suffix in lower case, with its dot."""
    return os.path.splitext(name)[1].lower()


def other_suffix(name: str, written: Sequence[str]) -> str:
    """The suffix of an output's name, if it tells another kind of file than those that are written; else none."""
    suffix = suffix_of(name)
    return suffix if suffix in (*PICTURE_SUFFIXES, SUFFIX) and suffix not in written else ""


def is_wanted(name: str, pixels: bool = False) -> bool:
    """Whether a walk through folders takes a file of this base name; `pixels`: other lossy pictures too."""
    return suffix_of(name) in (PICTURE_SUFFIXES if pixels else (*FORMAT_OF, GIF_SUFFIX))


def compressed(name: str, full: bool = False) -> str:
    """The .bbc file's name. A suffix is replaced only if it tells the kind of picture: IMG.0001 becomes IMG.0001.bbc.

    a.png.jpg keeps both suffixes, as from a.png.bbc decompress would only remove .bbc. Raises InputError.
    """
    if is_bbc(name):
        raise InputError("is a .bbc file already")
    stem = os.path.splitext(name)[0]
    if not full and suffix_of(name) in PICTURE_SUFFIXES and suffix_of(stem) not in PICTURE_SUFFIXES:
        return stem + SUFFIX
    return name + SUFFIX


def restored(name: str, head: Head, full: bool = False, file_format: str | None = None, pixels: bool = False) -> Output:
    """The name and format of what the .bbc file `name` with that head becomes. Raises InputError.

    pixels  of a JPEG file its pixels are wanted, not the file

    .bbc is removed. What is left stays as it is if its suffix fits the format, or names one where none is asked for;
    with `full` also if its suffix means nothing. A JPEG file gets the suffix that it had.
    """
    name = without_bbc(name)
    nameless = full and suffix_of(name) not in PICTURE_SUFFIXES
    if head.kind != "picture" and file_format in (None, JPEG) and not pixels:
        suffix = head.suffix if _SUFFIX.fullmatch(head.suffix) else f".{JPEG}"
        fits = name.lower().endswith(suffix.lower()) or suffix_of(name) in JPEG_SUFFIXES
        return Output(name if fits or nameless else name + suffix, JPEG)
    named = WRITE_SUFFIXES.get(suffix_of(name))
    file_format = file_format or named or _default_format(head)
    if file_format == JPEG:
        raise InputError(NO_JPEG)
    if named == file_format or nameless:
        return Output(name, file_format)
    return Output(f"{name}.{file_format}", file_format)


def _default_format(head: Head) -> str:
    from bbans_cli.pictures.default_format import default_format  # needs the container

    if head.kind != "picture":
        return "tiff" if head.components == 4 else "png"
    return default_format(head.mode, head.depth, head.metadata)


def suits(suffix: str, head: Head | None) -> bool:
    """Whether an output with that suffix, in lower case, can hold what a .bbc file becomes; head None: not known."""
    if suffix in JPEG_SUFFIXES:
        return head is None or head.kind != "picture"
    return suffix in ("", *WRITE_SUFFIXES) or head is not None and suffix == head.suffix.lower()


def without_bbc(name: str) -> str:
    """The name less its .bbc. Raises InputError where there is none."""
    if not is_bbc(name):
        raise InputError("does not end in .bbc; -o names the file that its content goes to")
    return name[: -len(SUFFIX)]
