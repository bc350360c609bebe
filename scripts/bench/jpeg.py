"""JPEG files: whole .bbc files beside Lepton and JPEG XL, on the same files in the same run.

    python -m scripts.bench.jpeg [--levels 1,5,9] [--limit N] [SET]...

share: bytes of the result, everything counted, for each byte of the JPEG file; a file that a format refuses counts in
full. encode, decode: MB of JPEG a second of processor time, all threads summed, in this process; without bbc's check of
its own result, which takes the decoder's time. times Lepton: encode and decode as a share of Lepton's speed. Every file
is restored and compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from bbans_cli import api
from scripts.common import picture_sets

Code = Callable[[bytes], bytes]


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


def show(name: str, files: list[Path], levels: list[int]) -> int:
    """Print the table of a set; returns the number of files that did not come back."""
    codes = formats(levels)
    rows = {label: Row() for label in codes}
    data = [path.read_bytes() for path in files]
    for label, (encode, decode) in codes.items():
        encode(data[0])  # what is loaded on first use is not counted
        for each in data:
            rows[label].add(each, encode, decode)
    total = sum(map(len, data))
    lepton = rows["lepton"]
    click.echo(f"{name}: {len(files)} files, {total:,} bytes")
    click.echo(f"{'':12}{'bytes':>12}{'share':>8}{'encode':>9}{'decode':>9}{'times Lepton':>16}{'refused':>9}")
    for label, row in rows.items():
        speeds = f"{total / 1e6 / row.encoding:9.2f}{total / 1e6 / row.decoding:9.2f}"
        ratio = f"{lepton.encoding / row.encoding:8.3f}{lepton.decoding / row.decoding:8.3f}"
        wrong = f"   {row.wrong} NOT RESTORED" if row.wrong else ""
        click.echo(f"{label:12}{row.size:12,}{row.size / total:8.4f}{speeds}{ratio}{row.refused:9}{wrong}")
    return sum(row.wrong for label, row in rows.items() if label.startswith("bbc"))


@click.command()
@click.argument("sets", nargs=-1)
@click.option("--levels", default="1,5,9", help="Levels of bbc.")
@click.option("--limit", type=int, default=None, help="At most so many files of a set, evenly spread.")
def main(sets: tuple[str, ...], levels: str, limit: int | None) -> None:
    """Sizes and speeds on SETs, folders or names below $BBC_DATA (default: dev/imagenet jpeg/camera)."""
    numbers = [int(level) for level in levels.split(",")]
    wrong = 0
    for name in sets or ("dev/imagenet", "jpeg/camera"):
        wrong += show(name, picture_sets.jpeg_files(name, limit), numbers)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
