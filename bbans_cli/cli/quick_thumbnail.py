"""`bbc thumbnail [-f] [--size N] FILE OUT` as file managers call it, for every file of a folder: without click, batch
and their imports, which take longer than a thumbnail.

Only for a preview or a thumbnail in EXIF data, and only where there is nothing to say. All else, errors included, is
left to main.py, which begins anew.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from bbans_cli import container, thumbnails
from bbans_cli.cli import atomic_output, fileio, signals
from bbans_cli.limits import MAX_PIXELS, MAX_PREVIEW_SIDE, PREVIEW_SIDE
from bbans_cli.pictures.formats import THUMBNAIL_SUFFIXES
from bbans_cli.reading import max_bytes


@dataclass
class _Wanted:
    size: int
    source: str
    target: str
    force: bool


def made(args: Sequence[str]) -> bool:
    """Whether the arguments of `bbc` ask for such a thumbnail and it was written. Ends the process on a signal."""
    wanted = _wanted(args)
    if wanted is None or sys.stderr is None or sys.stderr.isatty():
        return False
    fileio.occupy_standard_descriptors()
    try:
        signals.install()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, as for every verb
            return _make(wanted)
    except signals.Interrupted as stop:
        atomic_output.abandon_all()
        signals.die(stop.signum)
    # Whatever it is, main.py meets it again and says so.
    except Exception as error:
        if interrupted := signals.behind(error):
            signals.die(interrupted.signum)
    finally:
        signals.uninstall()
    return False


def _wanted(args: Sequence[str]) -> _Wanted | None:
    rest, size, force = list(args[1:]), PREVIEW_SIDE, False
    while rest and rest[0].startswith("-"):
        if rest[0] in ("-f", "--force"):
            force, rest = True, rest[1:]
        elif rest[0] == "--size" and len(rest) > 1 and rest[1].isascii() and rest[1].isdecimal():
            size, rest = int(rest[1]), rest[2:]
        else:
            return None
    plain = len(rest) == 2 and (rest[1] == fileio.STDIO or not rest[1].startswith("-"))
    return _Wanted(size, rest[0], rest[1], force) if plain and 1 <= size <= MAX_PREVIEW_SIDE else None


def _make(wanted: _Wanted) -> bool:
    data, _ = fileio.read(wanted.source, max_bytes(MAX_PIXELS), container.check_magic)
    direct = wanted.target == fileio.STDIO
    if not direct and atomic_output.is_special(wanted.target):
        return False
    if os.path.splitext(wanted.target)[1].lower() not in ("", *THUMBNAIL_SUFFIXES):
        return False
    if wanted.force and os.path.exists(wanted.target) and os.path.samefile(wanted.source, wanted.target):
        return False
    with (atomic_output.DirectOutput if direct else atomic_output.TempOutput)(wanted.target) as output:
        small = thumbnails.at_hand(data, wanted.size, thumbnails.format_of(wanted.target))
        if small is None:
            return False
        output.write(small.data)
        output.publish(None, wanted.force, sync=False)
    return True
