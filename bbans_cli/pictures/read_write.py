"""Bytes of a picture file -> Picture, and back.

The format's own module does the work. It is imported only then: not every run needs Pillow.
"""

from __future__ import annotations

from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import UnsupportedError
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.detect import detect, refuse
from bbans_cli.pictures.formats import DEFLATE_LEVEL, FORMATS
from bbans_cli.pictures.picture import Picture, cannot_hold


def read_picture(
    data: bytes, *, pixels: bool = False, max_pixels: int = MAX_PIXELS, max_memory: int | None = None
) -> Picture:
    """The picture in a file's bytes.

    pixels      also take the pixels of lossy formats (JPEG, lossy WebP, AVIF), from which the file itself cannot be
                restored
    max_pixels  larger pictures are refused before memory is taken for them
    max_memory  bytes that its samples may take meanwhile; None: half of the machine's

    Raises InputError for damage, LossyError for lossy formats unless `pixels`, UnsupportedError for what cannot be
    read in full, LimitError above these limits.
    """
    bounds, kind = Bounds(max_pixels, max_memory), detect(data)
    refuse(kind, data, pixels)
    if kind == "png":
        from bbans_cli.pictures.png_read import read_png

        return read_png(data, bounds)
    if kind == "pnm":
        from bbans_cli.pictures.pnm import read_pnm

        return read_pnm(data, bounds)
    if kind == "tiff":
        from bbans_cli.pictures.tiff_read import read_tiff

        return read_tiff(data, bounds)
    if kind == "bmp":
        from bbans_cli.pictures.bmp_read import read_bmp

        return read_bmp(data, bounds)
    if kind == "gif":
        from bbans_cli.pictures.gif_read import read_gif

        return read_gif(data, bounds)
    from bbans_cli.pictures.pillow_files import read_pillow

    return read_pillow(data, kind.upper(), bounds)


def write_picture(
    picture: Picture, file_format: str | None = None, deflate_level: int = DEFLATE_LEVEL
) -> tuple[bytes, list[str]]:
    """A file of one of FORMATS, by default `picture.file_format`, and in words what of the metadata it does not hold.

    deflate_level  of zlib-ng, in PNG and TIFF files: 1 is the fastest, 9 the smallest

    Raises UnsupportedError where the format cannot hold the picture's mode, depth, transparency or pages.
    """
    file_format = file_format or picture.file_format
    if file_format != "tiff" and file_format in FORMATS and (picture.pages > 1 or picture.colours):
        raise UnsupportedError(cannot_hold(file_format, picture))
    if file_format == "png":
        from bbans_cli.pictures.png_write import write_png

        return write_png(picture, deflate_level)
    if file_format in ("ppm", "pgm", "pbm", "pam"):
        from bbans_cli.pictures.pnm import write_pnm

        return write_pnm(picture, file_format)
    if file_format == "tiff":
        from bbans_cli.pictures.tiff_write import write_tiff

        return write_tiff(picture, deflate_level)
    if file_format == "webp":
        from bbans_cli.pictures.pillow_files import write_webp

        return write_webp(picture)
    if file_format == "bmp":
        from bbans_cli.pictures.pillow_files import write_bmp

        return write_bmp(picture)
    raise UnsupportedError(f"unknown output format {file_format!r}: one of {', '.join(FORMATS)} is needed")
