"""Lossless picture formats with the same interface: two functions between pixels and bytes.

A codec is named `bbc-5` (the level), `png`, `webp-6` (Pillow's method), `jxl-9` (the effort) or `flif`. All get the
same pixels, grey, grey and alpha, RGB or RGBA of 8 bits, some also of 16, and write no metadata. Libraries are imported
on first use, so that the memory of a worker process is that of its one codec.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class Codec:
    """encode(pixels, threads, verify) -> bytes and decode(bytes, threads) -> pixels, (h, w, c) uint8 or uint16.

    version   names everything that the bytes depend on; None for bbc, whose sizes are not cached
    deep      whether it takes uint16
    verifies  whether `verify` makes encode decode its own result; otherwise `verify` is ignored
    """

    title: str
    version: str | None
    encode: Callable[[np.ndarray, int, bool], bytes]
    decode: Callable[[bytes, int], np.ndarray]
    verifies: bool = False
    deep: bool = False


class MissingError(Exception):
    """A codec that this machine does not have; the message says how to install it."""


def make(name: str) -> Codec:
    """The codec of a name. Raises MissingError, and ValueError for an unknown name."""
    kind, _, setting = name.partition("-")
    makers = {"bbc": _bbc, "jxl": _jxl, "webp": _webp}
    if kind in makers and setting.isdecimal():
        return makers[kind](int(setting))
    if name in ("png", "flif"):
        return _png() if name == "png" else _flif()
    raise ValueError(f"no codec is called {name!r}")


def _bbc(level: int) -> Codec:
    from bbans_cli import api
    from bbans_cli.pictures.picture import from_array

    def encode(pixels: np.ndarray, threads: int, verify: bool) -> bytes:
        return api.PictureCodec(level, verify=verify).compress(from_array(pixels), threads)

    def decode(data: bytes, threads: int) -> np.ndarray:
        return api.PictureCodec().decompress(data, threads).pixels

    words = {1: " fast", 5: " default", 9: " best"}
    return Codec(f"bbc -{level}{words.get(level, '')}", None, encode, decode, verifies=True, deep=True)


def _jxl(effort: int) -> Codec:
    try:
        import imagecodecs
    except ImportError as error:
        raise MissingError("JPEG XL needs imagecodecs: pip install '.[dev]'") from error

    def encode(pixels: np.ndarray, threads: int, verify: bool) -> bytes:
        return imagecodecs.jpegxl_encode(_flat(pixels), effort=effort, lossless=True, numthreads=threads)

    def decode(data: bytes, threads: int) -> np.ndarray:
        return _deep(imagecodecs.jpegxl_decode(data, numthreads=threads))

    version = f"{imagecodecs.jpegxl_version()} effort {effort}"
    return Codec(f"JPEG XL effort {effort}", version, encode, decode, deep=True)


def _webp(method: int) -> Codec:
    from PIL import features

    def save(pixels: np.ndarray) -> bytes:
        return _save(pixels, "WEBP", lossless=True, method=method, exact=True)

    def encode(pixels: np.ndarray, threads: int, verify: bool) -> bytes:
        return save(pixels)

    version = f"libwebp {features.version_module('webp')} method {method}"
    return Codec(f"WebP lossless method {method}", version, encode, _load)


def _png() -> Codec:
    import PIL
    from PIL import features

    def encode(pixels: np.ndarray, threads: int, verify: bool) -> bytes:
        return _save(pixels, "PNG", optimize=True)

    return Codec("PNG optimised", f"Pillow {PIL.__version__} zlib {features.version_codec('zlib')}", encode, _load)


def _flif() -> Codec:
    if not shutil.which("flif"):
        raise MissingError("FLIF needs the program flif")

    def run(pixels_or_data: bytes, source: str, target: str, *options: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            source, target = str(Path(folder, source)), str(Path(folder, target))
            Path(source).write_bytes(pixels_or_data)
            subprocess.run(["flif", *options, source, target], check=True, capture_output=True)
            return Path(target).read_bytes()

    def encode(pixels: np.ndarray, threads: int, verify: bool) -> bytes:
        return run(_save(pixels, "PNG", compress_level=0), "in.png", "out.flif", "-e", "-E100")

    def decode(data: bytes, threads: int) -> np.ndarray:
        return _load(run(data, "in.flif", "out.png", "-d"), threads)

    version = subprocess.run(["flif", "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    return Codec("FLIF effort 100", version or "flif", encode, decode)


def _save(pixels: np.ndarray, file_format: str, **options: object) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(_flat(pixels), MODES[pixels.shape[2]]).save(out, file_format, **options)
    return out.getvalue()


def _load(data: bytes, threads: int) -> np.ndarray:
    from PIL import Image

    return _deep(np.asarray(Image.open(io.BytesIO(data))))


def _flat(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def _deep(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, :, None] if pixels.ndim == 2 else pixels
