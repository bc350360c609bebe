"""Which kind of store a URL names."""

from __future__ import annotations

from bbans_cli.archive.folder_store import FolderStore
from bbans_cli.archive.store import Store


def open_store(url: str) -> Store:
    """The store of a URL, or of a folder's path. Raises MissingExtraError, InputError."""
    protocol, mark, rest = url.partition("://")
    if not mark or protocol == "file":
        return FolderStore(rest if mark else url)
    if protocol in ("s3", "s3a"):
        from bbans_cli.archive.s3_store import S3Store

        return S3Store(url)
    from bbans_cli.archive.fsspec_store import FsspecStore, GcsStore

    return GcsStore(url) if protocol in ("gs", "gcs") else FsspecStore(url)
