"""S3 and what speaks its protocol. A write is one PUT; a listing streams, a thousand keys a request."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from bbans_cli.archive import fsspec_store
from bbans_cli.archive.store import DamagedUploadError, Entry, Store, checked, join
from bbans_cli.errors import InputError

_MD5 = re.compile(r"[0-9a-f]{32}")
# Larger objects are sent in pieces, whose ETag is no MD5 of the whole: they are read again to compare.
_ONE_PUT = 100 << 20

Answer = Mapping[str, object]


class S3FileSystem(Protocol):
    """What is used of s3fs.S3FileSystem: `call_s3` gives what `info` and `find` leave out, metadata and pages."""

    def call_s3(self, method: str, **options: object) -> Answer: ...
    def cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes: ...
    def pipe_file(self, path: str, value: bytes, **more: object) -> object: ...
    def split_path(self, path: str) -> tuple[str, str, str | None]: ...


class S3Store(Store):
    """A version is the ETag."""

    keeps_metadata = True

    def __init__(self, url: str) -> None:
        super().__init__(url.rstrip("/"))
        system, path = fsspec_store.connect(self.url)
        self._system: S3FileSystem = system  # type: ignore[assignment]
        bucket, prefix, _ = self._system.split_path(path)
        if not bucket:
            raise InputError(f"{url} names no bucket")
        self._bucket, self._prefix = bucket, prefix

    def _place(self, key: str) -> dict[str, object]:
        return {"Bucket": self._bucket, "Key": join(self._prefix, key)}

    def _path(self, key: str) -> str:
        return f"{self._bucket}/{join(self._prefix, key)}"

    def _pages(self, prefix: str, **more: object) -> Iterator[Answer]:
        options: dict[str, object] = {"Bucket": self._bucket, "Prefix": prefix} | more
        while True:
            page = self._call(partial(self._system.call_s3, "list_objects_v2", **options))
            yield page
            if not page.get("IsTruncated"):
                return
            options["ContinuationToken"] = page["NextContinuationToken"]

    def _entries(self) -> Iterator[Entry]:
        prefix = self._prefix + "/" if self._prefix else ""
        for page in self._pages(prefix):
            for item in _contents(page):
                key = str(item["Key"])[len(prefix) :]
                if key and not key.endswith("/"):
                    yield Entry(key, int(str(item["Size"])), _etag(item))

    def _find(self, key: str) -> Entry:
        head = self._system.call_s3("head_object", **self._place(key))
        metadata = head.get("Metadata")
        return Entry(
            key,
            int(str(head["ContentLength"])),
            _etag(head),
            {str(name).lower(): str(text) for name, text in metadata.items()} if isinstance(metadata, dict) else {},
        )

    def _read(self, key: str, most: int | None) -> bytes:
        return self._system.cat_file(self._path(key), start=None if most is None else 0, end=most)

    def _write(self, key: str, data: bytes, metadata: Mapping[str, str], lasting: bool) -> Entry:
        self._system.pipe_file(self._path(key), data, chunksize=_ONE_PUT // 2, Metadata=dict(metadata))
        entry = self._find(key)
        if entry.size != len(data) or not (self.is_content(entry, data) or self._read(key, None) == data):
            raise DamagedUploadError("what the store holds is not what was written")
        return entry

    def is_content(self, entry: Entry, data: bytes) -> bool:
        return bool(_MD5.fullmatch(entry.version)) and entry.version == hashlib.md5(data).hexdigest()

    def _create(self, key: str, data: bytes) -> bool:
        try:
            self._find(key)
            return False
        except FileNotFoundError:
            pass
        # The condition is not honoured by every server, and is answered in two ways where it is.
        try:
            self._system.pipe_file(self._path(key), data, mode="create")
        except OSError as error:
            try:
                self._find(key)
            except FileNotFoundError:
                raise error from None
            return False
        return True

    def _remove(self, key: str) -> None:
        self._system.call_s3("delete_object", **self._place(key))

    def _names(self, folder: str) -> list[str]:
        prefix = join(self._prefix, checked(folder)) + "/"
        pages = self._pages(prefix, Delimiter="/")
        found = (str(item["Key"])[len(prefix) :] for page in pages for item in _contents(page))
        return [name for name in found if name]  # some stores list folders, as empty names


def _contents(page: Answer) -> Sequence[Answer]:
    found = page.get("Contents")
    return found if isinstance(found, list) else []


def _etag(item: Answer) -> str:
    return str(item["ETag"]).strip('"')
