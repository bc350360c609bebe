"""Small pictures of every mode and depth, made from a seed."""

import contextlib
import io

import numpy as np
import png

from bbans_cli.errors import BbcError
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture

PNG_KINDS = [("grey", depth) for depth in (1, 2, 4, 8, 16)]
PNG_KINDS += [("palette", depth) for depth in (1, 2, 4, 8)]
PNG_KINDS += [(mode, depth) for mode in ("grey+alpha", "rgb", "rgba") for depth in (8, 16)]
CHANNELS = {"grey": 1, "palette": 1, "grey+alpha": 2, "rgb": 3, "rgba": 4}


def picture(mode, depth, height=7, width=13, seed=0, **more):
    """Noise in the upper half, one colour below."""
    rng = np.random.default_rng(seed)
    dtype = np.uint16 if depth == 16 else np.uint8
    pixels = rng.integers(0, 1 << depth, (height, width, CHANNELS[mode]), dtype)
    pixels[height // 2 + 1 :] = pixels[0, 0]
    if mode == "palette":
        more.setdefault("palette", rng.integers(0, 256, 3 << depth, np.uint8).tobytes())
    return Picture(pixels, mode, depth, **more)


def pypng(picture, interlaced=False):
    """The PNG that pypng makes of a picture."""
    palette = None
    if picture.palette is not None:
        colours = [tuple(picture.palette[i : i + 3]) for i in range(0, len(picture.palette), 3)]
        alphas = picture.transparency or b""
        palette = [c + (a,) for c, a in zip(colours, alphas, strict=False)] + colours[len(alphas) :]
    key = None
    if picture.transparency is not None and palette is None:
        numbers = np.frombuffer(picture.transparency, ">u2").tolist()
        key = tuple(numbers) if len(numbers) > 1 else numbers[0]
    writer = png.Writer(
        picture.width,
        picture.height,
        greyscale=picture.mode.startswith("grey"),
        alpha="a" in picture.mode.removeprefix("grey").removeprefix("palette"),
        bitdepth=picture.depth,
        palette=palette,
        transparent=key,
        interlace=interlaced,
    )
    out = io.BytesIO()
    writer.write(out, picture.pixels.reshape(picture.height, -1).tolist())
    return out.getvalue()


def read_pypng(data):
    """(pixels, header fields) as pypng sees a PNG."""
    width, height, rows, info = png.Reader(bytes=data).read()
    pixels = np.array([list(row) for row in rows]).reshape(height, width, -1)
    kept = ("bitdepth", "greyscale", "alpha", "palette", "transparent", "gamma", "background", "physical")
    return pixels, {name: info.get(name) for name in kept}


def same(one, other):
    """Equal in everything that a picture has."""
    return (
        np.array_equal(one.pixels, other.pixels)
        and one.pixels.dtype == other.pixels.dtype
        and (one.mode, one.depth, one.palette, one.transparency, one.maximum, one.alpha)
        == (other.mode, other.depth, other.palette, other.transparency, other.maximum, other.alpha)
        and (one.pages, one.colours) == (other.pages, other.colours)
        and one.metadata == other.metadata
    )


def read_damaged(data, count):
    """Read a picture file with one byte changed, in `count` ways: a picture, or an error of ours."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        damaged = bytearray(data)
        damaged[rng.integers(len(data))] ^= int(rng.integers(1, 256))
        with contextlib.suppress(BbcError):
            read_picture(bytes(damaged))
