"""Other formats beside .bbc: sizes and times of what this machine has of PNG, WebP and JPEG XL."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bbans_cli.limits import MAX_WEBP_SIDE
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture, write_picture

_EFFORT = 7  # of JPEG XL: its default
_ALL = 1 << 62  # pixels: the picture has passed the page's limit
_OTHER_KIND = "not of this kind of picture"
_INSTALL_JXL = "not installed: pip install imagecodecs"
_MODES = ("grey", "grey+alpha", "rgb", "rgba")


@dataclass(frozen=True)
class Measured:
    """One row: size in bytes, wall-clock seconds; None where it was not measured. note: why there is no size."""

    name: str
    size: int | None = None
    encode: float | None = None
    decode: float | None = None
    note: str = ""


# A format's name, and what measures it.
Format = tuple[str, Callable[[], Measured]]


def of_picture(picture: Picture) -> list[Format]:
    """What measures lossless formats of a picture, one after the other; all keep every pixel."""
    found: list[Format] = [("PNG", lambda: _png(picture))]
    if max(picture.width, picture.height) <= MAX_WEBP_SIDE:
        found.append(("WebP", lambda: _pillow("WebP", picture, "WEBP", lossless=True, exact=True, method=6)))
    return [*found, ("JPEG XL", lambda: _jxl(picture))]


def of_jpeg_file(data: bytes) -> list[Format]:
    """What measures formats that give a JPEG file back byte for byte."""
    return [("JPEG XL", lambda: _jxl_of_jpeg(data))]


def _measured(name: str, encode: Callable[[], bytes | bytearray], decode: Callable[[bytes], object]) -> Measured:
    try:
        began = time.perf_counter()
        data = bytes(encode())
        middle = time.perf_counter()
        decode(data)
        return Measured(name, len(data), middle - began, time.perf_counter() - middle)
    # Libraries raise several types for what they do not take, and the other formats go on.
    except Exception as error:
        return Measured(name, note=f"refused: {' '.join(str(error).split())[:80]}")


def _pillow(name: str, picture: Picture, kind: str, **options: object) -> Measured:
    image = _image(picture)
    if image is None:
        return Measured(name, note=_OTHER_KIND)

    def encode() -> bytes:
        out = io.BytesIO()
        image.save(out, kind, **options)
        return out.getvalue()

    return _measured(name, encode, lambda data: Image.open(io.BytesIO(data), formats=[kind]).load())


def _image(picture: Picture) -> Image.Image | None:
    """The pixels alone, as Pillow has them; None where it has no such mode."""
    return Image.fromarray(_samples(picture)) if picture.depth == 8 and picture.mode in _MODES else None


def _samples(picture: Picture) -> np.ndarray:
    """(h, w) or (h, w, channels)"""
    return np.ascontiguousarray(picture.pixels[:, :, 0] if picture.mode == "grey" else picture.pixels)


def _png(picture: Picture) -> Measured:
    if _image(picture) is not None:
        return _pillow("PNG", picture, "PNG", optimize=True)
    bare = picture.stripped()
    return _measured("PNG", lambda: write_picture(bare, "png", 9)[0], lambda data: read_picture(data, max_pixels=_ALL))


def _jxl(picture: Picture) -> Measured:
    name = f"JPEG XL, effort {_EFFORT}"
    try:
        import imagecodecs
    except ImportError:
        return _jxl_by_pillow(name, picture)
    if picture.depth not in (8, 16) or picture.mode not in _MODES:
        return Measured(name, note=_OTHER_KIND)
    samples = _samples(picture)
    return _measured(
        name,
        lambda: imagecodecs.jpegxl_encode(samples, effort=_EFFORT, lossless=True),
        imagecodecs.jpegxl_decode,
    )


def _jxl_by_pillow(name: str, picture: Picture) -> Measured:
    try:
        import pillow_jxl  # noqa: F401  registers itself
    except ImportError:
        return Measured(name, note=_INSTALL_JXL)
    return _pillow(name, picture, "JXL", lossless=True, effort=_EFFORT)


def _jxl_of_jpeg(data: bytes) -> Measured:
    name = "JPEG XL of the file"
    try:
        import imagecodecs
    except ImportError:
        return Measured(name, note=_INSTALL_JXL)
    return _measured(
        name,
        lambda: imagecodecs.jpegxl_encode_jpeg(data),
        lambda coded: imagecodecs.jpegxl_decode_jpeg(coded, numthreads=1),
    )
