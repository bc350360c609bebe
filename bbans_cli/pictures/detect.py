"""Which format some bytes are in, and why bbc refuses the ones that it refuses."""

from __future__ import annotations

import os
import re

from bbans_cli.errors import InputError, LossyError, UnsupportedError
from bbans_cli.pictures.formats import JPEG_SUFFIXES

SPACE = "storing its pixels without loss would take several times the space of the file"
LOSSY = {"jpeg": "JPEG", "avif": "AVIF", "heif": "HEIF", "webp": "WebP"}
# A JPEG file may have bytes before it: with no more than these it is still taken for one.
JPEG_WITHIN = 1 << 16
# Formats that bbc names but does not read, by their first bytes.
FOREIGN = (
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "JPEG XL"),
    (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", "JPEG 2000"),
    (rb"qoif", "QOI"),
    (rb"8BPS", "Photoshop"),
    (rb"v/1\x01", "OpenEXR"),
    (rb"FLIF", "FLIF"),
    (rb"\0\0\x01\0", "ICO"),
    (rb"II(RO|RS|U\0)|MMOR|FUJIFILMCCD-RAW|FOVb|\0MRM", "camera raw"),
    (rb"P[fFyY]\s", "floating-point PNM"),
    (rb"\xd7\xcd\xc6\x9a|<svg|<\?xml", "vector graphics"),
    (rb"%PDF", "PDF"),
)


def detect(data: bytes) -> str:
    """One of "png", "pnm", "tiff", "bmp", "gif", "webp", "jpeg", "avif", "heif", "bbc", the name of a format, or ""."""
    head = bytes(data[:64])
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if re.match(rb"P[1-7]\s", head):
        return "pnm"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff"
    if head.startswith(b"BM"):
        return "bmp"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\xbbbbc\0"):
        return "bbc"
    if head[4:8] == b"ftyp":
        brands = head[8 : min(len(head), int.from_bytes(head[:4], "big"))]
        return _of_brands([brands[at : at + 4] for at in range(0, len(brands) - 3, 4)])
    return next((name for pattern, name in FOREIGN if re.match(pattern, head)), "")


def _of_brands(brands: list[bytes]) -> str:
    """The kind of an ISO base media file by its brands (ISO/IEC 14496-12, ftyp; 23008-12 has those of HEIF)."""
    if b"avif" in brands or b"avis" in brands:
        return "avif"
    if any(brand in (b"mif1", b"msf1", b"mif2") or brand[:3] in (b"hei", b"hev") for brand in brands):
        return "heif"
    return {b"crx ": "CR3", b"qt  ": "QuickTime"}.get(brands[0] if brands else b"", "MP4")


def jpeg_start(data: bytes) -> int:
    """Where a JPEG stream begins, if that is within the first 64 KiB, or -1."""
    return data.find(b"\xff\xd8\xff", 0, JPEG_WITHIN + 3)


def is_jpeg(data: bytes, name: str) -> bool:
    """Whether bytes are taken for a JPEG file.

    By their first bytes; else, where they are no other known kind, by an SOI that comes soon or by the name.
    """
    kind = detect(data)
    if kind:
        return kind == "jpeg"
    return jpeg_start(data) >= 0 or os.path.splitext(name)[1].lower() in JPEG_SUFFIXES


def refuse(kind: str, data: bytes, pixels: bool) -> None:
    """Raise InputError or UnsupportedError if files of that kind are not read. `pixels`: lossy ones were asked for."""
    if kind == "" and data.startswith(b"\x89PNG"):
        raise InputError("damaged PNG: its first bytes were changed, as by a transfer as text")
    if kind == "":
        raise InputError("not a picture file that bbc knows" if data else "the file is empty")
    if kind == "bbc":
        raise InputError("is a .bbc file already")
    if is_lossy(data) and not pixels:
        hint = "" if kind == "heif" else "; --pixels does it all the same"
        raise LossyError(f"this {LOSSY[kind]} is lossy: {SPACE}{hint}")
    if kind == "heif":
        raise UnsupportedError("HEIF cannot be read")
    if kind == "avif" and _deep_avif(data):
        raise UnsupportedError("an AVIF of more than 8 bits cannot be read in full")
    if kind not in ("png", "pnm", "tiff", "bmp", "gif", "webp", "jpeg", "avif"):
        raise UnsupportedError(f"{kind} is not read: PNG, BMP, GIF, PPM, PGM, PAM, TIFF and lossless WebP are")


def is_lossy(data: bytes) -> bool:
    """Whether a picture file is in a format that loses something, so that its pixels are not all of it."""
    kind = detect(data)
    return kind in ("jpeg", "avif", "heif") or kind == "webp" and _lossy_webp(data)


def _lossy_webp(data: bytes) -> bool:
    """Whether any chunk is a lossy bitstream ("VP8 "), at the top or within an animation's frames."""
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"VP8 ":
            return True
        at += 8 + size + size % 2
    return False


def _deep_avif(data: bytes) -> bool:
    """Whether an AV1 configuration says high_bitdepth (AV1 in ISOBMFF, section 2.3.3)."""
    at = data.find(b"av1C")
    return at >= 0 and len(data) > at + 6 and bool(data[at + 6] & 0x40)
