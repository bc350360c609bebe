"""Which directory of a TIFF file is the picture, if that is clear; and what else is in the file, in words."""

from __future__ import annotations

import copy
import math
import re
from collections import deque
from collections.abc import Iterator

from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.pictures import tiff_tags as tag
from bbans_cli.pictures.tiff_tags import Directory

# More directories, and more tags in all of them, than any picture with its thumbnails and levels has.
MAX_DIRECTORIES, MAX_TAGS = 4096, 1 << 18
# Photometric interpretations (colour filter array, linear raw) and compressions that camera raw files alone have.
RAW_PHOTOMETRIC, RAW_COMPRESSIONS = (32803, 34892), (32767, 34713, 65535)
DNG_VERSION, IMAGE_DEPTH, METAMORPH_PLANES = 50706, 32997, 33629
# ImageJ's description of a stack, with the number of its planes; what in a directory is of the stack, not of a plane.
IMAGEJ = rb"ImageJ=.*?^images=(\d{1,9})"
OF_STACK = (tag.DESCRIPTION, 50838, 50839)
MAX_PLANES = 1 << 16
# Of bytes that no tag points to: so many that stand in the file before are nothing; so many times they are sought.
COPY_BYTES, MAX_COPIES = 256, 16
# The tags that say where data are, and those that say how much of them.
DATA_TAGS = (
    (tag.STRIP_OFFSETS, tag.STRIP_SIZES),
    (tag.TILE_OFFSETS, tag.TILE_SIZES),
    (tag.JPEG_OFFSET, tag.JPEG_SIZE),
    (288, 289),
)
RAW_NAMES = {
    b"NIKON": "Nikon NEF",
    b"CANON": "Canon",
    b"SONY": "Sony ARW",
    b"PENTAX": "Pentax PEF",
    b"RICOH": "Pentax PEF",
    b"SAMSUNG": "Samsung SRW",
    b"HASSELBLAD": "Hasselblad 3FR",
    b"EASTMAN KODAK": "Kodak DCR",
    b"KODAK": "Kodak DCR",
    b"LEAF": "Leaf MOS",
    b"PHASE ONE": "Phase One IIQ",
    b"SEIKO EPSON": "Epson ERF",
}


def find_pages(data: bytes) -> tuple[list[Directory], Directory, list[str]]:
    """The directories of the picture's pages, mostly one, the first one of the file, and in words what else there is.

    Raises InputError for damage, and UnsupportedError where it is not clear which picture is meant, and for camera raw.
    """
    every = list(_directories(data))
    _refuse_raw(data, every)
    held = [directory for directory in every if tag.WIDTH in directory]
    if not held:
        raise InputError("damaged TIFF: tag 256 (ImageWidth) is missing")
    full = held if len(held) == 1 else [directory for directory in held if not _is_companion(directory, every[0])]
    if len(full) > 1:
        _refuse_unequal(full, every[0])
    largest = max(_area(directory) for directory in held)
    if not full or _area(full[0]) < largest:
        raise UnsupportedError(f"{len(held):,} pictures in one file, and not clear which one is meant")
    pages = {id(directory) for directory in full}
    others = [directory for directory in every if id(directory) not in pages]
    full = _planes(full[0]) if len(full) == 1 else full
    for directory in full:
        _refuse_stack(directory, len(full))
    without = sum(1 for directory in others if tag.WIDTH not in directory and tag.JPEG_OFFSET not in directory)
    masks = sum(1 for directory in others if directory.number(tag.NEW_SUBFILE_TYPE, 0) & 4)
    lost = _counted(len(others) - masks - without, "thumbnail") + _counted(masks, "transparency mask")
    return full, every[0], lost + _counted(without, "directory without pixels")


def _refuse_unequal(full: list[Directory], first: Directory) -> None:
    """A stack has pages of one size, in one chain of directories, from the first one on."""
    sizes = {(directory.number(tag.WIDTH), directory.number(tag.HEIGHT, 0)) for directory in full}
    if len(sizes) > 1:
        raise UnsupportedError(f"{len(full):,} pages of different sizes in one file; bbc stores pages of one size")
    chain, place = {first.at}, first
    by_place = {directory.at: directory for directory in full}
    while place.following in by_place and place.following not in chain:
        chain.add(place.following)
        place = by_place[place.following]
    if chain != set(by_place):
        raise UnsupportedError(f"{len(full):,} pages in one file, and not clear how they belong together")


def _planes(directory: Directory) -> list[Directory]:
    """The directory of each plane of an ImageJ stack: they lie behind each other, not compressed, and the first one
    alone has a directory. What ImageJ says of the whole stack stays with that.
    """
    found = re.match(IMAGEJ, directory.text(tag.DESCRIPTION), re.DOTALL | re.MULTILINE)
    offsets, sizes = directory.numbers(tag.STRIP_OFFSETS), directory.numbers(tag.STRIP_SIZES)
    ends = [offset + size for offset, size in zip(offsets, sizes, strict=False)]
    behind_each_other = len(offsets) == len(sizes) and list(offsets[1:]) == ends[:-1]
    if not found or directory.number(tag.COMPRESSION, 1) != 1 or not behind_each_other:
        return [directory]
    if int(found[1]) > MAX_PLANES:
        raise UnsupportedError(f"a stack of more than {MAX_PLANES:,} planes is not supported")
    planes, size = [directory], sum(sizes)
    for number in range(1, int(found[1])):
        plane = copy.copy(directory)
        plane.shift = number * size
        plane.fields = {each: field for each, field in directory.fields.items() if each not in OF_STACK}
        planes.append(plane)
    return planes


