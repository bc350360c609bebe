"""What independent readers find in picture files: exiftool, Pillow, pypng, tifffile, and libtiff by its tools.

Of each file a `Sight`: what was found, by the reader's name and its own name for the thing. How the file is stored
(format, compression, interlacing, places of things in it, name, dates) is left out: that may change.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import subprocess
import tempfile
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import png
import tifffile
from PIL import Image, TiffImagePlugin

Sight = dict[str, str]
# What a reader would find, but cannot tell of this file.
UNKNOWN = "?"

# Of what exiftool says: how a file is stored, and what of a thumbnail or page tells where it is.
STORED = re.compile(
    r"(System|ExifTool|File):|SourceFile"
    r"|PNG:(Compression|Filter|Interlace)$"
    r"|(IFD\d+|SubIFD\d*):(.*:)?(Compression|PhotometricInterpretation|FillOrder|StripOffsets|RowsPerStrip|StripByteCounts"
    r"|PlanarConfiguration|Predictor|SampleFormat|SubfileType|OldSubfileType|T[46]Options|FreeOffsets|FreeByteCounts|Tile(Width|Length|Offsets|ByteCounts)"
    r"|CleanFaxData|BadFaxLines|ConsecutiveBadFaxLines|JPEGTables)$"
    r"|RIFF:(VP8|WebP|(Copy\d+:)?(ImageWidth|ImageHeight|AlphaIsUsed)$)|\w+:(.*:)?(ThumbnailOffset|PreviewImageStart|OtherImageStart|OffsetSchema|IPTCDigest)$"
    # Palettes of TIFF and BMP are compared as pixels are.
    r"|BMP:|File:|IFD0:ColorMap$"
)
# Pillow's `info` of what only says how a file is stored; a palette's transparency is in its pixels.
_STORED_INFO = frozenset(
    {"compression", "interlace", "background", "version", "extension", "loop", "duration", "jfif", "jfif_version"}
    | {"jfif_unit", "jfif_density", "progressive", "progression", "timestamp", "default_image", "bbox"}
)
# pypng sees these as pixels, or they say how they are stored.
_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS")
# Pillow's guard against large pictures: bbc has a limit of its own, and a test picture is no attack.
Image.MAX_IMAGE_PIXELS = None
# More pixels than that take pypng, which is pure Python, too long.
_PYPNG_PIXELS = 1 << 18
_TIMEOUT = 300


def exiftool(paths: Sequence[Path]) -> dict[Path, Sight]:
    """What exiftool finds, binary values as checksums; `paths` absolute."""
    if not paths:
        return {}
    asked = ["-j", "-n", "-b", "-a", "-u", "-G1:4", "-x", "Composite:all", "-api", "LargeFileSupport=1"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        names.write("".join(f"{path}\n" for path in paths))
        names.flush()
        done = subprocess.run(["exiftool", *asked, "-@", names.name], capture_output=True, timeout=20 * _TIMEOUT)
    found: dict[Path, Sight] = {path: {} for path in paths}
    for entry in json.loads(done.stdout.decode("utf-8", "replace") or "[]"):
        sight = found[Path(entry["SourceFile"])]
        several: dict[str, list[str]] = {}
        for name, value in entry.items():
            default = value == 1 and name.endswith((":BitsPerSample", ":SamplesPerPixel", ":InkSet"))
            if not default and (not STORED.match(name) or name == "File:Comment"):
                # Which of several equal names is the first depends on what is not there.
                values = several.setdefault(re.sub(r"Copy\d+:", "", name), [])
                values.append(_short(json.dumps(value, sort_keys=True)))
        sight |= {f"exiftool {name}": ", ".join(sorted(values)) for name, values in several.items()}
    return found


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _digest(data: bytes) -> str:
    return f"{len(data)} bytes, {hashlib.sha256(data).hexdigest()[:16]}"


def pillow(data: bytes) -> Sight:
    """Pixels of every frame in Pillow's mode, as RGB and RGBA, its `info`, EXIF; the largest frame is the picture."""
    frames: list[Sight] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data)) as image:
                for number in range(getattr(image, "n_frames", 1)):
                    image.seek(number)
                    frames.append(dict(_frame(image)))
        # Pillow raises whatever its parsers stumble over.
        except Exception as error:
            return {"pillow error": type(error).__name__}
    largest = max(frames, key=lambda frame: math.prod(map(int, frame["size"].split("x"))))
    others = [frame for frame in frames if frame is not largest]
    sight = {f"pillow {name}": value for name, value in largest.items()}
    for number, frame in enumerate(others):
        sight |= {f"pillow further frame {number}: {name}": value for name, value in frame.items()}
    return sight


