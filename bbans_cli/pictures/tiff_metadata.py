"""What a TIFF says beside its pixels <-> metadata items.

ICC, XMP and texts have items of their own. All other tags go into an EXIF item, which is a TIFF structure itself: with
their types, so that they come back as they were, and with the EXIF and GPS directories.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction

from bbans_cli.container import metadata as kinds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.limits import MAX_METADATA_BYTES
from bbans_cli.pictures import chunks
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.picture import Items
from bbans_cli.pictures.tiff_tags import Directory, Tree, Value, tag_name

POINTERS = {tag.EXIF: "EXIF", tag.GPS: "GPS", tag.INTEROPERABILITY: "interoperability"}
# A maker's note farther behind does not keep its place: an EXIF block has zeros before it, which PNG does not compress.
MAX_NOTE_PLACE = 1 << 16
NOTE_MOVED = "the place of MakerNote, from which its offsets may count"
# Pixels a metre, of a unit of the tag ResolutionUnit.
PER_METRE = {2: Fraction(10_000, 254), 3: Fraction(100)}


def read_metadata(picture: Directory, first: Directory) -> tuple[Items, list[str]]:
    """Items, and in words what is not kept. `first`: the file's first directory, which may say more of the picture."""
    items: Items = []
    lost: list[str] = []
    tree = _tree(picture, lost)
    if first is not picture:
        further = _tree(first, lost)
        for number in (tag.ICC, tag.ORIENTATION, tag.X_RESOLUTION, tag.Y_RESOLUTION, tag.UNIT):
            further.values.pop(number, None)  # of the thumbnail
        tree = Tree(further.values | tree.values, further.below | tree.below)
    values = tree.values
    if sum(len(value.data) for value in values.values()) > MAX_METADATA_BYTES:
        raise UnsupportedError(f"more than {MAX_METADATA_BYTES:,} bytes of metadata")
    if tag.ICC in values:
        items.append((kinds.ICC, b"ICC profile\0" + values.pop(tag.ICC).data))
    if tag.XMP in values:
        items.append((kinds.XMP, values.pop(tag.XMP).data))
    items += _resolution(picture.order, values)
    for number, keyword in tag.TEXTS.items():
        found = values.get(number)
        if found and found.kind == tag.ASCII and len(found.data) > 1 and found.data.find(b"\0") == len(found.data) - 1:
            items.append(chunks.text(keyword, values.pop(number).data[:-1]))
    if values or tree.below:
        items.append((kinds.EXIF, _block(tree, picture.order)))
    return items, list(dict.fromkeys(lost))


def _block(tree: Tree, order: str) -> bytes:
    """An EXIF block, in which a maker's note is where it was in the file."""
    mark, note = b"II*\0" if order == "<" else b"MM\0*", maker_note(tree)
    body, start = tree.to_bytes(8, order)
    if note is None or note.place is None:
        return mark + struct.pack(order + "I", start) + body
    if 8 + len(body) <= note.place:
        return (mark + struct.pack(order + "I", start) + body).ljust(note.place, b"\0") + note.data
    end = note.place + len(note.data)
    body, start = tree.to_bytes(end + end % 2, order)
    head = (mark + struct.pack(order + "I", start)).ljust(note.place, b"\0")
    return head + note.data + bytes(end % 2) + body


def maker_note(tree: Tree) -> Value | None:
    """The maker's note in the EXIF directory. It often has offsets, which count from the start of the file."""
    return tree.below[tag.EXIF].values.get(tag.MAKER_NOTE) if tag.EXIF in tree.below else None


def _with_place(directory: Directory, lost: list[str]) -> Value:
    """The maker's note of an EXIF directory with its place, unless that is too far behind or no offset."""
    value = directory.value(tag.MAKER_NOTE)
    place = directory.fields[tag.MAKER_NOTE][2]
    if len(value.data) <= 4 or value.kind not in (tag.BYTE, tag.UNDEFINED):
        return value
    if not 8 <= place <= MAX_NOTE_PLACE:
        lost.append(NOTE_MOVED)
        return value
    return replace(value, place=place)


def _tree(directory: Directory, lost: list[str]) -> Tree:
    """All that a directory says but how pixels are stored, with the directories of EXIF below it."""
    tree = Tree({}, {})
    lost += [f"damaged {POINTERS.get(number, tag_name(number))}" for number in directory.damaged]
    size = 0
    for number in sorted(directory.fields.keys() - tag.STORAGE):
        kind, count, _, length = directory.fields[number]
        size += length
        if size > MAX_METADATA_BYTES:
            raise UnsupportedError(f"tags of more than {MAX_METADATA_BYTES:,} bytes cannot be kept")
        if number in POINTERS:
            try:
                below = Directory(directory.data, directory.number(number), directory.order, directory.big)
            except InputError:
                lost.append(f"damaged {POINTERS[number]}")
                continue
            # An EXIF directory in its own entries would never end.
            below.fields.pop(number, None)
            below.fields = {each: field for each, field in below.fields.items() if each not in (tag.EXIF, tag.GPS)}
            tree.below[number] = _tree(below, lost)
        elif number == tag.MAKER_NOTE:
            tree.values[number] = _with_place(directory, lost)
        elif number == tag.LAYERS:
            lost.append("Photoshop layers")
        elif kind in (tag.IFD, tag.IFD8):
            lost.append(f"{tag_name(number)} (a directory)")
        elif kind >= tag.LONG8:
            values = directory.numbers(number)
            if all(0 <= value < 1 << 32 for value in values):
                tree.values[number] = tag.integers(tag.LONG, *values, order=directory.order)
            else:
                lost.append(tag_name(number))
        else:
            tree.values[number] = directory.value(number)
    return tree


