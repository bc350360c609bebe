"""Bytes of a file -> bytes of a .bbc file, and back: what the command and the Python API share."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

import numpy as np

from bbans_cli import container
from bbans_cli.coders import decode_picture, encode_picture, memory
from bbans_cli.coders.row_bands import Rows, asked_for, cost, cut, resolved
from bbans_cli.container import Damage, LostRows, StoredFile
from bbans_cli.container import metadata as kinds
from bbans_cli.container.bounds import Bounds
from bbans_cli.errors import BbcError, CorruptError, LimitError, TruncatedError
from bbans_cli.limits import MAX_PIXELS, PREVIEW_SIDE
from bbans_cli.pictures import exif
from bbans_cli.pictures.detect import detect, is_jpeg, is_lossy, jpeg_start, refuse
from bbans_cli.pictures.formats import DEFLATE_LEVEL, JPEG_SUFFIXES
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture, write_picture
from bbans_cli.progress import ShareProgress, no_progress

# Rows that are compared at a time.
EQUAL_ROWS = 256
_IN_FULL = "decoded in full: these rows have no bands of their own"


@dataclass(frozen=True)
class Salvaged:
    """What holds of a damaged file.

    pixels  as bbans_cli.decompress returns them; lost ones are middle grey, of palettes index 0, of alpha opaque
    lost    the lost rows, from the top; of a stack, rows of all pages below each other
    words   what is lost, of rows and of all else, a line each; empty if the file is not damaged
    """

    pixels: np.ndarray
    lost: list[LostRows]
    words: list[str]


class VerifyError(BbcError):
    """The result does not decode to the input: a bug of the program, or a fault of the machine."""

    code = "verify"


@dataclass(frozen=True)
class Outcome:
    """The result for one file.

    data           the bytes of the output; none from verify_file
    width, height  of the picture, or of a page of a stack; None where a file was only stored
    samples        pixels times channels, 0 where nothing is known of them
    coded_bytes    size of the .bbc file on either side
    warnings       what was lost
    notes          what else the user should hear
    kind           "picture", "jpeg" (a JPEG file), "file" (a file that was only stored)
    lossy          the input cannot be restored from the output
    surplus        bytes that follow the .bbc file in the input and were ignored
    file_format    of a picture that was written: one of FORMATS
    remark         what only those hear who ask for more (-v)
    damage         what is lost of a damaged file that was to be read as far as it holds
    """

    data: bytes
    width: int | None
    height: int | None
    samples: int
    coded_bytes: int
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kind: str = "picture"
    lossy: bool = False
    surplus: int = 0
    file_format: str | None = None
    remark: str = ""
    damage: Damage = field(default_factory=Damage)


@dataclass(frozen=True)
class PictureCodec:
    """Encodes and decodes files with fixed options. Any number of threads may use one at the same time.

    level       1 fast, 5 default, 9 best
    max_pixels  larger pictures are refused before memory is taken for them
    verify      decode each .bbc and compare before handing it out
    strip       leave out metadata that pixels do not depend on
    pixels      take the pixels of lossy formats (JPEG), not the file
    deflate_level  of PNG and TIFF files that are written: 1 is the fastest, 9 the smallest
    preview     pixels a side of the preview that .bbc files get; 0: none
    band_rows   rows of a band at most, so that some rows can be decoded without the others; 0: as suits the coder
    rows        decode these rows of pictures alone; None: all
    keep_going  of damaged .bbc files decode what holds, and say in `Outcome.damage` what is lost
    max_memory  bytes: what needs more, as far as is known before, is refused; None: half of the machine's
    """

    level: int = 5
    max_pixels: int = MAX_PIXELS
    verify: bool = True
    strip: bool = False
    pixels: bool = False
    deflate_level: int = DEFLATE_LEVEL
    preview: int = 0
    band_rows: int = 0
    rows: Rows | None = None
    keep_going: bool = False
    max_memory: int | None = None

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
        return Outcome(coded, *size, len(coded), _not_kept(lost), lossy=stripped or lossy, remark=remark)

    def _compress_jpeg(self, data: bytes, name: str, threads: int, progress: ShareProgress) -> Outcome:
        from bbans_cli.coders.files import file_coder

        data, notes = self._stripped(data)
        stripped = bool(notes)
        suffix = os.path.splitext(name)[1] if name else JPEG_SUFFIXES[0]
        halves = 2 if self.verify else 1
        stored, reason = file_coder.encode(
            data, suffix, self.level, threads, lambda share: progress(share / halves), self.max_pixels, self.max_memory
        )
        packed, remark = self._packed(stored, data)
        remark = "; ".join((["a JPEG file has no bands"] if self.band_rows else []) + ([remark] if remark else []))
        if self.verify:
            self._check_file(packed, data, threads, lambda share: progress((1 + share) / 2))
        if reason:
            notes.append(f"stored as it is: {reason}")
        return replace(_of_file(stored, packed, len(packed), notes, lossy=stripped), remark=remark)

    def _stripped(self, data: bytes) -> tuple[bytes, list[str]]:
        """With `strip` a JPEG file without its metadata, and a note if it had some."""
        from bbans_cli.coders.files import jpeg_segments

        start = jpeg_start(data)
        kept = jpeg_segments.stripped(data, start) if self.strip and start >= 0 else data
        return kept, ["metadata dropped: it is not the same file any more"] if kept != data else []

    def _check_file(self, packed: bytes, data: bytes, threads: int, progress: ShareProgress) -> None:
        from bbans_cli.coders.files import file_coder

        read = container.from_bytes(packed, self.max_pixels)
        if not isinstance(read, StoredFile) or file_coder.decode(read, threads, progress) != data:
            raise VerifyError("the result does not decode to the file; nothing was written")

    def decompress_file(
        self,
        data: bytes,
        file_format: str | None,
        threads: int,
        progress: ShareProgress = no_progress,
        read_back: bool = False,
    ) -> Outcome:
        """A .bbc file's bytes -> those of the file in it, or of a picture in `file_format`.

        file_format  one of FORMATS; None: the file itself where there is one, else `picture.file_format`
        read_back    read a new picture file and compare pixels, so that the .bbc may be removed

        Raises CorruptError, LimitError, UnsupportedError, and InputError for pixels of a file that has none. With
        keep_going CorruptError only where nothing can be written.
        """
        damage = Damage()
        content, surplus = self._content(data, threads, damage if self.keep_going else None)
        if isinstance(content, StoredFile) and file_format is None and self.rows is None:
            restored, notes = self._stripped(_whole_file(content, damage, threads, progress, self.max_memory))
            found = _of_file(content, restored, len(data), notes, lossy=bool(notes or damage))
            return replace(found, surplus=surplus, damage=damage)
        picture, notes = self._picture(content, threads, progress, damage if self.keep_going else None)
        if damage.is_of_all(picture.height):
            raise CorruptError(
                f"{(damage.reasons or ['corrupt: no checksum matches'])[-1]}; no row of the picture holds"
            )
        partial = isinstance(content, StoredFile) or self.rows is not None
        lossy = partial or self.strip and bool(picture.metadata)
        if self.strip:
            picture = picture.stripped()
        file_format = file_format or picture.file_format
        file, lost = write_picture(picture, file_format, self.deflate_level)
        if read_back and not _equal_pixels(
            picture, read_picture(file, pixels=True, max_pixels=self.max_pixels, max_memory=self.max_memory)
        ):
            raise VerifyError(f"the {file_format} file does not hold the same pixels")
        size = picture.width, picture.page_height, picture.pixels.size if self.rows is None else 0
        found = Outcome(file, *size, len(data), _not_kept(lost), notes, kind_of(content))
        lossy = lossy or bool(damage)
        return replace(found, lossy=lossy, surplus=surplus, file_format=file_format, damage=damage)

    def _picture(
        self,
        content: container.Container | StoredFile,
        threads: int,
        progress: ShareProgress,
        damage: Damage | None = None,
    ) -> tuple[Picture, list[str]]:
        """The picture or its `rows`, of a JPEG file its pixels, and notes for the user.

        damage  gets what is lost; without, damage is a CorruptError
        """
        if not isinstance(content, StoredFile):
            if damage is not None and all(band.missing for part in content.parts for band in part.bands):
                raise TruncatedError(f"{damage.reasons[-1]}; no row of the picture holds")
            if self.rows is None:
                return decode_picture.decode(content, threads, progress, damage=damage), []
            picture, in_full = decode_picture.decode_rows(content, self.rows, threads, progress, damage=damage)
            return picture, [_IN_FULL] if in_full else []
        from bbans_cli.coders.files import jpeg_pixels

        note = ""
        if damage is not None and any(part.damaged for part in content.parts):
            picture = jpeg_pixels.decode_damaged(content, self._bounds, damage, threads, progress)
        else:
            picture, note = jpeg_pixels.decode(content, self._bounds, threads, progress)
        notes = [note] if note else []
        if self.rows is not None:
            rows = resolved(self.rows, picture.height)
            picture = picture.with_rows(*rows)
            notes.append(_IN_FULL)
            if damage is not None:
                damage.keep_rows(*rows)
        return picture, notes

    def salvage(self, data: bytes, threads: int) -> tuple[Picture, Damage]:
        """What holds of a .bbc file's picture, grey where that is lost, and what is lost.

        Raises CorruptError where the header is damaged, and for JPEG files as jpeg_pixels.decode_damaged.
        """
        damage = Damage()
        content, surplus = self._content(data, threads, damage)
        picture, _ = self._picture(content, threads, no_progress, damage)
        damage.notes += [f"{surplus:,} bytes after the end were ignored"] if surplus else []
        return picture, damage

    def holds_in_part(self, data: bytes) -> bool:
        """Whether something of a damaged picture may be left, as far as its header tells: it has several bands."""
        try:
            content, _ = container.from_leading_bytes(data, self.max_pixels, damage := Damage())
        except BbcError:
            return False
        if isinstance(content, StoredFile):
            return damage.metadata
        return damage.metadata or sum(len(part.bands) for part in content.parts) > 1

    def verify_file(self, data: bytes, threads: int, progress: ShareProgress = no_progress) -> Outcome:
        """Decode a .bbc file's bytes in full. Raises as `decompress_file`; CorruptError says which rows are lost."""
        try:
            return self._verify_file(data, threads, progress)
        except CorruptError as error:
            raise type(error)(f"{error}{self._where(data, threads)}") from error

    def _where(self, data: bytes, threads: int) -> str:
        """What is lost of a damaged file, to be added to an error; "" where nothing of the picture holds."""
        damage = Damage()
        try:
            content, _ = self._content(data, threads, damage)
            self._picture(content, threads, no_progress, damage)
        except BbcError:
            return ""
        words = damage.words()
        return "".join(f"; {text}" for text in (words if damage.rows else [*words, "all rows hold"]))

    def _verify_file(self, data: bytes, threads: int, progress: ShareProgress) -> Outcome:
        content, surplus = self._content(data, threads)
        if isinstance(content, StoredFile):
            from bbans_cli.coders.files import file_coder

            file_coder.decode(content, threads, progress, self.max_memory)
            return replace(_of_file(content, b"", len(data), []), surplus=surplus)
        picture = decode_picture.decode(content, threads, progress)
        return Outcome(b"", picture.width, picture.page_height, picture.pixels.size, len(data), surplus=surplus)

    def verify_by_reference(self, data: bytes, progress: ShareProgress = no_progress) -> Outcome:
        """`verify_file` by the second decoder (reference/decode_file.py), which is slow and shares no code with the
        core. Raises the same, and UnsupportedError for a payload that it does not read."""
        from bbans_cli.reference import decode_file

        content, surplus = self._content(data, 1)
        if isinstance(content, StoredFile) and content.size > 4 * self.max_pixels:
            raise LimitError(f"{content.size:,} bytes are above the limit of {4 * self.max_pixels:,}, 4 a pixel")
        done, total = 0, decode_file.pixels_of(content)

        def tick(pixels: int) -> None:
            nonlocal done
            done += pixels
            progress(min(1.0, done / total))

        found = decode_file.decode_content(content, tick)
        if isinstance(content, StoredFile):
            return replace(_of_file(content, b"", len(data), []), surplus=surplus)
        assert isinstance(found, Picture)
        return Outcome(b"", found.width, found.page_height, found.pixels.size, len(data), surplus=surplus)

    @property
    def _bounds(self) -> Bounds:
        return Bounds(self.max_pixels, self.max_memory)

    def _content(
        self, data: bytes, threads: int, damage: Damage | None = None
    ) -> tuple[container.Container | StoredFile, int]:
        """What a .bbc file's bytes hold, and how many bytes follow it. Raises as `container.from_leading_bytes`."""
        content, surplus = container.from_leading_bytes(data, self.max_pixels, damage)
        self._check_memory(content, threads)
        return content, surplus

    def _whole_content(self, data: bytes, threads: int) -> container.Container | StoredFile:
        """The same of bytes that nothing follows. Raises as `container.from_bytes`."""
        content = container.from_bytes(data, self.max_pixels)
        self._check_memory(content, threads)
        return content

    def _check_memory(self, content: container.Container | StoredFile, threads: int) -> None:
        if self.rows is not None and isinstance(content, container.Container) and content.pages == 1:
            content, _ = cut(content, *resolved(self.rows, content.height))
        memory.check_content(content, threads, self.max_memory)

    def compress(self, picture: Picture, threads: int, progress: ShareProgress = no_progress) -> bytes:
        """A picture -> a .bbc file's bytes."""
        return self._compress_picture(picture, threads, progress)[0]

    def _compress_picture(self, picture: Picture, threads: int, progress: ShareProgress) -> tuple[bytes, str]:
        """The .bbc file, and a remark."""
        memory.check_picture(picture, threads, self.max_memory)
        if self.strip:
            picture = picture.stripped()
        halves = 2 if self.verify else 1
        coded = encode_picture.encode(
            picture, self.level, threads, lambda share: progress(share / halves), band_rows=self.band_rows or None
        )
        packed, remark = self._packed(coded, picture)
        remark = "; ".join(([cost(coded)] if self.band_rows else []) + ([remark] if remark else []))
        del coded  # its payloads are in the file, and memory is short for large pictures
        if self.verify:
            self._check_picture(packed, picture, threads, lambda share: progress((1 + share) / 2))
        return packed, remark

    def _check_picture(self, packed: bytes, picture: Picture, threads: int, progress: ShareProgress) -> None:
        # From the bytes, as a reader would: the container is under test as well.
        given = decode_picture.decode(container.picture_from_bytes(packed, self.max_pixels), threads, progress)
        if not _equal_pixels(picture, given) or picture.items() != given.items():
            raise VerifyError("the result does not decode to the picture; nothing was written")

    def _packed(self, coded: container.Container | StoredFile, source: Picture | bytes) -> tuple[bytes, str]:
        """The .bbc file's bytes, with a preview of the picture or JPEG file where one is asked for, and a remark on it.

        The thumbnail that EXIF data have is enough where no larger preview is asked for than the usual one.
        """
        packed = container.to_bytes(coded)
        if not self.preview:
            return packed, ""
        from bbans_cli.coders.files import jpeg_segments
        from bbans_cli.pictures import previews

        if isinstance(source, Picture):
            block = dict(reversed(source.metadata)).get(kinds.EXIF)
        else:
            block = jpeg_segments.exif_and_xmp(source, max(0, jpeg_start(source))).get("exif")
        if self.preview <= PREVIEW_SIDE and exif.thumbnail(block):
            return packed, "no preview but the thumbnail in the EXIF data"
        most = previews.most_bytes(len(packed))
        small = previews.make(source, self.preview, most)
        if small is None:
            return packed, f"no preview: none fits into {most:,} bytes"
        item = kinds.PREVIEW, kinds.preview(small, exif.orientation(block))
        return container.to_bytes(replace(coded, metadata=[item, *coded.metadata])), f"preview of {len(small):,} bytes"

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
            return _of_file(stored, packed, len(packed), [])
        picture = decode_picture.decode(content, threads, third(0))
        rows = asked_for(content) or None
        coded = encode_picture.encode(picture, self.level, threads, third(1), band_rows=rows)
        table = [item for item in coded.metadata if item[0] == kinds.VALUES]
        items = table + [item for item in content.metadata if item[0] != kinds.VALUES]
        packed = container.to_bytes(replace(coded, metadata=items))
        self._check_picture(packed, picture, threads, third(2))
        return Outcome(packed, picture.width, picture.height, picture.pixels.size, len(packed))

    def decompress(self, data: bytes, threads: int, progress: ShareProgress = no_progress) -> Picture:
        """A .bbc file's bytes -> the picture, or its `rows`; of a JPEG file its pixels."""
        return self._picture(self._whole_content(data, threads), threads, progress)[0]


