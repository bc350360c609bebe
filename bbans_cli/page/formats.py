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

_EFFORT = 7  # of JPEG XL: its default
_MODES = {"grey": "L", "grey+alpha": "LA", "rgb": "RGB", "rgba": "RGBA"}


@dataclass(frozen=True)
class Measured:
    """One row: size in bytes, wall-clock seconds; None where it was not measured. note: why there is no size."""

    name: str
    size: int | None = None
    encode: float | None = None
    decode: float | None = None
    note: str = ""


# Gets a picture, or the bytes of a JPEG file, and measures one format.
Format = tuple[str, Callable[[], Measured]]


def of_picture(picture: Picture) -> list[Format]:
    """What measures lossless formats of a picture, one after the other; all keep every pixel."""
    found: list[Format] = [("PNG", lambda: _pillow("PNG", picture, "PNG", optimize=True))]
    if max(picture.width, picture.height) <= MAX_WEBP_SIDE:
        found.append(("WebP", lambda: _pillow("WebP", picture, "WEBP", lossless=True, exact=True, method=6)))
    return [*found, ("JPEG XL", lambda: _jxl(picture))]


def of_jpeg_file(data: bytes) -> list[Format]:
    """What measures formats that give a JPEG file back byte for byte."""
    return [("JPEG XL", lambda: _jxl_of_jpeg(data))]


def _pillow(name: str, picture: Picture, kind: str, **options: object) -> Measured:
    image = _image(picture)
    if image is None:
        return Measured(name, note="not of this kind of picture")
    out = io.BytesIO()
    began = time.perf_counter()
    image.save(out, kind, **options)
    middle = time.perf_counter()
    again = Image.open(io.BytesIO(out.getvalue()), formats=[kind])
    again.load()
    end = time.perf_counter()
    return Measured(name, len(out.getvalue()), middle - began, end - middle)


def _image(picture: Picture) -> Image.Image | None:
    """The pixels alone, as Pillow has them; None where it has no such mode."""
    if picture.depth != 8 or picture.mode not in _MODES:
        return None
    flat = picture.pixels[:, :, 0] if picture.mode == "grey" else picture.pixels
    return Image.fromarray(np.ascontiguousarray(flat))


def _jxl(picture: Picture) -> Measured:
    name = f"JPEG XL, effort {_EFFORT}"
    try:
        import imagecodecs
    except ImportError:
        return _jxl_by_pillow(name, picture)
    if picture.depth not in (8, 16) or picture.mode not in _MODES:
        return Measured(name, note="not of this kind of picture")
    flat = picture.pixels[:, :, 0] if picture.mode == "grey" else picture.pixels
    began = time.perf_counter()
    data = imagecodecs.jpegxl_encode(flat, effort=_EFFORT, lossless=True)
    middle = time.perf_counter()
    imagecodecs.jpegxl_decode(data)
    return Measured(name, len(data), middle - began, time.perf_counter() - middle)


def _jxl_by_pillow(name: str, picture: Picture) -> Measured:
    try:
        import pillow_jxl  # noqa: F401  registers itself
    except ImportError:
        return Measured(name, note="pip install imagecodecs")
    return _pillow(name, picture, "JXL", lossless=True, effort=_EFFORT)


def _jxl_of_jpeg(data: bytes) -> Measured:
    name = "JPEG XL of the file"
    try:
        import imagecodecs
    except ImportError:
        return Measured(name, note="pip install imagecodecs")
    try:
        began = time.perf_counter()
        coded = imagecodecs.jpegxl_encode_jpeg(data)
        middle = time.perf_counter()
        imagecodecs.jpegxl_decode_jpeg(coded, numthreads=1)
        end = time.perf_counter()
    # The library raises several types for files that it does not take.
    except Exception as error:
        return Measured(name, note=f"refused: {' '.join(str(error).split())[:80]}")
    return Measured(name, len(coded), middle - began, end - middle)
