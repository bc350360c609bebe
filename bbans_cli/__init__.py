"""Lossless photo compression with a neural model and bits-back coding.

    >>> import bbans_cli
    >>> data = bbans_cli.compress("photo.png")        # or an array (h, w), (h, w, 3), ... of uint8
    >>> array = bbans_cli.decompress(data)            # or the path of a .bbc file
    >>> data = bbans_cli.compress("photo.jpg")
    >>> file, suffix = bbans_cli.restore(data)        # the JPEG file's bytes, ".jpg"

What is wrong with a file, a picture or the data in it is a BbcError (`bbans_cli.errors`), and a ValueError as well; a
file that cannot be opened is an OSError. A wrong argument is a TypeError or ValueError, as with Python's own functions.
A message that names an option of the command, as --max-memory, means the argument max_memory. Nothing is printed. numpy
and the core are imported on first use.
"""

from __future__ import annotations

import os
import sys

if sys.argv and (
    os.path.basename(sys.argv[0]) == "bbc"
    or sys.argv[0] == "-m"
    and any(word.startswith("bbans_cli") for word in sys.orig_argv)
):
    # The command begins, and imports: an interrupt ends it by SIGINT from here on, without a traceback. Other programs
    # keep their handler, also while `python -m` looks for them.
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

from typing import TYPE_CHECKING

from bbans_cli import arguments
from bbans_cli.errors import BbcError
from bbans_cli.limits import DECODE_PIXELS, MAX_PIXELS, MAX_PREVIEW_SIDE, PREVIEW_SIDE

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from bbans_cli.api import Salvaged
    from bbans_cli.api.decoder import PictureDecoder
    from bbans_cli.coders.code_lengths import CodeLengths
    from bbans_cli.pictures.picture import Picture
    from bbans_cli.reading import Look
    from bbans_cli.thumbnails import Header, Preview, Thumbnail

__version__ = "0.1.0"
__all__ = [
    "BbcError",
    "__version__",
    "code_lengths",
    "compress",
    "decompress",
    "header",
    "preview",
    "restore",
    "salvage",
    "thumbnail",
]


def compress(
    source: np.ndarray | Image.Image | bytes | str | os.PathLike[str],
    *,
    mode: str | None = None,
    level: int = 5,
    threads: int = 0,
    verify: bool = True,
    strip: bool = False,
    pixels: bool = False,
    preview: int = 0,
    band_rows: int = 0,
    max_pixels: int = MAX_PIXELS,
    max_memory: int | None = None,
) -> bytes:
    """The bytes of a .bbc file for an array, or for a file: a picture with its metadata, or a JPEG file as it is.

    source      uint8 or uint16 array (h, w) grey, (h, w, 2) grey and alpha, (h, w, 3) RGB or (h, w, 4) RGBA, or
                a stack (pages, h, w, 1 to 4); or the path of a file; or its bytes; or an image of Pillow's, the one
                frame that it shows, with its palette, transparency, profile, EXIF, XMP, resolution and texts
    mode        of an array whose shape does not tell: "cmyk" for (h, w, 4)
    level       1 fast, 5 default, 9 best
    threads     0: all cores; at most 1024; the bytes do not depend on it
    verify      decode the result and compare before returning it
    strip       leave out metadata
    pixels      take the pixels of JPEG files and of other lossy formats, not the file
    preview     pixels a side of a lossy preview to keep with it, 1 to 4096, if it fits into half a per cent; 0: none.
                Beside EXIF data that have a thumbnail none of up to 256 pixels is made
    band_rows   rows of a band at most, so that some rows can be decoded alone; 0: as suits. Small bands cost bytes
    max_pixels  raise LimitError for more
    max_memory  bytes: raise LimitError for what needs more, as far as is known before; None: half of the machine's

    Raises InputError, LimitError and UnsupportedError for pictures that cannot be kept in full, and OSError.
    """
    level, cores = arguments.level(level), _cores(threads)
    max_pixels, max_memory = arguments.limits(max_pixels, max_memory)
    preview = arguments.number("preview", preview, 0, MAX_PREVIEW_SIDE)
    band_rows = arguments.number("band_rows", band_rows)
    from bbans_cli import api

    coder = api.PictureCodec(
        level, max_pixels, verify, strip, pixels, preview=preview, band_rows=band_rows, max_memory=max_memory
    )
    if isinstance(source, (bytes, bytearray, memoryview)):
        return coder.compress_file(bytes(source), cores).data
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        data = _read(source, max_pixels, lambda front: coder.look(front, name))
        return coder.compress_file(data, cores, name=name).data
    picture = _picture(source, mode)
    coder.bounds.check_pixels(picture.width, picture.page_height, picture.pages)
    return coder.compress(picture, cores)


