"""JPEG files: whole .bbc files beside Lepton and JPEG XL, on the same files in the same run.

    python -m scripts.bench.jpeg [--levels 1,5,9] [--limit N] [--markdown] [SET]...

share: bytes of the result, everything counted, for each byte of the JPEG file; a file that a format refuses counts in
full. encode, decode: MB of JPEG a second of processor time, all threads summed, in this process; without bbc's check of
its own result, which takes the decoder's time. x Lepton: encode and decode as a share of Lepton's speed. Every file
is restored and compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from bbans_cli import api
from scripts.common import pages, picture_sets

Code = Callable[[bytes], bytes]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "jpeg.md"
COMMAND = "make bench-jpeg BENCH=--markdown"
HEADS = ["", "bytes", "share", "encode, MB/s", "decode, MB/s", "encode, x Lepton", "decode, x Lepton", "refused"]


@dataclass
class Row:
    """Sums over a set: bytes of the results, seconds of processor time, files refused, files not restored."""

    size: int = 0
    encoding: float = 0.0
    decoding: float = 0.0
    refused: int = 0
    wrong: int = 0

    def add(self, data: bytes, encode: Code, decode: Code) -> None:
        """Code a file."""
        start = time.process_time()
        try:
            packed = encode(data)
        except Exception:  # whatever a library raises: the file is kept as it is
            self.size, self.refused = self.size + len(data), self.refused + 1
            return
        middle = time.process_time()
        restored = decode(packed)
        self.decoding += time.process_time() - middle
        self.encoding += middle - start
        self.size += len(packed)
        self.wrong += restored != data


def formats(levels: list[int]) -> dict[str, tuple[Code, Code]]:
    """Name -> encoder and decoder; of one thread."""
    import imagecodecs
    import lepton_jpeg_python as lepton

    found: dict[str, tuple[Code, Code]] = {
        "lepton": (
            lepton.compress_bytes,
            lepton.decompress_bytes,
        ),
        "jpeg-xl": (
            lambda data: imagecodecs.jpegxl_encode_jpeg(data, numthreads=1),
            lambda data: imagecodecs.jpegxl_decode_jpeg(data, numthreads=1),
        ),
    }
    for level in levels:
        codec = api.PictureCodec(level, verify=False)
        found[f"bbc -{level}"] = (
            lambda data, codec=codec: codec.compress_file(data, 1, name="a.jpg").data,
            lambda data, codec=codec: codec.decompress_file(data, None, 1).data,
        )
    return found


def measure(files: list[Path], levels: list[int]) -> dict[str, Row]:
    """The row of each format, in the order of the table."""
    rows: dict[str, Row] = {}
    data = [path.read_bytes() for path in files]
    for label, (encode, decode) in formats(levels).items():
        encode(data[0])  # what is loaded on first use is not counted
        rows[label] = Row()
        for each in data:
            rows[label].add(each, encode, decode)
    return rows


def cells(rows: dict[str, Row], total: int) -> list[list[str]]:
    """The table of a set of `total` bytes, as HEADS says."""
    lepton = rows["lepton"]
    table = [HEADS]
    for label, row in rows.items():
        speeds = [f"{total / 1e6 / seconds:.2f}" for seconds in (row.encoding, row.decoding)]
        ratios = [f"{lepton.encoding / row.encoding:.3f}", f"{lepton.decoding / row.decoding:.3f}"]
        size = [f"{row.size:,}", f"{row.size / total:.4f}"]
        table.append([label, *size, *speeds, *ratios, f"{row.refused}"])
    return table


def show(name: str, files: list[Path], levels: list[int]) -> tuple[str, int]:
    """Measure a set and print its table. Returns it for a page, and the number of files that did not come back."""
    total = sum(path.stat().st_size for path in files)
    rows = measure(files, levels)
    title = f"{name}: {len(files)} files, {total:,} bytes"
    table = cells(rows, total)
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADS))]
    click.echo(title)
    for line in table:
        click.echo("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    for label, row in rows.items():
        if row.wrong:
            click.echo(f"{label}: {row.wrong} NOT RESTORED")
    wrong = sum(row.wrong for label, row in rows.items() if label.startswith("bbc"))
    return f"{title}\n\n{pages.table(table)}", wrong


@click.command()
@click.argument("sets", nargs=-1)
@click.option("--levels", default="1,5,9", help="Levels of bbc.")
@click.option("--limit", type=int, default=None, help="At most so many files of a set, evenly spread.")
@click.option("--markdown", is_flag=True, help="Write the tables into docs/jpeg.md, if every file was restored.")
def main(sets: tuple[str, ...], levels: str, limit: int | None, markdown: bool) -> None:
    """Sizes and speeds on SETs, folders or names below $BBC_DATA (default: dev/imagenet jpeg/camera)."""
    numbers = [int(level) for level in levels.split(",")]
    names = sets or ("dev/imagenet", "jpeg/camera")
    shown = [show(name, picture_sets.jpeg_files(name, limit), numbers) for name in names]
    if any(wrong for _, wrong in shown):
        raise SystemExit(1)
    if markdown:
        pages.write(PAGE, COMMAND, "\n\n".join(table for table, _ in shown))


if __name__ == "__main__":
    main()