def _frame(image: Image.Image) -> Iterator[tuple[str, str]]:
    yield "size", f"{image.width}x{image.height}"
    # Of TIFF, Pillow reads 16-bit colour in separate planes wrongly, takes colours from the high bytes of a map, where
    # some writers have them in the low ones, and converts YCbCr to RGB only if it is compressed. libtiff sees those.
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    planes = tags.get(284) == 2 and max(tags.get(258, (1,))) > 8
    if tags.get(262) == 6:
        yield from (("mode", UNKNOWN), ("pixels", UNKNOWN), ("rgb", UNKNOWN), ("rgba", UNKNOWN))
    else:
        image.load()
        yield "mode", re.sub(r"^I;16[BN]$", "I;16", image.mode)  # the order of bytes
        known = not planes and max(tags.get(320, (256,))) > 255
        pixels = np.asarray(image)
        pixels = pixels.astype("<u2") if image.mode.startswith("I;16") else pixels
        yield "pixels", UNKNOWN if planes else _digest(pixels.tobytes())
        yield "rgb", _digest(image.convert("RGB").tobytes()) if known else UNKNOWN
        yield "rgba", _digest(image.convert("RGBA").tobytes()) if known else UNKNOWN
    for name, value in image.info.items():
        if name not in _STORED_INFO and not (image.mode == "P" and name == "transparency"):
            yield f"info {name}", _short(repr(value))
    exif = image.getexif()
    for number, value in exif.items():
        if number not in _TIFF_STORED:
            yield f"exif {number}", _short(repr(value))
    for directory in (0x8769, 0x8825, 0xA005):
        for number, value in exif.get_ifd(directory).items():
            yield f"exif {directory:x} {number}", _short(repr(value))


_TIFF_STORED = frozenset(
    [
        *range(254, 260),
        262,
        266,
        273,
        277,
        278,
        279,
        284,
        288,
        289,
        292,
        293,
        317,
        320,
        322,
        323,
        324,
        325,
        332,
        338,
        339,
    ]
    + [0x8769, 0x8825, 0xA005, 700, TiffImagePlugin.JPEGTABLES]
)


def pypng(data: bytes) -> Sight:
    """Pixels, palette and header as pypng has them, and every other chunk with its place."""
    sight: Sight = {}
    try:
        width, height, rows, info = png.Reader(bytes=data).read()
        for name in ("size", "greyscale", "alpha", "planes", "bitdepth", "palette", "transparent"):
            sight[f"pypng {name}"] = _short(repr(info.get(name)))
        if width * height <= _PYPNG_PIXELS:
            sight["pypng pixels"] = _digest(np.array([list(row) for row in rows], np.uint16).tobytes())
        sight |= _chunks(data)
    except Exception as error:
        return {"pypng error": type(error).__name__}
    return sight


def _chunks(data: bytes) -> Sight:
    """Ancillary chunks, unpacked, numbered among those of their type, with their place: before or behind the pixels."""
    sight: Sight = {}
    place = "before the pixels"
    counts: dict[bytes, int] = {}
    for name, body in png.Reader(bytes=data).chunks():
        name = bytes(name)
        if name == b"IDAT":
            place = "behind the pixels"
        if name in _PIXEL_CHUNKS:
            continue
        counts[name] = counts.get(name, 0) + 1
        text = name in (b"tEXt", b"zTXt", b"iTXt", b"tIME")
        sight[f"pypng chunk {name.decode('latin-1')} {counts[name]}"] = _digest(_unpacked(name, body)) + (
            "" if text else f", {place}"
        )
    return sight


def _unpacked(name: bytes, body: bytes) -> bytes:
    """The chunk with its compressed part unpacked, as each writer compresses in its own way."""
    if name in (b"iCCP", b"zTXt"):
        head, _, packed = body.partition(b"\0")
        return head + b"\0" + zlib.decompress(packed[1:])
    if name == b"iTXt":
        keyword, _, rest = body.partition(b"\0")
        if rest[:1] == b"\1":
            language, translated, packed = rest[2:].split(b"\0", 2)
            return b"\0".join([keyword, rest[:2] + language, translated, zlib.decompress(packed)])
    return body


