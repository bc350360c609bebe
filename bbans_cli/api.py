"""Bytes of a picture file -> bytes of a .bbc file, and back: what the command and the Python API share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bbans_cli import container
from bbans_cli.coders import decode_picture, encode_picture
from bbans_cli.errors import BbcError
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture, write_picture
from bbans_cli.progress import ShareProgress, no_progress


class VerifyError(BbcError):
    """The result does not decode to the input: a bug of the program, or a fault of the machine."""

    code = "verify"


@dataclass(frozen=True)
class Outcome:
    """The result for one picture: the bytes of the output (none from verify_file), its shape, and warnings.

    `samples` is pixels times channels, `coded_bytes` the size of the .bbc file on either side.
    """

    data: bytes
    width: int
    height: int
    samples: int
    coded_bytes: int
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PictureCodec:
    """Encodes and decodes picture files with fixed options. Any number of threads may use one at the same time.

    level       1 fast, 5 default, 9 best
    max_pixels  larger pictures are refused before memory is taken for them
    verify      decode each .bbc and compare before handing it out
    strip       leave out metadata that pixels do not depend on
    pixels      take the pixels of lossy formats (JPEG) too
    """

    level: int = 5
    max_pixels: int = MAX_PIXELS
    verify: bool = True
    strip: bool = False
    pixels: bool = False

    def compress_file(self, data: bytes, threads: int, progress: ShareProgress = no_progress) -> Outcome:
        """A picture file's bytes -> a .bbc file's. Raises InputError, LimitError, UnsupportedError, VerifyError."""
        picture = read_picture(data, pixels=self.pixels, max_pixels=self.max_pixels)
        coded = self.compress(picture, threads, progress)
        lost = [] if self.strip else picture.lost
        return Outcome(coded, picture.width, picture.height, picture.pixels.size, len(coded), _not_kept(lost))

    def decompress_file(
        self,
        data: bytes,
        file_format: str,
        threads: int,
        progress: ShareProgress = no_progress,
        read_back: bool = False,
    ) -> Outcome:
        """A .bbc file's bytes -> a picture file's. Raises CorruptError, LimitError, UnsupportedError.

        `read_back` reads the new file and compares pixels, so that the .bbc may be removed.
        """
        picture = self.decompress(data, threads, progress)
        if self.strip:
            picture = picture.stripped()
        file, lost = write_picture(picture, file_format)
        if read_back and not _equal_pixels(picture, read_picture(file, pixels=True, max_pixels=self.max_pixels)):
            raise VerifyError(f"the {file_format} file does not hold the same pixels")
        return Outcome(file, picture.width, picture.height, picture.pixels.size, len(data), _not_kept(lost))

    def verify_file(self, data: bytes, threads: int, progress: ShareProgress = no_progress) -> Outcome:
        """Decode a .bbc file's bytes in full. Raises as `decompress_file`."""
        picture = self.decompress(data, threads, progress)
        return Outcome(b"", picture.width, picture.height, picture.pixels.size, len(data))

    def compress(self, picture: Picture, threads: int, progress: ShareProgress = no_progress) -> bytes:
        """A picture -> a .bbc file's bytes."""
        if self.strip:
            picture = picture.stripped()
        halves = 2 if self.verify else 1
        packed = container.to_bytes(
            encode_picture.encode(picture, self.level, threads, lambda share: progress(share / halves))
        )
        if self.verify:
            # From the bytes, as a reader would: the container is under test as well.
            given = decode_picture.decode(
                container.picture_from_bytes(packed, self.max_pixels), threads, lambda share: progress((1 + share) / 2)
            )
            if not _equal_pixels(picture, given) or picture.items() != given.items():
                raise VerifyError("the result does not decode to the picture; nothing was written")
        return packed

    def decompress(self, data: bytes, threads: int, progress: ShareProgress = no_progress) -> Picture:
        """A .bbc file's bytes -> the picture."""
        return decode_picture.decode(container.picture_from_bytes(data, self.max_pixels), threads, progress)


def _equal_pixels(one: Picture, other: Picture) -> bool:
    """Whether pixels, palette and transparency are equal; mode and depth depend on the file format, too."""
    return (
        one.pixels.dtype == other.pixels.dtype
        and np.array_equal(one.pixels, other.pixels)
        and one.palette == other.palette
        and one.transparency == other.transparency
    )


def _not_kept(lost: list[str]) -> list[str]:
    return [f"not kept: {', '.join(dict.fromkeys(lost))}"] if lost else []