def _picture(source: np.ndarray | Image.Image, mode: str | None) -> Picture:
    """Of an array, or of an image of Pillow's, which numpy would take without palette and profile."""
    pillow = sys.modules.get("PIL.Image")  # no module, no image
    if pillow is not None and isinstance(source, pillow.Image):
        from bbans_cli.pictures import pillow_image

        if mode is not None:
            raise ValueError(f"mode is of arrays: the image's own is {source.mode}")
        return pillow_image.with_items(source, {})
    import numpy as np

    from bbans_cli.pictures.picture import from_array

    array = np.asarray(source)
    if array.ndim == 0:
        raise TypeError(f"source is an array, an image, a path or bytes, not {type(source).__name__}")
    return from_array(array, mode)


def decompress(
    source: bytes | str | os.PathLike[str],
    *,
    threads: int = 0,
    max_pixels: int = MAX_PIXELS,
    rows: tuple[int, int | None] | None = None,
    max_memory: int | None = None,
) -> np.ndarray:
    """The pixels in a .bbc file, given its bytes or its path; those of a JPEG file, if it holds one.

    rows  (a, b): rows a to b - 1 alone, to the last one if b is None. Only the bands that hold them are decoded, where
          there are several

    Returns uint8 (uint16 for 16-bit pictures): (h, w) for grey and for palette pictures, whose indices these are, else
    (h, w, channels), C, M, Y, K in a JPEG file of CMYK. Of a stack (pages, h, w) or (pages, h, w, channels).

    Raises CorruptError and TruncatedError for damage, ModelMismatchError if the weights that it was made with are not
    at hand, UnsupportedError, LimitError for more than `max_pixels` or more memory than `max_memory` bytes (None: half
    of the machine's), InputError for a file without pixels that can be read, and OSError.
    """
    codec, cores = _decoder(max_pixels, max_memory, arguments.rows(rows)), _cores(threads)
    return _array(codec.decompress(_read(source, max_pixels), cores))


def salvage(
    source: bytes | str | os.PathLike[str],
    *,
    threads: int = 0,
    max_pixels: int = MAX_PIXELS,
    max_memory: int | None = None,
) -> Salvaged:
    """What holds of a damaged .bbc file, given its bytes or its path: pixels, and what is lost.

    Bands that hold are decoded. All others are grey, of palettes index 0, of alpha opaque. Of a JPEG file, whose
    bytes cannot come back, pixels are decoded where its coefficients hold.

    Raises CorruptError where the header is damaged, or nothing of a JPEG file can be decoded; else as `decompress`.
    """
    from bbans_cli import api

    codec, cores = _decoder(max_pixels, max_memory), _cores(threads)
    picture, damage = codec.salvage(_read(source, max_pixels), cores)
    return api.Salvaged(_array(picture), damage.merged_rows(), damage.words())


