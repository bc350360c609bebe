"""What a .bbc file shows without being decoded: its header, its preview; and thumbnails, for which it may be decoded.

Viewers call this for every file of a folder, so that numpy, Pillow and the core are imported only where needed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from bbans_cli import arguments, container
from bbans_cli.container import Head, metadata
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import InputError, LimitError, TruncatedError
from bbans_cli.limits import DECODE_PIXELS, MAX_METADATA_BYTES, PREVIEW_SIDE
from bbans_cli.pictures import exif
from bbans_cli.pictures.formats import THUMBNAIL_SUFFIXES

if TYPE_CHECKING:
    from PIL import Image

    from bbans_cli.coders.files.exif_thumbnail import ExifThumbnail

# A .bbc file's header and metadata mostly end before.
FRONT_BYTES = 1 << 16
_MODES = {1: "grey", 3: "rgb", 4: "cmyk"}  # by the components of a JPEG file


class Header(NamedTuple):
    """What the front of a .bbc file says.

    kind      "picture"; or of what comes back byte for byte "jpeg" (a JPEG file) or "file" (any other)
    width, height  in pixels; None of a "file"
    mode      "grey", "grey+alpha", "rgb", "rgba", "palette" or "cmyk"; "" of a "file"
    depth     bits of a sample, 1 to 16; 0 of a "file"
    suffix    that a stored file's name had, with its dot
    metadata  (kind, bytes) pairs, as docs/format.md lists the kinds. EXIF and so on of a JPEG file are in the file
    """

    kind: str
    width: int | None
    height: int | None
    mode: str
    depth: int
    suffix: str
    metadata: list[tuple[int, bytes]]

    @property
    def icc(self) -> bytes | None:
        """The colour profile of a picture."""
        item = self._item(metadata.ICC)
        return None if item is None else item.partition(b"\0")[2]

    @property
    def exif(self) -> bytes | None:
        """The EXIF data of a picture, a TIFF structure."""
        return self._item(metadata.EXIF)

    @property
    def xmp(self) -> bytes | None:
        """The XMP packet of a picture."""
        return self._item(metadata.XMP)

    @property
    def orientation(self) -> int:
        """1 to 8, as EXIF numbers them, of a picture: how its pixels are turned for display."""
        return exif.orientation(self.exif)

    def _item(self, kind: int) -> bytes | None:
        return next((data for number, data in self.metadata if number == kind), None)


class Preview(NamedTuple):
    """A small lossy picture that comes with a .bbc file.

    data         a file, not turned, as `orientation` says it has to be for display
    file_format  "webp" or "jpeg"
    orientation  1 to 8, as EXIF numbers them
    origin       "preview": made when the .bbc file was; "exif": the thumbnail in the picture's EXIF data
    """

    data: bytes
    file_format: str
    orientation: int
    origin: str


class Thumbnail(NamedTuple):
    """A small picture to show, the right way up.

    data         a file of `file_format`: "png", "jpg" or "webp"
    width, height  in pixels
    origin       "preview" or "exif", as of Preview; "decoded": the picture itself was decoded
    """

    data: bytes
    file_format: str
    width: int
    height: int
    origin: str


def header(source: bytes | str | os.PathLike[str]) -> Header:
    """The header of a .bbc file, given its path or its bytes, of which the first are enough (see FRONT_BYTES).

    Raises CorruptError, UnsupportedError, OSError, and TruncatedError where bytes are given and too few.
    """
    head = _head(source)
    mode, depth = head.mode, head.depth
    if head.kind == "jpeg":
        mode, depth = _MODES.get(head.components, ""), 8
    return Header(head.kind, head.width, head.height, mode, depth, head.suffix, head.metadata)


def preview(source: bytes | str | os.PathLike[str]) -> Preview | None:
    """The preview of a .bbc file, or else the thumbnail in the EXIF data; None if it has neither.

    Of a JPEG file the coefficients of that thumbnail are decoded, never those of the picture.
    Raises CorruptError, UnsupportedError, OSError.
    """
    head = _head(source)
    item = dict(reversed(head.metadata)).get(metadata.PREVIEW)
    if item is not None and (kept := _from_item(item)) is not None:
        return kept
    block = dict(reversed(head.metadata)).get(metadata.EXIF)
    if head.kind == "jpeg":
        from bbans_cli.coders.files import file_coder

        stored = container.from_leading_bytes(read(source))[0]
        if isinstance(stored, container.StoredFile):
            block = file_coder.exif_and_xmp(stored).get("exif")
    small = exif.thumbnail(block)
    return None if small is None else Preview(small, "jpeg", exif.orientation(block), "exif")


def _from_item(item: bytes) -> Preview | None:
    orientation, data = item[0] if item else 0, item[1:]
    file_format = "webp" if data[8:12] == b"WEBP" else "jpeg" if data.startswith(b"\xff\xd8\xff") else ""
    return Preview(data, file_format, orientation, "preview") if 1 <= orientation <= 8 and file_format else None


def thumbnail(
    source: bytes | str | os.PathLike[str],
    size: int = PREVIEW_SIDE,
    *,
    file_format: str = "png",
    max_pixels: int = DECODE_PIXELS,
    threads: int = 0,
    max_memory: int | None = None,
) -> Thumbnail:
    """A small picture of what a .bbc file holds, the right way up, in sRGB.

    It comes from the preview, or else from the thumbnail in the EXIF data, even if these are smaller than `size`, or
    else the picture is decoded.

    source       the .bbc file's bytes or its path
    size         pixels of its longer side at most, at least 1
    file_format  "png", "jpg" or "webp"
    max_pixels   larger pictures are not decoded
    threads      0: all cores
    max_memory   bytes that decoding may take; None: half of the machine's

    Raises LimitError where the picture would have to be decoded and is larger, InputError for a file that holds no
    picture, CorruptError, UnsupportedError, OSError; TypeError and ValueError for wrong arguments.
    """
    size, threads = arguments.number("size", size, 1), arguments.threads(threads)
    file_format = arguments.choice("file_format", file_format, dict.fromkeys(THUMBNAIL_SUFFIXES.values()))
    max_pixels, max_memory = arguments.limits(max_pixels, max_memory)
    found = at_hand(source, size, file_format)
    if found is not None:
        return found
    image, orientation = _decoded(source, size, Bounds(max_pixels, max_memory), threads)
    return _finished(image, orientation, "decoded", file_format)


def at_hand(source: bytes | str | os.PathLike[str], size: int, file_format: str) -> Thumbnail | None:
    """The same, if it needs no decoding of the picture: of the preview, or of the thumbnail in the EXIF data."""
    small = _of_exif(source)
    if small is not None:
        return _of_pixels(small, size, file_format)
    found = preview(source)
    if found is None:
        return None
    from bbans_cli.pictures import small_image

    image = small_image.opened(found.data, found.file_format, size)
    return None if image is None else _finished(image, found.orientation, found.origin, file_format)


def format_of(name: str) -> str:
    """The file format of a thumbnail of that name: JPEG or WebP by its suffix, else PNG."""
    return THUMBNAIL_SUFFIXES.get(os.path.splitext(name)[1].lower(), "png")


def _of_exif(source: bytes | str | os.PathLike[str]) -> ExifThumbnail | None:
    """The pixels of the thumbnail in the EXIF data of a JPEG file, if that is what is shown and they come quickly."""
    head = _head(source)
    if head.kind != "jpeg" or metadata.PREVIEW in dict(head.metadata):
        return None
    from bbans_cli.coders.files import exif_thumbnail

    stored = container.from_leading_bytes(read(source))[0]
    return exif_thumbnail.of_file(stored) if isinstance(stored, container.StoredFile) else None


def _of_pixels(small: ExifThumbnail, size: int, file_format: str) -> Thumbnail:
    if file_format != "png" or max(small.width, small.height) > size:
        from PIL import Image

        image = Image.frombytes("RGB", (small.width, small.height), small.rgb)
        image.thumbnail((size, size), reducing_gap=2.0)
        return _finished(image, small.orientation, "exif", file_format)
    from bbans_cli.pictures import small_png

    width, height, pixels = small_png.turned(small.width, small.height, small.rgb, small.orientation)
    return Thumbnail(small_png.rgb_to_png(width, height, pixels), "png", width, height, "exif")


def _decoded(
    source: bytes | str | os.PathLike[str], size: int, bounds: Bounds, threads: int
) -> tuple[Image.Image, int]:
    """A small image of the picture itself, and its orientation. Raises LimitError, InputError, ..."""
    head = _head(source)
    if head.width is None or head.height is None:
        raise InputError("holds a file, not a picture")
    if head.width * head.height > bounds.max_pixels:
        count, limit = f"{head.width * head.height:,} pixels", f"{bounds.max_pixels:,}"
        raise LimitError(f"no preview in it, and {count} are above the limit of {limit} for decoding it")
    from bbans_cli import api, scheduler
    from bbans_cli.coders import memory
    from bbans_cli.coders.files import file_coder, jpeg_pixels, jpeg_segments
    from bbans_cli.pictures import previews

    content, _ = container.from_leading_bytes(read(source), bounds.max_pixels)
    cores = threads or scheduler.cores()
    if isinstance(content, container.StoredFile):
        memory.check_content(content, cores, bounds.max_memory)
        data = file_coder.decode(content, cores, max_memory=bounds.max_memory)
        image = previews.small_image_of_jpeg(data, size)
        if image is None:  # the core decodes some damaged files that Pillow does not
            image = previews.small_image(jpeg_pixels.decode(content, bounds, cores)[0], size)
        return image, exif.orientation(jpeg_segments.exif_and_xmp(data).get("exif"))
    picture = api.PictureCodec(max_pixels=bounds.max_pixels, max_memory=bounds.max_memory).decompress(
        read(source), cores
    )
    block = dict(reversed(picture.metadata)).get(metadata.EXIF)
    return previews.small_image(picture, size), exif.orientation(block)


def _finished(image: Image.Image, orientation: int, origin: str, file_format: str) -> Thumbnail:
    from bbans_cli.pictures import small_image

    image = small_image.upright(image, orientation)
    return Thumbnail(small_image.to_file(image, file_format), file_format, image.width, image.height, origin)


def read(source: bytes | str | os.PathLike[str], size: int = -1) -> bytes:
    """The first bytes of a file, by default all, given them or the file's path."""
    source = arguments.path_or_bytes(source)
    if isinstance(source, bytes):
        return source if size < 0 else source[:size]
    with open(source, "rb") as file:
        return file.read(size)


def _head(source: bytes | str | os.PathLike[str]) -> Head:
    source = arguments.path_or_bytes(source)
    if isinstance(source, bytes):
        return container.read_head(source)
    front = read(source, FRONT_BYTES)
    if not front:
        raise TruncatedError("truncated: the file is empty")
    try:
        return container.read_head(front)
    except TruncatedError:
        return container.read_head(read(source, FRONT_BYTES + 2 * MAX_METADATA_BYTES))
