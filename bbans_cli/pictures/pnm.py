"""PBM, PGM, PPM and PAM <-> pictures, of any maximum value from 1 to 65535.

Pillow scales samples of odd maxima, and narrows 16-bit colour to 8 bits, hence a reader of our own. The formats are
described in the manual pages pbm(5), pgm(5), ppm(5) and pam(5) of Netpbm.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import InputError, UnsupportedError
from bbans_cli.pictures import chunks
from bbans_cli.pictures.picture import Items, Picture, cannot_hold, pack_rows, row_bytes, unpack_rows, with_maximum

# What separates the numbers of a header: white space and comments.
GAP = rb"(?:\s|#[^\r\n]*[\r\n])"
NUMBER = rb"(\d{1,10})"
NEXT = re.compile(rb"\s*(P)[1-7]\s")  # another picture
COMMENT = b"Comment"
PAM_MODES = {
    b"BLACKANDWHITE": ("grey", 1),
    b"BLACKANDWHITE_ALPHA": ("grey+alpha", 2),
    b"GRAYSCALE": ("grey", 1),
    b"GRAYSCALE_ALPHA": ("grey+alpha", 2),
    b"RGB": ("rgb", 3),
    b"RGB_ALPHA": ("rgba", 4),
}


def read_pnm(data: bytes, bounds: Bounds) -> Picture:
    """Raises InputError for damage, LimitError, UnsupportedError for several pictures in one file."""
    picture, end = _read_one(data, 0, bounds)
    frames = 1
    while found := NEXT.match(data, end):
        _, end = _read_one(data, found.start(1), bounds)
        frames += 1
    if frames > 1:
        raise UnsupportedError(f"{frames:,} pictures in one file; bbc stores single pictures")
    if rest := len(data[end:].lstrip()):
        raise InputError(f"damaged PNM: {rest:,} bytes after the last pixel")
    return picture


def _read_one(data: bytes, start: int, bounds: Bounds) -> tuple[Picture, int]:
    """The picture that begins at `start`, and where it ends."""
    kind = data[start + 1 : start + 2]
    width, height, top, mode, channels, at = (_pam_header if kind == b"7" else _pnm_header)(data, start)
    if width == 0 or height == 0:
        raise InputError("damaged PNM: the picture has no pixels")
    if not 0 < top < 1 << 16:
        raise InputError(f"damaged PNM: a maximum value of {top:,} does not exist")
    bounds.check(width, height, channels * (1 + (top > 255)))
    items, lost = _comments(data[start:at])
    if kind in b"123":
        picture, end = _plain(data, at, width, height, channels, top, mode, inverted=kind == b"1")
        lost += ["comment among the samples"] if b"#" in data[at:end] else []
        return replace(picture, metadata=items, lost=lost), end
    # Binary samples take one byte or two, but those of a PBM one bit, where 1 is black.
    stored = 1 if kind == b"4" else 16 if top > 255 else 8
    size = height * row_bytes(width, channels, stored)
    if at + size > len(data):
        raise InputError(f"truncated PNM: need {size:,} bytes of pixels, have {len(data) - at:,}")
    rows = np.frombuffer(data, np.uint8, size, at).reshape(height, -1)
    pixels = unpack_rows(rows, width, channels, stored)
    if kind == b"4":
        pixels = 1 - pixels
    if pixels.max() > top:
        raise InputError(f"damaged PNM: a value above the maximum of {top}")
    depth, maximum = with_maximum(top)
    return Picture(pixels.copy(), mode, depth, None, None, items, lost, maximum), at + size


def _comments(header: bytes) -> tuple[Items, list[str]]:
    """A text item for each line of comment, and in words what cannot be kept of them."""
    lines = [line.strip() for line in re.findall(rb"#([^\r\n]*)", header)]
    kept = [line for line in lines if line and b"\0" not in line]
    return [chunks.text(COMMENT, line) for line in kept], ["comment"] if any(b"\0" in line for line in lines) else []


def _pnm_header(data: bytes, start: int) -> tuple[int, int, int, str, int, int]:
    kind = data[start + 1 : start + 2]
    numbers = 2 if kind in b"14" else 3
    header = re.compile(rb"P\d" + (GAP + rb"+" + NUMBER) * numbers + rb"(?:#[^\r\n]*)?\s").match(data, start)
    if header is None:
        raise InputError("damaged PNM: its header makes no sense")
    width, height, top = (*map(int, header.groups()), 1)[:3]
    mode, channels = ("rgb", 3) if kind in b"36" else ("grey", 1)
    return width, height, top, mode, channels, header.end()


def _pam_header(data: bytes, start: int) -> tuple[int, int, int, str, int, int]:
    end = data.find(b"ENDHDR\n", start, start + (1 << 16))
    if end < 0:
        raise InputError("damaged PAM: its header does not end")
    lines = [line.split(None, 1) for line in data[start:end].splitlines()[1:] if line.strip()]
    fields = {line[0]: line[1].strip() for line in lines if len(line) == 2 and not line[0].startswith(b"#")}
    numbers = [fields.get(name, b"") for name in (b"WIDTH", b"HEIGHT", b"MAXVAL", b"DEPTH")]
    if not all(re.fullmatch(NUMBER, number) for number in numbers):
        raise InputError("damaged PAM: its header makes no sense")
    width, height, top, channels = map(int, numbers)
    tuple_type = fields.get(b"TUPLTYPE", b"")
    if tuple_type not in PAM_MODES or PAM_MODES[tuple_type][1] != channels:
        name = tuple_type.decode("ascii", "replace")
        raise UnsupportedError(f"a PAM of type {name!r} with {channels} channels cannot be kept")
    mode = PAM_MODES[tuple_type][0]
    return width, height, top, mode, channels, end + len(b"ENDHDR\n")


def _plain(
    data: bytes, at: int, width: int, height: int, channels: int, top: int, mode: str, inverted: bool
) -> tuple[Picture, int]:
    """Samples as text. Those of a PBM need no space between them."""
    text = re.sub(rb"#[^\r\n]*", b" ", data[at:])
    tokens = re.findall(rb"[01]" if inverted else rb"\d+", text)
    count = width * height * channels
    if re.search(rb"[^\d\s]", text) or len(tokens) != count or max(map(len, tokens)) > 5:
        raise InputError(f"damaged PNM: {count:,} numbers are needed, {len(tokens):,} found, or other text")
    values = np.array(tokens, dtype="S5").astype(np.uint32).reshape(height, width, channels)
    if values.max() > top:
        raise InputError(f"damaged PNM: a value above the maximum of {top}")
    pixels = values.astype(np.uint16 if top > 255 else np.uint8)
    depth, maximum = with_maximum(top)
    return Picture(1 - pixels if inverted else pixels, mode, depth, maximum=maximum), len(data)


def write_pnm(picture: Picture, file_format: str) -> tuple[bytes, list[str]]:
    """The file, and in words what of the metadata it does not hold, which is all but comments.

    file_format   "pbm", "pgm", "ppm" (which takes grey as well, as PGM or PBM), or "pam"
    Raises UnsupportedError where the format cannot hold the picture.
    """
    mode, depth = picture.mode, picture.depth
    allowed = {
        "pbm": mode == "grey" and depth == 1,
        "pgm": mode == "grey",
        "ppm": mode in ("grey", "rgb"),
        "pam": mode not in ("palette", "cmyk"),
    }[file_format]
    if not allowed or picture.transparency is not None or picture.alpha:
        raise UnsupportedError(cannot_hold(file_format, picture))
    size = f"{picture.width} {picture.height}"
    top = picture.top
    if file_format == "pam":
        names = {item: name.decode() for name, (item, _) in PAM_MODES.items() if not name.startswith(b"BLACK")}
        fields = f"WIDTH {picture.width}\nHEIGHT {picture.height}\nDEPTH {picture.pixels.shape[2]}\nMAXVAL {top}\n"
        header = f"P7\n{fields}TUPLTYPE {'BLACKANDWHITE' if (mode, depth) == ('grey', 1) else names[mode]}\nENDHDR\n"
    elif mode == "rgb":
        header = f"P6\n{size}\n{top}\n"
    elif depth == 1 and file_format != "pgm":
        header = f"P4\n{size}\n"
    else:
        header = f"P5\n{size}\n{top}\n"
    bits = header.startswith("P4")
    rows = pack_rows(1 - picture.pixels, 1) if bits else pack_rows(picture.pixels, 16 if top > 255 else 8)
    comments, lost = _as_comments(picture.metadata)
    magic, rest = header[:3].encode(), header[3:].encode()
    return magic + comments + rest + np.ascontiguousarray(rows).tobytes(), lost


def _as_comments(items: Items) -> tuple[bytes, list[str]]:
    """Lines of comment for texts of that keyword, and the other items in words."""
    lines, lost = b"", []
    for kind, data in items:
        plain = data.removeprefix(b"tEXt" + COMMENT + b"\0")
        text = plain if plain != data else data.removeprefix(b"iTXt" + COMMENT + b"\0\0\0\0\0")
        if kind == kinds.CHUNK and text != data and not re.search(rb"[\r\n\0]", text):
            lines += b"# " + text + b"\n"
        elif kind != kinds.AFTER_PIXELS:
            lost.append(chunks.describe(kind, data))
    return lines, list(dict.fromkeys(lost))
