"""What two sights of a picture differ in, and which of the differences a warning names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scripts.kept.readers import UNKNOWN, Sight

# What a warning of bbc says -> what of a sight may then be gone or different.
NAMED = (
    (
        "thumbnail",
        r"(exiftool|libtiff|pillow) .*(IFD\d|SubIFD|[Tt]humb|Preview|frame \d|exif 330|Page|info resolution)",
    ),
    ("mask|directory without pixels", r"(exiftool|pillow) .*(IFD\d|SubIFD|frame \d)"),
    (
        "bytes after|bytes before|bytes of pixels|fourth byte|bits of pixels",
        r"exiftool .*(Trailer|Unknown|Warning|MPImage)",
    ),
    ("Photoshop layers", r"(exiftool|libtiff|pillow) .*(Photoshop|37724|Layer|ImageSourceData)"),
    ("EXIF", r"(exiftool|pillow) .*(IFD|GPS|InteropIFD|exif|Exif|MakerNotes|[A-Z]\w+:)"),
    ("XMP", r"(exiftool|pillow) .*([Xx]mp|XMP)"),
    ("colour profile", r"(exiftool|pillow|libtiff) .*(ICC|icc)"),
    ("text|comment|plain text|animation", r".*([Cc]omment|PNG|frame|n_frames|text|info)"),
    (
        "which pixels were left out|calibrated|suggested palette|doubled tRNS",
        r".*(PLTE|pal|tRNS|Transparency|colours|rgba|gamma)",
    ),
    (r"damaged \w+ chunk", r"exiftool (PNG|ICC)|pillow info|pypng chunk"),
    ("animation", r"pypng chunk (acTL|fcTL|fdAT)"),
    ("iDOT", r"exiftool PNG:AppleDataOffsets"),
    ("application block", r"exiftool GIF|exiftool .*:"),
)


def differences(given: Sight, restored: Sight) -> list[str]:
    """What is not in both, of readers that can read the given file."""
    failed = {name.split()[0] for name in given if name.endswith(" error")}
    names = sorted(given.keys() | restored.keys())
    return [
        f"{name}: {given.get(name)} -> {restored.get(name)}"
        for name in names
        if given.get(name) not in (restored.get(name), UNKNOWN) and name.split()[0] not in failed
    ]


def across(given: Sight, restored: Sight) -> tuple[Sight, Sight]:
    """What of two sights does not depend on the format: size, colours, and what a file embeds.

    Where the reader sees no alpha in the given file, only what it sees is compared.
    """
    colours = "rgb" if given.get("pillow mode") in ("1", "L", "RGB", "CMYK", "I;16") else "rgba"
    kept = re.compile(rf"pillow (size|{colours}|error)$|exiftool (XMP-\w+|ICC_Profile|ICC-\w+|ExifIFD|GPS):")
    one, other = ({name: value for name, value in sight.items() if kept.match(name)} for sight in (given, restored))
    return one, other


def unnamed(found: Sequence[str], warnings: Sequence[str]) -> list[str]:
    """The differences that no warning names: by a word of the table, or the word that a reader has for them."""
    words = " ".join(warnings)
    allowed = [pattern for word, pattern in NAMED if re.search(word, words)]
    return [
        each
        for each in found
        if not any(re.match(pattern, each) for pattern in allowed) and not _has_word(each.partition(": ")[0], words)
    ]


def _has_word(name: str, words: str) -> bool:
    return any(len(word) > 3 and word.lower() in words.lower() for word in re.split(r"[\s:_]", name)[2:])
