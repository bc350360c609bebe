"""Metadata items read, replaced and left out by what they are for: ICC, EXIF, XMP, text, preview.

Items keep their order; a new one takes the place of the first that it replaces. What a preview says of its orientation
follows the EXIF data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bbans_cli.container import metadata as kinds
from bbans_cli.errors import InputError
from bbans_cli.limits import PREVIEW_SIDE
from bbans_cli.pictures import chunks, exif
from bbans_cli.pictures.formats import METADATA_NAMES

Items = list[tuple[int, bytes]]
_KINDS = {"icc": kinds.ICC, "exif": kinds.EXIF, "xmp": kinds.XMP, "preview": kinds.PREVIEW}
_AFTER_PIXELS = (kinds.AFTER_PIXELS, b"")


def name_of(kind: int, data: bytes) -> str:
    """One of METADATA_NAMES, "" for anything else."""
    if kind in (kinds.COMPRESSED_TEXT, kinds.COMPRESSED_ITEXT):
        return "text"
    if kind == kinds.CHUNK and data[:4] in (b"tEXt", b"iTXt"):
        return "text"
    return next((name for name, number in _KINDS.items() if number == kind), "")


def read(items: Items, name: str) -> bytes | None:
    """A profile, a TIFF structure, a packet, a small WebP or JPEG file, or texts as `_to_lines` has them, if there."""
    found = [(kind, data) for kind, data in items if name_of(kind, data) == name]
    if not found:
        return None
    if name == "text":
        return "".join(_to_lines(*item) for item in found).encode()
    data = found[0][1]
    return {"icc": data.partition(b"\0")[2], "preview": data[1:]}.get(name, data)


def stripped(items: Items, names: list[str]) -> Items:
    """Items but those of that name; "all" stands for every item that no pixel depends on."""
    kept = [
        (kind, data)
        for kind, data in items
        if kind < kinds.OPTIONAL
        or kind in (kinds.SUFFIX, kinds.AFTER_PIXELS)
        or "all" not in names
        and name_of(kind, data) not in names
    ]
    return _with_turn(_without_mark(kept)) if {"all", "exif"} & set(names) else _without_mark(kept)


def changed(items: Items, values: Mapping[str, bytes]) -> Items:
    """Items with those values in place of the ones that they had. Raises InputError for what a value cannot be."""
    for name in METADATA_NAMES:
        if name in values:
            new = _to_items(name, values[name])
            old = [number for number, item in enumerate(items) if name_of(*item) == name]
            end = items.index(_AFTER_PIXELS) if _AFTER_PIXELS in items else len(items)
            place = old[0] if old else end
            behind = [item for item in items[place:] if name_of(*item) != name]
            items = items[:place] + new + behind
    return _with_turn(items) if {"exif", "preview"} & set(values) else items


def check(name: str, value: bytes) -> bytes:
    """The value as it is stored. Raises InputError for what cannot be one."""
    value = value.removeprefix(b"Exif\0\0") if name == "exif" else value
    fits = {
        "icc": value[36:40] == b"acsp",
        "exif": value[:4] in (b"II*\0", b"MM\0*"),
        "xmp": b"<" in value and _is_utf8(value),
        "preview": _is_preview(value) if name == "preview" else True,
    }
    if not fits.get(name, True):
        what = {"icc": "ICC profile", "exif": "TIFF structure, as EXIF is", "xmp": "XMP packet in UTF-8"}
        raise InputError(f"what is to be set is no {what.get(name, 'WebP or JPEG file of up to 16 Mpixel')}")
    return value


def _is_preview(value: bytes) -> bool:
    file_format = "webp" if value[8:12] == b"WEBP" else "jpeg" if value.startswith(b"\xff\xd8\xff") else ""
    if not file_format:
        return False
    from bbans_cli.pictures import small_image  # Pillow

    return small_image.opened(value, file_format, PREVIEW_SIDE) is not None


def _is_utf8(value: bytes) -> bool:
    try:
        return bool(value.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _to_items(name: str, value: bytes) -> Items:
    value = check(name, value)
    if name == "text":
        return _from_lines(value)
    if name == "icc":
        return [(kinds.ICC, b"ICC profile\0" + value)]
    return [(_KINDS[name], kinds.preview(value, 1) if name == "preview" else value)]


def orientation(items: Items) -> int | None:
    """That of the preview, None without one."""
    return next((data[0] for kind, data in items if kind == kinds.PREVIEW and data), None)


def turned(items: Items, turn: int) -> Items:
    """Items whose preview has that orientation."""
    return [(kind, kinds.preview(data[1:], turn) if kind == kinds.PREVIEW else data) for kind, data in items]


def _with_turn(items: Items) -> Items:
    return turned(items, exif.orientation(dict(reversed(items)).get(kinds.EXIF)))


def _without_mark(items: Items) -> Items:
    """Without a mark that nothing follows."""
    return items[:-1] if items and items[-1] == _AFTER_PIXELS else items


def _to_lines(kind: int, data: bytes) -> str:
    """ "Keyword: text", further lines of the text indented by a space."""
    if kind == kinds.CHUNK and data[:4] == b"tEXt" or kind == kinds.COMPRESSED_TEXT:
        keyword, _, text = data.removeprefix(b"tEXt").partition(b"\0") if kind == kinds.CHUNK else data.partition(b"\0")
        words = text.decode("latin-1")
    else:
        keyword, _, rest = (data[4:] if kind == kinds.CHUNK else data).partition(b"\0")
        rest = rest[2:] if kind == kinds.CHUNK else rest  # compression flag and method
        words = rest.split(b"\0", 2)[-1].decode("utf-8", "replace")
    return f"{keyword.decode('latin-1')}: " + words.replace("\n", "\n ") + "\n"


def _from_lines(value: bytes) -> Items:
    """The inverse of `_to_lines`, for what PNG's tEXt and iTXt may hold. Raises InputError."""
    try:
        lines = value.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise InputError("the text to be set is not UTF-8") from None
    texts: list[tuple[str, list[str]]] = []
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise InputError(f"line {number} of the text to be set has a NUL byte")
        keyword, colon, text = line.partition(": ")
        if line.startswith(" ") and texts:
            texts[-1][1].append(line[1:])
        elif colon and re.fullmatch(r"(?!.*  )[!-~\xa1-\xff](?:[ -~\xa1-\xff]{0,77}[!-~\xa1-\xff])?", keyword):
            texts.append((keyword, [text]))
        else:
            wanted = '"Keyword: text", with a keyword as PNG has it, nor begins with a space'
            raise InputError(f"line {number} of the text to be set is not {wanted}")
    return [chunks.text(keyword.encode("latin-1"), "\n".join(text).encode()) for keyword, text in texts]
