"""The metadata of a .bbc file read, replaced or left out, without coding pixels again: what `bbc meta` does.

Of a picture, and of previews, that is a change of the metadata section. A JPEG file has its metadata within, and is
another file afterwards (coders/files/jpeg_edit.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bbans_cli import container
from bbans_cli.container import Container, StoredFile
from bbans_cli.errors import InputError
from bbans_cli.limits import MAX_PIXELS
from bbans_cli.pictures import exif, metadata_items

ALL = "all"
PREVIEW = "preview"


@dataclass(frozen=True)
class Change:
    """What to do with the metadata of a .bbc file.

    values        of METADATA_NAMES, what they become
    stripped      of METADATA_NAMES, what to leave out; ALL: everything that no pixel depends on
    changes_file  change JPEG files as well, which then are not the same files any more
    verify        decode a changed JPEG file, whose checksum then must hold
    """

    values: Mapping[str, bytes]
    stripped: Sequence[str] = ()
    changes_file: bool = False
    verify: bool = True

    def apply(
        self, data: bytes, threads: int = 1, max_pixels: int = MAX_PIXELS, max_memory: int | None = None
    ) -> bytes:
        """The .bbc file's bytes after the change; `data` itself where nothing changes.

        Raises CorruptError, UnsupportedError, and InputError for values that do not fit or a JPEG file that must stay.
        """
        content = container.from_bytes(data, max_pixels)
        if isinstance(content, StoredFile):
            from bbans_cli.coders import memory

            memory.check_content(content, threads, max_memory)
            changed: Container | StoredFile = self._of_file(content, threads)
        else:
            changed = replace(content, metadata=self._of_items(content.metadata))
        return data if changed == content else container.to_bytes(changed)

    def _of_items(self, items: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        items = metadata_items.stripped(items, list(self.stripped)) if self.stripped else items
        return metadata_items.changed(items, self.values) if self.values else items

    def _of_file(self, stored: StoredFile, threads: int) -> StoredFile:
        inside: dict[str, bytes | None] = {name: None for name in self.stripped if name not in (ALL, PREVIEW)}
        inside |= {name: metadata_items.check(name, value) for name, value in self.values.items() if name != PREVIEW}
        everything = ALL in self.stripped
        if (inside or everything) and not self.changes_file:
            from bbans_cli.coders.files import jpeg_edit

            jpeg_edit.check(stored)
            raise InputError(
                "holds a JPEG file, which would not be the same any more; --changes-file does it all the same"
            )
        turn = metadata_items.orientation(stored.metadata)
        if inside or everything:
            from bbans_cli.coders.files import file_coder, jpeg_edit

            stored = jpeg_edit.change(stored, inside, everything)
            if self.verify:
                file_coder.decode(stored, threads)
            if everything or "exif" in inside:
                turn = exif.orientation(inside.get("exif"))
        outside = Change(
            {PREVIEW: self.values[PREVIEW]} if PREVIEW in self.values else {},
            [name for name in self.stripped if name in (ALL, PREVIEW)],
        )
        if PREVIEW in self.values and turn is None:
            turn = exif.orientation(read(stored, "exif"))
        return replace(stored, metadata=metadata_items.turned(outside._of_items(stored.metadata), turn or 1))


def read(content: Container | StoredFile, name: str) -> bytes | None:
    """One of METADATA_NAMES, if it is there: a profile, a TIFF structure, a packet, a small picture; texts as lines.

    Raises CorruptError, UnsupportedError.
    """
    if isinstance(content, StoredFile) and name != PREVIEW:
        from bbans_cli.coders.files import jpeg_edit

        return jpeg_edit.read(content, name)
    return metadata_items.read(content.metadata, name)
