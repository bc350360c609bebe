"""How outputs are called: which suffix is replaced, which is kept, which is added.

A name that ends in two suffixes, such as photo.jpg.bbc, is a full name: decompress only removes .bbc from it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection

from bbans_cli.cli.plan import Naming, Output
from bbans_cli.container import MAGIC
from bbans_cli.errors import InputError
from bbans_cli.pictures.formats import FORMATS, LOSSY_SUFFIXES, WRITE_SUFFIXES

SUFFIX = ".bbc"
PICTURE_SUFFIXES = (*WRITE_SUFFIXES, *LOSSY_SUFFIXES)


def is_bbc(name: str) -> bool:
    return name.lower().endswith(SUFFIX)


def suffix_of(name: str) -> str:
    """The suffix in lower case, with its dot."""
    return os.path.splitext(name)[1].lower()


def of_compress(full: bool, pixels: bool) -> Naming:
    """`full`: --full-names; `pixels`: --pixels, with which lossy pictures are taken from folders too."""
    wanted: Collection[str] = PICTURE_SUFFIXES if pixels else WRITE_SUFFIXES
    return Naming(
        wanted=lambda name: suffix_of(name) in wanted,
        output=lambda path: Output(compressed(os.path.basename(path), full)),
        full=_fully_compressed,
        is_output=lambda source, target: _is_bbc_file(target),
    )


def of_decompress(full: bool, file_format: str | None) -> Naming:
    """`full`: --full-names; `file_format`: --format."""
    return Naming(
        wanted=is_bbc,
        output=lambda path: restored(os.path.basename(path), full, file_format),
        file_format=lambda target: file_format or WRITE_SUFFIXES.get(suffix_of(target)),
    )


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


def _fully_compressed(name: str) -> str:
    return compressed(name, full=True)


def restored(name: str, full: bool = False, file_format: str | None = None) -> Output:
    """The picture's name and format. Raises InputError for names that do not end in .bbc.

    .bbc is removed. What is left stays as it is if its suffix fits the format, or names one where none is asked for;
    with `full` also if its suffix means nothing.
    """
    if not is_bbc(name):
        raise InputError("does not end in .bbc; -o says where its picture goes")
    name = name[: -len(SUFFIX)]
    named = WRITE_SUFFIXES.get(suffix_of(name))
    file_format = file_format or named or FORMATS[0]
    if named == file_format or full and suffix_of(name) not in PICTURE_SUFFIXES:
        return Output(name, file_format)
    return Output(f"{name}.{file_format}", file_format)


def _is_bbc_file(path: str) -> bool:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC
    return False
