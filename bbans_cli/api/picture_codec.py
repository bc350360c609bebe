"""Bytes of a picture or JPEG file -> bytes of a .bbc file, decoded again and compared before they are handed out."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from bbans_cli import container
from bbans_cli.api import previews
from bbans_cli.api.decoder import PictureDecoder
from bbans_cli.api.outcome import Outcome, VerifyError, not_kept, of_stored_file
from bbans_cli.coders import decode_picture, encode_picture, memory
from bbans_cli.coders.row_bands import asked_for, cost
from bbans_cli.container import StoredFile
from bbans_cli.container import metadata as kinds
from bbans_cli.pictures.detect import detect, is_jpeg, is_lossy, refuse
from bbans_cli.pictures.equality import equal_pixels
from bbans_cli.pictures.formats import JPEG_SUFFIXES
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture
from bbans_cli.progress import ShareProgress, no_progress


@dataclass(frozen=True)
class PictureCodec(PictureDecoder):
    """Encodes and decodes files with fixed options. Any number of threads may use one at the same time."""

    def compress(self, picture: Picture, threads: int, progress: ShareProgress = no_progress) -> bytes:
        """A picture -> a .bbc file's bytes."""
        return self._compress_picture(picture, threads, progress)[0]

    def look(self, front: bytes, name: str = "") -> None:
        """Raise what `compress_file` would raise, as far as a file's first 64 KiB tell it, or all of a smaller file."""
        if not front or self.pixels or not is_jpeg(front, name):
            refuse(detect(front), front, self.pixels)

    def compress_file(
        self, data: bytes, threads: int, progress: ShareProgress = no_progress, name: str = ""
    ) -> Outcome:
        """A file's bytes -> a .bbc file's. `name`: what the file is called, "" if it has no name.

        Raises InputError, LimitError, UnsupportedError, VerifyError.
        """
        if data and not self.pixels and is_jpeg(data, name):
            return self._compress_jpeg(data, name, threads, progress)
        picture = read_picture(data, pixels=self.pixels, max_pixels=self.max_pixels, max_memory=self.max_memory)
        lossy = is_lossy(data)
        del data
        coded, remark = self._compress_picture(picture, threads, progress)
        stripped = self.strip and bool(picture.metadata or picture.lost)
        lost = [] if self.strip else picture.lost
        size = picture.width, picture.page_height, picture.pixels.size
        return Outcome(coded, *size, len(coded), not_kept(lost), lossy=stripped or lossy, remark=remark)

    def _compress_jpeg(self, data: bytes, name: str, threads: int, progress: ShareProgress) -> Outcome:
        from bbans_cli.coders.files import file_coder

        data, notes = self._stripped(data)
        stripped = bool(notes)
        suffix = os.path.splitext(name)[1] if name else JPEG_SUFFIXES[0]
        halves = 2 if self.verify else 1
        stored, reason = file_coder.encode(
            data, suffix, self.level, threads, lambda share: progress(share / halves), self.max_pixels, self.max_memory
        )
        packed, remark = previews.packed(stored, data, self.preview)
        remark = "; ".join((["a JPEG file has no bands"] if self.band_rows else []) + ([remark] if remark else []))
        if self.verify:
            self._check_file(packed, data, threads, lambda share: progress((1 + share) / 2))
        if reason:
            notes.append(f"stored as it is: {reason}")
        return replace(of_stored_file(stored, packed, len(packed), notes, lossy=stripped), remark=remark)

    def _check_file(self, packed: bytes, data: bytes, threads: int, progress: ShareProgress) -> None:
        from bbans_cli.coders.files import file_coder

        read = container.from_bytes(packed, self.max_pixels)
        if not isinstance(read, StoredFile) or file_coder.decode(read, threads, progress) != data:
            raise VerifyError("the result does not decode to the file; nothing was written")

    def _compress_picture(self, picture: Picture, threads: int, progress: ShareProgress) -> tuple[bytes, str]:
        """The .bbc file, and a remark."""
        memory.check_picture(picture, threads, self.max_memory)
        if self.strip:
            picture = picture.stripped()
        halves = 2 if self.verify else 1
        coded = encode_picture.encode(
            picture, self.level, threads, lambda share: progress(share / halves), band_rows=self.band_rows or None
        )
        packed, remark = previews.packed(coded, picture, self.preview)
        remark = "; ".join(([cost(coded)] if self.band_rows else []) + ([remark] if remark else []))
        del coded  # its payloads are in the file, and memory is short for large pictures
        if self.verify:
            self._check_picture(packed, picture, threads, lambda share: progress((1 + share) / 2))
        return packed, remark

    def _check_picture(self, packed: bytes, picture: Picture, threads: int, progress: ShareProgress) -> None:
        # From the bytes, as a reader would: the container is under test as well.
        given = decode_picture.decode(container.picture_from_bytes(packed, self.max_pixels), threads, progress)
        if not equal_pixels(picture, given) or picture.items() != given.items():
            raise VerifyError("the result does not decode to the picture; nothing was written")

    def recompress(self, data: bytes, threads: int, progress: ShareProgress = no_progress) -> Outcome:
        """A .bbc file's bytes -> those of one at this level, with the same content: pixels or file, metadata, preview.

        The new file is decoded and compared. Heights of bands that were asked for are kept.
        Raises as `decompress_file`, TrailingBytesError, VerifyError.
        """
        content = self._whole_content(data, threads)

        def third(number: int) -> ShareProgress:
            return lambda share: progress((number + share) / 3)

        if isinstance(content, StoredFile):
            from bbans_cli.coders.files import file_coder

            file = file_coder.decode(content, threads, third(0), self.max_memory)
            stored, _ = file_coder.encode(file, "", self.level, threads, third(1), self.max_pixels, self.max_memory)
            packed = container.to_bytes(replace(stored, metadata=content.metadata))
            self._check_file(packed, file, threads, third(2))
            return of_stored_file(stored, packed, len(packed), [])
        picture = decode_picture.decode(content, threads, third(0))
        rows = asked_for(content) or None
        coded = encode_picture.encode(picture, self.level, threads, third(1), band_rows=rows)
        table = [item for item in coded.metadata if item[0] in kinds.OF_PARTS]
        items = table + [item for item in content.metadata if item[0] not in kinds.OF_PARTS]
        packed = container.to_bytes(replace(coded, metadata=items))
        self._check_picture(packed, picture, threads, third(2))
        return Outcome(packed, picture.width, picture.height, picture.pixels.size, len(packed))
