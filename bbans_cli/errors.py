"""Everything that `bbc` can say went wrong, as exceptions with a short stable code.

The command line prints the message after the file's name and, with --json, puts `code` beside it; the Python API
raises the same objects. Codes are only ever added: scripts compare them.

Messages are one line, lower case, without the file's name and without a full stop: what is wrong, then what to do
about it where that is known.
"""

from __future__ import annotations

import errno

# Codes of errors that the system raises.
SYSTEM_CODES = {
    errno.ENOENT: "not-found",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.EROFS: "read-only",
    errno.ENOSPC: "no-space",
    errno.EDQUOT: "no-space",
    errno.EFBIG: "no-space",
    errno.EEXIST: "exists",
    errno.EISDIR: "is-folder",
}
# Of errors that come without a number.
_NUMBERS = {FileNotFoundError: errno.ENOENT, PermissionError: errno.EACCES, FileExistsError: errno.EEXIST}


class BbcError(Exception):
    """Base of every error that this package raises on purpose."""

    code = "error"


class CorruptError(BbcError, ValueError):
    """The bytes are, or claim to be, a .bbc file, but cannot have been written by a working encoder."""

    code = "corrupt"


class TruncatedError(CorruptError):
    """The .bbc file ends before it should."""

    code = "truncated"


class UnderflowError(TruncatedError):
    """A pop needs more bits than the message holds.

    The file is damaged, or bits-back coding began without enough initial bits.
    """


class TrailingBytesError(CorruptError):
    """The .bbc file is followed by bytes that do not belong to it."""

    code = "trailing-bytes"


class DamagedError(CorruptError):
    """The .bbc file is damaged, and what holds of it was written as was asked for (--keep-going)."""

    code = "damaged"


class UnsupportedError(BbcError, ValueError):
    """Well-formed, but of a kind that this version does not handle: a picture mode, a newer container."""

    code = "unsupported"


class ModelMismatchError(UnsupportedError):
    """The file was made with weights that are not at hand, or with another version of the arithmetic."""

    code = "model-mismatch"


class InputError(BbcError, ValueError):
    """The picture given cannot be used: not a picture, damaged, without the rows asked for, refused on purpose."""

    code = "input"


class LossyError(InputError):
    """The picture comes from a format that loses something, and its pixels were not asked for (--pixels)."""

    code = "lossy"


class LimitError(InputError):
    """A size in the input is above the limit that the caller set (--max-pixels)."""

    code = "limit"


class MissingExtraError(BbcError):
    """A package that an optional feature needs is not installed; the message says how to install it."""

    code = "missing-extra"


class OutputExistsError(BbcError, FileExistsError):
    """The output is there already and may not be replaced."""

    code = "exists"


def describe(error: Exception) -> str:
    """What an exception says, without a file's name in it."""
    if isinstance(error, BbcError):
        return str(error)
    if isinstance(error, OSError) and (error.strerror or error.args):
        # Libraries that speak to a store give a text and no number.
        text = error.strerror or " ".join(map(str, error.args))
        return text[:1].lower() + text[1:]
    if isinstance(error, MemoryError):
        return "not enough memory; -T 1 and -j 1 need less"
    return f"internal error, please report it with the output of -vv: {type(error).__name__}: {error}"


def all_codes() -> set[str]:
    """What code_of can give, as far as the modules are imported that define errors."""
    found, kinds = {"io", "memory", "internal", *SYSTEM_CODES.values()}, [BbcError]
    while kinds:
        kind = kinds.pop()
        found.add(kind.code)
        kinds += kind.__subclasses__()
    return found


def code_of(error: Exception) -> str:
    """A short stable name for scripts."""
    if isinstance(error, BbcError):
        return error.code
    if isinstance(error, OSError):
        number = error.errno or next((number for kind, number in _NUMBERS.items() if isinstance(error, kind)), 0)
        return SYSTEM_CODES.get(number, "io")
    return "memory" if isinstance(error, MemoryError) else "internal"
