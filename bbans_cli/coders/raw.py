"""Samples kept as they are, deflated, or as the one value that all of them have: what no file ever exceeds.

A payload is a byte that names the method, and the data. All coders but the neural one end their bands as here: the
checksum goes on over the payload, since some of their bytes decide no pixel.
"""

from __future__ import annotations

import zlib

import numpy as np

from bbans_cli.container import RAW, Band, Part, band_heights, picture_parts
from bbans_cli.errors import CorruptError
from bbans_cli.pictures.picture import pack_rows, row_bytes, unpack_rows

PACKED, DEFLATED, CONSTANT = range(3)
# Small enough for damage to stay local, large enough for its 8 bytes of table to vanish.
BAND_BYTES = 1 << 22


def checksum(samples: np.ndarray, payload: bytes = b"") -> int:
    """CRC-32 of samples in coding order, 16-bit ones big-endian, and then of the payload."""
    wide = samples.dtype.itemsize == 2
    return zlib.crc32(payload, zlib.crc32(np.ascontiguousarray(samples, ">u2" if wide else np.uint8).data))


def check(samples: np.ndarray, band: Band) -> None:
    """Raise CorruptError unless the samples and the payload are those that were stored."""
    if checksum(samples, band.payload) != band.crc:
        raise CorruptError("corrupt: the checksum of a band does not match")


def encode(planes: np.ndarray, depth: int, thorough: bool = True, band_rows: int | None = None) -> Part:
    """(h, w, c) samples of `depth` bits -> a part. Not `thorough`: raw or constant, at the speed of copying.

    band_rows  rows of a band at most
    """
    rows, bands = _band_rows(planes, depth, band_rows), []
    for top in range(0, len(planes), rows):
        samples = planes[top : top + rows]
        payload = _payload(samples, depth, thorough)
        bands.append(Band(payload, 0, checksum(samples, payload)))
    return Part(RAW, planes.shape[2], depth, b"", b"", rows, bands)


def encoded_bytes(planes: np.ndarray, depth: int, band_rows: int | None = None) -> int:
    """`approximate_bytes` of the part that `encode`, not thorough, makes."""
    rows, channels = _band_rows(planes, depth, band_rows), planes.shape[2]
    total = Part(RAW, channels, depth, b"", b"", rows, []).approximate_bytes
    for top in range(0, len(planes), rows):
        samples = planes[top : top + rows]
        height, width = (1, 1) if _is_constant(samples) else samples.shape[:2]
        total += 1 + height * row_bytes(width, channels, depth) + picture_parts.BAND_TABLE_BYTES
    return total


def _band_rows(planes: np.ndarray, depth: int, band_rows: int | None) -> int:
    height, width, channels = map(int, planes.shape)
    return min(height, max(1, BAND_BYTES // row_bytes(width, channels, depth)), band_rows or height)


def _is_constant(samples: np.ndarray) -> bool:
    return bool(np.all(samples[0] == samples[0, 0]) and np.all(samples == samples[0, 0]))


def _payload(samples: np.ndarray, depth: int, thorough: bool) -> bytes:
    if _is_constant(samples):
        return bytes([CONSTANT]) + np.ascontiguousarray(pack_rows(samples[:1, :1], depth)).tobytes()
    raw = np.ascontiguousarray(pack_rows(samples, depth)).tobytes()
    if thorough:
        packed = zlib.compress(raw, 9)
        if len(packed) < len(raw):
            return bytes([DEFLATED]) + packed
    return bytes([PACKED]) + raw


def decode(part: Part, width: int, height: int) -> np.ndarray:
    """A part -> (height, width, channels) samples. Raises CorruptError."""
    planes = np.empty((height, width, part.channels), np.uint16 if part.depth == 16 else np.uint8)
    top = 0
    for band, rows in zip(part.bands, band_heights(height, part.band_rows), strict=True):
        samples = planes[top : top + rows]
        samples[:] = _samples(band.payload, samples.shape, part.depth)
        check(samples, band)
        top += rows
    return planes


def _samples(payload: bytes, shape: tuple[int, int, int], depth: int) -> np.ndarray:
    rows, width, channels = shape
    method, data = payload[:1], payload[1:]
    if method == bytes([CONSTANT]):
        width, rows = 1, 1
    elif method == bytes([DEFLATED]):
        data = _inflate(data, rows * row_bytes(width, channels, depth))
    elif method != bytes([PACKED]):
        raise CorruptError("corrupt, or made by a newer bbc: unknown way of storing raw samples")
    size = row_bytes(width, channels, depth)
    if len(data) != rows * size:
        raise CorruptError("corrupt: raw samples have a wrong size")
    return unpack_rows(np.frombuffer(data, np.uint8).reshape(rows, size), width, channels, depth)


def _inflate(data: bytes, size: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data, size + 1)
    except zlib.error as error:
        raise CorruptError("corrupt: raw samples cannot be unpacked") from error
    if not stream.eof or stream.unused_data:
        raise CorruptError("corrupt: raw samples have a wrong size")
    return plain