def _array(picture: Picture) -> np.ndarray:
    pixels = picture.pixels
    if picture.pages > 1:
        pixels = pixels.reshape(picture.pages, picture.page_height, *pixels.shape[1:])
        return pixels[..., 0] if pixels.shape[3] == 1 else pixels
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def restore(
    source: bytes | str | os.PathLike[str],
    *,
    threads: int = 0,
    max_pixels: int = MAX_PIXELS,
    max_memory: int | None = None,
) -> tuple[bytes, str]:
    """The file in a .bbc file, given its bytes or its path: its bytes, and the suffix that its name had (".jpg").

    A JPEG file comes back byte for byte. A picture comes with its metadata as a PNG file, or, where PNG cannot hold
    it, as PGM, PPM, PAM or TIFF, whichever has a place for its metadata. Raises as `decompress`.
    """
    from bbans_cli import container

    codec, cores = _decoder(max_pixels, max_memory), _cores(threads)
    data = _read(source, max_pixels)
    container.from_bytes(data, max_pixels)  # the codec would ignore bytes after the end
    outcome = codec.decompress_file(data, None, cores)
    return outcome.data, f".{outcome.file_format}" if outcome.file_format else container.read_head(data).suffix


def code_lengths(
    source: bytes | str | os.PathLike[str],
    *,
    threads: int = 0,
    max_pixels: int = MAX_PIXELS,
    max_memory: int | None = None,
) -> CodeLengths:
    """Where the bits of a .bbc file went, given its bytes or path: of each pixel, `bits` (h, w) float32.

    `totals()` has those of channels, latents and metadata, in bits as well; `size`, `metadata`, `header` and `size` of
    each of the `parts` are in bytes. Decodes the file, and takes as long. Raises as `decompress`.
    """
    max_pixels, max_memory = arguments.limits(max_pixels, max_memory)
    cores = _cores(threads)
    from bbans_cli.coders import code_lengths

    data = _read(source, max_pixels)
    return code_lengths.of_file(data, cores, max_pixels=max_pixels, max_memory=max_memory)


def header(source: bytes | str | os.PathLike[str]) -> Header:
    """What the front of a .bbc file says: size, mode, bits of a sample, metadata. Its bytes or its path; costs next to
    nothing. Raises CorruptError, UnsupportedError, OSError; TruncatedError where bytes end before the metadata.
    """
    from bbans_cli import thumbnails

    return thumbnails.header(source)


def preview(source: bytes | str | os.PathLike[str]) -> Preview | None:
    """The small lossy picture in a .bbc file: its preview, or the thumbnail in its EXIF data; None without both.

    Raises CorruptError, UnsupportedError, OSError.
    """
    from bbans_cli import thumbnails

    return thumbnails.preview(source)


def thumbnail(
    source: bytes | str | os.PathLike[str],
    size: int = PREVIEW_SIDE,
    *,
    file_format: str = "png",
    max_pixels: int = DECODE_PIXELS,
    threads: int = 0,
    max_memory: int | None = None,
) -> Thumbnail:
    """A picture file of at most `size` pixels a side, the right way up: of the preview, or else of the thumbnail in the
    EXIF data, or else of the picture, which is decoded if it has at most `max_pixels`.

    size         at least 1
    file_format  "png", "jpg" or "webp"

    Raises LimitError for a larger picture without preview, InputError where there is no picture, CorruptError,
    UnsupportedError, OSError.
    """
    from bbans_cli import thumbnails

    return thumbnails.thumbnail(
        source, size, file_format=file_format, max_pixels=max_pixels, threads=threads, max_memory=max_memory
    )


def _cores(threads: int) -> int:
    from bbans_cli import scheduler

    return arguments.threads(threads) or scheduler.cores()


def _decoder(max_pixels: int, max_memory: int | None, rows: tuple[int, int | None] | None = None) -> PictureDecoder:
    max_pixels, max_memory = arguments.limits(max_pixels, max_memory)
    from bbans_cli import api

    return api.PictureCodec(max_pixels=max_pixels, rows=rows, max_memory=max_memory)


def _read(source: bytes | str | os.PathLike[str], max_pixels: int, look: Look | None = None) -> bytes:
    """The bytes given, or those of a file; what is of no use is refused by its first ones, as `look` says."""
    source = arguments.path_or_bytes(source)
    from bbans_cli import container
    from bbans_cli.reading import max_bytes, read_at_most

    if isinstance(source, bytes):
        return source
    with open(source, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        return read_at_most(file.fileno(), max_bytes(max_pixels), look or container.check_magic, size)