def _resolution(order: str, values: dict[int, Value]) -> Items:
    """A pHYs item; the tags leave `values` if `resolution_tags` makes the same ones of it."""
    tags = (tag.X_RESOLUTION, tag.Y_RESOLUTION, tag.UNIT)
    try:
        across, down = (struct.unpack(order + "II", values[each].data) for each in tags[:2])
        unit = struct.unpack(order + "H", values[tag.UNIT].data)[0] if tag.UNIT in values else 2
    except (KeyError, struct.error):
        return []
    if unit not in PER_METRE or not min(across + down):
        return []
    item = chunks.resolution(*(float(Fraction(*each) * PER_METRE[unit]) for each in (across, down)))
    found = chunks.read_resolution(kinds.CHUNK, item)
    if found and {each: values.get(each) for each in tags} == resolution_tags(found, order):
        for each in tags:
            del values[each]
    return [(kinds.CHUNK, item)]


def resolution_tags(per_metre: tuple[int, int], order: str = "<") -> dict[int, Value]:
    """The tags for whole pixels a metre, which are exact as hundredths of a centimetre's."""
    return {
        tag.X_RESOLUTION: tag.integers(tag.RATIONAL, per_metre[0], 100, order=order),
        tag.Y_RESOLUTION: tag.integers(tag.RATIONAL, per_metre[1], 100, order=order),
        tag.UNIT: tag.integers(tag.SHORT, 3, order=order),
    }


def write_metadata(items: Items) -> tuple[Tree, list[str]]:
    """Tags for what TIFF has tags for, little-endian, and the rest in words."""
    tree = Tree({}, {})
    items, lost = chunks.outside_png(items)
    # EXIF says it more exactly: what it has is not taken from elsewhere.
    for kind, data in sorted(items, key=lambda item: item[0] != kinds.EXIF):
        found = _from_exif(data, lost) if kind == kinds.EXIF else Tree(_tags(kind, data), {})
        if chunks.read_resolution(kind, data) and tag.X_RESOLUTION in tree.values:
            lost += [] if _same_resolution(tree, found) else [chunks.describe(kind, data)]
            continue
        differs = any(tree.values.get(number, value) != value for number, value in found.values.items())
        differs |= any(tree.below.get(number, below) != below for number, below in found.below.items())
        if differs or not (found.values or found.below):
            lost.append(chunks.describe(kind, data))
        tree = Tree(found.values | tree.values, found.below | tree.below)
    return tree, list(dict.fromkeys(lost))


def byte_order(items: Items) -> str:
    """ "<" or ">": that of the EXIF item, else "<"."""
    return ">" if dict(reversed(items)).get(kinds.EXIF, b"").startswith(b"MM") else "<"


def _same_resolution(tree: Tree, found: Tree) -> bool:
    """Whether pixels a metre in `found` are those of `tree`, rounded."""
    rounded = dict(tree.values)
    item = _resolution("<", rounded)
    per_metre = chunks.read_resolution(*item[0]) if item else None
    return per_metre is not None and resolution_tags(per_metre) == found.values


def _from_exif(data: bytes, lost: list[str]) -> Tree:
    try:
        directory = tag.first_directory(data)
    except InputError:
        return Tree({}, {})
    if directory.following:
        lost.append("EXIF thumbnail")
    return _tree(directory, lost).in_order(directory.order, "<")


def _tags(kind: int, data: bytes) -> dict[int, Value]:
    """The tags for an item; none where TIFF has none."""
    per_metre = chunks.read_resolution(kind, data)
    if kind == kinds.ICC:
        profile = data.partition(b"\0")[2]
        return {tag.ICC: Value(tag.UNDEFINED, len(profile), profile)}
    if kind == kinds.XMP:
        return {tag.XMP: Value(tag.BYTE, len(data), data)}
    if per_metre:
        return resolution_tags(per_metre)
    keyword, _, text = data[4:].partition(b"\0")
    number = next((number for number, known in tag.TEXTS.items() if known == keyword), None)
    if kind == kinds.CHUNK and data[:4] == b"iTXt" and text[:4] == bytes(4):
        text = text[4:]
    elif kind != kinds.CHUNK or data[:4] != b"tEXt":
        return {}
    if number is None or b"\0" in text or not text:
        return {}
    return {number: Value(tag.ASCII, len(text) + 1, text + b"\0")}
