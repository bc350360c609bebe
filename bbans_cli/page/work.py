"""What the page does with one picture, JPEG file or .bbc file, step by step."""

from __future__ import annotations

import io
import os
import time
from dataclasses import asdict, dataclass, replace

import numpy as np

from bbans_cli import api, container
from bbans_cli.coders import code_lengths
from bbans_cli.coders.code_lengths import CodeLengths
from bbans_cli.errors import InputError, LimitError, LossyError, UnsupportedError
from bbans_cli.heat_map import panels, sheet, totals
from bbans_cli.page import formats
from bbans_cli.page.formats import Measured
from bbans_cli.page.jobs import Job
from bbans_cli.pictures.detect import is_jpeg
from bbans_cli.pictures.equality import equal_pixels
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture, write_picture
from bbans_cli.progress import ShareProgress

_MOST_SHOWN = 1600  # pixels of the longer side of what the browser gets


@dataclass(frozen=True)
class Worker:
    """The options of the page. `do` is what the thread of a job runs.

    threads     cores for one picture
    max_pixels  larger pictures are refused
    max_memory  bytes: what needs more is refused; None: half of the machine's
    """

    threads: int
    max_pixels: int
    max_memory: int | None = None

    @property
    def _codec(self) -> api.PictureCodec:
        return api.PictureCodec(max_pixels=self.max_pixels, max_memory=self.max_memory)

    def do(self, job: Job, data: bytes) -> None:
        """Do all steps for the bytes of a file. Raises BbcError."""
        if data.startswith(container.MAGIC):
            self._measure(job, data, None)
        else:
            self._compress(job, data)

    def _compress(self, job: Job, data: bytes) -> None:
        """A picture or JPEG file: measure other formats, compress, measure the .bbc file, compare."""
        job.begin("reading")
        jpeg = is_jpeg(data, job.name)
        picture = self._picture(data, jpeg)
        if picture is not None:
            _show(job, picture)
        job.result.update(kind="jpeg" if jpeg else "picture", given=len(data), rows=[])
        for name, measure in formats.of_jpeg_file(data) if picture is None or jpeg else formats.of_picture(picture):
            job.begin(name)
            _add(job, measure())
        progress = job.begin("bbc: encoding")
        codec = replace(self._codec, level=job.level, verify=False)
        warnings = []
        began = time.perf_counter()
        try:
            outcome = codec.compress_file(data, self.threads, progress, job.name)
        except LossyError:
            warnings.append("this file is lossy: only its pixels are kept, and bbc refuses it without --pixels")
            outcome = replace(codec, pixels=True).compress_file(data, self.threads, progress, job.name)
        seconds = time.perf_counter() - began
        job.result["warnings"] = [*warnings, *outcome.warnings, *outcome.notes]
        self._measure(job, outcome.data, seconds)
        if picture is None or jpeg:
            equal = self._same_file(job, outcome.data, data)
            job.result["check"] = "every byte of the file came back" if equal else "the file is not the same"
        else:
            equal = _equal(job, picture)
            job.result["check"] = "every pixel came back" if equal else "pixels differ"

    def _picture(self, data: bytes, jpeg: bool) -> Picture | None:
        """The pixels; None of a JPEG file without any that can be read: it comes back byte for byte all the same."""
        try:
            return read_picture(data, pixels=True, max_pixels=self.max_pixels, max_memory=self.max_memory)
        except (InputError, UnsupportedError) as error:
            if isinstance(error, LimitError) or not jpeg:
                raise
            return None

    def _measure(self, job: Job, packed: bytes, seconds: float | None) -> None:
        """Decode a .bbc file, draw where its bits went if it has pixels, and write what it holds.

        seconds  that encoding took; None: the .bbc file is what the browser sent
        """
        progress = job.begin("bbc: decoding and measuring")
        began = time.perf_counter()
        lengths = self._lengths(packed, progress)
        decoding = time.perf_counter() - began
        stem = os.path.splitext(job.name)[0]
        if seconds is None:
            if lengths is not None:
                _show(job, lengths.picture)
            job.result.update(kind=container.read_head(packed).kind, rows=[])
        name = f".bbc, level {job.level}" if seconds is not None else ".bbc"
        _add(job, Measured(name, len(packed), seconds, decoding))
        job.write("packed", packed, "application/octet-stream", f"{stem}.bbc")
        job.begin("drawing")
        if lengths is not None:
            _draw(job, lengths, stem)
        if lengths is not None and lengths.kind == "picture":
            file, _ = write_picture(lengths.picture, lengths.picture.file_format)
            job.write("restored", file, "application/octet-stream", f"{stem}.{lengths.picture.file_format}")
        elif seconds is None:
            outcome = self._codec.decompress_file(packed, None, self.threads)
            suffix = container.read_head(packed).suffix or ".jpg"
            job.write("restored", outcome.data, "application/octet-stream", stem + suffix)
        if seconds is None:
            job.result["check"] = "every checksum is right"

    def _lengths(self, packed: bytes, progress: ShareProgress) -> CodeLengths | None:
        """Where the bits of a .bbc file went; None of a file in it that has no pixels."""
        try:
            return code_lengths.of_file(packed, self.threads, progress, self.max_pixels, self.max_memory)
        except (InputError, UnsupportedError) as error:
            if isinstance(error, LimitError) or container.read_head(packed).kind == "picture":
                raise
            return None

    def _same_file(self, job: Job, packed: bytes, data: bytes) -> bool:
        outcome = self._codec.decompress_file(packed, None, self.threads)
        job.write("restored", outcome.data, "application/octet-stream", job.name)
        return outcome.data == data


def _add(job: Job, row: Measured) -> None:
    rows = job.result["rows"]
    assert isinstance(rows, list)
    rows.append(asdict(row))


def _show(job: Job, picture: Picture) -> None:
    """The picture for the browser, and its facts."""
    size = panels.shown_size(picture.width, picture.height, _MOST_SHOWN, 1)
    out = io.BytesIO()
    panels.picture_panel(picture, size).save(out, "PNG", compress_level=1)
    job.write("picture", out.getvalue(), "image/png")
    job.result.update(width=picture.width, height=picture.height, mode=picture.mode, depth=picture.depth)


def _draw(job: Job, lengths: CodeLengths, stem: str) -> None:
    panel, scale = panels.map_panel(
        lengths, panels.shown_size(lengths.picture.width, lengths.picture.height, _MOST_SHOWN, 1)
    )
    out = io.BytesIO()
    panel.save(out, "PNG", compress_level=1)
    job.write("map", out.getvalue(), "image/png")
    job.write("sheet", sheet.to_png(lengths, job.name), "image/png", f"{stem}-map.png")
    job.result["map"] = {
        "ticks": [{"at": tick / scale.most, "label": scale.label(tick)} for tick in scale.ticks],
        "blocks": any(part.unit == "block" for part in lengths.parts),
        "foreign": lengths.foreign,
        "mean": panels.as_text(float(lengths.bits.mean(dtype=np.float64))),
    }
    job.result["totals"] = [asdict(row) for row in totals.rows(lengths)]
    job.result["size"] = lengths.size


def _equal(job: Job, picture: Picture) -> bool:
    """Whether the restored picture, read as the browser gets it, has the same pixels."""
    restored = read_picture(b"".join(job.pieces("restored")), pixels=True, max_pixels=picture.pixels.size)
    return equal_pixels(restored, picture)
