"""Pillow opens and saves .bbc files once this module is imported, and with it all that reads pictures by Pillow.

    >>> import bbans_cli.pillow                               # or: from bbans_cli.pillow import register; register()
    >>> from PIL import Image
    >>> image = Image.open("photo.bbc")                       # size, mode and info at once, pixels when they are needed
    >>> image.save("smaller.bbc", level=9, preview=256)

A JPEG file within a .bbc file opens as its pixels. pictures/pillow_image.py has the table of modes; where Pillow has no
mode (RGB of 16 bits) opening raises OSError, and says that `bbans_cli.decompress` gives the array.

save() takes level (1, 5, 9), threads, verify, preview (pixels a side), and icc_profile, exif, xmp, dpi, text (a dict):
by default what the image has of these; strip=True leaves them out. thumbnail() and draft() take the preview in a file,
or the thumbnail in its EXIF data, where that is large enough; else they decode the picture.

Errors are those that Pillow's users expect: OSError, of which UnidentifiedImageError is a kind.
"""

from __future__ import annotations

import io
import os
from typing import IO, TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFile, ImagePalette

from bbans_cli import api, arguments, container, scheduler, thumbnails
from bbans_cli.container import Head, StoredFile
from bbans_cli.container import metadata as kinds
from bbans_cli.errors import BbcError, CorruptError, InputError, TruncatedError, UnsupportedError
from bbans_cli.limits import MAX_PREVIEW_SIDE
from bbans_cli.pictures.picture import from_items
from bbans_cli.pictures.pillow_image import from_image, image_mode, info_of, texts_of, to_image, with_items

if TYPE_CHECKING:
    from PIL import _imaging

_FRONT = 1 << 16  # bytes: a .bbc file's header and metadata mostly end before
_NO_LIMIT = 1 << 62  # pixels: Pillow has a limit of its own, Image.MAX_IMAGE_PIXELS, and applies it first


