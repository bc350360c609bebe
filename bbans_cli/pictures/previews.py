"""Small pictures of large ones: previews that a .bbc file keeps, and thumbnails that it becomes.

A preview is a lossy WebP, 8-bit sRGB, not turned: of 256 pixels it takes two thirds of a JPEG, whose tables alone are
600 bytes. Its size and its quality fall until it fits.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import BbcError
from bbans_cli.pictures import tiff_colours
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.pillow_files import open_image

# A preview takes at most this share of the file that it is a preview of, or so many bytes if that is more.
SHARE, LEAST_BYTES = 0.005, 1000
# What is tried, the best first: quality falls before size, as viewers smooth what they enlarge. Tuned by hand, not
# recorded.
QUALITIES = (75, 60, 45, 30, 20)
SCALES = (1.0, 0.75, 0.5, 0.375, 0.25)
# Sides in pixels below which a preview shows nothing.
LEAST_SIDE = 32


def most_bytes(file_bytes: int) -> int:
    """Bytes of the largest preview that a .bbc file of so many bytes keeps."""
    return max(LEAST_BYTES, int(SHARE * file_bytes))


def make(source: Picture | bytes, size: int, max_bytes: int) -> bytes | None:
    """A WebP of at most `size` pixels a side and `max_bytes` bytes of a picture or a JPEG file.

    None where none is so small, or Pillow cannot read the JPEG file.
    """
    image = small_image(source, size) if isinstance(source, Picture) else small_image_of_jpeg(source, size)
    return None if image is None else _fitting(image, max_bytes)


def small_image(picture: Picture, size: int) -> Image.Image:
    """The picture as 8-bit sRGB, with alpha if it has some, at most `size` pixels a side; not turned."""
    profile = next((data.partition(b"\0")[2] for kind, data in picture.metadata if kind == kinds.ICC), None)
    if picture.colours is not None:  # converted by _image; a profile would be of those samples
        profile = None
    return _in_srgb(_shrunk(_image(picture), size), profile)


def small_image_of_jpeg(data: bytes, size: int) -> Image.Image | None:
    """The same of a JPEG file; None where Pillow cannot read it."""
    try:
        # The limit of pixels was checked before; of a large file only every eighth sample is decoded.
        image = open_image(data, "JPEG", Bounds(1 << 48), load=False)
        image.draft(None, (2 * size, 2 * size))
        return _in_srgb(_shrunk(image, size), image.info.get("icc_profile"))
    except (BbcError, OSError, ValueError, SyntaxError):
        return None


def _image(picture: Picture) -> Image.Image:
    pixels = picture.pixels[: picture.page_height]  # of a stack, the first page
    if picture.palette is not None:
        return _from_palette(pixels[:, :, 0], picture.palette, picture.transparency)
    if picture.colours is not None:
        return Image.fromarray(tiff_colours.to_srgb(pixels, picture.colours, picture.depth))
    if pixels.dtype != np.uint8 or picture.top != 255:
        pixels = (pixels.astype(np.uint32) * 255 // picture.top).astype(np.uint8)
    if picture.alpha is not None:  # no plain alpha: the colours alone
        pixels = pixels[:, :, :-1]
    if picture.mode == "cmyk":
        height, width, _ = pixels.shape
        return Image.frombuffer("CMYK", (width, height), np.ascontiguousarray(pixels).tobytes(), "raw", "CMYK", 0, 1)
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels))


def _from_palette(indices: np.ndarray, palette: bytes, transparency: bytes | None) -> Image.Image:
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = 255
    colours = np.frombuffer(palette, np.uint8).reshape(-1, 3)
    table[: len(colours), :3] = colours
    if transparency is not None:
        table[: len(transparency), 3] = np.frombuffer(transparency, np.uint8)
    return Image.fromarray(table[indices] if transparency is not None else table[indices][:, :, :3])


def _shrunk(image: Image.Image, size: int) -> Image.Image:
    image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA; by the colour profile if there is one that makes sense."""
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colours = image.convert({"LA": "L", "RGBA": "RGB"}[image.mode]) if alpha else image
    converted = None
    if profile:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(colours, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a damaged profile, or one of another colour space
    result = converted or colours.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        result.putalpha(alpha)
    return result


def _fitting(image: Image.Image, max_bytes: int) -> bytes | None:
    for scale in SCALES:
        width, height = (max(1, round(scale * side)) for side in image.size)
        if scale < 1 and max(width, height) < LEAST_SIDE:
            break
        scaled = image if scale == 1 else image.resize((width, height), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            out = io.BytesIO()
            scaled.save(out, "WEBP", quality=quality, alpha_quality=quality, method=6)
            if len(out.getvalue()) <= max_bytes:
                return out.getvalue()
    return None
