"""Bytes of a .bbc file -> the file or picture in it; verification; what holds of a damaged file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bbans_cli import container
from bbans_cli.api.options import Options
from bbans_cli.api.outcome import Outcome, VerifyError, kind_of, not_kept, of_stored_file
from bbans_cli.coders import decode_picture, memory
from bbans_cli.coders.row_bands import cut, resolved
from bbans_cli.container import Damage, StoredFile
from bbans_cli.errors import BbcError, CorruptError, LimitError, TruncatedError
from bbans_cli.pictures.detect import jpeg_start
from bbans_cli.pictures.equality import equal_pixels
from bbans_cli.pictures.picture import Picture
from bbans_cli.pictures.read_write import read_picture, write_picture
from bbans_cli.progress import ShareProgress, no_progress

_IN_FULL = "decoded in full: these rows have no bands of their own"


@dataclass(frozen=True)
class PictureDecoder(Options):
    """Decodes files with fixed options. Any number of threads may use one at the same time."""

    def decompress(self, data: bytes, threads: int, progress: ShareProgress = no_progress) -> Picture:
        """A .bbc file's bytes -> the picture, or its `rows`; of a JPEG file its pixels."""
        return self._picture(self._whole_content(data, threads), threads, progress)[0]

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
            found = of_stored_file(content, restored, len(data), notes, lossy=bool(notes or damage))
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
        if read_back and not equal_pixels(
            picture, read_picture(file, pixels=True, max_pixels=self.max_pixels, max_memory=self.max_memory)
        ):
            raise VerifyError(f"the {file_format} file does not hold the same pixels")
        size = picture.width, picture.page_height, picture.pixels.size if self.rows is None else 0
        found = Outcome(file, *size, len(data), not_kept(lost), notes, kind_of(content))
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
            if damage is not None and _has_nothing(content):
                raise TruncatedError(f"{damage.reasons[-1]}; no row of the picture holds")
            if self.rows is None:
                return decode_picture.decode(content, threads, progress, damage=damage), []
            picture, in_full = decode_picture.decode_rows(content, self.rows, threads, progress, damage=damage)
            return picture, [_IN_FULL] if in_full else []
        from bbans_cli.coders.files import jpeg_pixels

        note = ""
        if damage is not None and any(part.damaged for part in content.parts):
            picture = jpeg_pixels.decode_damaged(content, self.bounds, damage, threads, progress)
        else:
            picture, note = jpeg_pixels.decode(content, self.bounds, threads, progress)
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
            return damage.metadata and not any(part.damaged for part in content.parts)
        several = sum(len(part.bands) for part in content.parts) > 1
        return (damage.metadata or several) and not _has_nothing(content)

    def verify_file(self, data: bytes, threads: int, progress: ShareProgress = no_progress) -> Outcome:
        """Decode a .bbc file's bytes in full. Raises as `decompress_file`; CorruptError says which rows are lost."""
        try:
            return self._verify_file(data, threads, progress)
        except CorruptError as error:
            raise type(error)(f"{error}{self._where(data, threads)}") from error

    def _where(self, data: bytes, threads: int) -> str:
        """What is lost of a damaged file, to be added to an error; "" where nothing says what it held."""
        damage = Damage()
        try:
            content, _ = self._content(data, threads, damage)
            if isinstance(content, container.Container) and _has_nothing(content):
                return f"; rows 0:{content.height} are lost"
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
            return replace(of_stored_file(content, b"", len(data), []), surplus=surplus)
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
            return replace(of_stored_file(content, b"", len(data), []), surplus=surplus)
        assert isinstance(found, Picture)
        return Outcome(b"", found.width, found.page_height, found.pixels.size, len(data), surplus=surplus)

    def _stripped(self, data: bytes) -> tuple[bytes, list[str]]:
        """With `strip` a JPEG file without its metadata, and a note if it had some."""
        from bbans_cli.coders.files import jpeg_segments

        start = jpeg_start(data)
        kept = jpeg_segments.stripped(data, start) if self.strip and start >= 0 else data
        return kept, ["metadata dropped: it is not the same file any more"] if kept != data else []

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


def _has_nothing(content: container.Container) -> bool:
    """Whether the bytes end before the first band does."""
    return all(band.missing for part in content.parts for band in part.bands)


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