class BbcImageFile(ImageFile.ImageFile):
    """A .bbc file: size, mode and info are there once it is open, the pixels after load().

    text  texts by their keywords, which `info` has too
    """

    format = "BBC"
    format_description = "bbc lossless picture"
    text: dict[str, str] = {}
    _undecoded = False
    _least: tuple[float, float] | None = None

    def _open(self) -> None:
        try:
            head = self._head()
            if head.kind == "picture":
                self._describe(head)
            else:
                self._describe_jpeg()
        except (InputError, UnsupportedError) as error:
            raise OSError(str(error)) from error
        except BbcError as error:
            raise SyntaxError(str(error)) from error
        self._undecoded = True

    def _head(self) -> Head:
        assert self.fp is not None
        front = self.fp.read(_FRONT)
        try:
            return container.read_head(front)
        except TruncatedError:
            return container.read_head(front + self.fp.read())

    def _describe(self, head: Head) -> None:
        assert head.width is not None and head.height is not None
        if kinds.pages(head.metadata) > 1:
            raise UnsupportedError("a stack of pages; bbans_cli.decompress gives its array")
        blank = np.zeros((1, 1, container.CHANNELS[head.mode]), np.uint8 if head.depth <= 8 else np.uint16)
        items = [item for item in head.metadata if item[0] not in kinds.OF_PARTS]
        try:
            picture = from_items(blank, head.mode, head.depth, items)
        except ValueError as error:
            raise CorruptError(f"corrupt: {error}") from error
        self._mode, self._size = image_mode(picture), (head.width, head.height)
        self.info.update(info_of(picture))
        self.text = texts_of(picture.metadata)
        if picture.palette is not None:
            self.palette = ImagePalette.raw("RGB", picture.palette)

    def _describe_jpeg(self) -> None:
        """What Pillow says of the JPEG file without its coefficients."""
        from bbans_cli.coders.files import jpeg_pixels

        stored = container.from_bytes(self._bytes(), _NO_LIMIT)
        assert isinstance(stored, StoredFile)
        header = jpeg_pixels.open_header(stored)
        self._mode, self._size = header.mode, header.size
        self.info.update(header.info)

    def _bytes(self) -> bytes:
        if self.fp is None:
            raise OSError("the file is closed")
        self.fp.seek(0)
        return self.fp.read()

    def load(self) -> _imaging.PixelAccess | None:
        """Decode the pixels, if that is still to be done. Raises OSError."""
        if self._undecoded:
            data = self._bytes()
            try:
                image = to_image(api.PictureCodec(max_pixels=_NO_LIMIT).decompress(data, scheduler.cores()))
            except BbcError as error:
                raise OSError(str(error)) from error
            self._become(image)
        return super().load()

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> tuple[str, tuple[int, int, float, float]] | None:
        """Take the preview in place of the picture, if there is one that is at least `size`; as Pillow does with JPEG.

        Returns the preview's mode and box, or None if the picture stays.
        """
        found = self._preview(self._least or size) if self._undecoded and size else None
        if found is None:
            return None
        for name in ("icc_profile", "transparency"):  # previews have other colours
            self.info.pop(name, None)
        self.palette = None
        self._become(found)
        return self.mode, (0, 0, *self.size)

    def thumbnail(
        self,
        size: tuple[float, float],
        resample: Image.Resampling = Image.Resampling.BICUBIC,
        reducing_gap: float | None = 2.0,
    ) -> None:
        """As Image.thumbnail; a preview need not be larger than the thumbnail."""
        scale = min(size[0] / self.width, size[1] / self.height)
        self._least = int(scale * self.width), int(scale * self.height)
        try:
            super().thumbnail(size, resample, reducing_gap)
        finally:
            self._least = None

    def _preview(self, least: tuple[float, float]) -> Image.Image | None:
        """An image that shows the whole picture in less pixels, at least so many; None if there is none."""
        try:
            found = thumbnails.preview(self._bytes())
            if found is None:
                return None
            small = Image.open(io.BytesIO(found.data), formats=[found.file_format.upper()])
            if small.width < least[0] or small.height < least[1] or small.width >= self.width:
                return None
            # The thumbnail of a camera may have black borders, or be cut.
            if abs(small.height - small.width * self.height / self.width) > 1.5:
                return None
            small.load()
        except (BbcError, OSError, SyntaxError, ValueError):
            return None
        return small

    def _become(self, image: Image.Image) -> None:
        """Take the pixels of an image, and let the file go."""
        image.load()
        self._mode, self._size, self.im = image.mode, image.size, image.im
        self._undecoded = False
        if self._exclusive_fp and self.fp is not None:
            self.fp.close()
        self.fp = None

    def save(
        self,
        fp: str | bytes | os.PathLike[str] | os.PathLike[bytes] | IO[bytes],
        format: str | None = None,
        **params: object,
    ) -> None:
        """As Image.save. To the path of a .bbc file the bytes go once all of them are there: Pillow would empty the
        file, which may be this image's own, before it says what is wrong.
        """
        if isinstance(fp, (str, bytes, os.PathLike)):
            suffix = os.path.splitext(os.fsdecode(fp))[1].lower()
            if (format or Image.registered_extensions().get(suffix, "")).upper() == self.format:
                coded = io.BytesIO()
                super().save(coded, self.format, **params)
                with open(fp, "wb") as file:
                    file.write(coded.getbuffer())
                return
        super().save(fp, format, **params)

    def verify(self) -> None:
        """Check header, metadata and sizes, and the checksums of what a JPEG file became; decode nothing.

        Raises OSError. `bbc verify` decodes everything.
        """
        try:
            container.from_bytes(self._bytes(), _NO_LIMIT)
        except BbcError as error:
            raise OSError(str(error)) from error
        super().verify()


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(container.MAGIC)


def _save(image: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Write an image as a .bbc file. Raises OSError for modes that cannot be kept, TypeError and ValueError for wrong
    arguments.
    """
    given: dict[str, object] = image.encoderinfo
    level, threads = arguments.level(given.get("level", 5)), arguments.threads(given.get("threads", 0))
    preview = arguments.number("preview", given.get("preview", 0), 0, MAX_PREVIEW_SIDE)
    codec = api.PictureCodec(level, _NO_LIMIT, bool(given.get("verify", True)), preview=preview)
    try:
        picture = from_image(image) if given.get("strip") else with_items(image, given)
        data = codec.compress(picture, threads or scheduler.cores())
    except BbcError as error:
        raise OSError(str(error)) from error
    fp.write(data)


def register() -> None:
    """Teach Pillow to open and save .bbc files. Importing this module has done so already; twice is as good as once."""
    Image.register_open(BbcImageFile.format, BbcImageFile, _accept)
    Image.register_save(BbcImageFile.format, _save)
    Image.register_extension(BbcImageFile.format, ".bbc")
    Image.register_mime(BbcImageFile.format, "image/x-bbc")


register()