def libtiff(one: Path, other: Path) -> list[str]:
    """In what libtiff sees two TIFF files differ: pixels and tags of the largest picture, as far as it knows them.

    tiffcmp compares strips as they are stored, so both are first made plain by tiffcp; where one of them counts grey
    from white, pixels are compared as colours.
    """
    directories = [_tiffinfo(path) for path in (one, other)]
    if not all(directories):
        return []
    numbers = [max(range(len(found)), key=lambda number: _area(found[number])) for found in directories]
    tags = [found[number] for found, number in zip(directories, numbers, strict=True)]
    found = [
        f"libtiff {name}: {tags[0].get(name)} -> {tags[1].get(name)}"
        for name in sorted((tags[0].keys() | tags[1].keys()) - _TIFFINFO_STORED)
        if tags[0].get(name) != tags[1].get(name)
    ]
    with tempfile.TemporaryDirectory() as folder:
        plain = [Path(folder, f"{number}.tif") for number in (0, 1)]
        for given, number, made in zip((one, other), numbers, plain, strict=True):
            copy = ["tiffcp", "-c", "none", "-p", "contig", "-s", f"{given},{number}", str(made)]
            if tags[0].get("Photometric Interpretation", "min-is-white") == "min-is-white":
                copy = ["tiff2rgba", "-c", "none", str(given), str(made)]
            if subprocess.run(copy, capture_output=True, timeout=_TIMEOUT).returncode:
                return [*found, *(["libtiff cannot read the restored file"] if given == other else [])]
        compared = subprocess.run(["tiffcmp", "-t", *map(str, plain)], capture_output=True, timeout=_TIMEOUT)
        said = compared.stdout.decode("utf-8", "replace").splitlines()
        found += [f"libtiff pixels: {line}" for line in said if line.startswith("Scanline")][:1]
    return found


def _tiffinfo(path: Path) -> list[dict[str, str]]:
    """The lines of tiffinfo for each directory."""
    text = subprocess.run(["tiffinfo", str(path)], capture_output=True, timeout=_TIMEOUT).stdout
    directories: list[dict[str, str]] = []
    for line in text.decode("utf-8", "replace").splitlines():
        if line.startswith("TIFF Directory at"):
            directories.append({})
        name, colon, value = line.strip().partition(":")
        default = name in ("Bits/Sample", "Samples/Pixel", "InkSet") and value.strip() == "1"
        if colon and directories and not default:
            directories[-1][name] = value.strip()
    return directories


def _area(directory: dict[str, str]) -> int:
    found = re.match(r"(\d+) Image Length: (\d+)", directory.get("Image Width", ""))
    return int(found[1]) * int(found[2]) if found else 0


_TIFFINFO_STORED = frozenset(
    {"Compression Scheme", "Photometric Interpretation", "FillOrder", "Rows/Strip", "Planar Configuration", "Predictor"}
    | {"Tile Width", "Group 4 Options", "Group 3 Options", "Subfile Type", "JPEG Tables", "Sample Format"}
    | {"EXIFIFDOffset", "GPSIFDOffset"}
)


def imagej(data: bytes) -> Sight:
    """What tifffile finds in a stack of ImageJ's, which may have one directory for all planes; else nothing."""
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            if not file.is_imagej:
                return {}
            sight = {f"tifffile {name}": _short(repr(value)) for name, value in (file.imagej_metadata or {}).items()}
            return sight | {"tifffile pixels": _digest(file.asarray().astype("<u2").tobytes())}
    # As above.
    except Exception as error:
        return {"tifffile error": type(error).__name__}


def look(paths: Iterable[Path]) -> dict[Path, Sight]:
    """What all readers but libtiff find in files, each by those that know its format."""
    every = list(paths)
    found = exiftool(every)
    for path in every:
        data = path.read_bytes()
        found[path] |= pillow(data)
        if data.startswith(b"\x89PNG"):
            found[path] |= pypng(data)
        if data.startswith((b"II", b"MM")) and b"ImageJ=" in data:
            found[path] |= imagej(data)
        if "tifffile pixels" in found[path]:
            # Whether planes have directories is a matter of storage then.
            found[path] = {name: value for name, value in found[path].items() if not _FURTHER.match(name)}
    return found


_FURTHER = re.compile(r"exiftool IFD[1-9]|pillow further frame")
