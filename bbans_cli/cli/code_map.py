"""`bbc info --map`: a .bbc file, or a picture that is encoded for it, drawn as a heat map of code lengths."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bbans_cli import container
from bbans_cli.cli import atomic_output, info
from bbans_cli.cli.fileio import STDIO
from bbans_cli.cli.report import Result
from bbans_cli.cli.task import SameFileError
from bbans_cli.errors import LossyError, OutputExistsError
from bbans_cli.progress import ShareProgress

if TYPE_CHECKING:
    from bbans_cli.api import Outcome, PictureCodec


@dataclass(frozen=True)
class CodeMap:
    """Where it is written, and whether it replaces a file."""

    target: str
    force: bool

    def refuse(self, source: str) -> None:
        """Raise what publishing would raise, before any work; publishing checks again, without a race."""
        if self.target == STDIO or not os.path.lexists(self.target) or atomic_output.is_special(self.target):
            return
        if os.path.exists(source) and os.path.samefile(self.target, source):
            raise SameFileError(f"{self.target} is an input too and will not be replaced")
        if os.path.isdir(self.target):
            raise atomic_output.exists(self.target)
        if not self.force:
            raise OutputExistsError("exists already; -f replaces it")

    def draw(
        self, data: bytes, name: str, codec: PictureCodec, threads: int, progress: ShareProgress, result: Result
    ) -> None:
        """Encode what is no .bbc file, decode, draw, publish; `name` is that of the input, "" if it has none."""
        direct = self.target == STDIO or atomic_output.is_special(self.target)
        with (atomic_output.DirectOutput if direct else atomic_output.TempOutput)(self.target) as output:
            from bbans_cli.coders import code_lengths  # numpy and the core, which the header does without
            from bbans_cli.heat_map import sheet, totals

            packed, first = data, 0.0
            if not data.startswith(container.MAGIC):
                outcome = _encode(data, name, codec, threads, lambda share: progress(share / 2))
                packed, first = outcome.data, 0.5
                result.warnings += outcome.warnings
                result.notes += outcome.notes
            found = code_lengths.of_file(
                packed, threads, lambda share: progress(first + share * (1 - first)), codec.max_pixels, codec.max_memory
            )
            drawn = sheet.to_png(found, name or "standard input")
            output.write(drawn)
            output.publish(None, self.force, sync=False)
        result.out_bytes, result.coded_bytes = len(drawn), len(packed)
        result.kind, result.samples = found.kind, found.picture.pixels.size
        result.width, result.height = found.picture.width, found.picture.height
        file = container.from_bytes(packed, codec.max_pixels)
        details = info.details(file, len(packed))
        details["code_lengths"] = found.totals()
        result.details = details
        if self.target != STDIO:
            result.text = "\n".join([info.words(file, len(packed)), *totals.lines(found)])


def look(front: bytes, name: str, codec: PictureCodec) -> None:
    """Refuse what is of no use by its first 64 KiB, or all of a smaller file."""
    if not front.startswith(container.MAGIC):
        try:
            codec.look(front, name)
        except LossyError:
            pass  # `_encode` takes the pixels


def _encode(data: bytes, name: str, codec: PictureCodec, threads: int, progress: ShareProgress) -> Outcome:
    """A JPEG file as a file; of all other lossy ones the pixels, as they are only looked at."""
    try:
        return codec.compress_file(data, threads, progress, name)
    except LossyError:
        return replace(codec, pixels=True).compress_file(data, threads, progress, name)
