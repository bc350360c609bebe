"""Picture <-> Pillow's Image: modes, samples, and what both say beside the samples.

| Picture | Image |
| --- | --- |
| grey of 1 bit | 1 |
| grey of 2 to 8 bits | L; fewer than 8 bits, or another maximum, are scaled to 0...255, as Pillow does with PNG |
| grey of 9 to 16 bits | I;16, samples as they are; `info["maximum"]` is the value of full intensity, if not 65535 |
| grey+alpha, RGB, RGBA, CMYK up to 8 bits | LA, RGB, RGBA, CMYK; premultiplied La, RGBa; alpha that is none LA, RGBX |
| palette | P, numbers as they are |
| YCbCr, CIE Lab, ICC Lab of 8 bits | YCbCr, LAB |
| all else of more than 8 bits, ITU Lab | none: UnsupportedError |
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from bbans_cli.container import metadata as kinds
from bbans_cli.errors import UnsupportedError
from bbans_cli.pictures import chunks
from bbans_cli.pictures.picture import COLOURS, MODE_NAMES, Items, Picture
from bbans_cli.pictures.tiff_colours import CIE_LAB, ICC_LAB, YCBCR

_SHALLOW = {"grey": "L", "grey+alpha": "LA", "rgb": "RGB", "rgba": "RGBA", "palette": "P", "cmyk": "CMYK"}
_PREMULTIPLIED = {"LA": "La", "RGBA": "RGBa"}
_UNSPECIFIED = {"LA": "LA", "RGBA": "RGBX"}
# Image's mode -> mode, depth and kind of alpha.
_PICTURE_MODES: dict[str, tuple[str, int, str | None]] = {
    "1": ("grey", 1, None),
    "L": ("grey", 8, None),
    "I;16": ("grey", 16, None),
    "I;16L": ("grey", 16, None),
    "I;16B": ("grey", 16, None),
    "I;16N": ("grey", 16, None),
    "I": ("grey", 16, None),
    "LA": ("grey+alpha", 8, None),
    "La": ("grey+alpha", 8, "premultiplied"),
    "RGB": ("rgb", 8, None),
    "RGBA": ("rgba", 8, None),
    "RGBa": ("rgba", 8, "premultiplied"),
    "RGBX": ("rgba", 8, "unspecified"),
    "CMYK": ("cmyk", 8, None),
    "P": ("palette", 8, None),
    "YCbCr": ("rgb", 8, None),
    "LAB": ("rgb", 8, None),
}
_SPACES = {YCBCR: "YCbCr", CIE_LAB: "LAB", ICC_LAB: "LAB"}
_OF_SPACES = {"YCbCr": YCBCR, "LAB": CIE_LAB}
EXIF_PREFIX = b"Exif\0\0"
INCH = 0.0254  # metres
# Info is Pillow's `Image.info`: names of its own, and texts by their keywords.
Info = dict[str | tuple[int, int], object]


def image_mode(picture: Picture) -> str:
    """Pillow's mode. Raises UnsupportedError where Pillow has none."""
    if picture.mode == "grey" and picture.depth == 1:
        return "1"
    if picture.mode == "grey" and picture.depth > 8:
        return "I;16"
    if picture.depth > 8:
        what = f"{MODE_NAMES[picture.mode]} of {picture.depth} bits"
        raise UnsupportedError(f"Pillow has no mode for {what}: bbans_cli.decompress gives the samples as an array")
    if picture.colours is not None:
        if picture.depth != 8 or picture.colours not in _SPACES:
            raise UnsupportedError(f"Pillow has no mode for {COLOURS[picture.colours]} of {picture.depth} bits")
        return _SPACES[picture.colours]
    mode = _SHALLOW[picture.mode]
    names = {"premultiplied": _PREMULTIPLIED, "unspecified": _UNSPECIFIED, "undeclared": _UNSPECIFIED}
    return names.get(picture.alpha or "", {}).get(mode, mode)


