"""What encoding and decoding return for one file."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bbans_cli import container
from bbans_cli.container import Damage, LostRows, StoredFile
from bbans_cli.errors import BbcError


@dataclass(frozen=True)
class Salvaged:
    """What holds of a damaged file.

    pixels  as bbans_cli.decompress returns them; lost ones are middle grey, of palettes index 0, of alpha opaque
    lost    the lost rows, from the top; of a stack, rows of all pages below each other
    words   what is lost, of rows and of all else, a line each; empty if the file is not damaged
    """

    pixels: np.ndarray
    lost: list[LostRows]
    words: list[str]


class VerifyError(BbcError):
    """The result does not decode to the input: a bug of the program, or a fault of the machine."""

    code = "verify"


@dataclass(frozen=True)
class Outcome:
    """The result for one file.

    data           the bytes of the output; none from verify_file
    width, height  of the picture, or of a page of a stack; None where a file was only stored
    samples        pixels times channels, 0 where nothing is known of them
    coded_bytes    size of the .bbc file on either side
    warnings       what was lost
    notes          what else the user should hear
    kind           "picture", "jpeg" (a JPEG file), "file" (a file that was only stored)
    lossy          the input cannot be restored from the output
    surplus        bytes that follow the .bbc file in the input and were ignored
    file_format    of a picture that was written: one of FORMATS
    remark         what only those hear who ask for more (-v)
    file_bytes     of the JPEG or other file that the .bbc file holds; None of a picture and of pixels
    damage         what is lost of a damaged file that was to be read as far as it holds
    """

    data: bytes
    width: int | None
    height: int | None
    samples: int
    coded_bytes: int
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kind: str = "picture"
    lossy: bool = False
    surplus: int = 0
    file_format: str | None = None
    remark: str = ""
    file_bytes: int | None = None
    damage: Damage = field(default_factory=Damage)


def kind_of(content: container.Container | StoredFile) -> str:
    """As JSON names it: "picture", "jpeg", "file"."""
    return content.kind if isinstance(content, StoredFile) else "picture"


def of_stored_file(stored: StoredFile, data: bytes, coded_bytes: int, notes: list[str], lossy: bool = False) -> Outcome:
    """The outcome of a JPEG file or a file that was only stored; ``data`` is the output."""
    jpeg = stored.jpeg
    width, height, samples = None, None, 0
    if jpeg is not None:
        width, height, samples = jpeg.width, jpeg.height, jpeg.width * jpeg.height * jpeg.components
    return Outcome(data, width, height, samples, coded_bytes, [], notes, stored.kind, lossy, file_bytes=stored.size)


def not_kept(lost: list[str]) -> list[str]:
    """The warning that names what was lost, each once; none if nothing was."""
    return [f"not kept: {', '.join(dict.fromkeys(lost))}"] if lost else []
