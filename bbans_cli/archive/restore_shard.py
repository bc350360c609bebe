"""The sources of one shard, made again from its outputs."""

from __future__ import annotations

import hashlib
import posixpath
import time
from dataclasses import dataclass, replace

from bbans_cli import container, output_names
from bbans_cli.api import Outcome, PictureCodec, VerifyError
from bbans_cli.archive.job import Settings
from bbans_cli.archive.pipeline import Done, Stages
from bbans_cli.archive.rows import OK, SKIPPED, Result
from bbans_cli.archive.store import Store
from bbans_cli.archive.verify_shard import Read, failed, read_output
from bbans_cli.errors import OutputExistsError
from bbans_cli.pictures.formats import JPEG, WRITE_SUFFIXES

EXISTS = "exists"


@dataclass(frozen=True)
class Restored:
    """A file or picture that has been decoded; `key`: its name in the target."""

    read: Read
    key: str
    outcome: Outcome


@dataclass(frozen=True)
class Restorer:
    """The stages of a shard.

    replace        replace what is there already
    skip_existing  leave what is there already, without reading
    """

    settings: Settings
    destination: Store
    target: Store
    replace: bool = False
    skip_existing: bool = False

    def stages(self) -> Stages[Result, Read, Restored, Result]:
        """Read, decode, write: for pipeline.run."""
        return Stages(self.load, self.decode, self.store, lambda row: row.out_bytes)

    def load(self, row: Result) -> Read | Done[Result]:
        """Read an output; a result at once where it cannot be read, or the file is there."""
        began = time.monotonic()
        try:
            if self.skip_existing and row.kind != "picture" and self.target.find(row.key) is not None:
                return Done(replace(row, status=SKIPPED, code=EXISTS))
            return Read(row, read_output(self.destination, row), began)
        except Exception as error:
            return Done(failed(row, error, began))

    def decode(self, read: Read, threads: int) -> Restored | Done[Result]:
        """Decode, and compare what can be; a result at once where that fails. threads: at least 1."""
        try:
            key, file_format = restored_name(read.row, read.data, self.settings.full_names)
            if not self.replace and self.target.find(key) is not None:
                if self.skip_existing:
                    return Done(replace(read.row, status=SKIPPED, code=EXISTS))
                raise OutputExistsError(f"{key} exists already; -f replaces it, --skip-existing skips it")
            codec = PictureCodec(max_pixels=self.settings.max_pixels)
            outcome = codec.decompress_file(read.data, file_format, threads, read_back=file_format is not None)
            row = read.row
            if row.kind != "picture" and not self.settings.strip:
                if hashlib.sha256(outcome.data).hexdigest() != row.source_sha256:
                    raise VerifyError("what the output holds is not the file that was read")
            return Restored(read, key, outcome)
        except Exception as error:
            return Done(failed(read.row, error, read.began))

    def store(self, restored: Restored) -> Result:
        """Write the file to the target."""
        read = restored.read
        try:
            self.target.write(restored.key, restored.outcome.data)
            return replace(
                read.row,
                status=OK,
                code="",
                target=restored.key,
                warnings=tuple(restored.outcome.warnings),
                seconds=round(time.monotonic() - read.began, 4),
            )
        except Exception as error:
            return failed(read.row, error, read.began)


def restored_name(row: Result, data: bytes, full: bool) -> tuple[str, str | None]:
    """The key that a restored source gets, and the format that a picture is written in (None: the file as it was).

    It is the source's own, unless that has the suffix of a format that bbc does not write.
    """
    head = container.read_head(data)
    if head.kind != "picture":
        return row.key, None
    folder, name = posixpath.split(row.key)
    file_format = WRITE_SUFFIXES.get(output_names.suffix_of(name))
    if file_format is None:
        name, file_format = output_names.restored(posixpath.basename(row.target), head, full)
    assert file_format != JPEG
    return posixpath.join(folder, name), file_format
