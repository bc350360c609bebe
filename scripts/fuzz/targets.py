"""Fuzz targets in Python: each takes any bytes, and raises nothing but what it should not.

Checksums always hold while a target runs, so that changed bytes reach what lies behind them. What a reader took is
written and read again, and must be the same.
"""

from __future__ import annotations

import contextlib
import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from unittest import mock

import numpy as np

from bbans_cli import api, container, thumbnails
from bbans_cli.coders.files import byte_coder, file_coder, jpeg_tree
from bbans_cli.coders.files.jpeg_segments import stripped
from bbans_cli.container import metadata as kinds
from bbans_cli.container.byte_reader import varint
from bbans_cli.errors import BbcError
from bbans_cli.pictures import exif, metadata_items
from bbans_cli.pictures.picture import from_items
from bbans_cli.pictures.read_write import read_picture, write_picture

# So that an input takes milliseconds.
MAX_PIXELS = 1 << 12
MAX_MEMORY = 1 << 30
MAX_BYTES = 1 << 12  # by context mixing: a small payload may be a megabyte of them
Target = Callable[[bytes], None]


class _Holds(int):
    """A checksum that equals every other."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0


@contextlib.contextmanager
def checksums_hold() -> Iterator[None]:
    """zlib.crc32 gives what equals any number."""
    with mock.patch.object(zlib, "crc32", lambda data, value=0: _Holds(_CRC32(data, int(value)))):
        yield


_CRC32 = zlib.crc32


def container_(data: bytes) -> None:
    """The header, its parts and the metadata; what was read is written again."""
    with contextlib.suppress(BbcError):
        container.read_head(data)
    with checksums_hold():
        try:
            content, surplus = container.from_leading_bytes(data, 1 << 40)
        except BbcError:
            return
        assert container.from_bytes(container.to_bytes(content), 1 << 40) == content
        assert surplus < len(data)


def decode(data: bytes) -> None:
    """A whole .bbc file, of any coder, to a picture file or a JPEG file; and its rows."""
    codec = api.PictureCodec(max_pixels=MAX_PIXELS, max_memory=MAX_MEMORY)
    with checksums_hold(), mock.patch.object(byte_coder, "MOST_MIXED", MAX_BYTES):
        for each in (codec, replace(codec, rows=(0, 1))):
            with contextlib.suppress(BbcError):
                each.decompress_file(data, None, 1)


def pictures(data: bytes) -> None:
    """A picture file of any format. What was read is the same after it was written and read again."""
    with checksums_hold():
        try:
            picture = read_picture(data, pixels=True, max_pixels=MAX_PIXELS, max_memory=MAX_MEMORY)
            written, lost = write_picture(picture, picture.file_format)
        except BbcError:
            return
        again = read_picture(written, pixels=True, max_pixels=MAX_PIXELS)
    assert not np.any(again.pixels != picture.pixels) and again.pixels.shape == picture.pixels.shape
    assert lost or picture.pages > 1 or len(again.metadata) == len(picture.metadata), (picture.metadata, again.metadata)


def jpeg(data: bytes) -> None:
    """Any bytes as a JPEG file: they come back."""
    try:
        stored, _ = file_coder.encode(data, "", 1, 1, max_pixels=MAX_PIXELS)
    except BbcError:
        return
    assert file_coder.decode(stored, 1) == data
    stripped(data)


def tree(data: bytes) -> None:
    """The structure of a JPEG file with its plain bytes; and a file of these, without coefficients that make sense."""
    with contextlib.suppress(BbcError):
        size = data[0] if data else 0
        node = jpeg_tree.from_bytes(data[1 : 1 + size], data[1 + size :])
        count = len(list(node.all_streams()))
        parts = [container.FilePart(container.BYTES, b"", file_coder.pack_tree(node, 1))]
        parts += [container.FilePart(container.JPEG_STREAM, bytes([1]), bytes([0]) + data[-40:])] * count
        stored = container.StoredFile(len(data) * 8, 0, None, parts, [])
        file_coder.Decoder(stored, 1, lambda share: None, max_memory=MAX_MEMORY).data()


def metadata(data: bytes) -> None:
    """Items of metadata, in every format that can be written; read and changed; EXIF data and previews."""
    try:
        items = kinds.unpack(b"\0" + varint(len(data)) + data)
    except BbcError:
        return
    given = [item for item in items if item[0] >= kinds.OPTIONAL]
    pictures = []
    with contextlib.suppress(ValueError):  # as decoders refuse items
        pictures.append(from_items(np.zeros((1, 1, 3), np.uint8), "rgb", 8, given))
    for picture, file_format in itertools.product(pictures, ("png", "tiff", "webp", "bmp", "ppm")):
        with contextlib.suppress(BbcError):
            write_picture(picture, file_format)
    for name in ("icc", "exif", "xmp", "text", "preview"):
        metadata_items.read(items, name)
    metadata_items.stripped(items, ["all"])
    for _, value in items:
        exif.orientation(value)
        exif.thumbnail(value)
        with contextlib.suppress(BbcError):
            metadata_items.changed(items, {"exif": value, "text": value})
    part = container.Part(container.RAW, 3, 8, b"", b"", 1, [container.Band(b"\2\0\0\0", 0, 0)])
    with contextlib.suppress(BbcError):
        packed = container.to_bytes(container.Container(1, 1, "rgb", 8, [part], items))
        thumbnails.preview(packed)
        thumbnails.header(packed)


TARGETS: dict[str, Target] = {
    "container": container_,
    "decode": decode,
    "pictures": pictures,
    "jpeg": jpeg,
    "tree": tree,
    "metadata": metadata,
}
