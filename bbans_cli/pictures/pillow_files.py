"""WebP, BMP to write, and JPEG and AVIF where asked for, through Pillow; only in forms that Pillow reads in full."""

from __future__ import annotations

import io
import struct
import threading
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import InputError, LimitError, UnsupportedError
from bbans_cli.limits import MAX_WEBP_SIDE
from bbans_cli.pictures import chunks, further_segments, libtiff_messages
from bbans_cli.pictures.picture import Items, Picture, cannot_hold

# Pillow's modes -> ours, and the depth. Of a JPEG's CMYK, Pillow turns Adobe's inverted values round.
MODES = {
    "1": ("grey", 1),
    "L": ("grey", 8),
    "LA": ("grey+alpha", 8),
    "RGB": ("rgb", 8),
    "RGBA": ("rgba", 8),
    "CMYK": ("cmyk", 8),
}

# Filters of warnings and Pillow's guard belong to the process: one thread at a time may set them aside.
_alone = threading.Lock()
libtiff_messages.silence()


def open_image(data: bytes, name: str, bounds: Bounds, load: bool = True) -> Image.Image:
    """A Pillow image, with its pixels loaded if `load`. `name` is Pillow's name of the one format allowed.

    Raises InputError for damage and for what Pillow does not read, LimitError, UnsupportedError for several frames.
    """
    try:
        with _alone, warnings.catch_warnings():
            # Pillow's own guard against large pictures: the bounds take its place.
            warnings.simplefilter("ignore")
            guard, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                image = Image.open(io.BytesIO(data), formats=[name])
                frames = getattr(image, "n_frames", 1)
                if frames > 1 and name != "JPEG":
                    raise UnsupportedError(f"{frames:,} pictures in one file; bbc stores single pictures")
                bounds.check_pixels(image.width, image.height)
                if load:
                    bounds.check(image.width, image.height, 4)
                    image.load()
            finally:
                Image.MAX_IMAGE_PIXELS = guard
    except (LimitError, UnsupportedError):
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"no {name} that Pillow reads: damaged, or of a rare kind") from error
    # Pillow raises whatever its parsers stumble over, and of a damaged file that can be anything.
    except Exception as error:
        raise InputError(f"damaged {name}: {' '.join(str(error).split())}") from error
    return image


def read_pillow(data: bytes, name: str, bounds: Bounds) -> Picture:
    """Read WEBP, JPEG or AVIF (Pillow's names). Raises as `open_image`, and UnsupportedError for odd modes."""
    image = open_image(data, name, bounds)
    if image.mode in MODES:
        mode, depth = MODES[image.mode]
        pixels = np.array(image, np.uint8)
    else:
        raise UnsupportedError(f"a {name} of mode {image.mode} cannot be kept")
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    return Picture(pixels, mode, depth, None, None, _metadata(image), _lost(image, data))


def read_jpeg(data: bytes, bounds: Bounds, planes: np.ndarray | None = None) -> Picture:
    """Read a JPEG file, of CMYK as well. Raises as `read_pillow`.

    planes  (height, width, 1 or 3) uint8, its pixels, decoded elsewhere
    """
    image = open_image(data, "JPEG", bounds, load=planes is None)
    if planes is not None and (image.width, image.height) != (planes.shape[1], planes.shape[0]):
        image.load()
        planes = None
    mode = MODES[image.mode][0]
    pixels = np.array(image, np.uint8) if planes is None else planes
    return Picture(np.atleast_3d(pixels), mode, 8, None, None, _metadata(image), _lost(image, data))


def _metadata(image: Image.Image) -> Items:
    """ICC, EXIF, XMP and resolution in the form that PNG has for them."""
    info = image.info
    items: Items = []
    if info.get("icc_profile"):
        items.append((kinds.ICC, b"ICC profile\0" + info["icc_profile"]))
    if info.get("exif"):
        items.append((kinds.EXIF, info["exif"].removeprefix(b"Exif\0\0")))
    if info.get("xmp"):
        items.append((kinds.XMP, info["xmp"]))
    if "dpi" in info and all(value > 0 for value in info["dpi"]):
        items.append((kinds.CHUNK, chunks.resolution(*(value / 0.0254 for value in info["dpi"]))))
    return items


def _lost(image: Image.Image, data: bytes) -> list[str]:
    """What the file says beyond that, in words."""
    if image.format in ("JPEG", "MPO"):
        return further_segments.of_jpeg(data, getattr(image, "n_frames", 1) - 1)
    return further_segments.of_webp(data) if image.format == "WEBP" else []


def write_webp(picture: Picture) -> tuple[bytes, list[str]]:
    """A lossless WebP, and in words what of the metadata it does not hold."""
    plain = picture.maximum is None and picture.alpha is None and picture.transparency is None
    if picture.mode not in ("rgb", "rgba") or picture.depth != 8 or not plain:
        raise UnsupportedError(cannot_hold("webp", picture))
    if max(picture.width, picture.height) > MAX_WEBP_SIDE:
        raise UnsupportedError(f"WebP cannot hold more than {MAX_WEBP_SIDE} pixels in a row or column; PNG can")
    items, lost = chunks.outside_png(picture.metadata)
    extras: dict[str, bytes] = {}
    for kind, data in items:
        name = {kinds.ICC: "icc_profile", kinds.EXIF: "exif", kinds.XMP: "xmp"}.get(kind)
        if name is not None and name not in extras:
            extras[name] = data.partition(b"\0")[2] if kind == kinds.ICC else data
        else:
            lost.append(chunks.describe(kind, data))
    out = io.BytesIO()
    Image.fromarray(picture.pixels).save(out, "WEBP", lossless=True, exact=True, quality=100, method=4, **extras)
    return out.getvalue(), list(dict.fromkeys(lost))


def write_bmp(picture: Picture) -> tuple[bytes, list[str]]:
    """A BMP, and in words what of the metadata it does not hold."""
    colours = {("grey", 1): "1", ("grey", 8): "L", ("rgb", 8): "RGB", ("palette", 8): "P"}
    mode = colours.get((picture.mode, picture.depth))
    if mode is None or picture.transparency is not None or picture.maximum is not None:
        raise UnsupportedError(cannot_hold("bmp", picture))
    flat = picture.pixels if picture.mode == "rgb" else picture.pixels[:, :, 0]
    image = Image.fromarray(flat)
    if mode == "1":
        image = Image.fromarray(flat * np.uint8(255)).convert("1", dither=Image.Dither.NONE)
    if picture.palette is not None:
        image.putpalette(picture.palette)
    items, lost = chunks.outside_png(picture.metadata)
    across = down = 0
    for kind, data in items:
        per_metre = chunks.read_resolution(kind, data)
        if per_metre and max(per_metre) < 1 << 31:
            across, down = per_metre
        else:
            lost.append(chunks.describe(kind, data))
    out = io.BytesIO()
    image.save(out, "BMP")
    # Pillow rounds a resolution, and makes one up where there is none.
    with out.getbuffer() as file:
        struct.pack_into("<ii", file, 38, across, down)
    return out.getvalue(), list(dict.fromkeys(lost))
