"""Whether a file's first bytes show that it is an animation, for `bbc compress --dry-run`: without numpy and Pillow.

The readers of PNG, GIF and WebP count the frames of the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator

_EXTENSION, _IMAGE = 0x21, 0x2C


def shows_frames(front: bytes, kind: str) -> bool:
    """Whether more than one frame begins in the front of a file, or is announced there; `kind` is that of `detect`."""
    if kind == "png":
        frames = (front[at : at + 4] for name, at in _png_chunks(front) if name == b"acTL")
        return any(int.from_bytes(number, "big") > 1 for number in frames)
    if kind == "webp":
        return sum(name == b"ANMF" for name in _webp_chunks(front)) > 1
    return kind == "gif" and sum(1 for _ in _gif_images(front)) > 1


def _png_chunks(front: bytes) -> Iterator[tuple[bytes, int]]:
    """Names of the chunks before the pixels, and where their content begins."""
    at = 8
    while at + 12 <= len(front) and front[at + 4 : at + 8] != b"IDAT":
        yield front[at + 4 : at + 8], at + 8
        at += 12 + int.from_bytes(front[at : at + 4], "big")


def _webp_chunks(front: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(front):
        yield front[at : at + 4]
        size = int.from_bytes(front[at + 4 : at + 8], "little")
        at += 8 + size + size % 2


def _gif_images(front: bytes) -> Iterator[int]:
    """Where image descriptors are (GIF89a, section 20)."""
    at = 13 + _table_bytes(front[10:11])
    while at < len(front) and front[at] in (_EXTENSION, _IMAGE):
        if front[at] == _IMAGE:
            yield at
            at += 11 + _table_bytes(front[at + 9 : at + 10])
        else:
            at += 2
        while at < len(front) and front[at]:
            at += 1 + front[at]
        at += 1


def _table_bytes(flags: bytes) -> int:
    """Bytes of a colour table, by the flags that say whether there is one."""
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0