def kind_of(content: container.Container | StoredFile) -> str:
    """As JSON names it: "picture", "jpeg", "file"."""
    return content.kind if isinstance(content, StoredFile) else "picture"


def _whole_file(
    stored: StoredFile, damage: Damage, threads: int, progress: ShareProgress, max_memory: int | None
) -> bytes:
    """The file that a .bbc file holds. Raises CorruptError, if it is damaged in more than metadata."""
    from bbans_cli.coders.files import file_coder

    if not any(part.damaged for part in stored.parts):
        return file_coder.decode(stored, threads, progress, max_memory)
    words = "what holds of its pixels can be written, in the format that --format names"
    if stored.jpeg is None or stored.parts[0].damaged:
        words = "nothing of it can be written"
    raise CorruptError(f"{damage.reasons[-1]}; the file cannot be restored, and {words}")


def _of_file(stored: StoredFile, data: bytes, coded_bytes: int, notes: list[str], lossy: bool = False) -> Outcome:
    jpeg = stored.jpeg
    if jpeg is None:
        return Outcome(data, None, None, 0, coded_bytes, [], notes, "file", lossy)
    samples = jpeg.width * jpeg.height * jpeg.components
    return Outcome(data, jpeg.width, jpeg.height, samples, coded_bytes, [], notes, "jpeg", lossy)


def _equal_pixels(one: Picture, other: Picture) -> bool:
    """Whether pixels, colours and transparency are equal; mode and depth depend on the file format, too."""
    return (
        one.pixels.dtype == other.pixels.dtype
        and one.pixels.shape == other.pixels.shape
        # In pieces: as many truth values as samples would take the memory of a picture.
        and all(
            np.array_equal(one.pixels[top : top + EQUAL_ROWS], other.pixels[top : top + EQUAL_ROWS])
            for top in range(0, one.height, EQUAL_ROWS)
        )
        and _equal_palettes(one.palette, other.palette)
        and one.transparency == other.transparency
        and one.maximum == other.maximum
        and one.alpha == other.alpha
        and one.pages == other.pages
        and one.colours == other.colours
    )


def _equal_palettes(one: bytes | None, other: bytes | None) -> bool:
    """Whether palettes are equal but for black behind the last colour, with which some formats fill theirs up."""
    if one is None or other is None:
        return one is other
    length = max(len(one), len(other))
    return one.ljust(length, b"\0") == other.ljust(length, b"\0")


def _not_kept(lost: list[str]) -> list[str]:
    return [f"not kept: {', '.join(dict.fromkeys(lost))}"] if lost else []
