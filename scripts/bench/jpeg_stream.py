"""JPEG streams taken apart: what is coded, what is left beside the coefficients, and how fast.

    python -m scripts.bench.jpeg_stream FILE...

plain, scans: bytes of the two strings, and of both under LZMA. split, join: megabytes of the stream in a second of
processor time. A stream that is not coded has the reason; one that does not come back, the word WRONG.
"""

from __future__ import annotations

import lzma
import time
from pathlib import Path

import click

from bbans_cli.coders.jpeg.stream.join import join
from bbans_cli.coders.jpeg.stream.jpeg_stream import NotCodableError
from bbans_cli.coders.jpeg.stream.split import split

COLUMNS = ("bytes", "plain", "scans", "LZMA", "split", "join")
FORMAT = dict(format=lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "preset": 9}])


def measure(data: bytes) -> list[float] | None:
    """Bytes of the stream, of plain and scans, and of both under LZMA; seconds of split and join. None: wrong bytes."""
    began = time.process_time()
    stream = split(data)
    split_end = time.process_time()
    same = join(stream.plain, stream.scans, stream.blocks) == data[: stream.size]
    joined = time.process_time()
    if not same:
        return None
    packed = len(lzma.compress(stream.plain + stream.scans, **FORMAT))
    sizes = [stream.size, len(stream.plain), len(stream.scans), packed]
    return [*map(float, sizes), split_end - began, joined - split_end]


def line(name: str, found: list[float]) -> str:
    *sizes, split_seconds, join_seconds = found
    speeds = (f"{sizes[0] / max(seconds, 1e-9) / 1e6:8.1f}" for seconds in (split_seconds, join_seconds))
    return f"{name:40}" + "".join(f"{size:10.0f}" for size in sizes) + "".join(speeds)


@click.command(help=__doc__)
@click.argument("paths", metavar="FILE...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(paths: tuple[Path, ...]) -> None:
    click.echo(f"{'':40}" + "".join(f"{name:>10}" for name in COLUMNS[:4]) + "".join(f"{n:>8}" for n in COLUMNS[4:]))
    total = [0.0] * len(COLUMNS)
    for path in paths:
        try:
            found = measure(path.read_bytes())
        except NotCodableError as error:
            click.echo(f"{path.name:40}  {error}")
            continue
        if found is None:
            click.echo(f"{path.name:40}  WRONG")
            continue
        total = [sum(pair) for pair in zip(total, found, strict=True)]
        click.echo(line(path.name, found))
    if total[0]:
        click.echo(line("all", total))


if __name__ == "__main__":
    main()