def to_image(picture: Picture) -> Image.Image:
    """The samples, and the palette. Raises UnsupportedError where Pillow has no mode for them."""
    mode = image_mode(picture)
    size = picture.width, picture.height
    if mode == "1":
        return Image.frombytes("1", size, np.packbits(picture.pixels[:, :, 0], axis=1).tobytes())
    if mode == "I;16":
        return Image.frombytes("I;16", size, picture.pixels.astype("<u2").tobytes())
    samples = picture.pixels if mode == "P" else _scaled(picture.pixels, picture.top)
    if picture.colours == ICC_LAB:
        samples = samples ^ np.array([0, 128, 128], np.uint8)  # signed, as CIE Lab has a* and b*
    image = Image.frombytes(mode, size, samples.tobytes())
    if picture.palette is not None:
        image.putpalette(picture.palette)
    return image


def _scaled(samples: np.ndarray, top: int) -> np.ndarray:
    """uint8 samples up to `top` -> up to 255, rounded."""
    if top == 255:
        return samples
    return ((samples.astype(np.uint16) * 255 + top // 2) // top).astype(np.uint8)


def info_of(picture: Picture) -> Info:
    """`Image.info` as Pillow's PNG reader fills it: icc_profile, exif, xmp, dpi, gamma, srgb, transparency, texts."""
    info: Info = {}
    if image_mode(picture) == "I;16" and picture.top != 0xFFFF:
        info["maximum"] = picture.top
    if picture.transparency is not None:
        info["transparency"] = _transparency(picture.transparency, picture)
    for kind, data in picture.metadata:
        if kind == kinds.ICC:
            info.setdefault("icc_profile", data.partition(b"\0")[2])
        elif kind == kinds.EXIF:
            info.setdefault("exif", EXIF_PREFIX + data)
        elif kind == kinds.XMP:
            info.setdefault("xmp", data)
        elif kind == kinds.CHUNK:
            info.update(_of_chunk(data))
    info.update(texts_of(picture.metadata))
    return info


def _transparency(data: bytes, picture: Picture) -> object:
    """As Pillow has it: bytes of a palette, else one number or three, scaled as the samples are."""
    if picture.mode == "palette":
        return data
    key = np.frombuffer(data, ">u2").astype(np.uint16)
    if picture.depth <= 8:
        key = _scaled(np.minimum(key, picture.top).astype(np.uint8), picture.top)
    return int(key[0]) if len(key) == 1 else tuple(key.tolist())


def _of_chunk(data: bytes) -> Info:
    """What a PNG chunk adds to `Image.info`, texts apart; nothing where it is damaged."""
    name, body = data[:4], data[4:]
    per_metre = chunks.read_resolution(kinds.CHUNK, data)
    if per_metre:
        return {"dpi": (per_metre[0] * INCH, per_metre[1] * INCH)}
    if name == b"gAMA" and len(body) == 4:
        return {"gamma": int.from_bytes(body, "big") / 100_000}
    if name == b"sRGB" and len(body) == 1:
        return {"srgb": body[0]}
    if name == b"cHRM" and len(body) == 32:
        return {"chromaticity": tuple(value / 100_000 for value in np.frombuffer(body, ">u4").tolist())}
    return {}


def texts_of(items: Items) -> dict[str, str]:
    """Texts by their keywords, as PNG has them."""
    found: dict[str, str] = {}
    for kind, data in items:
        keyword, _, rest = (data[4:] if kind == kinds.CHUNK else data).partition(b"\0")
        if kind == kinds.COMPRESSED_TEXT or kind == kinds.CHUNK and data[:4] == b"tEXt":
            found[keyword.decode("latin-1")] = rest.decode("latin-1")
        elif kind == kinds.COMPRESSED_ITEXT and rest.count(b"\0") >= 2:
            found[keyword.decode("latin-1")] = rest.split(b"\0", 2)[2].decode("utf-8", "replace")
        elif kind == kinds.CHUNK and data[:4] == b"iTXt" and rest[:1] == b"\0" and rest[2:].count(b"\0") >= 2:
            found[keyword.decode("latin-1")] = rest[2:].split(b"\0", 2)[2].decode("utf-8", "replace")
    return found


def from_image(image: Image.Image) -> Picture:
    """The samples, palette and transparency of an image. Raises UnsupportedError where they cannot be kept."""
    if 0 in image.size:
        raise UnsupportedError("cannot write an image without pixels")
    if image.mode not in _PICTURE_MODES:
        raise UnsupportedError(f"cannot write mode {image.mode}: convert it to RGB or another mode of integers first")
    mode, depth, alpha = _PICTURE_MODES[image.mode]
    if image.mode == "I" or image.mode.startswith("I;16"):
        samples = np.asarray(image)
        if samples.min() < 0 or samples.max() > 0xFFFF:
            raise UnsupportedError("cannot write mode I with samples outside 0...65535")
        samples = samples.astype(np.uint16)
    else:
        samples = np.asarray(image).astype(np.uint8)
    palette = None
    transparency = _key_of(image.info.get("transparency"), mode, depth)
    if image.mode == "P":
        palette, transparency = _palette_of(image, transparency)
        if not samples.max() < len(palette) // 3:  # unused entries may be cut off, used ones may not
            palette += bytes(3 * (int(samples.max()) + 1) - len(palette))
    colours = _OF_SPACES.get(image.mode)
    return Picture(np.atleast_3d(samples), mode, depth, palette, transparency, alpha=alpha, colours=colours)


def with_items(image: Image.Image, given: dict[str, object]) -> Picture:
    """The same, with profile, EXIF, XMP, resolution and texts: those `given`, by name, else those of the image.

    Raises ValueError and TypeError too, for what is given.
    """
    picture = from_image(image)
    return replace(picture, metadata=_items(image, given))


def _palette_of(image: Image.Image, transparency: bytes | None) -> tuple[bytes, bytes | None]:
    """The palette and the alphas of its first entries."""
    if image.palette is not None and image.palette.mode == "RGBA":
        entries = np.array(image.getpalette("RGBA"), np.uint8).reshape(-1, 4)
        return entries[:, :3].tobytes(), entries[:, 3].tobytes()
    palette = bytes(image.getpalette() or b"\0\0\0")
    return palette, transparency and transparency[: len(palette) // 3]


def _key_of(value: object, mode: str, depth: int) -> bytes | None:
    """A transparency of Pillow's as Picture has it; None where it does not fit the mode."""
    if mode == "palette" and isinstance(value, (bytes, bytearray)):
        return bytes(value) or None
    if mode == "palette" and isinstance(value, int):
        return b"\xff" * value + b"\0"
    numbers = [number for number in (value if isinstance(value, tuple) else (value,)) if isinstance(number, int)]
    if {"grey": 1, "rgb": 3}.get(mode) != len(numbers):
        return None
    return b"".join(min(number, (1 << depth) - 1).to_bytes(2, "big") for number in numbers)


def _items(image: Image.Image, given: dict[str, object]) -> Items:
    items: Items = []
    found = {name: given.get(name, image.info.get(name)) for name in ("icc_profile", "exif", "xmp", "dpi")}
    if found["icc_profile"]:
        items.append((kinds.ICC, b"ICC profile\0" + _binary("icc_profile", found["icc_profile"])))
    if found["exif"]:
        exif = found["exif"].tobytes() if isinstance(found["exif"], Image.Exif) else _binary("exif", found["exif"])
        items.append((kinds.EXIF, exif.removeprefix(EXIF_PREFIX)))
    if found["xmp"]:
        items.append((kinds.XMP, _binary("xmp", found["xmp"])))
    if isinstance(found["dpi"], tuple) and all(value > 0 for value in found["dpi"]):
        items.append((kinds.CHUNK, chunks.resolution(*(float(value) / INCH for value in found["dpi"]))))
    texts = given.get("text", getattr(image, "text", None)) or {}
    if not isinstance(texts, dict):
        raise TypeError("text is a dict of keywords and texts")
    return items + [_text(str(keyword), str(value)) for keyword, value in texts.items()]


def _binary(name: str, value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, (bytes, bytearray)):
        raise TypeError(f"{name} is bytes, not {type(value).__name__}")
    return bytes(value)


def _text(keyword: str, value: str) -> tuple[int, bytes]:
    name = keyword.encode("latin-1", "strict")
    if not 1 <= len(name) <= 79 or b"\0" in name or "\0" in value:
        raise ValueError(f"{keyword!r} is no keyword of a text: 1 to 79 characters of Latin-1, as in PNG")
    return chunks.text(name, value.encode())
