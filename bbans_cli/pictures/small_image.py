"""Thumbnails as images of Pillow: read, turned and written, with as few imports as that takes."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image

# Pixels of the largest preview that is looked at: what claims more is made to exhaust memory.
PREVIEW_PIXELS = 1 << 24
_FORMATS = {"jpg": "JPEG", "webp": "WEBP"}
# EXIF's orientation -> what Pillow calls the change that puts it right
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


def opened(data: bytes, file_format: str, size: int) -> Image.Image | None:
    """A small image of a preview, or None if it cannot be read."""
    try:
        image = _reader(file_format)(io.BytesIO(data))
        if image.width * image.height > PREVIEW_PIXELS:
            return None
        image.draft(None, (size, size))
        image.thumbnail((size, size), reducing_gap=2.0)
        image.load()  # of a damaged one this fails, and thumbnail() does not do it where nothing is to be shrunk
        return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")
    # Pillow raises whatever its parsers stumble over, and of a damaged file that can be anything.
    except Exception:
        return None


def _reader(file_format: str) -> Callable[[io.BytesIO], Image.Image]:
    """That of one format, by name: Image.open imports all that Pillow has."""
    if file_format == "webp":
        from PIL.WebPImagePlugin import WebPImageFile

        return WebPImageFile
    from PIL.JpegImagePlugin import JpegImageFile

    return JpegImageFile


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The image as it is to be shown."""
    return image.transpose(Image.Transpose[_TURNS[orientation]]) if orientation in _TURNS else image


def to_file(image: Image.Image, file_format: str) -> bytes:
    """An RGB or RGBA image as a file: "png", "jpg" (on white) or "webp"."""
    if file_format == "jpg" and image.mode == "RGBA":  # JPEG has no alpha: on white
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if file_format == "png":
        from bbans_cli.pictures import small_png

        return small_png.to_png(image)
    out = io.BytesIO()
    image.info.clear()
    image.save(out, _FORMATS[file_format])
    return out.getvalue()
