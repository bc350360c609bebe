"""The front of a file, from which planning tells what a .bbc file holds, and whether a file is a JPEG file.

The container is imported only once there is a file to look at: `bbc --help` comes through here.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from bbans_cli.cli.fileio import errors_named
from bbans_cli.errors import CorruptError, InputError, TruncatedError, UnsupportedError
from bbans_cli.limits import MAX_METADATA_BYTES
from bbans_cli.reading import FRONT

if TYPE_CHECKING:
    from bbans_cli.container import Head

# A .bbc file's header and metadata mostly end before.
_FRONT = 1 << 16


def head_of(path: str, keep_going: bool = False) -> Head:
    """What a .bbc file holds. Raises OSError, and BbcError as read_head or if it is no regular file.

    keep_going  damaged metadata are no error
    """
    from bbans_cli.container import Damage, read_head

    try:
        return read_head(_front(path, _FRONT))
    except TruncatedError:
        return read_head(_front(path, _FRONT + 2 * MAX_METADATA_BYTES), Damage() if keep_going else None)
    except CorruptError:
        if not keep_going:
            raise
        return read_head(_front(path, _FRONT + 2 * MAX_METADATA_BYTES), Damage())


def is_whole(path: str) -> bool:
    """Whether a .bbc file has as many bytes as its header says. Raises as `head_of`."""
    from bbans_cli.container import whole_size

    try:
        size = whole_size(_front(path, _FRONT))
    except TruncatedError:
        size = whole_size(_front(path, _FRONT + 2 * MAX_METADATA_BYTES))
    return size == os.stat(path).st_size


def holds_jpeg(path: str) -> bool:
    """Whether compress, without --pixels, stores a file so that it comes back byte for byte. Raises OSError."""
    from bbans_cli.pictures.detect import is_jpeg

    return is_jpeg(_front(path, FRONT), path)


def look(path: str, to_compress: bool, pixels: bool) -> None:
    """Raise what compress, or a verb that takes .bbc files, would raise after a regular file's first 64 KiB."""
    if not os.path.isfile(path):
        return
    front = _front(path, FRONT)
    if to_compress:
        from bbans_cli.pictures.animations import shows_frames
        from bbans_cli.pictures.detect import detect, is_jpeg, refuse

        if not front or pixels or not is_jpeg(front, os.path.basename(path)):
            refuse(kind := detect(front), front, pixels)
            if shows_frames(front, kind):
                raise UnsupportedError("an animation; bbc stores single pictures")
    else:
        from bbans_cli.container import check_magic

        check_magic(front)


def _front(path: str, size: int) -> bytes:
    with errors_named(path):
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is no regular file; -o names the file that its content goes to")
        with open(path, "rb") as file:
            return file.read(size)
