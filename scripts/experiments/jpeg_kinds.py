"""JPEG files of kinds that collections lack: each must come back byte for byte, at every level, by one and two threads.

    python -m scripts.experiments.jpeg_kinds

Lossless files with each predictor, of 8, 12 and 16 bits, and transforms of 12 bits, by imagecodecs (the extra
`test`); hierarchical ones by hand; thumbnails, trailers, profiles and padding as writers and damage leave them. A
row for each: bytes, those of the .bbc files at levels 1, 5 and 9, and why it was only stored.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from functools import partial

import click
import numpy as np
from PIL import Image

import bbans_cli
from bbans_cli import api
from bbans_cli.limits import LEVELS
from scripts.experiments.mutate_jpeg import small_parts

SOF0, SOS, EOI = b"\xff\xc0", b"\xff\xda", b"\xff\xd9"
THREADS = (1, 2)


def pixels(height: int = 180, width: int = 240) -> np.ndarray:
    """A smooth picture with some noise, uint8 (height, width, 3)."""
    y, x = np.mgrid[:height, :width] / 40
    planes = [np.sin(x + phase) * np.cos(y - phase) for phase in (0, 1, 2)]
    noise = np.random.default_rng(1).normal(0, 4, (height, width, 3))
    return (128 + 90 * np.stack(planes, 2) + noise).clip(0, 255).astype(np.uint8)


def jpeg(picture: np.ndarray, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", **{"quality": 88, **options})
    return out.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def lossless_and_deep(picture: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """Processes that are stored."""
    import imagecodecs

    deep = picture.astype(np.uint16)
    encode = partial(imagecodecs.jpeg_encode, lossless=True)
    for predictor in range(1, 8):
        yield f"lossless, predictor {predictor}", encode(picture, predictor=predictor)
    yield "lossless, grey", encode(picture[:, :, 1].copy())
    yield "lossless, 12 bits", encode(deep << 4 | deep >> 4, bitspersample=12)
    yield "lossless, 16 bits", encode(deep * 257, bitspersample=16)
    yield "lossless, grey, 12 bits, by another encoder", imagecodecs.ljpeg_encode(deep[:, :, 1] << 4, bitspersample=12)
    yield "transform of 12 bits", imagecodecs.jpeg_encode(deep << 4 | deep >> 4, level=90, bitspersample=12)


def hierarchical(base: bytes) -> Iterator[tuple[str, bytes]]:
    """A second, differential frame (T.81, J), with and without the header of the hierarchy."""
    at = base.index(SOF0)
    frame = base[at + 2 : at + 19]
    second = segment(0xDF, b"\x11") + b"\xff\xc5" + frame + base[base.index(SOS) : -2]
    yield "hierarchical", base[:at] + b"\xff\xde" + frame + base[at:-2] + second + EOI
    yield "hierarchical without DHP", base[:-2] + second + EOI


def with_thumbnail(main: bytes, thumbnail: bytes) -> bytes:
    entries = bytes([2, 0]) + b"".join(
        tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
        for tag, value in ((0x201, 44), (0x202, len(thumbnail)))
    )
    block = b"II*\0\x08\0\0\0" + bytes([0, 0, 14, 0, 0, 0]) + entries + bytes(4) + thumbnail
    return main[:2] + segment(0xE1, b"Exif\0\0" + block) + main[2:]


def thumbnails(base: bytes, small: bytes) -> Iterator[tuple[str, bytes]]:
    damaged = bytearray(small)
    damaged[len(small) // 2] ^= 0x55
    yield "thumbnail", with_thumbnail(base, small)
    yield "thumbnail, cut off", with_thumbnail(base, small[: len(small) // 2])
    yield "thumbnail, damaged", with_thumbnail(base, bytes(damaged))
    yield "thumbnail, zeros", with_thumbnail(base, small[:700] + bytes(2000))
    yield "thumbnail with a thumbnail", with_thumbnail(base, with_thumbnail(small, small))
    yield "thumbnail of another process", with_thumbnail(base, small.replace(SOF0, b"\xff\xc9"))


def surroundings(base: bytes, small: bytes) -> Iterator[tuple[str, bytes]]:
    """Profiles, trailers and padding."""
    profile = np.random.default_rng(2).bytes(4000)
    pieces = [bytes([i + 1, 40]) + profile[100 * i : 100 * (i + 1)] for i in range(40)]
    for name, order in (("in order", range(40)), ("out of order", range(39, -1, -1)), ("with gaps", range(0, 40, 3))):
        segments = b"".join(segment(0xE2, b"ICC_PROFILE\0" + pieces[i]) for i in order)
        yield f"profile in many segments, {name}", base[:2] + segments + base[2:]
    yield "a film and a trailer behind", base + b"\0\0\0\x18ftypmp42" + profile * 20 + b"SEFH" + bytes(40) + b"SEFT"
    yield "a further picture behind, padded", base + bytes(4096) + small + b"\0" * 37
    yield "megabytes of zeros behind", base + bytes(3 << 20)
    at = base.index(SOS)
    yield "megabytes of zeros between segments", base[:20] + bytes(2 << 20) + base[20:]
    yield "megabytes of zeros within a scan", base[: at + 300] + bytes(1 << 20) + base[at + 300 :]
    yield "megabytes of fill bytes before a scan", base[:at] + b"\xff" * (2 << 20) + base[at:]
    yield "hundreds of pictures", b"".join(small[:-2] + bytes([i]) + EOI for i in range(200))
    yield "begins of pictures without end", base + b"\xff\xd8\xff\xe0\0\x10" * 20000


def files() -> Iterator[tuple[str, bytes]]:
    picture = pixels()
    base, small = jpeg(picture), jpeg(picture[:60, :80])
    yield from lossless_and_deep(picture)
    yield from hierarchical(base)
    yield from thumbnails(base, small)
    yield from surroundings(base, small)


@click.command(help=__doc__)
def main() -> None:
    wrong = 0
    for name, data in files():
        sizes, notes = [], set[str]()
        for level in LEVELS:
            for threads in THREADS:
                with small_parts(threads > 1):
                    found = api.PictureCodec(level, verify=False).compress_file(data, threads, name="a.jpg")
                    restored, _ = bbans_cli.restore(found.data, threads=threads)
                if restored != data or len(found.data) > len(data) + 64:
                    wrong += 1
                    click.echo(f"{name}: NOT RESTORED, or larger, at level {level} by threads: {threads}")
            sizes.append(len(found.data))
            notes.update(found.notes)
        click.echo(f"{name:45} {len(data):>9,} " + " ".join(f"{size:>7,}" for size in sizes) + f" {' '.join(notes)}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