def left_over(data: bytes, pages: list[Directory]) -> list[str]:
    """In words, the bytes that no directory, value, strip or tile takes; `pages`: the picture's, planes among them.

    Between directories lies what editors left there, and what a private tag may point to in a way of its own.
    """
    taken = [(0, 16 if data[2:4] in (b"+\0", b"\0+") else 8)]
    for directory in [*_directories(data), *pages]:
        taken += directory.taken
        for below in (tag.EXIF, tag.GPS):
            taken += _taken_below(directory, below)
        for offsets, sizes in DATA_TAGS:
            if offsets in directory and sizes in directory:
                places = zip(directory.numbers(offsets), directory.numbers(sizes), strict=False)
                taken += [(start + directory.shift, start + directory.shift + size) for start, size in places]
    between = end = 0
    copies = MAX_COPIES
    for start, stop in sorted([*taken, (len(data), len(data))]):
        end += end % 2  # writers fill up to a word
        left = start - end if start > end and data[end:start].strip(b"\0") else 0
        if left and left <= COPY_BYTES and copies:
            # tifffile writes some values of the last page twice.
            copies -= 1
            left = 0 if data.find(data[end:start].rstrip(b"\0"), 0, end) >= 0 else left
        behind = left if start == len(data) else 0
        between += left - behind
        end = max(end, stop)
    lost = [f"{between:,} bytes that no tag points to"] if between else []
    return lost + ([f"{behind:,} bytes after the end"] if behind else [])


def _taken_below(directory: Directory, number: int) -> list[tuple[int, int]]:
    """What a directory of EXIF takes, if it can be read, and those below it."""
    if number not in directory:
        return []
    try:
        below = Directory(directory.data, directory.number(number), directory.order, directory.big)
    except InputError:
        return []
    return below.taken + (_taken_below(below, tag.INTEROPERABILITY) if number == tag.EXIF else [])


def _directories(data: bytes) -> Iterator[Directory]:
    """All directories of pictures: the first one, those that follow, and the SubIFDs of each."""
    first = tag.first_directory(data)
    waiting, seen = deque([first.at]), {0, first.at}
    count = tags = 0
    while waiting:
        place = waiting.popleft()
        directory = first if place == first.at else Directory(data, place, first.order, first.big)
        count, tags = count + 1, tags + len(directory.fields) + len(directory.damaged)
        if count > MAX_DIRECTORIES or tags > MAX_TAGS:
            raise UnsupportedError("a TIFF of thousands of directories is not supported")
        yield directory
        # Millions of them may be listed: each is read when its turn comes.
        new = [place for place in (*directory.numbers(tag.SUB_FILES), directory.following) if place not in seen]
        waiting.extend(dict.fromkeys(new))
        seen.update(new)


def _is_companion(directory: Directory, first: Directory) -> bool:
    """Whether a picture is a thumbnail or a mask of another one."""
    if directory.number(tag.NEW_SUBFILE_TYPE, 0) & 5 or directory.number(tag.SUBFILE_TYPE, 0) == 2:
        return True
    return directory is not first and tag.JPEG_OFFSET in directory and _area(directory) < _area(first)


def _area(directory: Directory) -> int:
    return directory.number(tag.WIDTH, 0) * directory.number(tag.HEIGHT, 0)


def _counted(count: int, word: str) -> list[str]:
    several = word.replace("thumbnail", "thumbnails").replace("mask", "masks").replace("directory", "directories")
    return [] if not count else [word] if count == 1 else [f"{count} {several}"]


def _refuse_raw(data: bytes, every: list[Directory]) -> None:
    make = every[0].text(tag.MAKE).upper()
    name = next((name for start, name in RAW_NAMES.items() if make.startswith(start)), "")
    if any(DNG_VERSION in directory for directory in every):
        name = "DNG"
    elif data[8:10] == b"CR" and data[:2] == b"II":
        name = "Canon CR2"
    elif not any(
        directory.number(tag.PHOTOMETRIC, 0) in RAW_PHOTOMETRIC
        or directory.number(tag.COMPRESSION, 1) in RAW_COMPRESSIONS
        for directory in every
    ):
        return
    raise UnsupportedError(f"camera raw{f' ({name})' if name else ''} is not supported")


def _refuse_stack(directory: Directory, pages: int) -> None:
    """Planes behind those that the `pages` directories describe."""
    text = directory.text(tag.DESCRIPTION)
    planes, kind = 1, ""
    if found := re.match(IMAGEJ, text, re.DOTALL | re.MULTILINE):
        planes, kind = int(found[1]), "ImageJ stack"
    elif found := re.match(rb'\{"shape": \[([\d, ]{1,99})\]', text):
        samples = _area(directory) * directory.number(tag.CHANNELS, 1)
        planes, kind = math.prod(map(int, re.findall(rb"\d+", found[1]))) // max(1, samples), "tifffile stack"
    elif METAMORPH_PLANES in directory:
        planes, kind = directory.fields[METAMORPH_PLANES][1], "MetaMorph stack"
    elif IMAGE_DEPTH in directory:
        planes, kind = directory.number(IMAGE_DEPTH), "volume"
    if planes > pages:
        raise UnsupportedError(f"{planes:,} planes in one file ({kind}); bbc stores single pictures")
