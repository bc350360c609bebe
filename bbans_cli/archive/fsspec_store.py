"""Stores that fsspec knows: SFTP and others that can rename, and Google's."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import BinaryIO, Protocol

from bbans_cli.archive import extras
from bbans_cli.archive.folder_store import TEMPORARY
from bbans_cli.archive.store import DamagedUploadError, Entry, Store, join
from bbans_cli.errors import InputError

# The extra that brings a protocol; fsspec itself comes with each.
EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "sftp": "sftp", "ssh": "sftp"}

Info = Mapping[str, object]


class FileSystem(Protocol):
    """What is used of fsspec.AbstractFileSystem."""

    def ls(self, path: str, detail: bool) -> list[Info]: ...
    def info(self, path: str) -> Info: ...
    def cat_file(self, path: str) -> bytes: ...
    def open(self, path: str, mode: str) -> BinaryIO: ...
    def pipe_file(self, path: str, value: bytes, **more: object) -> object: ...
    def mv(self, path1: str, path2: str) -> object: ...
    def makedirs(self, path: str, exist_ok: bool) -> object: ...
    def rm_file(self, path: str) -> object: ...


# Options of file systems, unless fsspec's configuration says otherwise: no listing is cached, since other machines
# write too. asyncssh checks the server's key against known_hosts, which sshfs by itself does not ask for, and
# notices within a minute that a server is gone.
_DEFAULTS: dict[str, object] = {"use_listings_cache": False}
_SSH_DEFAULTS: dict[str, object] = {"known_hosts": (), "keepalive_interval": 15, "keepalive_count_max": 3}


def connect(url: str, fresh: bool = False) -> tuple[FileSystem, str]:
    """The file system of a URL and the path in it. `fresh`: make a new connection.

    Credentials and endpoints are not the job's: they come from fsspec's configuration, the environment and the files
    that each store's library reads. Raises MissingExtraError, InputError.
    """
    protocol = url.partition("://")[0]
    extra = EXTRAS.get(protocol, "s3")
    with extras.needed(extra, f"{protocol}://"):
        import fsspec
        from fsspec.config import conf

        try:
            kind = fsspec.get_filesystem_class(protocol)
        except ValueError as error:
            raise InputError(f"{protocol}:// is no store that fsspec knows") from error
        options = (_SSH_DEFAULTS if EXTRAS.get(protocol) == "sftp" else _DEFAULTS) | conf.get(protocol, {})
        system, path = fsspec.core.url_to_fs(url, **options, skip_instance_cache=fresh)
        if not isinstance(system, kind):
            raise InputError(f"fsspec opens {protocol}:// by way of another store; name that store")
        return system, str(path).rstrip("/")


class FsspecStore(Store):
    """A store that renames in one step, as SFTP does. A version is size and time of modification, or an ETag."""

    def __init__(self, url: str) -> None:
        super().__init__(url.rstrip("/"))
        self._system, self._root = connect(self.url)

    def connect_again(self) -> None:
        if self.url.startswith(("sftp:", "ssh:")):
            # A broken SSH connection stays broken; if there is none to be had, the next try says so.
            with contextlib.suppress(Exception):
                self._system, self._root = connect(self.url, fresh=True)

    def _path(self, key: str) -> str:
        return join(self._root, key)

    def _key(self, path: str) -> str:
        return path[len(self._root) :].lstrip("/")

    def _entries(self) -> Iterator[Entry]:
        todo = [self._root]
        while todo:
            folder = todo.pop()
            for info in self._call(partial(self._list, folder)):
                path = str(info["name"]).rstrip("/")
                key = self._key(path)
                if info["type"] == "directory" and key not in ("", TEMPORARY):
                    todo.append(path)
                elif info["type"] == "file" and key:
                    yield Entry(key, _size(info), self._version(info))

    def _list(self, folder: str) -> list[Info]:
        return self._system.ls(folder, detail=True)

    def _version(self, info: Info) -> str:
        for name in ("etag", "ETag"):
            if info.get(name):
                return str(info[name]).strip('"')
        for name in ("mtime", "last_modified", "LastModified", "updated", "created"):
            if info.get(name):
                return f"{_size(info)}-{str(info[name]).replace(' ', 'T')}"
        return f"{_size(info)}"

    def _find(self, key: str) -> Entry:
        info = self._system.info(self._path(key))
        if info["type"] == "directory":
            raise IsADirectoryError(key)
        return Entry(key, _size(info), self._version(info), self._metadata(info))

    def _metadata(self, info: Info) -> Mapping[str, str]:
        return {}

    def _read(self, key: str, most: int | None) -> bytes:
        if most is None:
            return self._system.cat_file(self._path(key))
        with self._system.open(self._path(key), "rb") as file:  # sshfs gives all, whatever part is asked for
            return file.read(most)

    def _write(self, key: str, data: bytes, metadata: Mapping[str, str], lasting: bool) -> Entry:
        temporary = self._path(f"{TEMPORARY}/.{os.urandom(8).hex()}.tmp")
        target = self._path(key)
        self._system.makedirs(self._path(TEMPORARY), exist_ok=True)
        try:
            self._system.pipe_file(temporary, data)
            if self._system.cat_file(temporary) != data:
                raise DamagedUploadError("what the store holds is not what was written")
            self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._system.mv(temporary, target)
        except BaseException:
            with contextlib.suppress(Exception):
                self._system.rm_file(temporary)
            raise
        return self._find(key)

    def _create(self, key: str, data: bytes) -> bool:
        try:
            self._find(key)
        except FileNotFoundError:
            self._write(key, data, {}, False)
            return True
        return False

    def _remove(self, key: str) -> None:
        self._system.rm_file(self._path(key))

    def _names(self, folder: str) -> list[str]:
        found = self._system.ls(self._path(folder), detail=True)
        return [str(info["name"]).rpartition("/")[2] for info in found if info["type"] == "file"]

    def tidy(self) -> None:
        with contextlib.suppress(Exception):
            for name in self._names(TEMPORARY):
                self._remove(f"{TEMPORARY}/{name}")


class GcsStore(FsspecStore):
    """Google Cloud Storage: a write is one step, objects have metadata and an MD5. Never run on Google's servers."""

    keeps_metadata = True

    def _write(self, key: str, data: bytes, metadata: Mapping[str, str], lasting: bool) -> Entry:
        self._system.pipe_file(self._path(key), data, metadata=dict(metadata))
        info = self._system.info(self._path(key))
        expected = base64.b64encode(hashlib.md5(data).digest()).decode()
        if _size(info) != len(data) or info.get("md5Hash", expected) != expected:
            raise DamagedUploadError("what the store holds is not what was written")
        return Entry(key, len(data), self._version(info), self._metadata(info))

    def _metadata(self, info: Info) -> Mapping[str, str]:
        found = info.get("metadata")
        return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else {}


def _size(info: Info) -> int:
    return int(str(info["size"] or 0))
