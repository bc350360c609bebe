"""What an archive costs: processor time of coding and restoring, for each TB read and for each TB saved."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from bbans_cli.api import PictureCodec

# Assumptions, in dollars: an hour of one core (spot), a GB and month of storage.
CORE_HOUR = 0.02
GB_MONTH = 0.023
KINDS = {"JPEG files of cameras": "jpeg/camera", "PNG of photographs, optimised": "dev/photos"}


def files_of(folder: Path, step: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of one file in `step`; PNG files as Pillow optimises them."""
    for path in sorted(folder.iterdir())[::step]:
        data = path.read_bytes()
        if path.suffix == ".png":
            file = io.BytesIO()
            Image.open(path).save(file, "PNG", optimize=True)
            data = file.getvalue()
        yield path.name, data


def measured(folder: Path, level: int, step: int) -> tuple[int, int, float, float]:
    """Bytes of the sources and of the outputs, processor seconds of compressing with its check and of restoring."""
    codec = PictureCodec(level, verify=True)
    read = written = 0
    coding = restoring = 0.0
    for name, data in files_of(folder, step):
        began = time.process_time()
        output = codec.compress_file(data, 1, name=name).data
        between = time.process_time()
        codec.decompress_file(output, None, 1)
        coding, restoring = coding + between - began, restoring + time.process_time() - between
        read, written = read + len(data), written + len(output)
    return read, written, coding, restoring


def table(data: Path, levels: tuple[int, ...], step: int) -> list[list[str]]:
    """A row for each kind of file and level."""
    rows = [["archive", "level", "core hours per TB read", "to restore", "saved", "core hours per TB saved"]]
    rows[0] += ["$ per TB saved", "paid back in months"]
    for kind, folder in KINDS.items():
        for level in levels:
            read, written, coding, restoring = measured(data / folder, level, step)
            share = 1 - written / read
            hours, back = (seconds / read * 1e12 / 3600 for seconds in (coding, restoring))
            dollars = hours / share * CORE_HOUR
            figures = [f"{hours:,.0f}", f"{back:,.0f}", f"{100 * share:.1f} %", f"{hours / share:,.0f}"]
            rows.append([kind, str(level), *figures, f"{dollars:,.0f}", f"{dollars / (1000 * GB_MONTH):.1f}"])
            print(rows[-1], flush=True)
    return rows
